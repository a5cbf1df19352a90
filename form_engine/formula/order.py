"""In which order computed fields must be computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .errors import FormulaError


def evaluation_order(needs: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The keys so that each comes after those it needs; otherwise as given. Needs outside the keys are ignored.

    Raises `FormulaError("formula_cycle")`, whose `params["names"]` goes once around the shortest way found.
    """
    done: dict[str, None] = {}
    for key in needs:
        _finish(key, needs, done)
    return tuple(done)


def _finish(start: str, needs: Mapping[str, Iterable[str]], done: dict[str, None]) -> None:
    path: dict[str, None] = {}
    waiting = [(start, iter(_known(start, needs)))] if start not in done else []
    path.update(dict.fromkeys([start] if waiting else []))
    while waiting:
        key, rest = waiting[-1]
        following = next((need for need in rest if need not in done), None)
        if following is None:
            done[key] = None
            del path[key]
            waiting.pop()
        elif following in path:
            names = list(path)
            raise FormulaError("formula_cycle", names=[*names[names.index(following) :], following])
        else:
            path[following] = None
            waiting.append((following, iter(_known(following, needs))))


def _known(key: str, needs: Mapping[str, Iterable[str]]) -> list[str]:
    return [need for need in needs[key] if need in needs]

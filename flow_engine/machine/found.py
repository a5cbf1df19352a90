"""Whom the shell found, as it answers: a ref, or `{"ref", "for", "why"}` where there is something to say about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody to ask. `stands_for`: the absent one whose proxy they are; `beside`: who is asked as well, and either
    voice counts for both. `pick`: they are one of several, the best first, of whom one is wanted (the number of the
    description). `why`: how they were chosen."""

    ref: str
    stands_for: str = ""
    beside: bool = False
    pick: int | None = None
    why: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> Any:
        """As it stands in the journal; who is asked for themselves and for no reason is only a ref."""
        told: dict[str, Any] = {"ref": self.ref}
        if self.stands_for:
            told["for"] = self.stands_for
        if self.beside:
            told["beside"] = True
        if self.pick is not None:
            told["pick"] = self.pick
        if self.why:
            told["why"] = dict(self.why)
        return told if len(told) > 1 else self.ref

    @property
    def voices(self) -> tuple[str, ...]:
        """Everybody who has acted once this one has."""
        return (self.stands_for, self.ref) if self.stands_for else (self.ref,)


def found_in(answer: Any) -> tuple[Found, ...]:
    """The answer to a question for people, each person once."""
    several: dict[str, Found] = {}
    for one in answer or ():
        found = (
            Found(one["ref"], one.get("for", ""), one.get("beside", False), one.get("pick"), one.get("why", {}))
            if isinstance(one, Mapping)
            else Found(one)
        )
        several.setdefault(found.ref, found)
    return tuple(several.values())


def picked(several: tuple[Found, ...]) -> tuple[Found, ...]:
    """Of each of those of whom one is wanted, the best."""
    seen: set[int] = set()
    kept: list[Found] = []
    for one in several:
        if one.pick is None or one.pick not in seen:
            kept.append(one)
        if one.pick is not None:
            seen.add(one.pick)
    return tuple(kept)

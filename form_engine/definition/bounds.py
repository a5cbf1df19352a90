"""The first look at a definition, before anything recurses into it: how deep, how big, and only what JSON and
PostgreSQL can hold.
"""

import re
from collections.abc import Iterable
from typing import Final

from formloom.errors import InvalidDefinition, Issue

MAX_DEPTH: Final = 32
MAX_NODES: Final = 100_000
MAX_TEXT: Final = 20_000
MAX_KEY: Final = 200
MAX_INTEGER: Final = 2**53 - 1
"""Beyond it JavaScript, which designs and shows definitions, does not count exactly."""

_UNFIT: Final = re.compile("[\x00\ud800-\udfff]")


def check_bounds(raw: object) -> None:
    """Raises InvalidDefinition at the first thing that no definition may have. Does not recurse, whatever the depth."""
    seen = 0
    level: list[tuple[str, object]] = [("", raw)]
    for _ in range(MAX_DEPTH):
        below: list[tuple[str, object]] = []
        for at, value in level:
            seen += 1
            if isinstance(value, dict):
                below.extend((_step(at, key), each) for key, each in value.items())
            elif isinstance(value, list):
                below.extend((f"{at}/{index}", each) for index, each in enumerate(value))
            else:
                _check_scalar(at, value)
            if seen + len(below) > MAX_NODES:
                raise _refused("", "too_large", max=MAX_NODES)
        if not below:
            return
        level = below
    raise _refused(level[0][0], "too_deep", max=MAX_DEPTH)


def distinct(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """The issues without repetitions: two checks may meet at one mistake."""
    return tuple({(issue.pointer, issue.code, str(issue.params)): issue for issue in issues}.values())


def _step(at: str, key: object) -> str:
    if not isinstance(key, str):
        raise _refused(at, "wrong_type", expected="string")
    if len(key) > MAX_KEY or _UNFIT.search(key):
        raise _refused(at, "unknown_key")
    return f"{at}/{key.replace('~', '~0').replace('/', '~1')}"


def _check_scalar(at: str, value: object) -> None:
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise _refused(at, "too_long", max=MAX_TEXT)
        if _UNFIT.search(value):
            raise _refused(at, "bad_character")
    elif value is None or isinstance(value, bool):
        return
    elif not isinstance(value, int):
        raise _refused(at, "not_a_decimal")  # a fraction travels as text: "0.8"
    elif not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise _refused(at, "too_large", max=MAX_INTEGER)


def _refused(at: str, code: str, **params: object) -> InvalidDefinition:
    return InvalidDefinition("invalid_definition", issues=(Issue(at, code, params),))

"""What a function declares about itself: the one row from which checker, compiler and documentation work.

A signature reads `number number? -> number`: kinds of the parameters, `?` for one that may be left out, `+` for a
last one that comes once or more, `*` for one that may also be absent (`COALESCE` is `any any+ -> common`). What stands
behind the arrow is a type, or the name of a rule in `results.py` that finds the type from the arguments.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from .env import Env
from .values import Value

Closure: TypeAlias = Callable[[Env], Value]
_PARAMETER = re.compile(r"([a-z]+)([?+*]?)")


@dataclass(frozen=True, slots=True)
class Signature:
    """`kinds` of the declared parameters; calls take `least` to `most` arguments (None: no bound)."""

    kinds: tuple[str, ...]
    least: int
    most: int | None
    result: str

    def kind_at(self, position: int) -> str:
        """The kind of the argument at `position`; the last parameter repeats."""
        return self.kinds[min(position, len(self.kinds) - 1)]


@cache
def parse_signature(text: str) -> Signature:
    """A declared signature as data. Raises ValueError for one that says nothing."""
    declared, arrow, result = text.partition("->")
    kinds, least, most = [], 0, 0
    repeats = False
    for word in declared.split():
        match = _PARAMETER.fullmatch(word)
        if match is None:
            raise ValueError(f"not a parameter: {word!r} in {text!r}")
        kinds.append(match[1])
        most += 1
        least += match[2] in ("", "+")
        repeats = repeats or match[2] in ("+", "*")
    if not arrow:
        raise ValueError(f"no result in {text!r}")
    return Signature(tuple(kinds), least, None if repeats else most, result.strip())


@dataclass(frozen=True, slots=True)
class Function:
    """One function or operator.

    `evaluate` gets coerced arguments and never sees an error (unless the kind is `raw`); with `context=True` the
    context comes first. `lazy` instead builds a closure from the arguments' closures and decides itself what runs.
    """

    name: str
    signature: str
    evaluate: Callable[..., Value] | None = None
    lazy: Callable[[Sequence[Closure]], Closure] | None = None
    context: bool = False

    @property
    def parsed(self) -> Signature:
        return parse_signature(self.signature)

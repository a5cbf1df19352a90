"""What a step writes: each field gets a literal, or the result of a formula (`{"=": "…"}`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula by its text. Compiling a flow checks it against the form; the shell evaluates it."""

    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it stands in JSON."""

    value: Any


@dataclass(frozen=True, slots=True)
class Assignment:
    """One field and its new value."""

    field: str
    value: Literal | Formula


def parse_set(raw: Mapping[str, Any] | None) -> tuple[Assignment, ...]:
    """A `set` object, in the order in which it is written."""
    return tuple(Assignment(field, parse_value(value)) for field, value in (raw or {}).items())


def parse_value(raw: Any) -> Literal | Formula:
    """A formula where it says so (`{"=": "…"}`), anything else as it stands."""
    if isinstance(raw, dict) and set(raw) == {"="} and isinstance(raw["="], str):
        return Formula(raw["="])
    return Literal(raw)

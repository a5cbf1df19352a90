"""A filter as people and views send it: a tree of conditions, read into typed objects. Pure; `where` makes it SQL.

`{"and": [...]}`, `{"or": [...]}`, `{"not": {...}}`,
or one condition: `{"field": "status", "op": "in", "value": ["open"]}`. Where a date stands there may stand a name
of days (`query.relative`), where a person stands there may stand `"me"`.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from form_engine.query.errors import refuse

MAX_DEPTH: Final = 8
MAX_CONDITIONS: Final = 100
MAX_VALUES: Final = 1_000

OPERATORS: Final = (
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "in",
    "not_in",
    "between",
    "starts",
    "contains",
    "not_contains",
    "has_any",
    "has_all",
    "has_none",
    "within",
    "blank",
    "not_blank",
)
NEGATED: Final = {"ne": "eq", "not_in": "in", "not_contains": "contains", "has_none": "has_any", "not_blank": "blank"}
"""Operators that say the opposite of another. Blank is not equal to anything, is in no list, contains nothing."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One field against one value. `at` is the pointer into what was sent."""

    field: tuple[str, ...]
    op: str
    value: Any
    at: str


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined; `not` has exactly one."""

    join: Literal["and", "or", "not"]
    parts: tuple["Filter", ...]


_LISTED: Final = ("in", "not_in", "has_any", "has_all", "has_none")

Filter = Condition | Group
EVERYTHING: Final = Group("and", ())


def read_filter(raw: object, at: str = "/filter") -> Filter:
    """The tree. None and `{}` let everything through. Raises InvalidInput that points to what is wrong."""
    if raw is None or raw == {}:
        return EVERYTHING
    count = 0

    def read(node: object, at: str, depth: int) -> Filter:
        nonlocal count
        if depth > MAX_DEPTH:
            raise refuse(at, "filter_too_deep", limit=MAX_DEPTH)
        if not isinstance(node, dict):
            raise refuse(at, "filter_malformed")
        for join in ("and", "or"):
            if join in node:
                parts = node[join]
                if len(node) != 1 or not isinstance(parts, list):
                    raise refuse(at, "filter_malformed")
                if len(parts) > MAX_CONDITIONS:
                    raise refuse(at, "filter_too_long", limit=MAX_CONDITIONS)
                read_parts = (read(part, f"{at}/{join}/{n}", depth + 1) for n, part in enumerate(parts))
                return Group(join, tuple(read_parts))
        if "not" in node:
            if len(node) != 1:
                raise refuse(at, "filter_malformed")
            return Group("not", (read(node["not"], f"{at}/not", depth + 1),))
        count += 1
        if count > MAX_CONDITIONS:
            raise refuse(at, "filter_too_long", limit=MAX_CONDITIONS)
        return _condition(node, at)

    return read(raw, at, 1)


def _condition(node: dict[str, Any], at: str) -> Condition:
    if not node.keys() <= {"field", "op", "value"} or not isinstance(node.get("field"), str):
        raise refuse(at, "filter_malformed")
    op = node.get("op", "eq")
    if op not in OPERATORS:
        raise refuse(f"{at}/op", "unknown_operator", op=str(op)[:40])
    value = node.get("value")
    if op in _LISTED and not (isinstance(value, list) and len(value) <= MAX_VALUES):
        raise refuse(f"{at}/value", "filter_malformed", op=op)
    if op == "between" and not (isinstance(value, list) and len(value) == 2):
        raise refuse(f"{at}/value", "filter_malformed", op=op)
    return Condition(tuple(node["field"].split(".")), op, value, at)


__all__ = ["EVERYTHING", "NEGATED", "Condition", "Filter", "Group", "read_filter"]

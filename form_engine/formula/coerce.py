"""What a value counts as where a function or an operator wants a certain kind.

A blank is 0, "" and FALSE; it is no date, no person and no place: there it stays blank, and the function that asked
answers blank. TRUE is 1 and 0 is FALSE. A text is never a number (VALUE makes it one). An error stays itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from .env import Env
from .limits import MAX_ITEMS
from .numbers import ONE, ZERO
from .spelling import spell
from .values import NUM, VALUE, ErrorValue, LocationValue, PersonValue, Value

Coercion: TypeAlias = Callable[[Value, Env], Value]


def as_number(value: Value, env: Env) -> Value:
    if type(value) is Decimal:
        return value
    if value is None:
        return ZERO
    if isinstance(value, bool):
        return ONE if value else ZERO
    return value if isinstance(value, ErrorValue) else VALUE


def as_text(value: Value, env: Env) -> Value:
    return value if type(value) is str else spell(value)


def as_logical(value: Value, env: Env) -> Value:
    if type(value) is bool:
        return value
    if value is None:
        return False
    if isinstance(value, Decimal):
        return value != 0
    return value if isinstance(value, ErrorValue) else VALUE


def as_date(value: Value, env: Env) -> Value:
    """A datetime counts as its day in the workspace's zone."""
    if isinstance(value, datetime):
        return value.astimezone(env.context.zone).date()
    return value if value is None or isinstance(value, (date, ErrorValue)) else VALUE


def as_moment(value: Value, env: Env) -> Value:
    """A date, or a datetime as the clock on the wall of the workspace's zone shows it."""
    if isinstance(value, datetime):
        return value.astimezone(env.context.zone)
    return value if value is None or isinstance(value, (date, ErrorValue)) else VALUE


def as_instant(value: Value, env: Env) -> Value:
    """A date or a datetime, as it is."""
    return value if value is None or isinstance(value, (date, ErrorValue)) else VALUE


def as_person(value: Value, env: Env) -> Value:
    return value if value is None or isinstance(value, (PersonValue, ErrorValue)) else VALUE


def as_location(value: Value, env: Env) -> Value:
    return value if value is None or isinstance(value, (LocationValue, ErrorValue)) else VALUE


def as_list(value: Value, env: Env) -> Value:
    """A single value is a list of one, a blank an empty one; the first error in a list is the list's."""
    if value is None:
        return ()
    if not isinstance(value, tuple):
        return value if isinstance(value, ErrorValue) else (value,)
    if len(value) > MAX_ITEMS:
        return NUM
    for item in value:
        if isinstance(item, ErrorValue):
            return item
    return value


def as_is(value: Value, env: Env) -> Value:
    return value


#: By the kind that a signature names. `raw` lets an error through to the function.
COERCIONS: Mapping[str, Coercion] = {
    "any": as_is,
    "raw": as_is,
    "number": as_number,
    "text": as_text,
    "logical": as_logical,
    "date": as_date,
    "moment": as_moment,
    "instant": as_instant,
    "person": as_person,
    "location": as_location,
    "list": as_list,
    "numbers": as_list,
    "orderables": as_list,
}
#: Kinds for which a blank argument makes the whole call blank.
BLANK_ANSWERS_BLANK = frozenset({"date", "moment", "instant", "person", "location"})

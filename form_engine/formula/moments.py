"""Adding to and subtracting from dates, datetimes and durations.

date − date is a number of days, datetime − datetime a duration; date ± number moves by whole days, datetime ± number
by days and their fraction. Times are kept to the millisecond, which is what both languages can hold.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from .numbers import EXACT, HALF_AWAY, WIDE, floor, round_to
from .values import NUM, VALUE, ErrorValue, Value

FIRST_YEAR = 1900
_DAY_MS = 86_400_000
_LONGEST_MS = 100_000_000 * _DAY_MS  # what a JavaScript date can hold
_MILLISECOND = timedelta(milliseconds=1)


def in_range(day: date) -> Value:
    """The day, or `#NUM!` before 1900, where Excel's calendar is not the world's."""
    return day if day.year >= FIRST_YEAR else NUM


def milliseconds(length: timedelta) -> int:
    return length // _MILLISECOND


def length_of(count: Decimal) -> timedelta:
    """A duration of so many milliseconds, rounded. Raises OverflowError past a hundred million days."""
    rounded = round_to(count, 0, HALF_AWAY)
    if abs(rounded) > _LONGEST_MS:
        raise OverflowError("a duration too long")
    return int(rounded) * _MILLISECOND


def days_length(days: Decimal) -> timedelta:
    return length_of(WIDE.multiply(days, Decimal(_DAY_MS)))


def plus(left: Value, right: Value) -> Value:
    """`left + right` where at least one is a date, a datetime or a duration."""
    if isinstance(left, (Decimal, timedelta)) and not isinstance(right, (Decimal, timedelta)):
        left, right = right, left
    try:
        return _moved(left, right, 1)
    except OverflowError:
        return NUM


def minus(left: Value, right: Value) -> Value:
    """`left - right` where at least one is a date, a datetime or a duration."""
    try:
        if isinstance(left, datetime) and isinstance(right, datetime):
            return milliseconds(left.astimezone(UTC) - right.astimezone(UTC)) * _MILLISECOND
        if _is_day(left) and _is_day(right):
            return Decimal((left - right).days)  # type: ignore[operator, union-attr]
        return _moved(left, right, -1)
    except OverflowError:
        return NUM


def scaled(length: timedelta, factor: Decimal, *, divide: bool = False) -> Value:
    """A duration multiplied, or divided, by a number."""
    operation = EXACT.divide if divide else EXACT.multiply
    try:
        return length_of(operation(Decimal(milliseconds(length)), factor))
    except OverflowError:
        return NUM


def ratio(length: timedelta, other: timedelta) -> Decimal:
    return EXACT.divide(Decimal(milliseconds(length)), Decimal(milliseconds(other)))


def _moved(start: Value, by: Value, sign: int) -> Value:
    if isinstance(start, datetime):
        start = start.astimezone(UTC)  # Python adds to the wall clock otherwise
        if isinstance(by, timedelta):
            return _datetime_in_range(start + sign * by)
        return _datetime_in_range(start + days_length(sign * by)) if isinstance(by, Decimal) else VALUE
    if _is_day(start) and isinstance(by, Decimal):
        return in_range(start + timedelta(days=int(floor(sign * by))))  # type: ignore[operator, arg-type]
    if isinstance(start, timedelta) and isinstance(by, timedelta):
        return length_of(Decimal(milliseconds(start) + sign * milliseconds(by)))
    return VALUE


def _is_day(value: Value) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _datetime_in_range(moment: datetime) -> datetime | ErrorValue:
    return moment if moment.year >= FIRST_YEAR else NUM

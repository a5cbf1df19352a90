"""Days that are named from today on: "next 30 days", "this quarter", "overdue". Pure.

`{"relative": "next_days", "n": 30}`. A week begins on Monday. `next_days` begins today and `last_days` ends today;
both include the day that is `n` days away, so that "due in the next 30 days" holds what is due in exactly thirty.
"""

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Final

MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` until just before `end`; None is open. Both are dates, or both are instants."""

    start: Any
    end: Any


def _months_on(day: date, months: int) -> date:
    """The same day some months later (or earlier); the last one of the month where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


_BEGIN: Final[Mapping[str, Callable[[date], date]]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
    "quarter": lambda day: date(day.year, (day.month - 1) // 3 * 3 + 1, 1),
    "year": lambda day: date(day.year, 1, 1),
}
_ON: Final[Mapping[str, Callable[[date, int], date]]] = {
    "day": lambda day, count: day + timedelta(days=count),
    "week": lambda day, count: day + timedelta(weeks=count),
    "month": _months_on,
    "quarter": lambda day, count: _months_on(day, 3 * count),
    "year": lambda day, count: _months_on(day, 12 * count),
}

_NAMED: Final[Mapping[str, tuple[str, int]]] = {
    "yesterday": ("day", -1),
    "today": ("day", 0),
    "tomorrow": ("day", 1),
    **{
        f"{which}_{unit}": (unit, step)
        for which, step in (("last", -1), ("this", 0), ("next", 1))
        for unit in ("week", "month", "quarter", "year")
    },
}
_COUNTED: Final[Mapping[str, tuple[str, int]]] = {
    f"{which}_{unit}s": (unit, step)
    for which, step in (("last", -1), ("next", 1))
    for unit in ("day", "week", "month", "year")
}
_OPEN: Final = ("past", "overdue", "future")

NAMES: Final = (*_NAMED, *_COUNTED, "days_ago", "days_ahead", *_OPEN)
"""Every word that `relative` may be."""


def days(name: str, count: int | None, today: date) -> Span | None:
    """The days that a word means, as seen from `today`; None where the word or its count makes no sense."""
    counted = name in _COUNTED or name in ("days_ago", "days_ahead")
    if name not in NAMES or counted != (count is not None) or not 0 <= (count or 0) <= MOST:
        return None
    try:
        return _days(name, count or 0, today)
    except (OverflowError, ValueError):
        return None  # beyond the calendar


def _days(name: str, count: int, today: date) -> Span:
    after = timedelta(days=1)
    if name in _NAMED:
        unit, step = _NAMED[name]
        start = _ON[unit](_BEGIN[unit](today), step)
        return Span(start, _ON[unit](start, 1))
    if name in _COUNTED:
        unit, step = _COUNTED[name]
        other = _ON[unit](today, step * count)
        return Span(min(today, other), max(today, other) + after)
    if name in ("days_ago", "days_ahead"):
        day = today + timedelta(days=count if name == "days_ahead" else -count)
        return Span(day, day + after)
    return Span(today + after, None) if name == "future" else Span(None, today)


def instants(name: str, span: Span, now: datetime, zone: tzinfo) -> Span:
    """The same span for moments: local midnights, but what is past is past since this very moment."""
    if name in _OPEN:
        return Span(now, None) if name == "future" else Span(None, now)
    return of_days(span, zone)


def of_days(span: Span, zone: tzinfo) -> Span:
    """A span of days as one of instants, from midnight to midnight in this zone."""
    return Span(*(None if day is None else datetime.combine(day, time(), zone) for day in (span.start, span.end)))

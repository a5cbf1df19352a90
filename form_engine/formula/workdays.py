"""Which days are worked, and counting them. Pure; where the days come from is `form_engine.calendars`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Protocol

SATURDAY_AND_SUNDAY: Final = frozenset({5, 6})
LONGEST_WALK: Final = 10_000
"""Working days that `add_workdays` counts at most, and a quarter of the days that it looks at for them."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SpecialDays:
    """Of one year: the days off, on whatever weekday, and the days that are worked in spite of weekend and day off."""

    off: frozenset[date] = frozenset()
    work: frozenset[date] = frozenset()


NO_SPECIAL_DAYS: Final = SpecialDays()


class Calendar(Protocol):
    """Which days are worked. Asked for the same years again and again, so it should remember its answers."""

    @property
    def weekend(self) -> frozenset[int]:
        """Weekdays that are not worked; 0 is Monday."""

    def special(self, year: int) -> SpecialDays:
        """What differs from the week in this year."""


@dataclass(frozen=True, slots=True)
class KnownDays:
    """A calendar of exactly these days."""

    weekend: frozenset[int] = SATURDAY_AND_SUNDAY
    years: Mapping[int, SpecialDays] = field(default_factory=dict)

    def special(self, year: int) -> SpecialDays:
        """What differs from the week in this year."""
        return self.years.get(year, NO_SPECIAL_DAYS)


WEEKENDS_ONLY: Final = KnownDays()


def is_workday(calendar: Calendar, day: date) -> bool:
    """True when people work on `day`; a named working day wins over a weekend and over a day off."""
    known = calendar.special(day.year)
    return day in known.work or (day.weekday() not in calendar.weekend and day not in known.off)


def add_workdays(calendar: Calendar, start: date, count: int, off: Collection[date] = ()) -> date | None:
    """The day `count` working days after (before, if negative) `start`; `start` itself for 0.

    `off` are further days off. None past the end of the calendar, or where there are too few working days.
    """
    left = abs(count)
    if left > LONGEST_WALK:
        return None
    step, day = (_DAY if count > 0 else -_DAY), start
    try:
        for _ in range(LONGEST_WALK * 4):
            if not left:
                return day
            day += step
            left -= is_workday(calendar, day) and day not in off
    except OverflowError:
        pass
    return None


def networkdays(calendar: Calendar, start: date, end: date, off: Collection[date] = ()) -> int:
    """Working days from `start` to `end`, both counted; negative when `end` is earlier."""
    first, last, sign = (start, end, 1) if start <= end else (end, start, -1)
    weekend = calendar.weekend
    weeks, rest = divmod((last - first).days + 1, 7)
    count = weeks * (7 - len(weekend)) + sum((first.weekday() + at) % 7 not in weekend for at in range(rest))
    for year in range(first.year, last.year + 1):
        known = calendar.special(year)
        count -= sum(first <= day <= last and day.weekday() not in weekend for day in known.off - known.work)
        count += sum(first <= day <= last and day.weekday() in weekend for day in known.work)
    count -= sum(first <= day <= last and is_workday(calendar, day) for day in set(off))
    return sign * count

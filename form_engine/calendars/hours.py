"""Counting in working time. Pure; a calendar's hours are read in the zone that is handed in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from form_engine.calendars.working import WorkingCalendar
from form_engine.formula.workdays import LONGEST_WALK, add_workdays

MOST_DAYS: Final = 4 * LONGEST_WALK
"""That are looked at for one answer; past them there is none."""

_SHAPE: Final = re.compile(
    r"P(?:(?P<weeks>\d{1,3})W)?(?:(?P<days>\d{1,4})D)?(?:T(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,6})M)?)?",
    re.ASCII,
)
_MIDNIGHT: Final = datetime.min.time()


@dataclass(frozen=True, slots=True)
class WorkLength:
    """So many working days, and then so many minutes of working time."""

    days: int
    minutes: int

    @classmethod
    def parse(cls, text: str) -> "WorkLength | None":
        """An ISO 8601 duration of days, hours and minutes; a week is five working days. None for anything else."""
        match = _SHAPE.fullmatch(text)
        if match is None:
            return None
        weeks, days, hours, minutes = (int(part or 0) for part in match.groups())
        found = cls(weeks * 5 + days, hours * 60 + minutes)
        return found if found.days or found.minutes else None


def business_minutes(calendar: WorkingCalendar, start: datetime, end: datetime, zone: tzinfo) -> int:
    """Whole minutes of working time between two instants; negative when `end` is earlier."""
    if end < start:
        return -business_minutes(calendar, end, start, zone)
    return business_time(calendar, start, end, zone) // timedelta(minutes=1)


def business_time(calendar: WorkingCalendar, start: datetime, end: datetime, zone: tzinfo) -> timedelta:
    """The working time between two instants, exactly; none when `end` is not later."""
    total = timedelta(0)
    for since, until in _periods(calendar, start, zone):
        if since >= end:
            break
        total += max(min(until, end) - max(since, start), timedelta(0))
    return total


def later(calendar: WorkingCalendar, start: datetime, length: WorkLength, zone: tzinfo) -> datetime | None:
    """The instant `length` after `start`, in UTC: days keep the time of day, minutes pass in working time only.

    Whoever starts outside working time starts at its next beginning. None where the calendar has no end for it.
    """
    began = next((max(since, start) for since, until in _periods(calendar, start, zone) if until > start), None)
    if began is None:
        return None
    local = began.astimezone(zone)
    day = add_workdays(calendar, local.date(), length.days)
    if day is None:
        return None
    moved = datetime.combine(day, local.time(), zone).astimezone(UTC)
    return worked(calendar, moved, timedelta(minutes=length.minutes), zone) if length.minutes else moved


def worked(calendar: WorkingCalendar, start: datetime, left: timedelta, zone: tzinfo) -> datetime | None:
    """The first instant at which so much working time has passed since `start`; None where that never is."""
    for since, until in _periods(calendar, start, zone):
        begin = max(since, start)
        if until - begin >= left:
            return begin + left
        left -= max(until - begin, timedelta(0))
    return None


def _periods(calendar: WorkingCalendar, start: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """Working time in order from the day of `start` on, as instants in UTC."""
    day = start.astimezone(zone).date()
    for _ in range(MOST_DAYS):
        for span in calendar.hours_on(day):
            yield _instant(day, span.since, zone), _instant(day, span.until, zone)
        if day == date.max:
            return
        day += timedelta(days=1)


def _instant(day: date, minutes: int, zone: tzinfo) -> datetime:
    wall = datetime.combine(day, _MIDNIGHT) + timedelta(minutes=minutes)
    return wall.replace(tzinfo=zone).astimezone(UTC)

"""When a date rule fires: the date's value, an offset, a holiday rule and a time of day. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

from flow_engine.series.months import add_months
from form_engine.formula.workdays import Calendar, add_workdays, is_workday

Move = Literal["earlier", "later"]

_SHAPE = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<years>\d{1,2})Y)?(?:(?P<months>\d{1,3})M)?(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,6})M)?)?",
    re.ASCII,
)
_DAY = timedelta(days=1)
MOST_DAYS_MOVED = 366


@dataclass(frozen=True, slots=True)
class Offset:
    """So many months, then days, then minutes later; all three negative for earlier."""

    months: int = 0
    days: int = 0
    minutes: int = 0


def parse_offset(text: str) -> Offset | None:
    """An ISO 8601 duration with a sign before it (`-P30D`, `P1M`, `-PT2H`); None for anything else."""
    match = _SHAPE.fullmatch(text)
    if match is None or text[-1] in "PT":
        return None
    sign = -1 if match["sign"] == "-" else 1
    years, months, weeks, days, hours, minutes = (
        int(match[unit] or 0) for unit in ("years", "months", "weeks", "days", "hours", "minutes")
    )
    return Offset(sign * (years * 12 + months), sign * (weeks * 7 + days), sign * (hours * 60 + minutes))


def due_of(
    value: date | datetime,
    offset: Offset,
    *,
    at: time | None = None,
    move: Move | None = None,
    calendar: Calendar | None = None,
    zone: tzinfo,
) -> datetime | None:
    """The instant in UTC; None past the ends of the calendar.

    Months and days count in the zone's own days. With `move` a day that is not worked gives way to the nearest worked
    one before or after it; a calendar without `move` makes the offset's days working days. A date begins at midnight, a
    datetime keeps its time of day, unless `at` names one.
    """
    wall = value.astimezone(zone) if isinstance(value, datetime) else datetime.combine(value, time())
    try:
        day = add_months(wall.date(), offset.months)
        if calendar is not None and move is None:
            counted = add_workdays(calendar, day, offset.days)
        else:
            counted = day + timedelta(days=offset.days)
        if counted is not None and move is not None and calendar is not None:
            counted = _worked(calendar, counted, move)
        if counted is None:
            return None
        moment = datetime.combine(counted, at if at is not None else wall.time()).replace(tzinfo=zone)
        return moment.astimezone(UTC) + timedelta(minutes=offset.minutes)
    except (OverflowError, ValueError):
        return None


def _worked(calendar: Calendar, day: date, move: Move) -> date | None:
    for _ in range(MOST_DAYS_MOVED):
        if is_workday(calendar, day):
            return day
        day += -_DAY if move == "earlier" else _DAY
    return None


@dataclass(frozen=True, slots=True, order=True)
class Firing:
    """One of the flows of a series, and when it is due for a record."""

    due: datetime
    flow: str


def most_urgent(series: list[Firing], now: datetime) -> Firing | None:
    """Of those whose time has come the latest: the one that is nearest to what it warns of."""
    return max((firing for firing in series if firing.due <= now), default=None)

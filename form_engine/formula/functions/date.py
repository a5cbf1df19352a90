"""The calendar. Days that Excel would overflow into the next month overflow here too; before 1900 is `#NUM!`.

A blank date gives a blank answer. A datetime counts in the workspace's time zone.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from ..env import Context
from ..moments import FIRST_YEAR, in_range
from ..numbers import ONE, ZERO, whole
from ..signature import Function
from ..values import NUM, VALUE, ErrorValue, Value
from ..workdays import WEEKENDS_ONLY, add_workdays, is_workday, networkdays

_LAST_YEAR = 9999
Items = tuple[Value, ...]
#: WEEKDAY's second argument → (the weekday that counts first, with Monday 0; the number it gets).
WEEKS = {1: (6, 1), 2: (0, 1), 3: (0, 0), **{11 + first: (first, 1) for first in range(7)}}


def day_of(year: int, month: int, day: int) -> Value:
    """The day, where a month 13 is next January and a day 0 the last of the month before."""
    months = year * 12 + month - 1
    year, month = divmod(months, 12)
    if not FIRST_YEAR - 1 <= year <= _LAST_YEAR:
        return NUM
    try:
        return in_range(date(year, month + 1, 1) + timedelta(days=day - 1))
    except OverflowError:
        return NUM


def months_later(start: date, months: int) -> tuple[int, int] | None:
    """Year and month so many months after `start`, or None outside the calendar."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return (year, month + 1) if FIRST_YEAR <= year <= _LAST_YEAR else None


def _date(year: Decimal, month: Decimal, day: Decimal) -> Value:
    return day_of(whole(year), whole(month), whole(day))


def _datetime(
    context: Context,
    year: Decimal,
    month: Decimal,
    day: Decimal,
    hour: Decimal = ZERO,
    minute: Decimal = ZERO,
    second: Decimal = ZERO,
) -> Value:
    """The moment at which clocks in the workspace's zone show this."""
    found = day_of(whole(year), whole(month), whole(day))
    if not isinstance(found, date):
        return found
    clock = timedelta(hours=whole(hour), minutes=whole(minute), seconds=whole(second))
    local = datetime(found.year, found.month, found.day) + clock  # noqa: DTZ001  (the zone is put on next)
    return NUM if local.year < FIRST_YEAR else local.replace(tzinfo=context.zone).astimezone(UTC)


def _weekday(day: date, system: Decimal = ONE) -> Value:
    week = WEEKS.get(whole(system))
    return NUM if week is None else Decimal((day.weekday() - week[0]) % 7 + week[1])


def _edate(start: date, months: Decimal) -> Value:
    """The same day so many months later, or the last one of a shorter month."""
    found = months_later(start, whole(months))
    return NUM if found is None else date(*found, min(start.day, monthrange(*found)[1]))


def _eomonth(start: date, months: Decimal) -> Value:
    found = months_later(start, whole(months))
    return NUM if found is None else date(*found, monthrange(*found)[1])


def _days_between(end: date, start: date) -> Value:
    return Decimal((end - start).days)


def _datedif(start: date, end: date, unit: str) -> Value:
    """Whole years, months or days between, or what is left of them (`YM`, `YD`, `MD`)."""
    if start > end:
        return NUM
    months = (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
    match unit.upper():
        case "Y":
            return Decimal(months // 12)
        case "M":
            return Decimal(months)
        case "D":
            return Decimal((end - start).days)
        case "YM":
            return Decimal(months % 12)
        case "YD":
            year = end.year - ((end.month, end.day) < (start.month, start.day))
            return _since(end, day_of(year, start.month, start.day))
        case "MD":
            return _since(end, day_of(end.year, end.month - (end.day < start.day), start.day))
    return NUM


def _since(end: date, anchor: Value) -> Value:
    return Decimal((end - anchor).days) if isinstance(anchor, date) else anchor


def _workday(context: Context, start: date, count: Decimal, holidays: Items = ()) -> Value:
    """The day so many working days after (before) `start`; `start` itself for 0."""
    off = _days(context, holidays)
    if isinstance(off, ErrorValue):
        return off
    found = add_workdays(context.calendar or WEEKENDS_ONLY, start, whole(count), off)
    return NUM if found is None else in_range(found)


def _networkdays(context: Context, start: date, end: date, holidays: Items = ()) -> Value:
    """Working days from `start` to `end`, both counted; negative when `end` is earlier."""
    off = _days(context, holidays)
    if isinstance(off, ErrorValue):
        return off
    return Decimal(networkdays(context.calendar or WEEKENDS_ONLY, start, end, off))


def _days(context: Context, holidays: Items) -> frozenset[date] | ErrorValue:
    """Further days off, as in Excel; a datetime counts in the workspace's zone, a blank not at all."""
    days: set[date] = set()
    for item in holidays:
        if isinstance(item, datetime):
            days.add(item.astimezone(context.zone).date())
        elif isinstance(item, date):
            days.add(item)
        elif item is not None:
            return VALUE
    return frozenset(days)


def _is_holiday(context: Context, day: date) -> Value:
    """True on a day of rest: a weekend or a day off that is no make-up working day."""
    return not is_workday(context.calendar or WEEKENDS_ONLY, day)


def _hour(moment: date) -> Value:
    return Decimal(moment.hour if isinstance(moment, datetime) else 0)


def _minute(moment: date) -> Value:
    return Decimal(moment.minute if isinstance(moment, datetime) else 0)


FUNCTIONS = (
    Function("DATE", "number number number -> date", _date),
    Function("DATETIME", "number number number number? number? number? -> datetime", _datetime, context=True),
    Function("YEAR", "date -> number", lambda day: Decimal(day.year)),
    Function("MONTH", "date -> number", lambda day: Decimal(day.month)),
    Function("DAY", "date -> number", lambda day: Decimal(day.day)),
    Function("HOUR", "moment -> number", _hour),
    Function("MINUTE", "moment -> number", _minute),
    Function("WEEKDAY", "date number? -> number", _weekday),
    Function("TODAY", "-> date", lambda context: context.today, context=True),
    Function("NOW", "-> datetime", lambda context: context.now, context=True),
    Function("EDATE", "date number -> date", _edate),
    Function("EOMONTH", "date number -> date", _eomonth),
    Function("DAYS", "date date -> number", _days_between),
    Function("DATEDIF", "date date text -> number", _datedif),
    Function("WORKDAY", "date number list? -> date", _workday, context=True),
    Function("NETWORKDAYS", "date date list? -> number", _networkdays, context=True),
    Function("ISHOLIDAY", "date -> logical", _is_holiday, context=True),
)

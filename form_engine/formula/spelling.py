"""How a value reads as text: what `&`, text functions and pages show."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from .numbers import canonical
from .values import VALUE, ErrorValue, PersonValue, Value

_UNITS = ((86_400_000, "D"), (3_600_000, "H"), (60_000, "M"))


def spell(value: Value) -> str | ErrorValue:
    """A number without trailing zeros, a date as `2026-01-31`, a datetime in UTC, a blank as nothing at all.

    Lists, records and places have no spelling: `#VALUE!`. An error stays what it is.
    """
    match value:
        case None:
            return ""
        case str() | ErrorValue():
            return value
        case bool():
            return "TRUE" if value else "FALSE"
        case Decimal():
            return canonical(value)
        case datetime():
            return spell_moment(value)
        case date():
            return value.isoformat()
        case timedelta():
            return spell_duration(value)
        case PersonValue():
            return value.name or str(value.id)
    return VALUE


def spell_moment(moment: datetime) -> str:
    """ISO 8601 in UTC, to the second, with milliseconds only where there are some."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds" if utc.microsecond >= 1000 else "seconds") + "Z"


def spell_duration(length: timedelta) -> str:
    """ISO 8601, in days, hours, minutes and seconds: `P1DT2H30M`."""
    left = length // timedelta(milliseconds=1)
    sign, left = ("-" if left < 0 else ""), abs(left)
    parts: dict[str, str] = {}
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        parts[unit] = f"{count}{unit}" if count else ""
    seconds = f"{canonical(Decimal(left).scaleb(-3))}S" if left else ""
    clock = parts["H"] + parts["M"] + seconds
    spelled = parts["D"] + (f"T{clock}" if clock else "")
    return f"{sign}P{spelled or 'T0S'}"

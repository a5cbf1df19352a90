"""ISO 8601 durations of fixed length (`PT72H`, `P1D`, `P2W`). Months and years have no fixed length and are refused."""

import re
from datetime import timedelta
from decimal import Decimal

_SHAPE = re.compile(
    r"P(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,6})M)?(?:(?P<seconds>\d{1,8})S)?)?",
    re.ASCII,
)


def parse_duration(text: str) -> timedelta | None:
    """The duration, or None where the text is not one of fixed, positive length."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    parts = {unit: int(count) for unit, count in match.groupdict().items() if count is not None}
    return timedelta(**parts) or None if parts else None


def share_of(whole: timedelta, share: Decimal) -> timedelta:
    """That part of a duration, to the second."""
    return timedelta(seconds=int(Decimal(int(whole.total_seconds())) * share))


def written(length: timedelta) -> str:
    """The duration as ISO 8601, in whole days or else in seconds."""
    days, rest = divmod(int(length.total_seconds()), 86_400)
    return f"P{days}D" if not rest else f"PT{days * 86_400 + rest}S"

"""Months from an anchor: always counted from the anchor itself, so that the 31st comes back after February."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

DAY = timedelta(days=1)


def add_months(anchor: date, months: int) -> date:
    """The same day so many months later, or the last day of a month that is too short."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))


def month_ends(anchor: date, first: date, last: date) -> Iterator[tuple[date, date]]:
    """The months of the grid that hold any day from `first` to `last`, both included, as (from, to)."""
    number = (first.year - anchor.year) * 12 + first.month - anchor.month - 1
    while True:
        begin, end = add_months(anchor, number), add_months(anchor, number + 1) - DAY
        if begin > last:
            return
        if end >= first:
            yield begin, end
        number += 1


def whole_months(anchor: date, first: date, last: date) -> int | None:
    """How many months of the grid the range is; None where it is no whole number of them."""
    begun = (first.year - anchor.year) * 12 + first.month - anchor.month
    for number in (begun - 1, begun):
        if add_months(anchor, number) == first:
            months = (last.year - first.year) * 12 + last.month - first.month
            return next(
                (n for n in (months, months + 1) if n > 0 and add_months(anchor, number + n) - DAY == last), None
            )
    return None


def extended(end: date, ranges: tuple[tuple[date, date], ...], anchor: date) -> date:
    """An end that is put off by what was lost: by months for whole months of the grid, else by days."""
    for first, last in sorted(ranges):
        months = whole_months(anchor, first, last)
        end = add_months(end + DAY, months) - DAY if months is not None else end + (last - first) + DAY
    return end

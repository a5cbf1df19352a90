"""One amount in equal parts, each due so many months after the one before."""

from datetime import date
from decimal import Decimal

from flow_engine.series.months import DAY, add_months
from flow_engine.series.period import Line, Period, split_evenly
from flow_engine.series.schedule import CHARGED, MOST_PERIODS, TooLong


def evenly(amount: Decimal, count: int, first: date, every: int, unit: Decimal = Decimal("0.01")) -> tuple[Period, ...]:
    """`count` parts of the amount, the first due on `first`; the last takes the remainder. Raises TooLong."""
    if count > MOST_PERIODS:
        raise TooLong(count)
    found = []
    for at, share in enumerate(split_evenly(amount, count, unit)):
        start, end = add_months(first, at * every), add_months(first, (at + 1) * every) - DAY
        found.append(
            Period(at + 1, start, max(start, end), start, share, (Line(CHARGED, start, max(start, end), share, share),))
        )
    return tuple(found)

"""From terms to periods."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Literal

from flow_engine.series.months import DAY, add_months, month_ends
from flow_engine.series.period import Line, Period, parts
from flow_engine.series.rates import Steps, rates

CHARGED = "charged"
MOST_PERIODS = 1_200


class TooLong(ValueError):  # noqa: N818 - the terms are at fault, and whoever gave them is told so
    """More than MOST_PERIODS periods."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Days that are not charged. Of several layers over one day the first in the list counts.

    `locked`: the days are set aside rather than given away.
    """

    kind: str
    ranges: tuple[tuple[date, date], ...]
    locked: bool = False


@dataclass(frozen=True, slots=True)
class PutOff:
    """What would be due in a range is due on another day."""

    start: date
    end: date
    until: date


@dataclass(frozen=True, slots=True)
class Due:
    """When a period is due: so many days before its first day, or after its last one; the first one perhaps at once."""

    at: Literal["start", "end"] = "start"
    days: int = 0
    first_at_start: bool = True
    put_off: tuple[PutOff, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """From a day on, another rate; it is restated whole, earlier steps lapse. The grid of periods stays."""

    effective: date
    rate: Decimal
    steps: Steps = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed. `rate` is for one month; `every` is the length of a period in months.

    `alignment`: periods and months count from the first day (`anniversary`), or are those of the calendar. `end` None:
    no end; periods are made up to `until`. `unit` is the smallest amount.
    """

    start: date
    end: date | None
    every: int
    rate: Decimal
    alignment: Literal["anniversary", "calendar"] = "anniversary"
    until: date | None = None
    steps: Steps = None
    layers: tuple[Layer, ...] = ()
    due: Due = Due()
    changes: tuple[Change, ...] = ()
    unit: Decimal = Decimal("0.01")

    @property
    def last(self) -> date:
        """The last day that a schedule covers. Raises ValueError without an end and a limit."""
        found = self.end if self.end is not None else self.until
        if found is None:
            raise ValueError("terms without an end need a day up to which periods are made")
        return found

    @property
    def grid(self) -> date:
        """Where the months begin by which days are charged."""
        return self.start.replace(day=1) if self.alignment == "calendar" else self.start


def schedule(terms: Terms) -> tuple[Period, ...]:
    """The periods, in order. Raises TooLong for more than 1,200."""
    steps = _rates(terms)
    found = []
    for number, (start, end) in enumerate(_ranges(terms), 1):
        lines = _lines(terms, steps, start, end)
        amount = sum((line.amount for line in lines), Decimal(0))
        found.append(Period(number, start, end, _due(terms, number, start, end), amount, lines))
    return tuple(found)


def joined(stretches: Iterable[Terms]) -> tuple[Period, ...]:
    """Terms that follow each other, each with a grid of its own: each ends the day before the next begins. The periods
    are numbered through, and only the very first may be due at once. Raises TooLong."""
    several = sorted(stretches, key=lambda each: each.start)
    found: list[Period] = []
    for number, terms in enumerate(several):
        following = several[number + 1].start - DAY if number + 1 < len(several) else None
        if following is not None and following < terms.last:
            terms = replace(terms, end=following)
        if number:
            terms = replace(terms, due=replace(terms.due, first_at_start=False))
        before = len(found)
        found += (replace(each, number=before + each.number) for each in schedule(terms))
    if len(found) > MOST_PERIODS:
        raise TooLong(len(found))
    return tuple(found)


def _ranges(terms: Terms) -> Iterator[tuple[date, date]]:
    start, last = terms.start, terms.last
    for number in range(MOST_PERIODS + 1):
        if start > last:
            return
        if number == MOST_PERIODS:
            raise TooLong(MOST_PERIODS)
        following = _after(terms, start, number)
        # What has no end is not cut where we stop looking.
        end = following - DAY if terms.end is None else min(following - DAY, terms.end)
        yield start, end
        start = end + DAY


def _after(terms: Terms, start: date, number: int) -> date:
    """The first day of the period after the one of this number (from 0)."""
    if terms.alignment == "anniversary":
        return add_months(terms.start, (number + 1) * terms.every)
    ahead = terms.every - (start.month - 1) % terms.every
    return add_months(start.replace(day=1), ahead)


def _rates(terms: Terms) -> tuple[tuple[date, Decimal], ...]:
    found = list(rates(terms.start, terms.last, terms.rate, terms.steps, terms.unit))
    for change in sorted(terms.changes, key=lambda each: each.effective):
        kept = [step for step in found if step[0] < change.effective]
        found = kept + list(rates(change.effective, terms.last, change.rate, change.steps, terms.unit))
    return tuple(found)


def _lines(terms: Terms, steps: tuple[tuple[date, Decimal], ...], start: date, end: date) -> tuple[Line, ...]:
    """Neighbouring days of one kind and rate are a line."""
    lines, exact = [], []
    for (kind, locked, rate), run in groupby(_pieces(terms, steps, start, end), key=lambda piece: piece.told):
        pieces = tuple(run)
        lines.append(Line(kind, pieces[0].start, pieces[-1].end, rate, Decimal(0), locked))
        exact.append(sum((piece.cost for piece in pieces), Fraction(0)))
    shares = parts(exact, [line.kind == CHARGED for line in lines], terms.unit)
    return tuple(replace(line, amount=share) for line, share in zip(lines, shares, strict=True))


@dataclass(frozen=True, slots=True)
class _Piece:
    """Days of one month of the grid, of one kind and rate."""

    start: date
    end: date
    told: tuple[str, bool, Decimal]
    cost: Fraction


def _pieces(terms: Terms, steps: tuple[tuple[date, Decimal], ...], start: date, end: date) -> Iterator[_Piece]:
    edges = {first for first, _ in steps}
    edges |= {edge for layer in terms.layers for first, last in layer.ranges for edge in (first, last + DAY)}
    for first, last in month_ends(terms.grid, start, end):
        begin, stop, length = max(first, start), min(last, end), (last - first).days + 1
        cuts = [begin, *sorted(edge for edge in edges if begin < edge <= stop), stop + DAY]
        for one, other in pairwise(cuts):
            kind, locked = _kind(terms, one)
            rate = _rate(steps, one)
            days = (other - one).days if kind == CHARGED else 0
            yield _Piece(one, other - DAY, (kind, locked, rate), Fraction(rate) * days / length)


def _kind(terms: Terms, day: date) -> tuple[str, bool]:
    for layer in terms.layers:
        if any(first <= day <= last for first, last in layer.ranges):
            return layer.kind, layer.locked
    return CHARGED, False


def _rate(steps: tuple[tuple[date, Decimal], ...], day: date) -> Decimal:
    return next(rate for begin, rate in reversed(steps) if begin <= day)


def _due(terms: Terms, number: int, start: date, end: date) -> date:
    due = _agreed(terms, number, start, end)
    return next((each.until for each in terms.due.put_off if each.start <= due <= each.end), due)


def _agreed(terms: Terms, number: int, start: date, end: date) -> date:
    if terms.due.at == "end":
        return end + timedelta(days=terms.due.days)
    if number == 1 and terms.due.first_at_start:
        return start
    return start - timedelta(days=terms.due.days)

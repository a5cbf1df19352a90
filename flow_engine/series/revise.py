"""New terms over an old schedule: what is not settled is superseded, what is settled is adjusted, the rest stays."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flow_engine.series.period import Period


@dataclass(frozen=True, slots=True)
class Kept:
    """A period as it exists. `key` names it for the caller; a `settled` one is never replaced."""

    key: str
    period: Period
    settled: bool


@dataclass(frozen=True, slots=True)
class Revision:
    """What is to be done: `superseded` by key; `new` periods; `adjusted`: (key, by how much) for settled ones."""

    superseded: tuple[str, ...]
    new: tuple[Period, ...]
    adjusted: tuple[tuple[str, Decimal], ...]


def revise(existing: Iterable[Kept], wanted: Iterable[Period], effective: date) -> Revision:
    """What turns the existing periods into the wanted ones from a day on; what ends before stays as it is."""
    old = {kept.period.start: kept for kept in existing if kept.period.end >= effective}
    superseded, fresh, adjusted = [], [], []
    for period in wanted:
        if period.end < effective:
            continue
        kept = old.pop(period.start, None)
        if kept is None:
            fresh.append(period)
        elif _same(kept.period, period):
            continue
        elif kept.settled and kept.period.end == period.end:
            adjusted.append((kept.key, period.amount - kept.period.amount))
        elif kept.settled:
            raise ValueError(f"a settled period changes its range: {kept.key}")
        else:
            superseded.append(kept.key)
            fresh.append(period)
    for kept in old.values():
        if kept.settled:
            adjusted.append((kept.key, -kept.period.amount))
        else:
            superseded.append(kept.key)
    return Revision(tuple(superseded), tuple(fresh), tuple(adjusted))


def _same(one: Period, other: Period) -> bool:
    return (one.start, one.end, one.due, one.lines) == (other.start, other.end, other.due, other.lines)

"""New terms over an old schedule: what is not settled is superseded, what is settled is adjusted, the rest stays."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from flow_engine.series.period import Period


@dataclass(frozen=True, slots=True)
class Kept:
    """A period as it exists. `key` names it for the caller; a `settled` one is never replaced.

    `billed` is what has been asked for it by now, with earlier adjustments; None: its amount.
    """

    key: str
    period: Period
    settled: bool
    billed: Decimal | None = None

    @property
    def asked(self) -> Decimal:
        """What has been asked for it by now."""
        return self.period.amount if self.billed is None else self.billed


@dataclass(frozen=True, slots=True)
class Revision:
    """What is to be done: `superseded` by key; `new` periods; `adjusted`: (key, by how much) for settled ones.

    `replaces`: by the number of a new period, the keys of those that it takes the place of.
    """

    superseded: tuple[str, ...]
    new: tuple[Period, ...]
    adjusted: tuple[tuple[str, Decimal], ...]
    replaces: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def revise(existing: Iterable[Kept], wanted: Iterable[Period], effective: date) -> Revision:
    """What turns the existing periods into the wanted ones from a day on; what ends before stays as it is.

    A settled period answers for every wanted one that lies within it; one that reaches beyond it is new. So whatever
    the terms become, the old with the adjustments and the new together ask for what is wanted.
    """
    old = [kept for kept in existing if kept.period.end >= effective]
    asked = [period for period in wanted if period.end >= effective]
    alike = {period.start: period for period in asked}
    same = {kept.key for kept in old if _same(kept.period, alike.get(kept.period.start))}
    settled = [kept for kept in old if kept.settled and kept.key not in same]
    superseded = [kept for kept in old if not kept.settled and kept.key not in same]
    stays = {kept.period.start for kept in old if kept.key in same}
    owed: dict[str, Decimal] = {kept.key: Decimal(0) for kept in settled}
    fresh: list[Period] = []
    for period in asked:
        if period.start in stays:
            continue
        holder = next((kept for kept in settled if _holds(kept.period, period)), None)
        if holder is None:
            fresh.append(period)
        else:
            owed[holder.key] += period.amount
    adjusted = ((kept.key, owed[kept.key] - kept.asked) for kept in settled)
    return Revision(
        tuple(kept.key for kept in superseded),
        tuple(fresh),
        tuple((key, amount) for key, amount in adjusted if amount),
        {period.number: tuple(kept.key for kept in superseded if _meet(kept.period, period)) for period in fresh},
    )


def _same(one: Period, other: Period | None) -> bool:
    return other is not None and (one.start, one.end, one.due, one.lines) == (
        other.start,
        other.end,
        other.due,
        other.lines,
    )


def _holds(outer: Period, inner: Period) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _meet(one: Period, other: Period) -> bool:
    return one.start <= other.end and other.start <= one.end

"""New terms over an old schedule: what is not settled is superseded, what is settled is adjusted, the rest stays."""

from collections.abc import Iterable
from dataclasses import dataclass
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
    """What is to be done: `superseded` by key; `new` periods; `adjusted`: (key, by how much) for settled ones."""

    superseded: tuple[str, ...]
    new: tuple[Period, ...]
    adjusted: tuple[tuple[str, Decimal], ...]


def revise(existing: Iterable[Kept], wanted: Iterable[Period], effective: date) -> Revision:
    """What turns the existing periods into the wanted ones from a day on; what ends before stays as it is.

    A settled period answers for every wanted one that lies within it; one that reaches beyond it is new. So, whatever
    the terms become, what was asked, the adjustments and the new periods together are what is wanted.
    """
    old = [kept for kept in existing if kept.period.end >= effective]
    # The period that holds the day is looked at whole: its head may be a period by itself now.
    since = min((kept.period.start for kept in old), default=effective)
    asked = [period for period in wanted if period.end >= min(since, effective)]
    starting = {period.start: period for period in asked}
    stays = {kept.key: kept.period.start for kept in old if _same(kept, starting.get(kept.period.start))}
    settled = [kept for kept in old if kept.settled and kept.key not in stays]
    owed = {kept.key: Decimal(0) for kept in settled}
    fresh: list[Period] = []
    for period in asked:
        if period.start in stays.values():
            continue
        holder = next((kept for kept in settled if _holds(kept.period, period)), None)
        if holder is None:
            fresh.append(period)
        else:
            owed[holder.key] += period.amount
    adjusted = ((kept.key, owed[kept.key] - kept.asked) for kept in settled)
    return Revision(
        tuple(kept.key for kept in old if not kept.settled and kept.key not in stays),
        tuple(fresh),
        tuple((key, amount) for key, amount in adjusted if amount),
    )


def _same(kept: Kept, period: Period | None) -> bool:
    """Nothing is to be done about it. A settled one may have come to the wanted amount by adjustments."""
    if period is None or (kept.period.start, kept.period.end) != (period.start, period.end):
        return False
    if kept.settled and kept.billed is not None:
        return kept.billed == period.amount
    return (kept.period.due, kept.period.lines) == (period.due, period.lines)


def _holds(outer: Period, inner: Period) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end

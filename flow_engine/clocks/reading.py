"""What a clock shows: time used, time left, when it is due. Worked out anew from start, pauses and calendar each
time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Final

from flow_engine.clocks.definition import BREACH, ClockDef
from flow_engine.clocks.state import ClockState
from flow_engine.clocks.working_time import WorkingTime

NONE: Final = timedelta(0)
_FINE: Final = Decimal("0.0001")
_TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """At one moment. `used` and `remaining` are time that counts; `remaining` is negative once it is overdue.

    `due_at` is None while nothing can be said: paused, or without a target. `share`: used of the target.
    """

    used: timedelta
    target: timedelta | None
    remaining: timedelta | None
    share: Decimal | None
    due_at: datetime | None
    colour: str
    paused: bool
    stopped: bool
    breached: bool


def used(state: ClockState, time: WorkingTime, now: datetime) -> timedelta:
    """The time that has counted until now, or until the clock stopped: what passed, without what passed in pauses."""
    return sum((time.passed(since, until) for since, until in _counted(state, now)), NONE)


def moment_at(state: ClockState, time: WorkingTime, amount: timedelta) -> datetime | None:
    """The first instant at which so much has counted; None where that is not yet known, or never is."""
    left, pieces = amount, _pieces(state)
    for since, until in pieces:
        if until is None:
            return time.after(since, left)
        here = time.passed(since, until)
        if here >= left:
            return time.after(since, left)
        left -= here
    return None


def share_at(state: ClockState, time: WorkingTime, share: Decimal) -> datetime | None:
    """When that share of the target has counted; after the clock's end it never has."""
    if state.target is None:
        return None
    found = moment_at(state, time, _part(state.target, share))
    return None if found is None or (state.stopped_at is not None and found >= state.stopped_at) else found


def noted(clock: ClockDef, state: ClockState, time: WorkingTime, now: datetime) -> ClockState:
    """With everything on it that has been reached by now. What was reached once stays so."""
    moments = [share_at(state, time, each.share) for each in clock.at]
    reached = sum(1 for moment in moments if moment is not None and moment <= now)
    breach = next(moment for moment, each in zip(moments, clock.at, strict=True) if each.share == BREACH)
    breached_at = state.breached_at or (breach if breach is not None and breach <= now else None)
    return replace(state, reached=max(reached, state.reached), breached_at=breached_at)


def coming(clock: ClockDef, state: ClockState, time: WorkingTime) -> datetime | None:
    """When the next threshold is reached, if nothing happens meanwhile."""
    if not state.running or state.paused or state.reached >= len(clock.at):
        return None
    return share_at(state, time, clock.at[state.reached].share)


def reading(clock: ClockDef, state: ClockState, time: WorkingTime, now: datetime) -> Reading:
    """The clock at this moment."""
    state = noted(clock, state, time, now)
    spent, target = used(state, time, now), state.target
    left = target - spent if target is not None else None
    known = target is not None and not state.paused
    return Reading(
        used=spent,
        target=target,
        remaining=left,
        share=(_ratio(spent, target) if target else None),
        due_at=moment_at(state, time, target) if known and target is not None and state.stopped_at is None else None,
        colour=clock.colour(state.reached),
        paused=state.paused,
        stopped=state.stopped_at is not None,
        breached=state.breached_at is not None,
    )


def _part(whole: timedelta, share: Decimal) -> timedelta:
    return timedelta(microseconds=int(Decimal(whole // _TICK) * share))


def _ratio(spent: timedelta, target: timedelta) -> Decimal:
    return (Decimal(spent // _TICK) / Decimal(target // _TICK)).quantize(_FINE, ROUND_DOWN)


def _counted(state: ClockState, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    until = min(now, state.stopped_at) if state.stopped_at is not None else now
    for since, end in _pieces(state):
        if since < until:
            yield since, min(until, end) if end is not None else until


def _pieces(state: ClockState) -> Iterator[tuple[datetime, datetime | None]]:
    """The stretches between the pauses; the last has no end while the clock runs and is not paused."""
    since = state.started_at
    if since is None:
        return
    for begin, end in state.pauses:
        yield since, begin
        if end is None:
            return
        since = end
    yield since, state.stopped_at

"""What is known of a clock, what happens to it, and how it goes on. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flow_engine.clocks.definition import AtField, AtRun, AtStep, ClockDef, Mark
from flow_engine.clocks.working_time import WorkingTime, end_of

Spans = tuple[tuple[datetime, datetime | None], ...]


@dataclass(frozen=True, slots=True)
class ClockState:
    """A clock of one run.

    `target` is time that counts, None where the record gives none: then nothing is ever due. `pauses` lie in order,
    the last may still be open. `held`: the record is in a state that pauses, whether the clock runs yet or not.
    `reached`: how many thresholds have been reached; neither that nor `breached_at` is ever taken back.
    """

    started_at: datetime | None = None
    stopped_at: datetime | None = None
    target: timedelta | None = None
    calendar: str = "always"
    pauses: Spans = ()
    held: bool = False
    reached: int = 0
    breached_at: datetime | None = None

    @property
    def running(self) -> bool:
        """Started, and not at its end; perhaps paused."""
        return self.started_at is not None and self.stopped_at is None

    @property
    def paused(self) -> bool:
        """No time counts just now."""
        return self.running and bool(self.pauses) and self.pauses[-1][1] is None


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step was opened, or is over."""

    mark: AtStep


@dataclass(frozen=True, slots=True)
class Changed:
    """The record had these values, and has those. Before its first there were none."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunTurned:
    """The run has started, or ended."""

    mark: AtRun


@dataclass(frozen=True, slots=True)
class Undone:
    """A decision was taken back: what it did is as if it had never been."""

    marks: frozenset[AtStep]


Happening = Stepped | Changed | RunTurned | Undone


def follow(clock: ClockDef, state: ClockState, happening: Happening, at: datetime) -> ClockState:
    """What this makes of the clock. It runs once in a run: neither its beginning nor its end comes again, but its end
    may be undone."""
    if isinstance(happening, Undone):
        return _again(state) if clock.end in happening.marks else state
    if isinstance(happening, Changed):
        state = _hold(state, clock.held(happening.after), at)
    if state.started_at is None and _meets(clock.start, happening):
        state = replace(state, started_at=at, pauses=((at, None),) if state.held else ())
    elif state.running and _meets(clock.end, happening):
        return _stopped(state, at)
    elif state.stopped_at is not None and clock.undone is not None and _meets(clock.undone, happening):
        return _again(state)
    if isinstance(happening, RunTurned) and happening.mark.at == "ended" and state.running:
        return _stopped(state, at)
    return state


def retimed(state: ClockState, time: WorkingTime, calendar: str, length: str | timedelta | None) -> ClockState:
    """Measured in this time, against this length. A length of working days is as long as they are from the start."""
    if not state.running or state.started_at is None:
        return state
    end = end_of(time, state.started_at, length)
    target = time.passed(state.started_at, end) if end is not None else None
    return replace(state, calendar=calendar, target=target or None)


def _meets(mark: Mark, happening: Happening) -> bool:
    match happening:
        case Stepped(done) | RunTurned(done):
            return mark == done
        case Changed(before, after) if isinstance(mark, AtField):
            return after.get(mark.field) in mark.becomes and before.get(mark.field) not in mark.becomes
    return False


def _hold(state: ClockState, held: bool, at: datetime) -> ClockState:
    if held == state.held:
        return state
    state = replace(state, held=held)
    if not state.running:
        return state
    if held:
        return replace(state, pauses=(*state.pauses, (at, None)))
    return replace(state, pauses=_closed(state.pauses, at))


def _stopped(state: ClockState, at: datetime) -> ClockState:
    return replace(state, stopped_at=at, pauses=_closed(state.pauses, at))


def _again(state: ClockState) -> ClockState:
    """It has never stopped."""
    pauses = state.pauses
    if state.held and pauses and pauses[-1][1] == state.stopped_at:
        pauses = (*pauses[:-1], (pauses[-1][0], None))
    return replace(state, stopped_at=None, pauses=pauses)


def _closed(pauses: Spans, at: datetime) -> Spans:
    if not pauses or pauses[-1][1] is not None:
        return pauses
    since = pauses[-1][0]
    return (*pauses[:-1], (since, at)) if at > since else pauses[:-1]

"""The clocks of runs as people and programs see them: worked out for now, whatever was stored when."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from formloom.clock import app_now, time_zone
from formloom.db.uow import workspace_of
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.clocks.definition import ALWAYS
from flow_engine.clocks.reading import Reading, reading
from flow_engine.clocks.working_time import ROUND_THE_CLOCK, InCalendar, WorkingTime
from flow_engine.definition import FlowDef
from flow_engine.elements.outcome import Text
from flow_engine.models import RunClock
from flow_engine.service.clocks.rows import SECOND, state_of
from form_engine.calendars import named_calendar


@dataclass(frozen=True, slots=True)
class ClockView:
    """A clock that has started. Times are seconds that count; `remaining` is negative once it is overdue, None without
    a target; `share` is how much of the target is used, with four decimals."""

    key: str
    title: Text
    started_at: datetime
    stopped_at: datetime | None
    due_at: datetime | None
    used: int
    target: int | None
    remaining: int | None
    share: str | None
    colour: str
    paused: bool
    breached: bool
    calendar: str
    ticks_until: datetime | None
    """Until when time counts without a break: as long as a display may count by itself. None: it stands still."""

    @property
    def running(self) -> bool:
        """Not at its end; perhaps paused."""
        return self.stopped_at is None


def clocks_of(session: Session, runs: Mapping[int, FlowDef]) -> dict[int, tuple[ClockView, ...]]:
    """Of these runs of these flows, in the order of the definition. Asks nothing where no flow has clocks."""
    timed = {run: flow for run, flow in runs.items() if flow.clocks}
    if not timed:
        return {}
    now, found = app_now(session), defaultdict(dict)  # type: ignore[var-annotated]
    for row in _rows(session, timed):
        clock = timed[row.run_id].clock(row.key)
        if clock is not None and row.started_at is not None:
            time = _time(session, row.calendar)
            shown = reading(clock, state_of(row), time, now)
            found[row.run_id][row.key] = _view(row, clock.title, shown, time, now)
    return {
        run: tuple(found[run][clock.key] for clock in flow.clocks if clock.key in found[run])
        for run, flow in timed.items()
    }


def _rows(session: Session, runs: Iterable[int]) -> Iterable[RunClock]:
    statement = select(RunClock).where(RunClock.workspace_id == workspace_of(session), RunClock.run_id.in_(list(runs)))
    return session.scalars(statement, execution_options={"populate_existing": True})


def _time(session: Session, calendar: str) -> WorkingTime:
    found = named_calendar(session, calendar) if calendar != ALWAYS else None
    return InCalendar(found, time_zone(session)) if found is not None else ROUND_THE_CLOCK


def _view(row: RunClock, title: Text, shown: Reading, time: WorkingTime, now: datetime) -> ClockView:
    return ClockView(
        key=row.key,
        title=title,
        started_at=row.started_at or now,
        stopped_at=row.stopped_at,
        due_at=shown.due_at,
        used=shown.used // SECOND,
        target=shown.target // SECOND if shown.target is not None else None,
        remaining=shown.remaining // SECOND if shown.remaining is not None else None,
        share=str(shown.share) if shown.share is not None else None,
        colour=shown.colour,
        paused=shown.paused,
        breached=shown.breached,
        calendar=row.calendar,
        ticks_until=None if shown.paused or shown.stopped else time.unbroken(now),
    )

"""A clock as its row has it, and as `flow_more_clocks` writes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from formloom.db.uow import workspace_of
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.clocks.state import ClockState
from flow_engine.models import RunClock

Json = dict[str, Any]
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """A clock with what its row says besides: how often it was written (0: never), and which version of the record it
    knows."""

    state: ClockState = field(default_factory=ClockState)
    version: int = 0
    seen: int = 0


def kept(session: Session, run: int) -> dict[str, Kept]:
    """The clocks of a run, by key."""
    statement = select(RunClock).where(RunClock.workspace_id == workspace_of(session), RunClock.run_id == run)
    rows = session.scalars(statement, execution_options={"populate_existing": True})
    return {row.key: Kept(state_of(row), row.version, row.seen) for row in rows}


def state_of(row: RunClock) -> ClockState:
    """What is known of it."""
    return ClockState(
        started_at=row.started_at,
        stopped_at=row.stopped_at,
        target=timedelta(seconds=row.target) if row.target is not None else None,
        calendar=row.calendar,
        pauses=tuple((_instant(since), _instant(until) if until else None) for since, until in row.pauses),
        held=row.held,
        reached=row.reached,
        breached_at=row.breached_at,
    )


def to_json(key: str, record: int, after: Kept, shown: Mapping[str, Any], wake: datetime | None) -> Json:
    """One of the clocks of `flow_more_clocks`; `shown` is the colour, when it is due, and the time used."""
    state = after.state
    return {
        "key": key,
        "record": record,
        "version": after.version,
        "started_at": _told(state.started_at),
        "stopped_at": _told(state.stopped_at),
        "target": state.target // SECOND if state.target is not None else None,
        "calendar": state.calendar,
        "pauses": [[_told(since), _told(until)] for since, until in state.pauses],
        "held": state.held,
        "reached": state.reached,
        "breached_at": _told(state.breached_at),
        "seen": after.seen,
        "wake": _told(wake),
        **shown,
    }


def _told(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)

"""A calendar is live in another version: clocks that run by it wake when their next threshold is reached now."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from formloom import outbox
from formloom.db.uow import workspace_of
from formloom.outbox import JobContext
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.models import RunClock
from flow_engine.service import start as starting
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.clocks.hear import follow_record

KIND: Final = "flow.clocks"
BATCH: Final = 100
"""So many runs are held in one transaction."""


def begin(session: Session, calendars: tuple[str, ...]) -> None:
    """Have the clocks measured anew in the background, if there are any."""
    if _runs(session, calendars, 0, 1):
        outbox.put(session, KIND, {"calendars": sorted(calendars)}, f"clocks:{uuid4()}")


def work(catalogue: Catalogue, context: JobContext, payload: Mapping[str, Any]) -> None:
    """The handler of outbox items `flow.clocks`: the runs in the order of their ids. Done twice it is done once."""
    calendars, after = tuple(payload["calendars"]), 0
    while True:
        with context.unit_of_work() as session:
            found = _runs(session, calendars, after, BATCH)
            for run_id in found:
                _measure(session, catalogue, run_id, calendars)
            if len(found) < BATCH:
                context.finish(session)
                return
            context.renew(session, progressed=True)
            after = found[-1]


def _measure(session: Session, catalogue: Catalogue, run_id: int, calendars: tuple[str, ...]) -> None:
    run = starting.locked(session, run_id)
    if run is not None and run.ended_at is None:
        follow_record(session, run, starting.stage_of(session, catalogue, run), anew=calendars)


def _runs(session: Session, calendars: tuple[str, ...], after: int, most: int) -> list[int]:
    statement = (
        select(RunClock.run_id)
        .distinct()
        .where(
            RunClock.workspace_id == workspace_of(session),
            RunClock.run_id > after,
            RunClock.calendar.in_(calendars),
            RunClock.started_at.is_not(None),
            RunClock.stopped_at.is_(None),
        )
    )
    return list(session.scalars(statement.order_by(RunClock.run_id).limit(most)))

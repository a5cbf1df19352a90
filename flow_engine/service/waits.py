"""What waiting runs are told from outside of them: that an event has come, that their record has changed."""

from collections.abc import Collection
from typing import Final

from formloom.db.uow import workspace_of
from formloom.errors import Forbidden, NotFound
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.machine import Resumed, RunState, Visit
from flow_engine.models import Run
from flow_engine.service import start as starting
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.clocks.hear import follow_record
from flow_engine.service.stage import Stage
from flow_engine.steps.wait import Wait
from form_engine.formula import ErrorValue
from form_engine.records.actor import Actor

CODES = ("event_not_yours",)
ADMIN: Final = "admin"


def report(session: Session, catalogue: Catalogue, run_id: int, event: str, actor: Actor, may_change: bool) -> int:
    """Somebody says that an event has come; how many waiting steps go on by it. None wait: nothing happens.

    Those may say it whom the step names; where it names nobody, whoever may change the record. Administrators always.
    Raises NotFound, Forbidden.
    """
    run = starting.locked(session, run_id)
    if run is None:
        raise NotFound("unknown_run", {"run": run_id})
    told = 0
    for visit, step in _waiting(catalogue, session, run):
        if step.event != event:
            continue
        if not _may(session, catalogue, run, visit, step, actor, may_change):
            raise Forbidden("event_not_yours", {"event": event})
        fresh = starting.locked(session, run_id)
        if fresh is not None and RunState.from_json(fresh.state).visit(visit.id) is not None:
            starting.happen(
                session, catalogue, fresh, actor, Resumed(visit.id, {"event": event, "by": actor.ref}), "run.event"
            )
            told += 1
    return told


def watched(session: Session, catalogue: Catalogue, records: Collection[int]) -> set[int]:
    """Those of these records on which an open run waits for a condition, or keeps a clock by the record's values."""
    open_ = (Run.workspace_id == workspace_of(session), Run.record_id.in_(records), Run.ended_at.is_(None))
    found = session.execute(select(Run.record_id, Run.flow, Run.flow_version).where(*open_).distinct())
    return {record for record, flow, version in found if catalogue.definition(session, flow, version).looks_again}


def look_again(session: Session, catalogue: Catalogue, record: int) -> None:
    """The open runs on the record: what they wait for, and their clocks."""
    open_ = (Run.workspace_id == workspace_of(session), Run.record_id == record, Run.ended_at.is_(None))
    for number in session.scalars(select(Run.id).where(*open_).order_by(Run.id)).all():
        run = starting.locked(session, number)
        if run is not None and run.ended_at is None:
            _look(session, catalogue, run)


def _look(session: Session, catalogue: Catalogue, run: Run) -> None:
    flow = catalogue.definition(session, run.flow, run.flow_version)
    waiting = [(visit, step) for visit, step in _waiting(catalogue, session, run) if step.when is not None]
    if not waiting and not any(clock.fields for clock in flow.clocks):
        return
    stage = starting.stage_of(session, catalogue, run)
    follow_record(session, run, stage)
    state = RunState.from_json(run.state)
    for visit, step in waiting:
        if _holds(stage, state, visit, step):
            starting.resume(session, catalogue, run.id, visit.id, {"holds": True})


def _holds(stage: Stage, state: RunState, visit: Visit, step: Wait) -> bool:
    """An error is no: the run waits on until it can be known."""
    stage.item = state.item(visit.lane)
    found = stage.evaluate(step.when.text) if step.when is not None else None
    return found is True and not isinstance(found, ErrorValue)


def _waiting(catalogue: Catalogue, session: Session, run: Run) -> list[tuple[Visit, Wait]]:
    flow = catalogue.definition(session, run.flow, run.flow_version)
    state = RunState.from_json(run.state)
    visits = () if state.ended else state.open
    steps = [(visit, flow.step(visit.step)) for visit in visits if visit.kind == "step"]
    return [(visit, step) for visit, step in steps if isinstance(step, Wait)]


def _may(
    session: Session, catalogue: Catalogue, run: Run, visit: Visit, step: Wait, actor: Actor, may_change: bool
) -> bool:
    if ADMIN in actor.roles or not step.by:
        return may_change or ADMIN in actor.roles
    stage = starting.stage_of(session, catalogue, run)
    state = RunState.from_json(run.state)
    stage.item = state.item(visit.lane)
    return actor.ref in stage.people.find(step.by, state)

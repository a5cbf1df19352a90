"""How a run begins, and how a timer moves it: ordinary units of work, the same machine, the same SQL function."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from formloom.clock import app_now, time_zone
from formloom.db.retry import RETRIED, sqlstate
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, Forbidden, InvalidInput, Issue, NotFound
from formloom.wakeups import announce
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from flow_engine.definition import CompiledFlow
from flow_engine.machine import Event, Resumed, RunState, Started, TimerFired, Withdrawn
from flow_engine.models import Run
from flow_engine.service import live
from flow_engine.service.arguments import APPLY_NAMED, applied, arguments, as_named
from flow_engine.service.catalogue import Catalogue, Pinned
from flow_engine.service.choices import Choices, chosen
from flow_engine.service.decide import below, refused, topics_of
from flow_engine.service.errors import RECORD_HELD, RUN_MOVED
from flow_engine.service.live import Live
from flow_engine.service.loaded import gone, set_stage, stored_state
from flow_engine.service.origin import BUTTON, SUBMIT, Origin
from flow_engine.service.refusing import refusal
from flow_engine.service.script import Script
from flow_engine.service.stage import Stage
from flow_engine.service.trouble import Tripped
from flow_engine.triggers import Button, Submit
from form_engine.definition import FieldAccess
from form_engine.recalculation import drain
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.facts import Fact

_RECORD = text("SELECT record_facts(ARRAY[CAST(:id AS bigint)])")
_APPLY = text(APPLY_NAMED)

Prepare = Callable[[Stage], None]


def start(
    session: Session,
    catalogue: Catalogue,
    pinned: Pinned,
    record_id: int,
    actor: Actor,
    prepare: Prepare | None = None,
    origin: Origin = SUBMIT,
    choices: Choices | None = None,
) -> int:
    """Begin a run on a record; the id of the run. `prepare` may change the record on the stage first; `choices`: whom
    the initiator picked.

    Raises Conflict `record_in_run` where the run would hold a record that another one holds; InvalidInput for a choice
    that is missing or not allowed, and for what whoever submits or presses can mend (`refusing`).
    """
    flow, form = pinned
    run = {"flow": flow.key, "flow_version": flow.version, "form": form.key, "form_version": form.version}
    run |= {"initiator": actor.person_id, "started_by": origin.by, "holds": flow.definition.holds and origin.may_hold}
    run |= {"depth": origin.depth, "parent_run": origin.parent_run, "parent_visit": origin.parent_visit}

    def stage() -> Stage:
        fresh = _stage(session, catalogue, pinned, record_id, actor, actor.ref, dict(run))
        if prepare is not None:
            prepare(fresh)
        return fresh

    picked = chosen(session, flow, actor, choices)
    begun = Started(actor.ref, picked or None, called=True if origin.parent_visit is not None else None)
    return _drive(session, stage, None, begun, {"action": "run.started", "detail": {}}, origin)


def press(
    session: Session,
    catalogue: Catalogue,
    key: str,
    record_id: int,
    actor: Actor,
    changes: Mapping[str, Any] | None,
    choices: Choices | None = None,
) -> int:
    """Start the flow of a button.

    Raises Forbidden when it is not offered to this person on this record, InvalidInput.
    """
    pinned = catalogue.live(session, key)
    flow, trigger = pinned[0], pinned[0].definition.trigger

    def prepare(stage: Stage) -> None:
        if not isinstance(trigger, Button) or not offered(stage, flow, actor):
            raise Forbidden("button_not_offered", {"button": key})
        if changes:
            try:
                stage.change(changes, FieldAccess.of_grant(trigger.fields), actor)
            except InvalidInput as error:
                raise below("/changes", error) from error
        blank = [name for name in trigger.require if stage.record.data.get(name) in (None, "", [])]
        if blank:
            raise InvalidInput("invalid_input", issues=tuple(Issue(f"/changes/{name}", "required") for name in blank))

    return start(session, catalogue, pinned, record_id, actor, prepare, BUTTON, choices)


def offered(stage: Stage, flow: CompiledFlow, actor: Actor) -> bool:
    """Whether this person may press this flow's button on the record of the stage."""
    trigger = flow.definition.trigger
    if not isinstance(trigger, Button) or not holds(stage, flow):
        return False
    return actor.ref in stage.people.find(trigger.by, RunState(initiator=actor.ref))


def holds(stage: Stage, flow: CompiledFlow) -> bool:
    """Whether the trigger's condition holds; an error is no."""
    when = flow.definition.trigger.when
    return when is None or flow.evaluate(when.text, stage.env()) is True


def submitted(
    session: Session, catalogue: Catalogue, form: str, record_id: int, actor: Actor, choices: Choices | None = None
) -> int | None:
    """Start the first flow of this form whose condition holds for the submitted record; the run's id, or None."""
    for pinned in catalogue.started_by_submit(session, form):
        if not isinstance(pinned[0].definition.trigger, Submit):
            continue
        stage = probe(session, catalogue, pinned, record_id, actor)
        if holds(stage, pinned[0]):
            return start(session, catalogue, pinned, record_id, actor, choices=choices)
    return None


def probe(session: Session, catalogue: Catalogue, pinned: Pinned, record_id: int, actor: Actor) -> Stage:
    """A stage only to ask something of a record."""
    return _stage(session, catalogue, pinned, record_id, actor, actor.ref, {})


def withdraw(session: Session, catalogue: Catalogue, run_id: int, actor: Actor) -> None:
    """The initiator calls an open run back, where the flow says what that sets. Raises NotFound, IllegalTransition."""
    run = locked(session, run_id)
    if run is None or run.initiator_id is None or run.initiator_id != actor.person_id:
        raise NotFound("unknown_run", {"run": run_id})
    happen(session, catalogue, run, actor, Withdrawn(actor.ref), "run.withdrawn")


def resume(session: Session, catalogue: Catalogue, run_id: int, visit: int, outcome: Mapping[str, Any]) -> bool:
    """What a visit waited for outside has come; False where nothing waits for it any more."""
    run = locked(session, run_id)
    if run is None or RunState.from_json(run.state).ended or RunState.from_json(run.state).visit(visit) is None:
        return False
    happen(session, catalogue, run, SYSTEM, Resumed(visit, outcome), "run.resumed")
    return True


def fire(session: Session, catalogue: Catalogue, payload: Mapping[str, Any]) -> None:
    """The handler of timers `flow.due`. A run that has ended meanwhile needs nothing."""
    run = locked(session, payload["run"])
    if run is None or RunState.from_json(run.state).ended:
        return
    if RunState.from_json(run.state).visit(payload["visit"]) is None:
        return
    happen(session, catalogue, run, SYSTEM, TimerFired(payload["visit"], payload["action"]), "timer.fired")


def happen(
    session: Session, catalogue: Catalogue, run: Run, actor: Actor, event: Event, action: str, **detail: object
) -> None:
    """Something happens to a run that is locked; `action` and `detail` are what the audit log says of it."""
    state = RunState.from_json(run.state)
    pinned = catalogue.pinned(workspace_of(session), run.flow, run.flow_version, run.form_version, lambda: session)

    def stage() -> Stage:
        told = {"id": run.id, "expected": run.version, "flow": run.flow, "form": run.form}
        return _stage(session, catalogue, pinned, run.record_id, actor, state.initiator, told)

    _drive(session, stage, state, event, {"action": action, "detail": detail})


def stage_of(session: Session, catalogue: Catalogue, run: Run) -> Stage:
    """A stage without an event: to ask something of a run's record, or for what a held run does piece by piece."""
    pinned = catalogue.pinned(workspace_of(session), run.flow, run.flow_version, run.form_version, lambda: session)
    told = {"id": run.id, "expected": run.version, "flow": run.flow, "form": run.form}
    return _stage(session, catalogue, pinned, run.record_id, SYSTEM, RunState.from_json(run.state).initiator, told)


def locked(session: Session, run_id: int) -> Run | None:
    """The run, held until the transaction ends."""
    statement = select(Run).where(Run.workspace_id == workspace_of(session), Run.id == run_id).with_for_update()
    return session.execute(statement, execution_options={"populate_existing": True}).scalar_one_or_none()


def _stage(
    session: Session,
    catalogue: Catalogue,
    pinned: Pinned,
    record_id: int,
    actor: Actor,
    initiator: str,
    run: dict[str, Any],
) -> Stage:
    session.flush()
    raw = session.execute(_RECORD, {"id": record_id}).scalar_one_or_none()
    begun = "id" in run
    if not begun and (raw is None or raw["form"] != pinned[1].key):
        raise NotFound("unknown_record", {"record": record_id})
    record = Fact.read(raw) if raw is not None else gone(record_id, pinned[1].key)
    zone: ZoneInfo = time_zone(session)
    stage = set_stage(
        pinned,
        catalogue.forms.forms(session),
        record,
        actor,
        initiator,
        Script(workspace_of(session), app_now(session), actor.ref, record_id, run),
        zone=zone,
        roles={},
        session=lambda: session,
    )
    stage.live = Live(session, catalogue.forms)
    return stage


def _drive(
    session: Session,
    stage: Callable[[], Stage],
    state: RunState | None,
    event: Event,
    audit: dict[str, Any],
    origin: Origin | None = None,
) -> int:
    """Play the event on a fresh stage and store the step; where something of it fails, the run is told so instead, or
    the person who begins it is."""
    first = stage()
    try:
        return _store(session, first, state, event, audit)
    except Tripped as trip:
        live.undo(first)
        told = refusal(trip.failed, first.form, origin) if origin is not None else None
        if told is not None:
            raise told from trip
        return _store(session, stage(), state, trip.failed, {**audit, "action": "run.incident"})


def _store(session: Session, stage: Stage, state: RunState | None, event: Event, audit: dict[str, Any]) -> int:
    try:
        after = stage.drive(state, event)
    except (live.Overtaken, DBAPIError) as error:  # what it has written at once
        live.undo(stage)
        raise _meaning(stage, error, event) from error
    live.keep(stage)
    script = stage.script
    script.run |= {"status": after.status, "state": stored_state(after, stage.flow), "ended": after.ended}
    script.audit = audit
    # What the flow writes may be refused, and the run then goes on with that knowledge: the transaction must live on.
    before = session.begin_nested() if any(stage.writers) else None
    try:
        done = applied(session.execute(_APPLY, as_named(arguments(script))).scalar_one())
    except DBAPIError as error:
        if before is not None:
            before.rollback()
        raise _meaning(stage, error, event) from error
    if before is not None:
        before.commit()
    session.expire_all()
    topics = [*topics_of(done, script), *live.topics(stage)]
    announce(session, topics)
    if drain.TOPIC in topics:
        drain.soon(session, stage.forms, script.actor)
    run: int = done["run"]
    return run


def _meaning(stage: Stage, error: Exception, event: Event) -> Exception:
    """What the database's word means to whoever caused the step; the error itself where it means nothing of ours."""
    state = sqlstate(error)
    if state == RECORD_HELD:
        return Conflict("record_in_run", {"record": stage.script.record})
    if state in (RUN_MOVED, "FL001", "FL002", "FL004", *RETRIED):
        return Conflict("run_busy")
    origin = error.orig if isinstance(error, DBAPIError) else error
    told = refused(stage, origin, event) if isinstance(origin, psycopg.Error) else None
    return told or error

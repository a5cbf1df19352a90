"""Urging 催办: whoever waits for a decision may ask for it, once an hour a task."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from formloom import audit, notifications, outbox
from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, NotFound
from formloom.models import Person
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from flow_engine.models import Run, Task
from form_engine.records.actor import Actor

CODES = ("urged_already", "nobody_to_urge")
EVERY: Final = timedelta(hours=1)
LETTER: Final = "flow.tell"


def may_urge(session: Session, run: Run, actor: Actor) -> bool:
    """The initiator, whoever was shown it, and administrators."""
    if actor.person_id is None or run.ended_at is not None:
        return False
    if actor.person_id == run.initiator_id or "admin" in actor.roles:
        return True
    copied = select(Task.id).where(
        Task.workspace_id == workspace_of(session),
        Task.run_id == run.id,
        Task.person_id == actor.person_id,
        Task.kind == "cc",
    )
    return session.scalar(copied.limit(1)) is not None


def urge(session: Session, run_id: int, actor: Actor) -> int:
    """Remind everybody who is asked and has not been urged within the hour; how many those are.

    Raises NotFound for whoever may not, Conflict `nobody_to_urge`, `urged_already` with `until`.
    """
    now, here = app_now(session), workspace_of(session)
    run = session.get(Run, (here, run_id))
    if run is None or not may_urge(session, run, actor):
        raise NotFound("unknown_run", {"run": run_id})
    waits = (Task.workspace_id == here, Task.run_id == run_id, Task.status == "open", Task.kind != "cc")
    # One statement takes the turn: of two at the same moment the second waits for the first, and finds it taken.
    taken = update(Task).where(*waits, or_(Task.urged_at.is_(None), Task.urged_at <= now - EVERY)).values(urged_at=now)
    returning = taken.returning(Task.id, Task.visit, Task.step, Task.person_id, Task.guest_link_id)
    urged = session.execute(returning, execution_options={"synchronize_session": False}).all()
    if not urged:
        latest = session.scalars(select(Task.urged_at).where(*waits).order_by(Task.urged_at)).first()
        if latest is None:
            raise Conflict("nobody_to_urge")
        raise Conflict("urged_already", {"until": (latest + EVERY).isoformat()})
    _tell(session, run, actor, urged, now)
    told = {"record": run.record_id, "tasks": [task.id for task in urged]}
    audit.append(session, actor.ref, "run.urged", f"run:{run_id}", told)
    return len(urged)


def _tell(session: Session, run: Run, actor: Actor, urged: Sequence[Any], now: datetime) -> None:
    by = session.scalar(select(Person.name).where(Person.id == actor.person_id)) or actor.name
    for task in urged:
        if task.person_id is not None:
            params = {"flow": run.flow, "step": task.step, "record": run.record_id, "task": task.id, "by": by}
            notifications.notify(session, [task.person_id], "urged", params, f"/inbox?task={task.id}")
    for step in dict.fromkeys(task.step for task in urged):
        people = [task.person_id for task in urged if task.step == step and task.person_id is not None]
        guests = [str(task.guest_link_id) for task in urged if task.step == step and task.guest_link_id is not None]
        told = {"kind": "reminder", "run": run.id, "step": step, "people": people, "guests": guests}
        outbox.put(session, LETTER, told, f"urge:{run.id}:{step}:{now.timestamp():.0f}")

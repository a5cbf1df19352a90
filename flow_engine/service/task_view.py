"""A task as its page shows it: what it is about, what may be seen, changed and decided, and the way so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.errors import NotFound
from formloom.models import GuestLink, Person
from formloom.wakeups import announce
from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from flow_engine.definition import FlowDef
from flow_engine.definition.view import (
    Offer,
    acts,
    added,
    fields_of,
    may_take_back,
    offers,
    read_only,
    sent_back,
)
from flow_engine.elements.outcome import Reason, Text
from flow_engine.machine import RunState
from flow_engine.machine.effects import TaskKind
from flow_engine.models import Run, Task
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.clocks.show import ClockView, clocks_of
from flow_engine.service.people import person_of
from form_engine.definition import FieldAccess
from form_engine.records.actor import Actor


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task for the one whom it asks.

    `writable` is what the step lets them change, `fields` what it lets them read besides what their roles do; `offers`
    is empty when nothing can be decided any more. `acts`: what they may do about who decides; `added`: the people whom
    they have asked as well and may take off again.
    """

    id: int
    run: int
    flow: str
    flow_title: Text
    form: str
    form_version: int
    record: int
    step: str
    step_title: Text
    kind: str
    because: str
    status: str
    run_status: str
    decision: str | None
    opened_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    fields: FieldAccess
    required: tuple[str, ...]
    offers: tuple[Offer, ...]
    step_titles: dict[str, Text]
    acts: tuple[str, ...] = ()
    added: tuple[int, ...] = ()
    may_take_back: bool = False
    closed_by: str | None = None
    clocks: tuple[ClockView, ...] = ()
    facts: tuple[str, ...] = ()
    """The fields that they see first; empty: the whole record."""

    @property
    def decisions(self) -> tuple[str, ...]:
        """The names of what is offered."""
        return tuple(offer.decision for offer in self.offers)

    @property
    def open(self) -> bool:
        """Whether it can still be decided."""
        return self.status == "open" and bool(self.offers)


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a timeline. `by` is None for what waits; a reason is shown by its label."""

    run: int
    visit: int
    step: str
    step_title: Text
    kind: str
    status: str
    by: str | None
    guest: bool
    decision: str | None
    reason: Reason | None
    comment: str | None
    opened_at: datetime
    ended_at: datetime | None
    due_at: datetime | None
    task: int
    guest_link: UUID | None
    sent_back: bool
    because: Mapping[str, Any] | None = None
    """Why they are asked: see `Task.because`."""


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with its way so far: the start, every task in order, and how it ended."""

    id: int
    flow: str
    flow_title: Text
    record: int
    status: str
    started_at: datetime
    started_by: str | None
    ended_at: datetime | None
    moments: tuple[Moment, ...]
    ahead: tuple[tuple[str, Text], ...]
    may_withdraw: bool


def task_view(session: Session, catalogue: Catalogue, task_id: int, actor: Actor) -> TaskView:
    """The task of this actor. Raises NotFound for anybody else's."""
    mine = Task.guest_link_id == actor.guest_id if actor.guest_id is not None else Task.person_id == actor.person_id
    return _view(session, catalogue, and_(Task.id == task_id, mine))


def guest_task(session: Session, catalogue: Catalogue, link: UUID) -> TaskView:
    """The one task that a guest's link opens, open or done. Raises NotFound."""
    return _view(session, catalogue, Task.guest_link_id == link)


def _view(session: Session, catalogue: Catalogue, wanted: Any) -> TaskView:
    workspace = workspace_of(session)
    statement = (
        select(Task, Run)
        .join(Run, and_(Run.workspace_id == Task.workspace_id, Run.id == Task.run_id))
        .where(Task.workspace_id == workspace, wanted)
    )
    row = session.execute(statement.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound("unknown_task")
    task, run = row
    flow = catalogue.definition(session, run.flow, run.flow_version)
    state, who = RunState.from_json(run.state), f"person:{task.person_id}"
    visit = state.visit(task.visit) if task.kind != "cc" else None
    because = visit.because if visit else ""
    fields = fields_of(flow, task.step, _kind(task), because)
    live = task.status == "open" and visit is not None
    return TaskView(
        id=task.id,
        run=run.id,
        flow=run.flow,
        flow_title=flow.title,
        form=run.form,
        form_version=run.form_version,
        record=run.record_id,
        step=task.step,
        step_title=flow.step(task.step).title,
        kind=task.kind,
        because=because,
        status=task.status,
        run_status=run.status,
        decision=task.decision,
        opened_at=task.opened_at,
        due_at=task.due_at,
        ended_at=task.ended_at,
        fields=FieldAccess.of_grant(fields if live else read_only(fields)),
        required=flow.step(task.step).require if task.kind == "step" else (),
        offers=offers(flow, task.step, _kind(task)) if live else (),
        acts=acts(flow, visit, who) if live and visit is not None else (),
        added=tuple(found for ref in added(visit, who) if (found := person_of(ref))) if live and visit else (),
        may_take_back=task.status == "done"
        and task.decision == "approve"
        and task.person_id is not None
        and may_take_back(flow, state, task.visit, who),
        step_titles={step.key: step.title for step in flow.walk()},
        clocks=clocks_of(session, {run.id: flow}).get(run.id, ()),
        facts=flow.step(task.step).facts,
        closed_by=None if task.status == "open" else _decided_by(session, task),
    )


def _kind(task: Task) -> TaskKind:
    """A copy is shown as its step is; nothing is offered there."""
    return "step" if task.kind == "cc" else cast("TaskKind", task.kind)


def _decided_by(session: Session, task: Task) -> str | None:
    statement = _named(select(Person.name, GuestLink.name)).where(
        Task.workspace_id == task.workspace_id,
        Task.run_id == task.run_id,
        Task.visit == task.visit,
        Task.status == "done",
    )
    row = session.execute(statement.order_by(Task.ended_at.desc()).limit(1)).one_or_none()
    return (row[0] or row[1]) if row else None


def _named(statement: Any) -> Any:
    person = and_(Person.workspace_id == Task.workspace_id, Person.id == Task.person_id)
    guest = and_(GuestLink.workspace_id == Task.workspace_id, GuestLink.id == Task.guest_link_id)
    return statement.select_from(Task).outerjoin(Person, person).outerjoin(GuestLink, guest)


def read_copy(session: Session, task_id: int, person: int) -> None:
    """The person has read a copy; twice changes nothing. Raises NotFound for anybody else's."""
    now = app_now(session)
    mine = (Task.workspace_id == workspace_of(session), Task.id == task_id, Task.person_id == person, Task.kind == "cc")
    if session.scalar(select(Task.id).where(*mine)) is None:
        raise NotFound("unknown_task", {"task": task_id})
    statement = update(Task).where(*mine, Task.read_at.is_(None)).values(read_at=now, status="done", ended_at=now)
    session.execute(statement, execution_options={"synchronize_session": False})
    announce(session, [f"inbox:{person}"])


def timeline(
    session: Session,
    catalogue: Catalogue,
    *,
    record: int | None = None,
    run: int | None = None,
    person: int | None = None,
) -> tuple[RunView, ...]:
    """The runs of a record (or one run), the latest first.

    Whoever may see the record may see them; the caller checks that.
    """
    wanted = Run.record_id == record if run is None else Run.id == run
    statement = (
        select(Run, Person.name)
        .outerjoin(Person, and_(Person.workspace_id == Run.workspace_id, Person.id == Run.initiator_id))
        .where(Run.workspace_id == workspace_of(session), wanted)
        .order_by(Run.id.desc())
        .limit(100)
    )
    runs = session.execute(statement.execution_options(populate_existing=True)).all()
    moments = _moments(session, catalogue, [found for found, _ in runs])
    views = []
    for found, name in runs:
        flow = catalogue.definition(session, found.flow, found.flow_version)
        mine = person is not None and person == found.initiator_id and found.ended_at is None
        views.append(
            RunView(
                id=found.id,
                flow=found.flow,
                flow_title=flow.title,
                record=found.record_id,
                status=found.status,
                started_at=found.started_at,
                started_by=name,
                ended_at=found.ended_at,
                moments=tuple(moment for moment in moments if moment.run == found.id),
                ahead=_ahead(flow, found),
                may_withdraw=mine and flow.on_withdraw is not None,
            )
        )
    return tuple(views)


def _ahead(flow: FlowDef, run: Run) -> tuple[tuple[str, Text], ...]:
    """The steps that will ask somebody, if nothing is sent back and no branch is taken."""
    state = RunState.from_json(run.state)
    here = next((visit.step for visit in state.open if visit.kind in ("step", "stuck")), None)
    if here is None and any(visit.kind == "resubmit" for visit in state.open) and flow.first is not None:
        first = flow.step(flow.first)
        here = flow.first
        coming = [(first.key, first.title)] if first.decisions else []
    else:
        coming = []
    while here is not None:
        here = flow.after(here)
        if here is not None and flow.step(here).decisions:
            coming.append((here, flow.step(here).title))
    return tuple(coming)


def _moments(session: Session, catalogue: Catalogue, runs: list[Run]) -> list[Moment]:
    """Of a visit that is over only those who decided; of an open one everybody who is asked."""
    flows = {run.id: catalogue.definition(session, run.flow, run.flow_version) for run in runs}
    statement = _named(select(Task, Person.name, GuestLink.name)).where(
        Task.workspace_id == workspace_of(session),
        Task.run_id.in_(flows),
        Task.kind != "cc",
        or_(Task.status != "closed", Task.kind == "offer"),
    )
    statement = statement.order_by(Task.visit, Task.ended_at.nulls_last(), Task.id)
    rows = session.execute(statement.execution_options(populate_existing=True))
    return [_moment(flows[task.run_id], task, person, guest) for task, person, guest in rows]


def _moment(flow: FlowDef, task: Task, person: str | None, guest: str | None) -> Moment:
    kind: TaskKind = "offer" if task.kind == "offer" else "step"
    reasons = {r.key: r for offer in offers(flow, task.step, kind) for r in offer.reasons}
    return Moment(
        run=task.run_id,
        visit=task.visit,
        step=task.step,
        step_title=flow.step(task.step).title,
        kind=task.kind,
        status=task.status,
        by=person or guest,
        guest=task.guest_link_id is not None,
        decision=task.decision,
        reason=reasons.get(task.reason or "") or (Reason(task.reason, task.reason) if task.reason else None),
        comment=task.comment,
        opened_at=task.opened_at,
        ended_at=task.ended_at,
        due_at=task.due_at,
        task=task.id,
        guest_link=task.guest_link_id,
        sent_back=sent_back(flow, task.step, task.decision),
        because=task.because,
    )

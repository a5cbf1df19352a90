"""What records wait for: the open tasks on each of them, with what may be decided. Pages of work ask here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from formloom.db.uow import workspace_of
from formloom.models import GuestLink, Person
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from flow_engine.definition.view import Offer, fields_of, offers, writes
from flow_engine.elements.outcome import Text
from flow_engine.machine.effects import TaskKind
from flow_engine.models import Run, Task
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.clocks.show import ClockView, clocks_of


@dataclass(frozen=True, slots=True)
class Waiting:
    """One open task. `who` is asked (a guest's name where `guest`); `fills`: the step lets them write fields."""

    task: int
    record: int
    run: int
    step_title: Text
    kind: str
    person: int | None
    who: str
    guest: bool
    opened_at: datetime
    due_at: datetime | None
    offers: tuple[Offer, ...]
    fills: bool
    clocks: tuple[ClockView, ...] = ()


def records_waiting_for(session: Session, form: str, person: int, limit: int) -> frozenset[int]:
    """The records of a form on which this person is asked something, at most so many (those due first)."""
    statement = (
        select(Task.record_id)
        .where(
            Task.workspace_id == workspace_of(session),
            Task.person_id == person,
            Task.status == "open",
            Task.kind != "cc",
            Task.form == form,
        )
        .order_by(Task.due_at, Task.id)
        .limit(limit)
    )
    return frozenset(session.scalars(statement))


def waiting(
    session: Session, catalogue: Catalogue, records: Collection[int], person: int | None = None
) -> dict[int, tuple[Waiting, ...]]:
    """By record: who is asked for what now, the oldest first; with `person` only what they are asked themselves.

    Whoever may see the records may see it; the caller checks that.
    """
    if not records:
        return {}
    here = workspace_of(session)
    who = and_(Person.workspace_id == here, Person.id == Task.person_id)
    guest = and_(GuestLink.workspace_id == here, GuestLink.id == Task.guest_link_id)
    statement = (
        select(Task, Run.flow_version, Person.name, GuestLink.name)
        .join(Run, and_(Run.workspace_id == here, Run.id == Task.run_id))
        .outerjoin(Person, who)
        .outerjoin(GuestLink, guest)
        .where(Run.workspace_id == here, Run.record_id.in_(records))
        .where(Task.workspace_id == here, Task.status == "open", Task.kind != "cc")
        .order_by(Task.opened_at, Task.id)
    )
    if person is not None:
        statement = statement.where(Task.person_id == person)
    rows = session.execute(statement.execution_options(populate_existing=True)).all()
    flows = {task.run_id: catalogue.definition(session, task.flow, version) for task, version, *_ in rows}
    clocks = clocks_of(session, flows)
    found: dict[int, tuple[Waiting, ...]] = {}
    for task, _, name, guest_name in rows:
        flow, kind = flows[task.run_id], cast("TaskKind", task.kind)
        one = Waiting(
            task=task.id,
            record=task.record_id,
            run=task.run_id,
            step_title=flow.step(task.step).title,
            kind=task.kind,
            person=task.person_id,
            who=name or guest_name or "",
            guest=task.guest_link_id is not None,
            opened_at=task.opened_at,
            due_at=task.due_at,
            offers=offers(flow, task.step, kind),
            fills=writes(fields_of(flow, task.step, kind)),
            clocks=clocks.get(task.run_id, ()),
        )
        found[task.record_id] = (*found.get(task.record_id, ()), one)
    return found

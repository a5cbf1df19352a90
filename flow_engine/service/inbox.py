"""The inbox: what waits for a person, what they did, what they started, what was shown to them.

Keyset pages, counts.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson
from formloom.db.uow import workspace_of
from formloom.errors import InvalidInput, Issue
from formloom.models import Person
from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from flow_engine.elements.outcome import Text
from flow_engine.models import Run, Task
from flow_engine.service.catalogue import Catalogue
from form_engine.models import Record

Tab = Literal["todo", "done", "started", "cc"]
TABS: tuple[Tab, ...] = ("todo", "done", "started", "cc")
FAR = datetime.fromisoformat("9999-12-31T00:00:00+00:00")
LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class InboxItem:
    """One line; what its record is called, `Records.titles` tells each reader as far as they may read it.

    `task` is None for what one started; `at` is when it opened, was decided, or began.
    """

    task: int | None
    run: int
    record: int
    form: str
    number: str | None
    flow: str
    flow_title: Text
    step: str | None
    step_title: Text | None
    kind: str | None
    status: str
    run_status: str
    decision: str | None
    at: datetime
    due_at: datetime | None
    unread: bool
    initiator: str | None


@dataclass(frozen=True, slots=True)
class InboxPage:
    """A page; `next` is the cursor of the following one, None at the end."""

    items: tuple[InboxItem, ...]
    next: str | None


def counts(session: Session, person: int) -> dict[str, int]:
    """What the badges show: open tasks, unread copies."""
    mine = select(
        func.count().filter(Task.kind != "cc"), func.count().filter(and_(Task.kind == "cc", Task.read_at.is_(None)))
    ).where(Task.workspace_id == workspace_of(session), Task.person_id == person, Task.status == "open")
    todo, copies = session.execute(mine).one()
    return {"todo": todo, "cc": copies}


def inbox(
    session: Session, catalogue: Catalogue, person: int, tab: Tab = "todo", cursor: str | None = None, limit: int = 30
) -> InboxPage:
    """A page of a tab: open tasks with the nearest due date first, everything else with the latest first.

    Raises InvalidInput `invalid_cursor`.
    """
    limit = max(1, min(limit, LARGEST_PAGE))
    after = _decoded(cursor)
    statement = _started(person, after) if tab == "started" else _tasks(tab, person, after)
    rows = session.execute(statement.where(Run.workspace_id == workspace_of(session)).limit(limit + 1)).all()
    items = tuple(_item(session, catalogue, tab, row._asdict()) for row in rows[:limit])
    more = _encoded(tab, items[-1]) if len(rows) > limit else None
    return InboxPage(items, more)


def _columns() -> tuple[Any, ...]:
    named = (Record.number, Person.name.label("initiator"))
    return (Run, *named)


def _joined(statement: Select[Any]) -> Select[Any]:
    here = and_(Record.workspace_id == Run.workspace_id, Record.id == Run.record_id)
    who = and_(Person.workspace_id == Run.workspace_id, Person.id == Run.initiator_id)
    return statement.join(Record, here).outerjoin(Person, who)


def _tasks(tab: Tab, person: int, after: Sequence[Any] | None) -> Select[Any]:
    statement = select(Task, *_columns()).join(Run, and_(Run.workspace_id == Task.workspace_id, Run.id == Task.run_id))
    statement = _joined(statement).where(Task.person_id == person)
    if tab == "todo":
        due = func.coalesce(Task.due_at, literal(FAR))
        statement = statement.where(Task.status == "open", Task.kind != "cc").order_by(due, Task.id)
        return statement if after is None else statement.where(_after(due, Task.id, after))
    wanted = Task.kind == "cc" if tab == "cc" else and_(Task.status == "done", Task.kind != "cc")
    at = Task.opened_at if tab == "cc" else Task.ended_at
    statement = statement.where(wanted).order_by(at.desc(), Task.id.desc())
    return statement if after is None else statement.where(_before(at, Task.id, after))


def _started(person: int, after: Sequence[Any] | None) -> Select[Any]:
    statement = _joined(select(*_columns())).where(Run.initiator_id == person)
    statement = statement.order_by(Run.id.desc())
    return statement if after is None else statement.where(Run.id < after[1])


def _after(at: ColumnElement[Any], number: Any, cursor: Sequence[Any]) -> ColumnElement[bool]:
    return tuple_(at, number) > tuple_(literal(cursor[0]), literal(cursor[1]))


def _before(at: Any, number: Any, cursor: Sequence[Any]) -> ColumnElement[bool]:
    return or_(at < cursor[0], and_(at == cursor[0], number < cursor[1]))


def _item(session: Session, catalogue: Catalogue, tab: Tab, row: Mapping[str, Any]) -> InboxItem:
    run: Run = row["Run"]
    task: Task | None = row.get("Task")
    flow = catalogue.definition(session, run.flow, run.flow_version)
    return InboxItem(
        task=task.id if task else None,
        run=run.id,
        record=run.record_id,
        form=run.form,
        number=row["number"],
        flow=run.flow,
        flow_title=flow.title,
        step=task.step if task else None,
        step_title=flow.step(task.step).title if task else None,
        kind=task.kind if task else None,
        status=task.status if task else run.status,
        run_status=run.status,
        decision=task.decision if task else None,
        at=_moment(tab, task, run),
        due_at=task.due_at if task else None,
        unread=task is not None and task.read_at is None and task.status == "open",
        initiator=row["initiator"],
    )


def _moment(tab: Tab, task: Task | None, run: Run) -> datetime:
    if task is None:
        return run.started_at
    return task.ended_at if tab == "done" and task.ended_at else task.opened_at


def _encoded(tab: Tab, last: InboxItem) -> str:
    at = (last.due_at or FAR) if tab == "todo" else last.at
    return base64.urlsafe_b64encode(orjson.dumps([at, last.task or last.run])).decode().rstrip("=")


def _decoded(cursor: str | None) -> tuple[datetime, int] | None:
    if cursor is None:
        return None
    try:
        at, found = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = datetime.fromisoformat(at)
        if not isinstance(found, int) or not 0 <= found < 2**63 or moment.tzinfo is None:
            raise ValueError
    except (ValueError, TypeError) as error:
        raise InvalidInput("invalid_input", issues=(Issue("/after", "invalid_cursor"),)) from error
    return moment, found

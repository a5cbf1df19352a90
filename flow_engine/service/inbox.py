"""The inbox: what waits for a person, what they did, what they started, what was shown to them.

Keyset pages, counts.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import orjson
from formloom.db.uow import workspace_of
from formloom.errors import InvalidInput, Issue
from formloom.models import Person
from sqlalchemy import ColumnElement, Select, and_, false, func, literal, or_, select, tuple_, union_all
from sqlalchemy.orm import Session

from flow_engine.elements.outcome import Text
from flow_engine.models import Run, Task
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.clocks.show import ClockView, clocks_of
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
    clocks: tuple[ClockView, ...] = ()


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
    here = workspace_of(session)
    if tab == "todo":
        statement = _waiting(here, person, after, limit + 1)
    else:
        statement = _started(person, after) if tab == "started" else _tasks(tab, person, after)
    rows = session.execute(statement.where(Run.workspace_id == here).limit(limit + 1)).all()
    items = tuple(_item(session, catalogue, tab, row) for row in rows[:limit])
    more = _encoded(tab, items[-1]) if len(rows) > limit else None
    return InboxPage(_clocked(session, catalogue, items, rows) if tab == "todo" else items, more)


def _clocked(
    session: Session, catalogue: Catalogue, items: tuple[InboxItem, ...], rows: Sequence[Any]
) -> tuple[InboxItem, ...]:
    """With the clocks of their runs; nothing is asked where no flow of the page has any."""
    pinned = {row.run: (row.flow, row.flow_version) for row in rows[: len(items)]}
    found = clocks_of(session, {run: catalogue.definition(session, *flow) for run, flow in pinned.items()})
    return tuple(replace(item, clocks=found[item.run]) if found.get(item.run) else item for item in items)


_TASK: tuple[Any, ...] = (
    Task.id.label("task"),
    Task.step,
    Task.kind,
    Task.status,
    Task.decision,
    Task.opened_at,
    Task.due_at,
    Task.read_at,
    Task.ended_at,
)
_RUN: tuple[Any, ...] = (
    Run.id.label("run"),
    Run.record_id,
    Run.form,
    Run.flow,
    Run.flow_version,
    Run.status.label("run_status"),
    Run.started_at,
    Record.number,
    Person.name.label("initiator"),
)


def _joined(statement: Select[Any]) -> Select[Any]:
    here = and_(Record.workspace_id == Run.workspace_id, Record.id == Run.record_id)
    who = and_(Person.workspace_id == Run.workspace_id, Person.id == Run.initiator_id)
    return statement.join(Record, here).outerjoin(Person, who)


def _with_run(statement: Select[Any]) -> Select[Any]:
    return _joined(statement.join(Run, and_(Run.workspace_id == Task.workspace_id, Run.id == Task.run_id)))


def _waiting(here: int, person: int, after: Sequence[Any] | None, limit: int) -> Select[Any]:
    """What waits, what is due first before what is never due: two walks of one index, so that a page costs the same
    whether thirty tasks wait or ten thousand.
    """
    mine = select(Task.id, Task.due_at).where(
        Task.workspace_id == here, Task.person_id == person, Task.status == "open", Task.kind != "cc"
    )
    due, undated = mine.where(Task.due_at.is_not(None)), mine.where(Task.due_at.is_(None))
    if after is not None and after[0] < FAR:
        due = due.where(tuple_(Task.due_at, Task.id) > tuple_(literal(after[0]), literal(after[1])))
    elif after is not None:
        due, undated = due.where(false()), undated.where(Task.id > after[1])
    walks = (each.order_by(Task.due_at, Task.id).limit(limit).subquery() for each in (due, undated))
    page = union_all(*(select(walk) for walk in walks)).order_by("due_at", "id").limit(limit).subquery()
    statement = select(*_TASK, *_RUN).join(page, and_(Task.workspace_id == here, page.c.id == Task.id))
    return _with_run(statement).order_by(Task.due_at, Task.id)


def _tasks(tab: Tab, person: int, after: Sequence[Any] | None) -> Select[Any]:
    statement = _with_run(select(*_TASK, *_RUN)).where(Task.person_id == person)
    wanted = Task.kind == "cc" if tab == "cc" else and_(Task.status == "done", Task.kind != "cc")
    at = Task.opened_at if tab == "cc" else Task.ended_at
    statement = statement.where(wanted).order_by(at.desc(), Task.id.desc())
    return statement if after is None else statement.where(_before(at, Task.id, after))


def _started(person: int, after: Sequence[Any] | None) -> Select[Any]:
    statement = _joined(select(*_RUN)).where(Run.initiator_id == person)
    statement = statement.order_by(Run.id.desc())
    return statement if after is None else statement.where(Run.id < after[1])


def _before(at: Any, number: Any, cursor: Sequence[Any]) -> ColumnElement[bool]:
    return or_(at < cursor[0], and_(at == cursor[0], number < cursor[1]))


def _item(session: Session, catalogue: Catalogue, tab: Tab, row: Any) -> InboxItem:
    flow, task = catalogue.definition(session, row.flow, row.flow_version), None if tab == "started" else row
    return InboxItem(
        task=task and task.task,
        run=row.run,
        record=row.record_id,
        form=row.form,
        number=row.number,
        flow=row.flow,
        flow_title=flow.title,
        step=task and task.step,
        step_title=task and flow.step(task.step).title,
        kind=task and task.kind,
        status=task.status if task else row.run_status,
        run_status=row.run_status,
        decision=task and task.decision,
        at=_moment(tab, row),
        due_at=task and task.due_at,
        unread=task is not None and task.read_at is None and task.status == "open",
        initiator=row.initiator,
    )


def _moment(tab: Tab, row: Any) -> datetime:
    found: datetime = row.started_at if tab == "started" else row.opened_at
    return row.ended_at or found if tab == "done" else found


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

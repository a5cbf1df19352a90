"""The runs of a workspace as administrators look for them: filters, search, keyset pages, all in SQL."""

import base64
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, cast

import orjson
from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.errors import InvalidInput, Issue
from formloom.models import Person
from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from flow_engine.elements.outcome import Text
from flow_engine.machine import RunState, Visit
from flow_engine.models import Run, RunClock, Task
from flow_engine.service.catalogue import Catalogue
from form_engine.definitions_store import Forms
from form_engine.models import Record
from form_engine.permission import accesses
from form_engine.query.search import candidates, contains, words_of
from form_engine.records.actor import Actor

Sort = Literal["newest", "oldest", "due"]
SORTS: Final = ("newest", "oldest", "due")
OPEN: Final = ("running", "stuck")
ENDED: Final = ("approved", "rejected", "withdrawn", "stopped", "cancelled")
STATUSES: Final = ("open", "ended", *OPEN, *ENDED)
LARGEST_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class RunQuery:
    """What is looked for. `status` may be `open` or `ended` for several; `since` and `until` bound the start; `q` are
    words of the record (as far as the reader may read it), its number, or the initiator's name.
    """

    flow: str | None = None
    status: str | None = None
    q: str = ""
    step: str | None = None
    initiator: int | None = None
    record: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    incident: bool = False
    overdue: bool = False
    colour: str | None = None
    breached: bool = False
    sort: Sort = "newest"
    cursor: str | None = None
    limit: int = 30


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run stands: an open visit, and how many people it asks."""

    visit: int
    step: str
    title: Text
    kind: str
    because: str
    asked: int


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run of the list. `due_at` is the nearest of its open tasks; `lost`: this release cannot read its flow."""

    id: int
    flow: str
    flow_title: Text
    flow_version: int
    form: str
    record: int
    number: str | None
    status: str
    started_at: datetime
    started_by: str
    ended_at: datetime | None
    initiator: int | None
    initiator_name: str | None
    due_at: datetime | None
    overdue: bool
    at: tuple[Place, ...] = field(default=())
    lost: bool = False


@dataclass(frozen=True, slots=True)
class RunPage:
    """A page; `next` is the cursor of the following one, None at the end."""

    items: tuple[RunLine, ...]
    next: str | None


def list_runs(session: Session, catalogue: Catalogue, forms: Forms, query: RunQuery, reader: Actor) -> RunPage:
    """A page of what is looked for. Raises InvalidInput for a cursor that is none."""
    now, limit = app_now(session), max(1, min(query.limit, LARGEST_PAGE))
    statement, due = run_rows(session)
    statement = statement.where(*_filters(query, now))
    if query.q.strip():
        statement = statement.where(_found(session, forms, query.q, reader))
    rows = session.execute(_ordered(statement, query, due).limit(limit + 1)).all()
    items = tuple(line(session, catalogue, tuple(row), now) for row in rows[:limit])
    return RunPage(items, _encoded(query.sort, items[-1]) if len(rows) > limit else None)


def run_rows(session: Session) -> tuple[Select[Any], Any]:
    """Runs with what `line` needs, and the column of the nearest due time of their open tasks."""
    due = _due()
    statement = (
        select(Run, Record.number, Person.name, due.c.due_at)
        .outerjoin(Record, and_(Record.workspace_id == Run.workspace_id, Record.id == Run.record_id))
        .outerjoin(Person, and_(Person.workspace_id == Run.workspace_id, Person.id == Run.initiator_id))
        .outerjoin(due, literal(True))
        .where(Run.workspace_id == workspace_of(session))
        .execution_options(populate_existing=True)
    )
    return statement, due.c.due_at


def _due() -> Any:
    open_ = (Task.workspace_id == Run.workspace_id, Task.run_id == Run.id, Task.status == "open", Task.kind != "cc")
    return select(func.min(Task.due_at).label("due_at")).where(*open_).correlate(Run).lateral("due")


def _filters(query: RunQuery, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    several = {"open": OPEN, "ended": ENDED}.get(query.status or "", (query.status,) if query.status else ())
    if query.step or query.incident or query.overdue or query.sort == "due":
        several = tuple(status for status in several or OPEN if status in OPEN)
        found.append(Run.status.in_(several))
    elif several:
        found.append(Run.status.in_(several))
    equal = ((Run.flow, query.flow), (Run.initiator_id, query.initiator), (Run.record_id, query.record))
    found += [column == wanted for column, wanted in equal if wanted is not None]
    if query.since is not None:
        found.append(Run.started_at >= query.since)
    if query.until is not None:
        found.append(Run.started_at < query.until)
    if query.step:
        found.append(_open({"step": query.step}))
    if query.incident:
        found.append(_open({"kind": "incident"}))
    if query.overdue:
        found.append(_task(Task.due_at < now))
    if query.colour:
        found.append(_clock(RunClock.colour == query.colour))
    if query.breached:
        found.append(_clock(RunClock.breached_at.is_not(None)))
    return found


def _open(visit: dict[str, str]) -> ColumnElement[bool]:
    return Run.state.op("@>")(literal({"open": [visit]}, JSONB))


def _task(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    own = (Task.workspace_id == Run.workspace_id, Task.run_id == Run.id, Task.status == "open", Task.kind != "cc")
    return exists().where(*own, *where)


def _clock(where: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(RunClock.workspace_id == Run.workspace_id, RunClock.run_id == Run.id, where)


def _found(session: Session, forms: Forms, q: str, reader: Actor) -> ColumnElement[bool]:
    """The initiator's name, or the record where its reader may read the words."""
    words, ways, identity = words_of(q), [], cast("ColumnElement[int]", Record.id)
    here = workspace_of(session)
    for key, access in accesses(session, forms, reader).items():
        mine = (Record.workspace_id == here, Record.form == key, access.predicate())
        records = select(Record.id).where(*mine, candidates(session, access, identity, words), contains(access, words))
        ways.append(and_(Run.form == key, Run.record_id.in_(records)))
    pattern = "%" + q.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    named = select(Person.id).where(Person.workspace_id == here, Person.name.ilike(pattern))
    return or_(Run.initiator_id.in_(named), *ways)


def _ordered(statement: Select[Any], query: RunQuery, due: Any) -> Select[Any]:
    after = _decoded(query.cursor)
    match query.sort:
        case "oldest":
            statement = statement.order_by(Run.id)
            return statement if after is None else statement.where(Run.id > after[1])
        case "due":
            statement = statement.where(due.is_not(None)).order_by(due, Run.id)
            place = tuple_(due, Run.id) > tuple_(literal(after[0]), literal(after[1])) if after else None
            return statement if place is None else statement.where(place)
        case _:
            statement = statement.order_by(Run.id.desc())
            return statement if after is None else statement.where(Run.id < after[1])


def line(session: Session, catalogue: Catalogue, row: tuple[Any, ...], now: datetime) -> RunLine:
    """A row of the list: the run, the record's number, the initiator's name, the nearest due time."""
    run: Run = row[0]
    number, name, due = row[1:]
    flow = catalogue.definition(session, run.flow, run.flow_version)
    return RunLine(
        id=run.id,
        flow=run.flow,
        flow_title=flow.title,
        flow_version=run.flow_version,
        form=run.form,
        record=run.record_id,
        number=number,
        status=run.status,
        started_at=run.started_at,
        started_by=run.started_by,
        ended_at=run.ended_at,
        initiator=run.initiator_id,
        initiator_name=name,
        due_at=due,
        overdue=due is not None and due < now,
        at=tuple(_place(flow, visit) for visit in RunState.from_json(run.state).open),
        lost=flow.lost,
    )


def _place(flow: Any, visit: Visit) -> Place:
    return Place(visit.id, visit.step, flow.step(visit.step).title, visit.kind, visit.because, len(visit.asked))


def _encoded(sort: str, last: RunLine) -> str:
    at = last.due_at if sort == "due" else last.started_at
    return base64.urlsafe_b64encode(orjson.dumps([at, last.id])).decode().rstrip("=")


def _decoded(cursor: str | None) -> tuple[datetime, int] | None:
    if cursor is None:
        return None
    try:
        at, found = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = datetime.fromisoformat(at)
        if not isinstance(found, int) or not 0 <= found < 2**63 or moment.tzinfo is None:
            raise ValueError
    except (ValueError, TypeError) as error:
        raise InvalidInput("invalid_input", issues=(Issue("/cursor", "invalid_cursor"),)) from error
    return moment, found

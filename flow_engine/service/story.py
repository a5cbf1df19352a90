"""The way that a run has come, told from its journal: who did what, what each condition saw, who was asked and why.

The journal is replayed for it: what happened is not stored twice.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.errors import FormloomError, NotFound
from formloom.models import GuestLink, Person, Timer
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from flow_engine.definition import FlowDef
from flow_engine.elements.outcome import Text
from flow_engine.machine import Effect, RunState, Visit, advance, event_from_json
from flow_engine.machine.effects import OpenTasks, SetFields
from flow_engine.models import Run, RunJournal, Task
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.runs import RunLine, line, run_rows
from flow_engine.service.told import Told
from form_engine.records.actor import Actor

MOST_ENTRIES = 400
INSIDE = ("OpenTasks", "FinishTask", "CloseTask", "CloseVisit", "PassOver", "SetTimer", "SetAlarm")


@dataclass(frozen=True, slots=True)
class Condition:
    """One answer: what was asked, the values that were seen (text by name), and what came out.

    `answer` is true, false, or the code of an error.
    """

    step: str
    title: Text
    case: Text | None
    formula: str
    values: Mapping[str, str | None]
    answer: bool | str


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that the run did by itself: the name of the effect, at which step, and which fields it set."""

    effect: str
    step: str
    title: Text
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody who was asked in a visit. `because`: how it came that it was them, as the shell noted it."""

    name: str | None
    guest: bool
    kind: str
    status: str
    decision: str | None
    ended_at: datetime | None
    due_at: datetime | None
    because: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A visit that an event opened."""

    visit: int
    step: str
    title: Text
    kind: str
    depth: int
    open: bool
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """One event with what came of it. `what` is the event's name; `act` the decision or operation; `depth`: how deep
    the step stands in the flow."""

    seq: int
    at: datetime
    actor: str
    actor_name: str | None
    what: str
    act: str | None
    step: str | None
    title: Text | None
    depth: int
    comment: str | None
    reason: str | None
    code: str | None
    params: Mapping[str, Any]
    conditions: tuple[Condition, ...]
    deeds: tuple[Deed, ...]
    opened: tuple[Opened, ...]


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that waits for an administrator: what failed, in which visit, and what may be done."""

    visit: int
    step: str
    title: Text
    kind: str
    code: str
    params: Mapping[str, Any]
    effect: str
    since: datetime | None
    may: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A timer that is still to come."""

    step: str | None
    title: Text | None
    due_at: datetime
    late: bool


@dataclass(frozen=True, slots=True)
class RunStory:
    """A run with its way, what is stuck, what is awaited, whom it calls, and where an administrator may send it."""

    run: RunLine
    passages: tuple[Passage, ...]
    incidents: tuple[Incident, ...]
    timers: tuple[Waiting, ...]
    children: tuple[tuple[int, str, str], ...]
    parent: int | None
    targets: tuple[tuple[str, Text, int], ...]


def story(session: Session, catalogue: Catalogue, run_id: int, reader: Actor | None = None) -> RunStory:
    """The whole of a run, without the values of fields that the reader may not read. Raises NotFound."""
    here, now = workspace_of(session), app_now(session)
    statement, _ = run_rows(session)
    row = session.execute(statement.where(Run.id == run_id)).one_or_none()
    if row is None:
        raise NotFound("unknown_run", {"run": run_id})
    run, state = row[0], RunState.from_json(row[0].state)
    flow = catalogue.definition(session, run.flow, run.flow_version)
    asked, known = _asked(session, run_id), Told(session, catalogue.forms.forms(session), flow, reader)
    calls = select(Run.id, Run.flow, Run.status).where(Run.workspace_id == here, Run.parent_run == run_id)
    return RunStory(
        run=line(session, catalogue, tuple(row), now),
        passages=tuple(_passages(session, flow, run_id, state, asked, known)),
        incidents=tuple(_incidents(flow, state, asked)),
        timers=tuple(_timers(session, flow, run_id, state, now)),
        children=tuple((number, key, status) for number, key, status in session.execute(calls.order_by(Run.id))),
        parent=run.parent_run,
        targets=() if state.ended or flow.lost else tuple(_targets(flow)),
    )


def _asked(session: Session, run_id: int) -> dict[int, list[tuple[datetime, Asked]]]:
    statement = (
        select(Task, Person.name, GuestLink.name)
        .outerjoin(Person, and_(Person.workspace_id == Task.workspace_id, Person.id == Task.person_id))
        .outerjoin(GuestLink, and_(GuestLink.workspace_id == Task.workspace_id, GuestLink.id == Task.guest_link_id))
        .where(Task.workspace_id == workspace_of(session), Task.run_id == run_id, Task.kind != "cc")
        .order_by(Task.id)
    )
    found: dict[int, list[tuple[datetime, Asked]]] = {}
    for task, person, guest in session.execute(statement.execution_options(populate_existing=True)):
        one = Asked(
            person or guest,
            task.guest_link_id is not None,
            task.kind,
            task.status,
            task.decision,
            task.ended_at,
            task.due_at,
            task.because,
        )
        found.setdefault(task.visit, []).append((task.opened_at, one))
    return found


def _passages(
    session: Session,
    flow: FlowDef,
    run_id: int,
    stored: RunState,
    asked: Mapping[int, list[tuple[datetime, Asked]]],
    known: Told,
) -> Iterator[Passage]:
    statement = select(RunJournal).where(
        RunJournal.workspace_id == workspace_of(session), RunJournal.run_id == run_id, RunJournal.seq <= MOST_ENTRIES
    )
    entries = list(session.scalars(statement.order_by(RunJournal.seq)))
    names = _names(session, {entry.actor for entry in entries})
    state: RunState | None = None
    for entry in entries:
        told = entry.event["told"]
        before, (state, effects, opened) = state, _replayed(flow, state, told)
        yield _passage(flow, entry, told, names, before, effects, opened, stored, asked, known)


def _replayed(
    flow: FlowDef, state: RunState | None, told: list[Mapping[str, Any]]
) -> tuple[RunState | None, list[Effect], list[Visit]]:
    """What an entry did. Where it cannot be replayed (its flow is lost) nothing is known beside the event."""
    known, after = state.visits if state else 0, state
    effects: list[Effect] = []
    try:
        for each in told:
            step = advance(flow, after, event_from_json(each))
            after, effects = step.state, [*effects, *step.effects]
    except (FormloomError, LookupError, TypeError, NotImplementedError):
        return state, [], []
    numbers = range(known + 1, (after.visits if after else 0) + 1)
    still = {visit.id: visit for visit in after.open} if after else {}
    asked = {one.visit: Visit(one.visit, one.step, "step", ()) for one in effects if isinstance(one, OpenTasks)}
    return after, effects, [visit for n in numbers if (visit := still.get(n) or asked.get(n)) is not None]


def _passage(
    flow: FlowDef,
    entry: RunJournal,
    told: list[Mapping[str, Any]],
    names: Mapping[str, str],
    before: RunState | None,
    effects: list[Effect],
    opened: list[Visit],
    stored: RunState,
    asked: Mapping[int, list[tuple[datetime, Asked]]],
    known: Told,
) -> Passage:
    event = told[0]
    visit = before.visit(event["visit"]) if before is not None and event.get("visit") else None
    step = event.get("step") or (visit.step if visit else None) or None
    params = event.get("params") or (visit.trouble.params if visit and visit.trouble else {})
    return Passage(
        seq=entry.seq,
        at=entry.at,
        actor=entry.actor,
        actor_name=names.get(entry.actor),
        what=event["event"],
        act=event.get("decision") or event.get("act") or (event.get("about") or {}).get("decision"),
        step=step,
        title=_title(flow, step) if step else None,
        depth=_depth(flow, step) if step else 0,
        comment=event.get("comment") or (event.get("reason") if event["event"] == "operated" else None),
        reason=event.get("reason") if event["event"] != "operated" else None,
        code=event.get("code"),
        params=params,
        conditions=tuple(_conditions(flow, told, known)),
        deeds=tuple(_deeds(flow, effects)),
        opened=tuple(_opened(flow, each, stored, asked) for each in opened),
    )


def _conditions(flow: FlowDef, told: list[Mapping[str, Any]], known: Told) -> Iterator[Condition]:
    for answered in told[1:]:
        for key, saw in (answered.get("saw") or {}).items():
            step, _, case = key.partition(".")
            answer = answered["answers"][key]
            titles = {each.key: each.title for each in getattr(flow.step(step), "cases", ())}
            told_answer = str(answer["error"]) if isinstance(answer, Mapping) else bool(answer)
            values = known.values(step, saw["formula"], saw["values"])
            yield Condition(step, _title(flow, step), titles.get(case), saw["formula"], values, told_answer)


def _deeds(flow: FlowDef, effects: list[Effect]) -> Iterator[Deed]:
    for effect in effects:
        name, step = type(effect).__name__, getattr(effect, "step", "")
        if name in INSIDE:
            continue
        fields = tuple(one.field for one in effect.assignments) if isinstance(effect, SetFields) else ()
        yield Deed(name, step, _title(flow, step) if step else "", fields)


def _opened(flow: FlowDef, visit: Visit, stored: RunState, asked: Mapping[int, list[tuple[datetime, Asked]]]) -> Opened:
    people = tuple(one for _, one in asked.get(visit.id, ()))
    still = stored.visit(visit.id) is not None
    return Opened(visit.id, visit.step, _title(flow, visit.step), visit.kind, _depth(flow, visit.step), still, people)


def _incidents(flow: FlowDef, state: RunState, asked: Mapping[int, list[tuple[datetime, Asked]]]) -> Iterator[Incident]:
    for visit in state.open:
        if visit.kind not in ("stuck", "incident"):
            continue
        trouble = visit.trouble
        yield Incident(
            visit=visit.id,
            step=visit.step,
            title=_title(flow, visit.step),
            kind=visit.kind,
            code=trouble.code if trouble else visit.because,
            params=trouble.params if trouble else {},
            effect=trouble.blame[0] if trouble else "",
            since=min((at for at, _ in asked.get(visit.id, ())), default=None),
            may=("retry", "skip") if visit.kind == "incident" else ("retry",),
        )


def _timers(session: Session, flow: FlowDef, run_id: int, state: RunState, now: datetime) -> Iterator[Waiting]:
    keys = {f"run:{run_id}:{visit.id}:{number}": visit for visit in state.open for number in range(30)}
    statement = select(Timer.key, Timer.due_at).where(
        Timer.workspace_id == workspace_of(session),
        Timer.key.in_(keys),
        Timer.done_at.is_(None),
        Timer.cancelled_at.is_(None),
    )
    for key, due in session.execute(statement.order_by(Timer.due_at)):
        yield Waiting(keys[key].step, _title(flow, keys[key].step), due, due < now)


def _names(session: Session, actors: set[str]) -> dict[str, str]:
    people = {int(ref.partition(":")[2]): ref for ref in actors if ref.startswith("person:")}
    statement = select(Person.id, Person.name).where(
        Person.workspace_id == workspace_of(session), Person.id.in_(people)
    )
    named = {people[number]: name for number, name in session.execute(statement)}
    guests = {ref.partition(":")[2]: ref for ref in actors if ref.startswith("guest:")}
    links = select(GuestLink.id, GuestLink.name).where(
        GuestLink.workspace_id == workspace_of(session), GuestLink.id.in_(guests)
    )
    return named | {guests[str(link)]: name for link, name in session.execute(links)}


def _title(flow: FlowDef, step: str) -> Text:
    try:
        return flow.step(step).title
    except KeyError:
        return step


def _depth(flow: FlowDef, step: str) -> int:
    depth = 0
    try:
        around = flow.around(step)
        while around is not None:
            depth, around = depth + 1, flow.around(around)
    except KeyError:
        return 0
    return depth


def _targets(flow: FlowDef) -> Iterator[tuple[str, Text, int]]:
    """Where a run may be sent: steps that do not stand in lanes or loops, in the order of the document."""
    for step in flow.walk():
        if not flow.splits(step.key):
            yield step.key, step.title, _depth(flow, step.key)

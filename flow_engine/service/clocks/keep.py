"""What a step of a run does to its clocks. They are written with the step, by `flow_more_clocks`, or not at all."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from formloom.db.uow import workspace_of
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.clocks.definition import ALWAYS, AtRun, AtStep, ClockDef, Said, Table
from flow_engine.clocks.reading import coming, noted, reading
from flow_engine.clocks.state import Changed, ClockState, Happening, RunTurned, Undone, follow, retimed
from flow_engine.elements.value import Formula
from flow_engine.machine import Event, RunState, TakenBack
from flow_engine.machine.events import ClockReached
from flow_engine.service.clocks.rows import SECOND, Kept, kept, to_json
from flow_engine.service.moments import length_of, working_time
from flow_engine.service.plays.writing import write_own
from form_engine.formula import ErrorValue
from form_engine.models import RecordHistory
from form_engine.records.facts import Fact
from form_engine.records.merge import undone

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

FUNCTION = "flow_more_clocks"
Happened = list[tuple[Happening, datetime]]


def keep(stage: "Stage", before: RunState | None, event: Event, after: RunState) -> None:
    """Follow what has happened in this step; the script gets the clocks that have changed by it."""
    run = stage.script.run.get("id")
    known = kept(stage.people.session(), run) if run is not None else {}
    told: Happened = [(each, stage.now) for each in stage.happened]
    if before is None:
        told.insert(0, (RunTurned(AtRun("started")), stage.now))
    if isinstance(event, TakenBack) and before is not None:
        told.insert(0, (Undone(frozenset(_undone(before, after))), stage.now))
    if after.ended:
        told.append((RunTurned(AtRun("ended")), stage.now))
    reached = {event.clock: event.nth + 1} if isinstance(event, ClockReached) else {}
    written = []
    for clock in stage.flow.definition.clocks:
        one = kept_on(stage, clock, known.get(clock.key), told, reached.get(clock.key, 0))
        if one is not None:
            written.append(one)
            _tell_record(stage, clock, one)
    if written:
        stage.script.more.append({"fn": FUNCTION, "clocks": written})


def _tell_record(stage: "Stage", clock: ClockDef, one: dict[str, Any]) -> None:
    """The record keeps how a clock that has ended came out, where the definition says in which fields."""
    if one["stopped_at"] is None or stage.record.deleted:
        return
    values: dict[str, Any] = {}
    if clock.minutes is not None:
        values[clock.minutes] = str((one["used"] + 30) // 60)
    if clock.breach is not None:
        values[clock.breach] = one["breached_at"] is not None
    if values:
        write_own(stage, values)


def kept_on(
    stage: "Stage", clock: ClockDef, known: Kept | None, told: Happened, reached: int = 0
) -> dict[str, Any] | None:
    """What is to be written of one clock; None where nothing has changed."""
    before = known if known is not None else Kept(seen=stage.began.version)
    state = before.state
    for happening, at in (*_unheard(stage, clock, known), *told):
        state = follow(clock, state, happening, at)
    state = _measured(stage, clock, replace(state, reached=max(state.reached, reached)))
    if known is not None and state == known.state:
        return None
    time = working_time(stage, None if state.calendar == ALWAYS else state.calendar)
    now = reading(clock, state, time, stage.now)
    shown = {
        "colour": clock.colour(state.reached),
        "due_at": now.due_at.isoformat() if now.due_at is not None else None,
        "used": now.used // SECOND,
    }
    after = Kept(state, before.version + 1, max(before.seen, stage.record.version))
    return to_json(clock.key, stage.record.id, after, shown, coming(clock, state, time))


def _measured(stage: "Stage", clock: ClockDef, state: ClockState) -> ClockState:
    """Against the target and the calendar that the record gives now. A clock that has stopped has its final marks; on
    one that runs, the timer marks thresholds, since it also does what they say; the breach is marked at once."""
    if state.started_at is None:
        return state
    calendar = _said(stage, clock.calendar) or ALWAYS
    time = working_time(stage, None if calendar == ALWAYS else calendar)
    if state.running:
        target = clock.target
        length = _said(stage, target) if isinstance(target, Table) else length_of(stage, target)
        state = retimed(state, time, calendar, length)
    marked = noted(clock, state, time, stage.now)
    return replace(marked, reached=state.reached) if state.running else marked


def _said(stage: "Stage", said: Said) -> str | None:
    match said:
        case Table(field, cases, otherwise):
            return cases.get(str(stage.record.data.get(field)), otherwise)
        case Formula(text):
            found = stage.flow.evaluate(text, stage.env())
            return found if isinstance(found, str) and not isinstance(found, ErrorValue) else None
        case str(word):
            return word


def _unheard(stage: "Stage", clock: ClockDef, known: Kept | None) -> Iterator[tuple[Happening, datetime]]:
    """What the record has become since the clock last looked, as its history tells it; at first, what it is."""
    if not clock.fields:
        return
    if known is None:
        yield Changed({}, stage.began.data), stage.now
        return
    if known.seen >= stage.began.version:
        return
    for at, change in _history(stage.people.session(), stage.began, known.seen, clock.fields):
        yield change, at


def _history(session: Session, now: Fact, after: int, fields: frozenset[str]) -> list[tuple[datetime, Changed]]:
    statement = (
        select(RecordHistory.at, RecordHistory.changes)
        .where(
            RecordHistory.workspace_id == workspace_of(session),
            RecordHistory.record_id == now.id,
            RecordHistory.version > after,
            RecordHistory.version <= now.version,
        )
        .order_by(RecordHistory.id.desc())
    )
    found: list[tuple[datetime, Changed]] = []
    data = now.data
    for at, changes in session.execute(statement):
        earlier = undone(data, [changes])
        if fields & changes.keys():
            found.append((at, Changed(earlier, data)))
        data = earlier
    return found[::-1]


def _undone(before: RunState, after: RunState) -> Iterator[AtStep]:
    """What a decision that was taken back had done: its step was past, others were opened."""
    still = {visit.id for visit in after.open}
    for visit in before.open:
        if visit.id not in still:
            yield AtStep(visit.step, "opened")
    if before.last is not None:
        yield AtStep(before.last.visit.step, "passed")
        yield AtStep(before.last.visit.step, "closed")

"""A decision: two round trips, one transaction (docs/decisions/021). The hot path of the whole house."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, cast

import orjson
import psycopg
from formloom.db.direct import direct
from formloom.db.engine import Databases
from formloom.db.fast import Line
from formloom.db.retry import sqlstate
from formloom.db.uow import unit_of_work
from formloom.errors import Conflict, FormloomError, IllegalTransition, InvalidInput, Issue, NotFound
from formloom.frozen import quick
from formloom.models import Person
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from flow_engine.definition import FlowDef
from flow_engine.definition.view import TAKES_CHANGES, fields_of, required_of
from flow_engine.machine import Decided, Failed, Reseated, TakenBack
from flow_engine.machine.events import ACTS, DECISIONS, Act, Decision, Event
from flow_engine.service import live
from flow_engine.service.arguments import APPLY, applied, arguments
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.errors import LOST_RACES
from flow_engine.service.loaded import LaterSession, Loaded, TaskRow, decided, set_stage, stored_state
from flow_engine.service.script import Script
from flow_engine.service.stage import Stage
from flow_engine.service.trouble import Tripped, refused_part, tripped
from form_engine.definition import FieldAccess
from form_engine.recalculation import drain
from form_engine.records import refusal
from form_engine.records.actor import Actor

TAKE_BACK = "take_back"
WISHES = (*DECISIONS, *ACTS, TAKE_BACK)
ATTEMPTS = 4
LONGEST_COMMENT = 10_000
_HOLD = b"SELECT flow_hold_step($1::bigint, $2::bigint, $3::bigint[])::text"


@quick
@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of a task: a decision, another seating (`people` are the others), or to take theirs back.

    `key` makes the request safe to repeat.
    """

    task: int
    decision: str
    comment: str | None = None
    reason: str | None = None
    changes: Mapping[str, Any] | None = None
    to_step: str | None = None
    key: str | None = None
    people: tuple[int, ...] = ()

    @property
    def fingerprint(self) -> str:
        """The same for the same request, whatever the order of its keys."""
        told = [self.task, self.decision, self.comment, self.reason, self.changes, self.to_step, *self.people]
        return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()


@quick
@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it. `repeated`: this is the first answer to the same request again."""

    task: int
    run: int
    record: int
    decision: str
    status: str
    repeated: bool = False

    def to_json(self) -> dict[str, Any]:
        """As it is kept for a repetition, and told to programs."""
        told = {"task": self.task, "run": self.run, "record": self.record}
        return {**told, "decision": self.decision, "status": self.status}


def decide(databases: Databases, catalogue: Catalogue, workspace: int, actor: Actor, wish: Wish) -> Answer:
    """Decide a task, in a transaction of its own.

    The first try is optimistic and locks nothing. Whoever loses a race tries again, holding the run and every record
    that the decision looked at, so that it is lost once more only when the decision then looks at others. What writes
    beside its own record is played in a unit of work instead (`live.py`).

    Raises NotFound for a task that is not the actor's, Conflict `task_closed` (with by, decision, at), InvalidInput,
    and what the machine raises.
    """
    _check_words(wish)
    looked_at: set[int] = set()
    failed: Failed | None = None
    whole = False
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with _door(databases, workspace, whole=whole, held=attempt > 1) as (line, session):
                if attempt > 1:
                    _hold(line, workspace, wish.task, looked_at)
                done = _once(databases, catalogue, line, workspace, actor, wish, looked_at, failed, session)
            answer, topics = done
            databases.announce(workspace, topics)
            if drain.TOPIC in topics:
                drain.drain(databases, workspace, catalogue.forms.forms, actor.ref)
            return answer
        except Tripped as trip:  # something cannot be done: the run is told so, on what is stored by now
            failed = trip.failed
        except live.NeedsSession:
            whole = True
        except (psycopg.Error, DBAPIError) as error:
            if sqlstate(error) not in LOST_RACES:
                raise
            failed = None
    raise Conflict("run_busy")


@contextmanager
def _door(databases: Databases, workspace: int, *, whole: bool, held: bool) -> Iterator[tuple[Line, Session | None]]:
    """Where the decision is asked and stored: the hot path's line, or (`whole`) that of a unit of work."""
    if whole:
        with unit_of_work(databases, workspace) as session:
            yield live.line_of(session), session
        return
    with direct(databases) as line, line.connection.transaction() if held else nullcontext():
        yield line, None


def _once(
    databases: Databases,
    catalogue: Catalogue,
    line: Line,
    workspace: int,
    actor: Actor,
    wish: Wish,
    looked_at: set[int],
    failed: Failed | None,
    within: Session | None,
) -> tuple[Answer, list[str]]:
    loaded = Loaded.of(line, workspace, actor.ref, wish.task, wish.key)
    if loaded is None:
        raise NotFound("unknown_task", {"task": wish.task})
    if loaded.answered is not None:
        return _repeat(loaded.answered, wish), []
    _check_permitted(line, workspace, loaded, actor, wish)
    with ExitStack() as stack:
        session = LaterSession(databases, workspace, stack) if within is None else lambda: within
        stage, event, stored = _play(catalogue, loaded, workspace, actor, wish, session, failed, within, looked_at)
    run = loaded.run
    answer = Answer(wish.task, run.id, run.record, wish.decision, stored["status"])
    script = stage.script
    script.run |= stored
    script.audit = {"action": f"task.{wish.decision}", "detail": _audited(loaded, wish)}
    if wish.key is not None:
        script.answer = {"key": wish.key, "fingerprint": wish.fingerprint, "body": answer.to_json()}
    live.keep(stage)
    try:
        done = applied(line.ask(APPLY, *arguments(script)))
    except psycopg.Error as error:
        told = refused(stage, error, event, wish.changes)
        if told is not None:
            raise told from error
        raise
    return answer, [*topics_of(done, script), *live.topics(stage)]


def _play(
    catalogue: Catalogue,
    loaded: Loaded,
    workspace: int,
    actor: Actor,
    wish: Wish,
    session: Callable[[], Session],
    failed: Failed | None,
    within: Session | None,
    looked_at: set[int],
) -> tuple[Stage, Event, dict[str, Any]]:
    run, task = loaded.run, loaded.task
    pinned = catalogue.pinned(workspace, run.flow, run.flow_version, run.form_version, session)
    forms = catalogue.forms.known(workspace)
    if forms is None or forms.mark != loaded.world:
        forms = catalogue.forms.forms(session())
    known = {"id": run.id, "expected": run.version, "flow": run.flow, "form": run.form}
    script = Script(workspace, loaded.now, actor.ref, run.record, known)
    stage = set_stage(
        pinned,
        forms,
        loaded.record,
        actor,
        run.state.initiator,
        script,
        zone=loaded.zone,
        roles=loaded.roles,
        absent=loaded.absent,
        session=session,
    )
    if within is not None:
        stage.live = live.Live(within, catalogue.forms)
    event: Event
    if wish.decision in DECISIONS:
        event = _decided(stage, pinned[0].definition, loaded, wish, actor)
    elif wish.decision == TAKE_BACK:
        event = TakenBack(task.visit, task.ref, wish.comment)
    else:
        event = _reseated(session(), task, wish)
    try:
        state = stage.drive(run.state, failed or event)
    except DBAPIError as error:  # what it has written at once
        told = refused(stage, error.orig, event, wish.changes) if isinstance(error.orig, psycopg.Error) else None
        raise told or error from error
    finally:  # whoever is overtaken holds them the next time
        looked_at |= stage.looked_at
    return stage, event, {"status": state.status, "state": stored_state(state, pinned[0]), "ended": state.ended}


def _decided(stage: Stage, flow: FlowDef, loaded: Loaded, wish: Wish, actor: Actor) -> Decided:
    """The decision, after what it changes in the record."""
    task = loaded.task
    visit = loaded.run.state.visit(task.visit)
    if visit is None:
        raise Conflict("task_closed")
    if wish.changes:
        _change(stage, wish, fields_of(flow, visit.step, visit.kind, visit.because), actor)
    _require(stage, required_of(flow, visit.step, visit.kind, wish.decision))
    return Decided(task.visit, task.ref, cast("Decision", wish.decision), wish.reason, wish.comment, wish.to_step)


def _reseated(session: Session, task: TaskRow, wish: Wish) -> Reseated:
    """Who decides instead, or as well; they must be there to be asked."""
    there = set(session.scalars(select(Person.id).where(Person.id.in_(wish.people), Person.disabled_at.is_(None))))
    issues = [Issue(f"/people/{at}", "unknown_person") for at, who in enumerate(wish.people) if who not in there]
    if issues and wish.decision != "take_off":
        raise InvalidInput("invalid_input", issues=tuple(issues))
    people = tuple(f"person:{who}" for who in wish.people)
    return Reseated(task.visit, task.ref, cast("Act", wish.decision), people, wish.comment)


def _check_permitted(line: Line, workspace: int, loaded: Loaded, actor: Actor, wish: Wish) -> None:
    """Somebody else's task looks like none."""
    if loaded.task.ref != actor.ref:
        raise NotFound("unknown_task", {"task": wish.task})
    if loaded.task.kind == "cc":
        raise IllegalTransition("decision_not_offered", {"decision": wish.decision, "offered": ()})
    if loaded.task.status != "open" and wish.decision != TAKE_BACK:
        raise Conflict("task_closed", decided(line, workspace, wish.task))


def _repeat(answered: tuple[str, Mapping[str, Any]], wish: Wish) -> Answer:
    fingerprint, body = answered
    if fingerprint != wish.fingerprint:
        raise InvalidInput("idempotency_mismatch")
    return Answer(**body, repeated=True)


def _check_words(wish: Wish) -> None:
    issues: list[Issue] = []
    if wish.decision not in WISHES:
        issues.append(Issue("/decision", "not_an_option", {"options": list(WISHES)}))
    if wish.people and wish.decision not in ACTS:
        issues.append(Issue("/people", "people_not_taken", {"decision": wish.decision}))
    if wish.comment is not None and len(wish.comment) > LONGEST_COMMENT:
        issues.append(Issue("/comment", "too_long", {"max": LONGEST_COMMENT}))
    if wish.changes and wish.decision not in TAKES_CHANGES:
        issues.append(Issue("/changes", "changes_not_taken", {"decision": wish.decision}))
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))


def _change(stage: Stage, wish: Wish, fields: Mapping[str, str], actor: Actor) -> None:
    try:
        stage.change(wish.changes or {}, FieldAccess.of_grant(fields), actor)
    except InvalidInput as error:
        raise below("/changes", error) from error


def _require(stage: Stage, required: tuple[str, ...]) -> None:
    blank = [name for name in required if stage.record.data.get(name) in (None, "", [])]
    if blank:
        raise InvalidInput("invalid_input", issues=tuple(Issue(f"/changes/{name}", "required") for name in blank))


def below(pointer: str, error: FormloomError) -> InvalidInput:
    """The same issues, seen from the body in which the record's changes stand at `pointer`."""
    issues = tuple(Issue(pointer + issue.pointer, issue.code, issue.params) for issue in error.issues)
    return InvalidInput(error.code, error.params, issues)


def topics_of(done: Mapping[str, Any], script: Script) -> list[str]:
    """Whom a step concerns: inboxes, the open page of the record, the relay, the clock."""
    topics = [f"inbox:{person}" for person in dict.fromkeys((*script.people, *done["closed"]))]
    topics.append(f"record:{script.record}")
    if script.outbox or done["heard"]:
        topics.append("outbox")
    if script.timers:
        topics.append("timers")
    if any("stirs" in batch for batch in script.writes):
        topics.append(drain.TOPIC)
    return topics


def _audited(loaded: Loaded, wish: Wish) -> dict[str, Any]:
    """No words of people: those stand in the journal."""
    told = {"task": wish.task, "step": loaded.task.step, "kind": loaded.task.kind}
    return {**told, "reason": wish.reason} if wish.reason else told


def _hold(line: Line, workspace: int, task: int, records: set[int]) -> None:
    ids = ",".join(str(record) for record in sorted(records))
    line.ask(_HOLD, b"%d" % workspace, b"%d" % task, f"{{{ids}}}".encode())


def refused(
    stage: Stage, error: psycopg.Error, event: Event, changes: Mapping[str, Any] | None = None
) -> Exception | None:
    """What to raise where the database did not take what a step writes: the person's own changes are refused, what the
    flow writes has failed. None: no refusal of ours."""
    detail = refusal_detail(error)
    told = refusal.of_a_step(error.sqlstate, detail)
    blamed = refused_part(stage.writers, changes, detail) if told is not None else None
    return tripped(told, event, blamed) if told is not None and blamed is not None else told


def refusal_detail(error: BaseException | None) -> dict[str, Any]:
    """What the SQL functions told about a refusal."""
    detail = error.diag.message_detail if isinstance(error, psycopg.Error) else None
    found = orjson.loads(detail) if detail and detail.startswith("{") else {}
    return found if isinstance(found, dict) else {}

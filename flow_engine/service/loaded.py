"""What a decision is loaded with, typed; and how a stage is set up from it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from formloom.db.engine import Databases
from formloom.db.fast import Line
from formloom.db.uow import unit_of_work
from formloom.frozen import quick, replace
from orjson import loads
from sqlalchemy.orm import Session

from flow_engine.definition import CompiledFlow
from flow_engine.machine import RunState
from flow_engine.service.catalogue import Pinned
from flow_engine.service.people import People, person_of
from flow_engine.service.script import Script
from flow_engine.service.stage import Stage, context_of
from flow_engine.sql import statement
from form_engine.calendars import LiveCalendar
from form_engine.records import facts_sql
from form_engine.records.actor import Actor
from form_engine.records.facts import Fact, Facts
from form_engine.records.forms import Forms
from form_engine.rollups.totals import read_totals

_LOAD, _DECIDED = statement("flow_load_step.sql"), statement("flow_decided_step.sql")


@quick
@dataclass(frozen=True, slots=True)
class RunRow:
    """The run as it was read; `version` is what applying expects."""

    id: int
    flow: str
    flow_version: int
    form: str
    form_version: int
    record: int
    version: int
    state: RunState


@quick
@dataclass(frozen=True, slots=True)
class TaskRow:
    """The task as it was read."""

    id: int
    visit: int
    step: str
    kind: str
    status: str
    person: int | None
    guest: str | None

    @property
    def ref(self) -> str:
        """Whom it asks."""
        return f"guest:{self.guest}" if self.person is None else f"person:{self.person}"


@quick
@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything that a decision needs. `absent`: who of the roles' holders is away just now. `answered`: the
    (fingerprint, answer) that this very request got before.
    """

    task: TaskRow
    run: RunRow
    record: Fact
    roles: Mapping[str, tuple[int, ...]]
    absent: frozenset[int]
    world: int
    now: datetime
    zone: ZoneInfo
    answered: tuple[str, Mapping[str, Any]] | None

    @classmethod
    def of(cls, line: Line, workspace: int, who: str, task: int, key: str | None) -> "Loaded | None":
        """For `who` and the task, in one round trip; None: there is no such task. Locks nothing."""
        named = key.encode() if key is not None else None
        return cls._read(line.row(_LOAD, b"%d" % workspace, who.encode(), b"%d" % task, named))

    @classmethod
    def _read(cls, row: tuple[Any, ...]) -> "Loaded | None":
        """The columns in their order."""
        if not row or row[0] is None:
            return None
        # fmt: off
        (
            task_id, visit, step, kind, status, person, guest,
            run_id, flow, flow_version, form, form_version, record_id, version, state,
            record_form, record_version, made_version, touched, data, totals,
            number, title, draft, deleted, held_by, created_at, created_by, updated_at, updated_by,
            holders, world, now, zone, fingerprint, body,
        ) = row
        # fmt: on
        task = TaskRow(
            int(task_id), int(visit), step.decode(), kind.decode(), status.decode(), _number(person), _text(guest)
        )
        stored, held = loads(state), loads(holders or b"[]")
        run = RunRow(
            int(run_id),
            flow.decode(),
            int(flow_version),
            form.decode(),
            int(form_version),
            int(record_id),
            int(version),
            RunState.from_json(stored),
        )
        record = (
            gone(run.record, run.form)
            if record_form is None
            else Fact(
                run.record,
                record_form.decode(),
                int(record_version),
                int(made_version),
                int(touched),
                loads(data),
                {} if totals is None else read_totals(loads(totals)),
                _text(number),
                title.decode(),
                draft == b"t",
                deleted == b"t",
                _number(held_by),
                datetime.fromisoformat(created_at.decode()),
                _number(created_by),
                datetime.fromisoformat(updated_at.decode()),
                updated_by.decode(),
            )
        )
        roles = _holding(stored.get("roles", ()), held)
        absent = frozenset(who for _, who, away in held if away)
        answered = None if fingerprint is None else (fingerprint[2:].decode(), loads(body))  # a bytea begins with \\x
        moment, place = datetime.fromisoformat(now.decode()), ZoneInfo(zone.decode())
        return cls(task, run, record, roles, absent, int(world), moment, place, answered)


def gone(record_id: int, form: str) -> Fact:
    """A record that was removed for ever while a run that does not hold it was under way: blank, and in the bin."""
    return Fact(id=record_id, form=form, form_version=0, version=0, touched=0, data={}, deleted=True)


def decided(line: Line, workspace: int, task: int) -> dict[str, Any]:
    """Who decided a task that is not open any more: {"by", "decision", "at"}; empty where nobody did."""
    found: dict[str, Any] = loads(line.ask(_DECIDED, b"%d" % workspace, b"%d" % task) or b"{}")
    return found


def _number(told: bytes | None) -> int | None:
    return None if told is None else int(told)


def _text(told: bytes | None) -> str | None:
    return None if told is None else told.decode()


def _holding(roles: Iterable[str], holders: Iterable[tuple[str, int, bool]]) -> dict[str, tuple[int, ...]]:
    """Who holds each role that the flow may ask, the longest known first; nobody is an answer too."""
    held: dict[str, list[int]] = {role: [] for role in roles}
    for role, person, _ in holders:
        held[role].append(person)
    return {role: tuple(sorted(people)) for role, people in held.items()}


class LaterSession:
    """A unit of work that begins when it is first asked for, and not at all if it never is."""

    def __init__(self, databases: Databases, workspace: int, stack: ExitStack) -> None:
        self._databases, self._workspace, self._stack = databases, workspace, stack
        self._session: Session | None = None

    def __call__(self) -> Session:
        """The session."""
        if self._session is None:
            self._session = self._stack.enter_context(unit_of_work(self._databases, self._workspace))
        return self._session


def loader(session: Callable[[], Session], writing: int) -> Callable[[Collection[int]], Iterable[Fact]]:
    """Loads the records that formulas follow links to, as they stand without the record that is being written."""

    def load(ids: Collection[int]) -> Iterable[Fact]:
        return facts_sql.loader(session(), [writing])(ids)

    return load


def set_stage(
    pinned: Pinned,
    forms: Forms,
    record: Fact,
    actor: Actor,
    initiator: str,
    script: Script,
    *,
    zone: ZoneInfo,
    roles: Mapping[str, tuple[int, ...]],
    session: Callable[[], Session],
    absent: frozenset[int] | None = None,
) -> Stage:
    """A stage for one step. The run's pinned form stands among the live ones."""
    flow, form = pinned
    plain = context_of(script.at, zone, person_of(initiator), actor)
    context = replace(plain, calendar=LiveCalendar(session))
    facts = Facts({**forms.compiled, form.key: form}, context, loader(session, record.id), [record])
    people = People(
        session,
        roles,
        lambda formula: stage.text_of(formula),
        lambda formula: stage.persons_in(formula),
        lambda best, state: stage.best_of(best, state),
        absent=absent,
    )
    stage = Stage(flow, form, forms, facts, record, people, script, script.at)
    return stage


def stored_state(state: RunState, flow: CompiledFlow) -> dict[str, Any]:
    """The state as the run keeps it, with the roles that the flow may ask: they are loaded with the next step."""
    return {**state.to_json(), "roles": list(flow.definition.roles)}

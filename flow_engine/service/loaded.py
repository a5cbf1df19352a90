"""What `flow_load_step` gives, typed; and how a stage is set up from it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from sqlalchemy.orm import Session

from flow_engine.definition import CompiledFlow
from flow_engine.machine import RunState
from flow_engine.service.catalogue import Pinned
from flow_engine.service.people import People, person_of
from flow_engine.service.script import Script
from flow_engine.service.stage import Stage, context_of
from form_engine.calendars import LiveCalendar
from form_engine.records import facts_sql
from form_engine.records.actor import Actor
from form_engine.records.facts import Fact, Facts
from form_engine.records.forms import Forms


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

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> "RunRow":
        """From the JSON of `flow_load_step`."""
        return cls(**{**raw, "state": RunState.from_json(raw["state"])})


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


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything that a decision needs."""

    task: TaskRow
    run: RunRow
    record: Fact
    roles: Mapping[str, tuple[int, ...]]
    world: int
    decided: Mapping[str, Any] | None
    now: datetime
    zone: ZoneInfo

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> "Loaded":
        """From the JSON of `flow_load_step`."""
        return cls(
            task=TaskRow(**raw["task"]),
            run=RunRow.read(raw["run"]),
            record=Fact.read(raw["record"]),
            roles=_holding(raw["run"]["state"].get("roles", ()), raw["holders"] or ()),
            world=raw["world"],
            decided=raw.get("decided"),
            now=datetime.fromisoformat(raw["now"]),
            zone=ZoneInfo(raw["zone"]),
        )


def _holding(roles: Iterable[str], holders: Iterable[tuple[str, int]]) -> dict[str, tuple[int, ...]]:
    """Who holds each role that the flow may ask, the longest known first; nobody is an answer too."""
    held: dict[str, list[int]] = {role: [] for role in roles}
    for role, person in holders:
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
) -> Stage:
    """A stage for one step. The run's pinned form stands among the live ones."""
    flow, form = pinned
    plain = context_of(script.at, zone, person_of(initiator), actor)
    context = replace(plain, calendar=LiveCalendar(session))
    facts = Facts({**forms, form.key: form}, context, loader(session, record.id), [record])
    people = People(session, roles, lambda formula: stage.text_of(formula), lambda formula: stage.person_in(formula))
    stage = Stage(flow, form, forms, facts, record, people, script, script.at)
    return stage


def stored_state(state: RunState, flow: CompiledFlow) -> dict[str, Any]:
    """The state as the run keeps it, with the roles that the flow may ask: they are loaded with the next step."""
    return {**state.to_json(), "roles": list(flow.definition.roles)}

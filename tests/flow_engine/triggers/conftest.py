"""A form with dates, flows that start by themselves, and the clocks and workers that a server has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from formloom import jobs
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.outbox import Handler, Relay, Runner
from formloom.timers import Clock
from sqlalchemy import text

from flow_engine.service import Flows, handlers, timer_handlers
from form_engine.calendars.store import CalendarStore
from form_engine.definitions_store import FormStore
from form_engine.records import late
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.context import context_for
from form_engine.records.facts import Fact
from form_engine.records.facts_sql import facts_of
from form_engine.records.service import Records
from tests.conftest import WorkspaceClock
from tests.platform.backends import Inline

PAPER: dict[str, Any] = {
    "kind": "form",
    "key": "paper",
    "title": {"en": "Paper"},
    "number": "P-{seq:5}",
    "display": ["name"],
    "fields": [
        {"key": "name", "type": "text", "label": "Name", "required": True, "index": True},
        {"key": "end", "type": "date", "label": "End"},
        {"key": "meets", "type": "datetime", "label": "Meets"},
        {"key": "amount", "type": "number", "label": "Amount"},
        {"key": "due_on", "type": "formula", "label": "Due on", "value": "end + 1"},
        {"key": "fired", "type": "text", "label": "Fired"},
        {"key": "owner", "type": "link", "form": "paper", "label": "Owner"},
        {
            "key": "state",
            "type": "choice",
            "label": "State",
            "options": [{"key": k, "label": k} for k in ("open", "shut")],
            "start": "open",
        },
    ],
    "access": [{"role": "agent", "may": ["create", "read", "update", "delete"]}],
}
OFFICE: dict[str, Any] = {
    "kind": "calendar",
    "key": "office",
    "title": {"en": "Office"},
    "hours": {day: ["09:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
}


def flow(key: str, trigger: Mapping[str, Any], *steps: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A flow on papers that starts by itself and notes that it did."""
    mark = {"key": "mark", "type": "update", "set": {"fired": {"=": f'CONCAT(COALESCE(fired, ""), "{key};")'}}}
    frame = {"kind": "flow", "key": key, "title": {"en": key}, "form": "paper", "trigger": dict(trigger)}
    return {**frame, "steps": list(steps) or [mark], **more}


@dataclass
class House:
    """What a server runs, run by hand."""

    databases: Databases
    workspace: int
    clock: WorkspaceClock
    forms: FormStore
    flows: Flows
    records: Records
    calendars: CalendarStore
    agent: Actor

    def work(self) -> Any:
        """A unit of work."""
        return unit_of_work(self.databases, self.workspace)

    def publish(self, *flows: Mapping[str, Any]) -> None:
        """Make them live together."""
        with self.work() as session:
            self.flows.definitions.publish_together(session, {each["key"]: dict(each) for each in flows}, SYSTEM)

    def make(self, **values: Any) -> int:
        """A new paper's id."""
        with self.work() as session:
            return self.records.create(session, self.forms, "paper", {"name": "N", **values}, self.agent).id

    def change(self, record: int, **values: Any) -> None:
        """Change a paper as a person does."""
        with self.work() as session:
            self.records.update(session, self.forms, record, values, self.agent)

    def delete(self, record: int) -> None:
        """Into the bin."""
        with self.work() as session:
            self.records.delete(session, self.forms, record, self.agent)

    def gone(self, record: int) -> bool:
        """Whether it is in the bin."""
        with self.work() as session:
            statement = text("SELECT deleted_at IS NOT NULL FROM record WHERE id = :record")
            return bool(session.scalar(statement, {"record": record}))

    def work_off(self, record: int) -> None:
        """The paper is out of the way."""
        if not self.gone(record):
            self.delete(record)
        self.settle()

    def fact(self, record: int) -> Fact:
        """The paper as it stands."""
        with self.work() as session:
            facts = facts_of(session, self.forms.forms(session), context_for(session, SYSTEM))
            return next(iter(facts.load([record])))

    def fired(self, record: int) -> str:
        """Which flows ran on it, in order."""
        return str(self.fact(record).data.get("fired") or "")

    def runs(self, key: str | None = None) -> list[dict[str, Any]]:
        """All runs, or those of a flow."""
        with self.work() as session:
            rows = session.execute(text("SELECT * FROM run ORDER BY id")).mappings()
            return [dict(row) for row in rows if key in (None, row["flow"])]

    def reports(self) -> list[dict[str, Any]]:
        """What was reported."""
        with self.work() as session:
            return [dict(row) for row in session.execute(text("SELECT * FROM flow_report ORDER BY id")).mappings()]

    def pending(self) -> dict[str, datetime]:
        """The timers that wait, by key."""
        statement = text("SELECT key, due_at FROM timer WHERE done_at IS NULL AND cancelled_at IS NULL ORDER BY key")
        with self.work() as session:
            return {row.key: row.due_at for row in session.execute(statement)}

    def settle(self) -> None:
        """The workers do all that is to be done."""
        relay = Relay(self.databases, Inline(self.runner))
        while relay.run_once():
            pass

    @property
    def runner(self) -> Runner:
        """As the composition makes it."""
        work = jobs.Jobs(self.flows.triggering.works())
        known: dict[str, Handler] = {
            jobs.KIND: work,
            late.KIND: late.Late(self.forms, self.flows.late_subscribers()),
            **handlers(self.flows),
        }
        return Runner(self.databases, known, given_up={jobs.KIND: work.given_up})

    def tick(self) -> int:
        """A clock fires what is due, and the workers follow."""
        fired = Clock(self.databases, timer_handlers(self.flows)).tick()
        self.settle()
        return fired

    def at(self, moment: str) -> None:
        """It is that time (ISO 8601), for all."""
        self.clock.travel(datetime.fromisoformat(moment))

    def verify(self) -> None:
        """Every journal gives its stored state."""
        with self.work() as session:
            for run in list(self.flows.run_ids(session)):
                replayed = self.flows.replay(session, run)
                assert replayed.ok, replayed.differences


@pytest.fixture
def house(databases: Databases, workspace: int, clock: WorkspaceClock, make_person: Callable[..., Any]) -> House:
    forms = FormStore()
    flows = Flows(databases, forms)
    person = make_person("agent1", "agent")
    with unit_of_work(databases, workspace) as session:
        forms.publish_together(session, {"paper": PAPER}, SYSTEM)
        calendars = CalendarStore()
        calendars.followers.append(flows.triggering.calendars_published)
        calendars.publish_together(session, {"office": OFFICE}, SYSTEM)
    agent = Actor.person(person.id, frozenset({"agent"}), person.name)
    records = Records(subscribers=(flows.record_changed,))
    found = House(databases, workspace, clock, forms, flows, records, calendars, agent)
    found.at("2026-11-02T08:00:00+08:00")
    return found

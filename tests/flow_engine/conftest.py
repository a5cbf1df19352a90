"""A small world for flows at work: a form with a status, links and rows, the three-level flow, and people."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.models import Person
from formloom.people import ensure_role
from sqlalchemy.orm import Session

from flow_engine.service import Flows
from form_engine.definitions_store import FormStore
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.service import Records
from tests.flow_engine.flows import CONFIRMATION

STATUSES = ["pending_customer", "disputed", "pending_finance", "pending_supervisor", "confirmed", "reversed", "void"]
MOVES = [
    ["pending_customer", "pending_finance"],
    ["pending_customer", "disputed"],
    ["disputed", "pending_customer"],
    ["disputed", "void"],
    ["pending_finance", "pending_supervisor"],
    ["pending_finance", "pending_customer"],
    ["pending_supervisor", "confirmed"],
    ["pending_supervisor", "pending_finance"],
    ["confirmed", "reversed"],
]


def _access(*fields: str) -> list[dict[str, Any]]:
    may = ["create", "read", "update"]
    return [{"role": role, "may": may} for role in ("agent", "finance", "supervisor", "admin")]


BILL: dict[str, Any] = {
    "kind": "form",
    "key": "bill",
    "title": {"en": "Bill"},
    "display": ["code"],
    "fields": [
        {"key": "code", "type": "text", "label": "Code", "required": True},
        {"key": "due", "type": "money", "currency": "CNY", "label": "Due"},
        {
            "key": "paid",
            "type": "rollup",
            "label": "Paid",
            "from": "payment.lines",
            "via": "bill",
            "fn": "sum",
            "of": "row.applied",
            "where": 'target.status = "confirmed"',
        },
        {"key": "open", "type": "formula", "label": "Open", "value": "due - paid"},
    ],
    "access": _access(),
}
PAYMENT: dict[str, Any] = {
    "kind": "form",
    "key": "payment",
    "title": {"en": "Payment"},
    "number": "P-{seq:5}",
    "display": ["payer"],
    "fields": [
        {"key": "payer", "type": "text", "label": "Payer", "required": True},
        {"key": "phone", "type": "phone", "label": "Phone"},
        {"key": "amount", "type": "money", "currency": "CNY", "label": "Amount", "required": True},
        {"key": "note", "type": "text", "label": "Note"},
        {
            "key": "status",
            "type": "choice",
            "label": "Status",
            "options": [{"key": key, "label": key} for key in STATUSES],
            "start": "pending_customer",
            "transitions": MOVES,
        },
        {
            "key": "lines",
            "type": "table",
            "label": "Lines",
            "fields": [
                {"key": "bill", "type": "link", "form": "bill", "label": "Bill", "required": True},
                {
                    "key": "applied",
                    "type": "money",
                    "currency": "CNY",
                    "label": "Applied",
                    "rules": [{"assert": "row.applied <= row.bill.open", "message": {"en": "More than is open"}}],
                },
            ],
        },
    ],
    "access": _access(),
}
REVERSAL: dict[str, Any] = {
    "kind": "flow",
    "key": "reversal",
    "title": {"en": "Reversal"},
    "form": "payment",
    "trigger": {
        "on": "button",
        "label": {"en": "Reverse"},
        "when": 'status = "confirmed"',
        "by": {"role": "supervisor"},
        "fields": {"note": "write", "*": "read"},
        "require": ["note"],
    },
    "steps": [
        {"key": "reverse", "type": "update", "set": {"status": "reversed"}},
        {"key": "tell", "type": "notify", "to": [{"role": "finance"}], "text": {"en": "Reversed."}},
    ],
}


@dataclass
class World:
    """Everything wired as the composition does, and shorthands."""

    databases: Databases
    workspace: int
    forms: FormStore
    records: Records
    flows: Flows
    people: dict[str, Person]

    def actor(self, name: str) -> Actor:
        """A person by name; roles as they hold them."""
        person = self.people[name]
        return Actor.person(person.id, frozenset({name.rstrip("0123456789")}), person.name)

    def work(self) -> Any:
        """A unit of work."""
        return unit_of_work(self.databases, self.workspace)

    def bill(self, due: str = "500.00") -> int:
        """A bill's id."""
        with self.work() as session:
            return self.records.create(session, self.forms, "bill", {"code": "B1", "due": due}, SYSTEM).id

    def pay(self, by: str = "agent", **values: Any) -> int:
        """A submitted payment's id: its flow has begun."""
        raw = {"payer": "Wang", "phone": "13800138000", "amount": "100.00", **values}
        with self.work() as session:
            return self.records.create(session, self.forms, "payment", raw, self.actor(by)).id

    def value(self, record: int, field: str) -> Any:
        """A stored value."""
        with self.work() as session:
            return self.records.get(session, self.forms, record, SYSTEM).data.get(field)

    def tasks(self, record: int, status: str = "open") -> list[dict[str, Any]]:
        """The record's tasks as plain rows."""
        from sqlalchemy import text

        statement = text("SELECT * FROM task WHERE record_id = :record AND status = :status ORDER BY id")
        with self.work() as session:
            return [dict(row) for row in session.execute(statement, {"record": record, "status": status}).mappings()]

    def task(self, record: int, name: str) -> int:
        """The open task of this person; of the guest for `guest`."""
        for row in self.tasks(record):
            if (name == "guest" and row["guest_link_id"]) or (
                name != "guest" and row["kind"] != "cc" and row["person_id"] == self.people[name].id
            ):
                found: int = row["id"]
                return found
        raise AssertionError(f"{name} has no open task: {self.tasks(record)}")

    def who(self, record: int, name: str) -> Actor:
        """The acting person or guest."""
        if name != "guest":
            return self.actor(name)
        link = next(row["guest_link_id"] for row in self.tasks(record) if row["guest_link_id"])
        return Actor.guest(link, "Wang")

    def decide(self, record: int, name: str, decision: str = "approve", **more: Any) -> Any:
        """Decide the open task of this person or guest."""
        task = self.task(record, name)
        return self.flows.decide(self.workspace, task, self.who(record, name), decision, **more)

    def verify(self) -> None:
        """Every journal gives its stored state."""
        with self.work() as session:
            for run in list(self.flows.run_ids(session)):
                replayed = self.flows.replay(session, run)
                assert replayed.ok, replayed.differences


@pytest.fixture
def world(databases: Databases, workspace: int, make_person: Callable[..., Person]) -> World:
    forms = FormStore()
    flows = Flows(databases, forms)
    records = Records(subscribers=(flows.record_changed,))
    names = ("agent1", "finance1", "finance2", "supervisor1", "supervisor2", "admin1")
    people = {name: make_person(name, name.rstrip("12")) for name in names}
    people["agent"] = people["agent1"]
    with unit_of_work(databases, workspace) as session:
        for role in ("director",):
            ensure_role(session, role, {"en": role})
        publish(session, forms, flows)
    return World(databases, workspace, forms, records, flows, people)


def publish(session: Session, forms: FormStore, flows: Flows) -> None:
    """The forms together, then the flows."""
    forms.publish_together(session, {"bill": BILL, "payment": PAYMENT}, SYSTEM)
    flows.definitions.publish_together(session, {"confirmation": CONFIRMATION, "reversal": REVERSAL}, SYSTEM)

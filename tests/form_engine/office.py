"""A small world for the tests of records: budgets, and claims whose lines draw on them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from sqlalchemy.orm import Session

from form_engine.definitions_store import FormStore
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.facts import Fact
from form_engine.records.service import Records

BUDGET: dict[str, Any] = {
    "kind": "form",
    "key": "budget",
    "title": {"en": "Budget", "zh-CN": "预算"},
    "display": 'code & " " & name',
    "unique": [["code"]],
    "list": ["code", "name", "amount", "left"],
    "fields": [
        {"key": "code", "type": "text", "label": "Code", "required": True, "index": True},
        {"key": "name", "type": "text", "label": "Name"},
        {"key": "owner", "type": "member", "label": "Owner", "index": True},
        {"key": "amount", "type": "money", "currency": "CNY", "label": "Amount", "required": True, "index": True},
        {"key": "opened", "type": "date", "label": "Opened"},
        {"key": "secret", "type": "text", "label": "Secret"},
        {"key": "whisper", "type": "formula", "value": 'secret & "!"', "label": "Whisper"},
        {
            "key": "spent",
            "type": "rollup",
            "label": "Spent",
            "from": "claim.lines",
            "via": "budget",
            "fn": "sum",
            "of": "row.cost",
            "where": 'target.state = "approved"',
        },
        {"key": "claims", "type": "rollup", "label": "Claims", "from": "claim", "via": "main", "fn": "count"},
        {"key": "left", "type": "formula", "value": "amount - spent", "label": "Left"},
    ],
    "access": [
        {"role": "chief", "may": ["create", "read", "update", "delete", "export"]},
        {"role": "member", "may": ["read"], "where": "owner = ME()", "fields": {"secret": "hidden", "*": "read"}},
    ],
}

CLAIM: dict[str, Any] = {
    "kind": "form",
    "key": "claim",
    "title": {"en": "Claim", "zh-CN": "报销"},
    "number": "CL-{yyyy}-{seq:4}",
    "list": ["subject", "main", "total", "state"],
    "fields": [
        {"key": "subject", "type": "text", "label": "Subject", "required": True},
        {"key": "main", "type": "link", "form": "budget", "label": "Main budget"},
        {
            "key": "lines",
            "type": "table",
            "label": "Lines",
            "fields": [
                {"key": "budget", "type": "link", "form": "budget", "label": "Budget", "filter": "target.left > 0"},
                {
                    "key": "cost",
                    "type": "money",
                    "currency": "CNY",
                    "label": "Cost",
                    "rules": [
                        {"assert": "row.cost <= row.budget.left", "message": {"en": "Too much", "zh-CN": "超支"}}
                    ],
                },
            ],
        },
        {"key": "total", "type": "formula", "value": "SUM(lines.cost)", "label": "Total"},
        {
            "key": "state",
            "type": "choice",
            "label": "State",
            "index": True,
            "options": ["open", "approved", "refused"],
            "start": "open",
            "transitions": [["open", "approved"], ["open", "refused"], ["approved", "open"]],
        },
    ],
    "access": [
        {"role": "chief", "may": ["create", "read", "update", "delete", "export"]},
        {"role": "member", "may": ["create", "read", "update"], "where": "created_by = ME()"},
    ],
}


@dataclass
class Office:
    """The two forms, live in one workspace, and a service over them."""

    databases: Databases
    workspace: int
    forms: FormStore
    records: Records

    @contextmanager
    def work(self) -> Iterator[Session]:
        with unit_of_work(self.databases, self.workspace) as session:
            yield session

    def create(self, form: str, values: Mapping[str, Any], actor: Actor = SYSTEM, **rest: Any) -> Fact:
        with self.work() as session:
            return self.records.create(session, self.forms, form, values, actor, **rest)

    def update(self, record: int, changes: Mapping[str, Any], actor: Actor = SYSTEM, **rest: Any) -> Fact:
        with self.work() as session:
            return self.records.update(session, self.forms, record, changes, actor, **rest)

    def view(self, record: int, actor: Actor = SYSTEM) -> Any:
        with self.work() as session:
            return self.records.view(session, self.forms, record, actor)

    def ids(self, form: str, actor: Actor = SYSTEM, **asked: Any) -> list[int]:
        with self.work() as session:
            return [item.id for item in self.records.list_page(session, self.forms, form, actor, **asked).items]


def open_office(databases: Databases, workspace: int) -> Office:
    office = Office(databases, workspace, FormStore(), Records())
    with office.work() as session:
        office.forms.publish_together(session, {"budget": BUDGET, "claim": CLAIM}, SYSTEM)
    return office

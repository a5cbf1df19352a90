"""A form in a workspace that goes through versions."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from sqlalchemy.orm import Session

from form_engine.definitions_store import FormStore
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.service import Records

FORM: dict[str, Any] = {
    "kind": "form",
    "key": "asset",
    "title": {"en": "Asset", "zh-CN": "资产"},
    "display": ["name"],
    "list": ["name", "price"],
    "fields": [
        {"key": "name", "type": "text", "required": True},
        {"key": "price", "type": "text", "index": True},
        {"key": "remark", "type": "text"},
    ],
    "access": [{"role": "chief", "may": ["create", "read", "update", "delete"]}],
}
CHIEF = Actor.person(1, frozenset({"chief"}))


@dataclass
class Workshop:
    """The store and the records of one workspace."""

    databases: Databases
    workspace: int
    forms: FormStore
    records: Records

    @contextmanager
    def work(self) -> Iterator[Session]:
        with unit_of_work(self.databases, self.workspace) as session:
            yield session

    def publish(self, change: Any = None) -> dict[str, Any]:
        """The next version: what `change` makes of the live one."""
        with self.work() as session:
            live = "asset" in self.forms.live_versions(session)
            body = copy.deepcopy(self.forms.body(session, "asset") if live else FORM)
            if change is not None:
                change(body)
            self.forms.publish_together(session, {"asset": body}, SYSTEM)
            return body

    def create(self, **values: Any) -> int:
        with self.work() as session:
            return self.records.create(session, self.forms, "asset", values, SYSTEM).id

    def values(self, record: int) -> Mapping[str, Any]:
        with self.work() as session:
            return dict(self.records.view(session, self.forms, record, SYSTEM).values)

    def stored(self, record: int) -> Any:
        with self.work() as session:
            return self.records.get(session, self.forms, record, SYSTEM)

    def ids(self, **asked: Any) -> list[int]:
        with self.work() as session:
            page = self.records.list_page(session, self.forms, "asset", CHIEF, **asked)
            return [item.id for item in page.items]


@pytest.fixture
def workshop(databases: Databases, workspace: int) -> Workshop:
    made = Workshop(databases, workspace, FormStore(), Records())
    made.publish()
    return made

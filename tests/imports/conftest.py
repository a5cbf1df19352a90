"""An importing office: the house's services with imports among them, and jobs that are done on the spot."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from formloom import jobs, outbox
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.files import FileStore
from formloom.people import create_person, ensure_role
from formloom.settings import Settings
from sqlalchemy.orm import Session

from apps.stores import Stores, stores_for
from flow_engine.service import Flows
from form_engine.definitions_store import FormStore
from form_engine.imports.models import ImportBatch, ImportRow
from form_engine.imports.service import Imports
from form_engine.imports.works import import_works
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.service import Records
from tests.platform.backends import Inline

DATA = Path(__file__).parents[1] / "data"

THING: dict[str, Any] = {
    "kind": "form",
    "key": "thing",
    "title": {"en": "Thing", "zh-CN": "物品"},
    "display": ["code"],
    "unique": [["code"]],
    "fields": [
        {"key": "code", "type": "text", "label": {"en": "Code", "zh-CN": "编号"}, "required": True, "index": True},
        {"key": "name", "type": "text", "label": {"en": "Name", "zh-CN": "名称"}},
        {"key": "price", "type": "money", "currency": "CNY", "label": {"en": "Price", "zh-CN": "价格"}, "min": "0"},
        {"key": "bought", "type": "date", "label": {"en": "Bought on", "zh-CN": "购买日期"}},
        {
            "key": "kind",
            "type": "choice",
            "label": {"en": "Kind", "zh-CN": "类型"},
            "options": [
                {"key": "tool", "label": {"en": "Tool", "zh-CN": "工具"}},
                {"key": "part", "label": {"en": "Part", "zh-CN": "零件"}},
            ],
        },
        {"key": "parent", "type": "link", "form": "thing", "label": {"en": "Part of", "zh-CN": "所属"}},
        {"key": "secret", "type": "text", "label": {"en": "Secret", "zh-CN": "机密"}},
    ],
    "rules": [{"assert": "ISBLANK(price) OR price < 100000", "message": {"en": "Too dear", "zh-CN": "太贵"}}],
    "access": [
        {"role": "chief", "may": ["create", "read", "update", "delete", "import", "export"]},
        {
            "role": "clerk",
            "may": ["create", "read", "update", "import", "export"],
            "where": 'kind = "tool"',
            "fields": {"secret": "hidden", "*": "write"},
        },
        {"role": "reader", "may": ["read"]},
    ],
}


@dataclass
class Office:
    """Services over one workspace; every call is a transaction of its own."""

    databases: Databases
    workspace: int
    forms: FormStore
    records: Records
    files: FileStore
    stores: Stores
    imports: Imports
    runner: outbox.Runner

    @contextmanager
    def work(self) -> Iterator[Session]:
        with unit_of_work(self.databases, self.workspace) as session:
            yield session

    def publish(self, *forms: Mapping[str, Any]) -> None:
        with self.work() as session:
            self.forms.publish_together(session, {each["key"]: dict(each) for each in forms}, SYSTEM)

    def person(self, name: str, *roles: str) -> Actor:
        with self.work() as session:
            for role in roles:
                ensure_role(session, role, {"en": role})
            made = create_person(session, f"{name}@example.test", name, roles=roles)
            return Actor.person(made.id, frozenset(roles), name)

    def upload(
        self, form: str, content: bytes, actor: Actor = SYSTEM, name: str = "sheet.csv", **more: Any
    ) -> ImportBatch:
        sheets = self.imports.look(BytesIO(content))
        with self.work() as session:
            batch = self.imports.upload(session, form, BytesIO(content), name, actor, sheets=sheets, **more)
        if batch.state == "reading":
            self.jobs()
        return self.batch(batch.id)

    def batch(self, batch_id: int) -> ImportBatch:
        with self.work() as session:
            return self.imports.find(session, batch_id, SYSTEM)

    def rows(self, batch: ImportBatch, *states: str) -> Sequence[ImportRow]:
        with self.work() as session:
            return self.imports.rows(session, batch.id, SYSTEM, states=states, limit=10_000)

    def run(self, batch: ImportBatch, actor: Actor = SYSTEM, **how: Any) -> ImportBatch:
        with self.work() as session:
            self.imports.run(session, batch.id, actor, **how)
        self.jobs()
        return self.batch(batch.id)

    def undo(self, batch: ImportBatch, actor: Actor = SYSTEM) -> ImportBatch:
        with self.work() as session:
            self.imports.undo(session, batch.id, actor)
        self.jobs()
        return self.batch(batch.id)

    def jobs(self) -> None:
        """Do everything that waits in the outbox."""
        relay = outbox.Relay(self.databases, Inline(self.runner))
        while relay.run_once():
            pass

    def values(self, form: str) -> list[dict[str, Any]]:
        """The documents of all records, in the order in which they came."""
        with self.work() as session:
            page = self.records.list_page(session, self.forms, form, SYSTEM, sort=("created_at",), limit=200)
            return [dict(each.values) for each in page.items]


def open_office(databases: Databases, workspace: int, settings: Settings) -> Office:
    forms = FormStore()
    flows = Flows(databases, forms)
    records, files = Records(), FileStore.of(settings)
    stores = stores_for(forms, flows.definitions)
    imports = Imports(forms, records, files, stores.imports)
    runner = outbox.Runner(databases, {jobs.KIND: jobs.Jobs(import_works(imports))})
    return Office(databases, workspace, forms, records, files, stores, imports, runner)


@pytest.fixture
def office(databases: Databases, workspace: int, settings: Settings) -> Office:
    """An office without forms."""
    return open_office(databases, workspace, settings)


@pytest.fixture
def things(office: Office) -> Office:
    """An office with one form, `thing`."""
    office.publish(THING)
    return office

"""A house with the services that apps work with, and a small world of the leasing preset to act in."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from formloom.access import Access
from formloom.db.engine import Databases
from formloom.files import FileStore
from formloom.outbox import Runner
from formloom.settings import Settings

from apps.stores import Stores, stores_for
from flow_engine.service import Flows
from flow_engine.service.papers import Papers
from form_engine.definitions_store import FormStore
from form_engine.documents.service import Documents
from form_engine.records.service import Records

LEAVE = Path(__file__).parents[1] / "data" / "apps" / "leave"


@dataclass(frozen=True)
class House:
    """What the composition of the web puts together, without the web."""

    databases: Databases
    access: Access
    files: FileStore
    forms: FormStore
    records: Records
    flows: Flows
    stores: Stores
    runner: Runner

    @classmethod
    def of(cls, databases: Databases, settings: Settings) -> "House":
        forms = FormStore()
        flows = Flows(databases, forms)
        records = Records(subscribers=(flows.record_changed,))
        files = FileStore.of(settings)
        stores = stores_for(forms, flows.definitions, files)
        documents = Documents(forms, files, stores.documents, lambda _, record: {"record": f"http://here/{record}"})
        runner = Runner(databases, Papers(flows, documents, files).handlers())
        return cls(databases, Access(databases, settings), files, forms, records, flows, stores, runner)


@pytest.fixture
def house(databases: Databases, settings: Settings) -> House:
    """All services on the test's database."""
    return House.of(databases, settings)

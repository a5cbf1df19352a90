"""A house with the services that apps work with, and a small world of the leasing preset to act in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from formloom import jobs
from formloom.access import Access
from formloom.db.engine import Databases
from formloom.files import FileStore
from formloom.outbox import Handler, Runner
from formloom.settings import Settings
from formloom.timers import Handler as TimerHandler

from apps.stores import Stores, stores_for
from flow_engine.service import Flows, timer_handlers
from flow_engine.service.papers import Papers
from form_engine.definitions_store import FormStore
from form_engine.documents.service import Documents
from form_engine.records import late
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
    timer_handlers: Mapping[str, TimerHandler]

    @classmethod
    def of(cls, databases: Databases, settings: Settings) -> "House":
        forms = FormStore()
        flows = Flows(databases, forms)
        records = Records(subscribers=(flows.record_changed,))
        files = FileStore.of(settings)
        stores = stores_for(forms, flows.definitions, files)
        documents = Documents(forms, files, stores.documents, lambda _, record: {"record": f"http://here/{record}"})
        work: dict[str, Handler] = {
            jobs.KIND: jobs.Jobs(flows.triggering.works()),
            late.KIND: late.Late(forms, flows.late_subscribers()),
            **Papers(flows, documents, files).handlers(),
        }
        access, timers = Access(databases, settings), timer_handlers(flows)
        return cls(databases, access, files, forms, records, flows, stores, Runner(databases, work), timers)


@pytest.fixture
def house(databases: Databases, settings: Settings) -> House:
    """All services on the test's database."""
    return House.of(databases, settings)

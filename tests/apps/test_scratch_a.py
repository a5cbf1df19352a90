from pathlib import Path

from formloom.db.uow import unit_of_work

from apps import bundle
from form_engine.definitions_store import FormStore
from form_engine.records.actor import SYSTEM

LEASING = Path(bundle.__file__).parent / "leasing_templates"


def test_publish(databases, workspace):
    s = FormStore()
    with unit_of_work(databases, workspace) as session:
        b = bundle.read(LEASING)
        print(s.publish_together(session, {k: dict(v) for k, v in b.of_kind("form").items()}, SYSTEM, app="leasing"))

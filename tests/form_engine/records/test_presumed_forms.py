"""A new record presumes the forms that its process saw last; who published meanwhile, in another process, is heard."""

from copy import deepcopy
from typing import Any

import pytest
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.errors import InvalidInput

from form_engine.definitions_store import FormStore
from form_engine.records.actor import SYSTEM
from form_engine.records.service import Records

FORM: dict[str, Any] = {
    "kind": "form",
    "key": "parcel",
    "title": {"en": "Parcel"},
    "display": ["code"],
    "fields": [{"key": "code", "type": "text", "label": "Code"}],
    "access": [],
}


def publish(databases: Databases, workspace: int, store: FormStore, *more: dict[str, Any]) -> None:
    form = deepcopy(FORM)
    form["fields"] += more
    with unit_of_work(databases, workspace) as session:
        store.publish_together(session, {"parcel": form}, SYSTEM)


def create(databases: Databases, workspace: int, store: FormStore, **values: Any) -> Any:
    with unit_of_work(databases, workspace) as session:
        return Records().create(session, store, "parcel", values, SYSTEM)


def test_a_field_that_was_added_elsewhere_is_taken(databases: Databases, workspace: int) -> None:
    here, elsewhere = FormStore(), FormStore()
    publish(databases, workspace, here)
    assert create(databases, workspace, here, code="P-1").form_version == 1
    publish(databases, workspace, elsewhere, {"key": "weight", "type": "number", "label": "Weight"})
    made = create(databases, workspace, here, code="P-2", weight="3")
    assert (made.form_version, made.data) == (2, {"code": "P-2", "weight": "3.00"})


def test_a_rule_that_was_made_elsewhere_holds(databases: Databases, workspace: int) -> None:
    here, elsewhere = FormStore(), FormStore()
    publish(databases, workspace, here)
    create(databases, workspace, here, code="P-1")
    publish(databases, workspace, elsewhere, {"key": "site", "type": "text", "label": "Site", "required": True})
    with pytest.raises(InvalidInput):
        create(databases, workspace, here, code="P-2")
    assert create(databases, workspace, here, code="P-3", site="Bund").form_version == 2

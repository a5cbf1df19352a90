"""A copy of a record: a new one that begins with the same values.

Copied is what the one who copies may read there and write in a new record. Never copied are the record's number and
number series, statuses (they begin again), computed values, and values that must be unique by themselves. Rows get ids
of their own; files stand in both records.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from form_engine.definition import CompiledField, CompiledForm, FieldAccess
from form_engine.definitions_store import FormStore
from form_engine.fields.base import Json
from form_engine.records.actor import Actor
from form_engine.records.facts import Fact

if TYPE_CHECKING:
    from form_engine.records.service import Records


def copy(
    records: "Records",
    session: Session,
    forms: FormStore,
    record_id: int,
    actor: Actor,
    changes: Mapping[str, Any],
    *,
    draft: bool,
) -> Fact:
    """The copy, with `changes` upon it. Raises as `Records.view` and `Records.create`."""
    seen = records.view(session, forms, record_id, actor)
    writable = records.access(session, forms, seen.form.key, actor).fields_for_new()
    values = {**copied(seen.form, seen.values, writable), **changes}
    return records.create(session, forms, seen.form.key, values, actor, draft=draft)


def copied(form: CompiledForm, values: Mapping[str, Json], writable: FieldAccess) -> dict[str, Json]:
    """What of these values a copy begins with. Pure."""
    alone = {group[0] for group in form.definition.unique if len(group) == 1}
    found: dict[str, Json] = {}
    for field in form.fields:
        stored = values.get(field.key)
        if stored is None or field.key in alone or not _goes_over(field, writable):
            continue
        found[field.key] = _rows(field, stored, writable) if field.columns else stored
    return found


def _goes_over(field: CompiledField, writable: FieldAccess) -> bool:
    moves = field.definition.type.moves(field.definition.config)
    return not field.computed and moves is None and writable.may_write(field.path)


def _rows(table: CompiledField, stored: Json, writable: FieldAccess) -> Json:
    columns = [column.key for column in table.columns if _goes_over(column, writable)]
    rows = stored if isinstance(stored, list) else []
    return [{key: row[key] for key in columns if row.get(key) is not None} for row in rows if isinstance(row, dict)]

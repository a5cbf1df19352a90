"""A record as one reader may see it: hidden fields are absent, computed ones are worked out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from form_engine.definition import CompiledField, CompiledForm, FieldAccess
from form_engine.fields.base import Json
from form_engine.formula import RecordValue
from form_engine.records.derive import title_for
from form_engine.records.facts import Fact, Facts


@dataclass(frozen=True, slots=True)
class RecordView:
    """`values` are stored ones, `computed` formulas and rollups as JSON (a column's row by row)."""

    record: Fact
    form: CompiledForm
    fields: FieldAccess
    values: Mapping[str, Json]
    computed: Mapping[str, Any]
    may: frozenset[str]
    title: str
    """As this reader may see it; the stored one may name what is hidden from them."""

    @property
    def id(self) -> int:
        return self.record.id

    @property
    def number(self) -> str | None:
        return self.record.number

    @property
    def version(self) -> int:
        return self.record.version


def view_of(form: CompiledForm, fact: Fact, facts: Facts, fields: FieldAccess, may: frozenset[str]) -> RecordView:
    """What may be read of this record by somebody with this access to its fields."""
    value = facts.value(fact)
    values, title = readable_values(form, fact.data, fields), title_for(form, fact.title, value, fields)
    return RecordView(fact, form, fields, values, _computed(form, value, fields), may, title)


def readable_values(form: CompiledForm, data: Mapping[str, Json], fields: FieldAccess) -> dict[str, Json]:
    """A document without what may not be read, columns of tables included. Fields that no longer exist are left out."""
    found: dict[str, Json] = {}
    for field in form.fields:
        stored = data.get(field.key)
        if stored is None or not fields.may_read(field.path):
            continue
        found[field.key] = _rows(field, stored, fields) if field.columns else stored
    return found


def _rows(table: CompiledField, stored: Json, fields: FieldAccess) -> Json:
    if not isinstance(stored, list):
        return stored
    shown = ["id", *(column.key for column in table.columns if fields.may_read(column.path))]
    return [{key: row[key] for key in shown if key in row} for row in stored if isinstance(row, dict)]


def _computed(form: CompiledForm, value: RecordValue, fields: FieldAccess) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, field in form.walk():
        if not field.computed or field.definition.type.stored or not fields.may_read(path):
            continue
        table, dot, column = path.partition(".")
        if not dot:
            found[path] = _json(field, value.values.get(path))
        else:
            rows = value.values.get(table)
            listed = rows if isinstance(rows, tuple) else ()
            found[path] = [_json(field, row.values.get(column)) for row in listed if isinstance(row, RecordValue)]
    return found


def _json(field: CompiledField, value: Any) -> Any:
    return None if value is None else field.definition.type.to_json(value, field.definition.config)

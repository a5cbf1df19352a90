"""What a Word template may name: plain texts, lists and dictionaries of the record; nothing that can do anything."""

from collections.abc import Mapping
from typing import Any

from form_engine.definition import CompiledField, CompiledForm
from form_engine.documents.pen import Pen
from form_engine.formula import RecordValue

Plain = dict[str, Any]


def word_context(pen: Pen, form: CompiledForm) -> Plain:
    """Every field that the reader may see, as it is written, by its key; a table as a list of such; `values` of the
    document by their names. `number` is the record's own.
    """
    found: Plain = {"number": str(pen.record.values.get("number") or "")}
    for name, formula in pen.document.definition.values:
        found[name] = pen.words(formula)
    readings = pen.document.readings
    for field in form.fields:
        if field.key in found:
            continue
        if field.columns:
            found[field.key] = _rows(pen, field)
        elif ("", field.key) in readings:
            found[field.key] = pen.answer(readings["", field.key])
    return found


def _rows(pen: Pen, table: CompiledField) -> list[Mapping[str, str]]:
    stored = pen.record.values.get(table.key)
    rows = [each for each in stored if isinstance(each, RecordValue)] if isinstance(stored, tuple) else []
    scope = f".{table.key}"
    readings = pen.document.readings
    columns = {column.key: readings.get((scope, f"row.{column.key}")) for column in table.columns}
    return [{key: pen.answer(reading, row) for key, reading in columns.items() if reading is not None} for row in rows]

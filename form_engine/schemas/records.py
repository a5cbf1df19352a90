"""The JSON Schema (draft 2020-12) of a form's records, for one reader: what may be sent, and what comes back. Pure.

`input` is what a create or an update takes under `values` or `changes`; `output` what a record shows there. Fields that
the reader may not see are not in it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from formloom.i18n import localized

from form_engine.definition import CompiledField, CompiledForm, FieldAccess, Level
from form_engine.fields.base import Text

Schema = dict[str, Any]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_BOUNDS: Final = frozenset(
    {"minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "pattern", "format", "uniqueItems"}
)


def record_schema(
    form: CompiledForm, readable: FieldAccess, fillable: FieldAccess, locale: str, address: str
) -> Schema:
    """`$defs/input` and `$defs/output`; the whole describes a record as it is answered."""
    return {
        "$schema": DIALECT,
        "$id": address,
        "title": localized(form.definition.title, locale),
        "$ref": "#/$defs/record",
        "$defs": {
            "record": _record(form),
            "output": _object(_outputs(form.fields, readable, locale)),
            "input": _input(form, fillable, locale),
        },
    }


def _record(form: CompiledForm) -> Schema:
    blank_text = {"type": ["string", "null"]}
    return {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "form": {"const": form.key},
            "version": {"type": "integer"},
            "number": blank_text,
            "title": {"type": "string"},
            "draft": {"type": "boolean"},
            "values": {"$ref": "#/$defs/output"},
        },
        "required": ["id", "form", "version", "number", "title", "draft", "values"],
    }


def _outputs(fields: Iterable[CompiledField], access: FieldAccess, locale: str) -> dict[str, Schema]:
    found = {}
    for field in fields:
        if not access.may_read(field.path):
            continue
        shape = _loosened(_value(field))
        if field.columns:
            shape["items"] = _object({"id": {"type": "string"}, **_outputs(field.columns, access, locale)})
        found[field.key] = {**_named(field, locale), **_blank(shape), "readOnly": field.computed}
    return found


def _input(form: CompiledForm, access: FieldAccess, locale: str) -> Schema:
    required = [
        field.key
        for field in form.fields
        if field.required is True and field.visible is None and access.may_write(field.path) and not _fills(field)
    ]
    return _object(_inputs(form.fields, access, locale)) | ({"required": required} if required else {})


def _inputs(fields: Iterable[CompiledField], access: FieldAccess, locale: str) -> dict[str, Schema]:
    found = {}
    for field in fields:
        if field.computed or access.of(field.path) is not Level.WRITE:
            continue
        shape = dict(_value(field))
        if field.columns:
            shape["items"] = _object({"id": {"type": "string"}, **_inputs(field.columns, access, locale)})
        found[field.key] = {**_named(field, locale), **_blank(shape)}
    return found


def _fills(field: CompiledField) -> bool:
    definition = field.definition
    return definition.default is not None or definition.type.initial(definition.config) is not None


def _value(field: CompiledField) -> Schema:
    return field.definition.type.value_schema(field.definition.config)


def _named(field: CompiledField, locale: str) -> Schema:
    said: dict[str, Text | None] = {"title": field.definition.label, "description": field.definition.help}
    return {key: localized(text, locale) for key, text in said.items() if text is not None}


def _blank(shape: Schema) -> Schema:
    """The same, or nothing."""
    return {"anyOf": [shape, {"type": "null"}]}


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


def _loosened(shape: Any) -> Any:
    """The shape without its bounds: a record that was made by an older version of the form keeps what it holds."""
    if isinstance(shape, list):
        return [_loosened(each) for each in shape]
    if not isinstance(shape, dict):
        return shape
    kept = {key: _loosened(value) for key, value in shape.items() if key not in _BOUNDS}
    if "enum" in kept:
        kept["examples"] = kept.pop("enum")
    return kept

"""Validations a second: our closures against `jsonschema` on an equal form of 30 fields and a table of 20 rows.

Equal means that both refuse the same shapes (types, formats, options, lengths, required keys, no unknown key), and that
both collect all errors. Ours also makes the canonical values and gives every row its id, which the schema does not.
"""

from collections.abc import Callable
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from form_engine.definition import compile_form, parse_form
from form_engine.validate import validate
from tests.bench.figure import Figure
from tests.bench.rates import interleaved

_DECIMAL = {"type": "string", "pattern": r"^-?(0|[1-9][0-9]{0,15})\.[0-9]{2}$"}
_DATE = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_CHOICE = ["new", "open", "held", "done"]

# type → (its config, the equal schema, a value)
_KINDS: dict[str, tuple[dict[str, Any], dict[str, Any], Any]] = {
    "text": ({"max_length": 80}, {"type": "string", "minLength": 1, "maxLength": 80}, "a line of plain words"),
    "money": ({"currency": "CNY"}, _DECIMAL, "1200.00"),
    "date": ({}, _DATE, "2026-11-23"),
    "choice": ({"options": _CHOICE}, {"enum": _CHOICE}, "open"),
    "link": ({"form": "other"}, {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}, 4711),
    "boolean": ({}, {"type": "boolean"}, True),
    "phone": ({}, {"type": "string", "pattern": r"^\+?[0-9]{5,15}$"}, "+8613800138000"),
    "number": ({"decimals": 2}, _DECIMAL, "12.50"),
}


def _object(fields: dict[str, str]) -> tuple[list[dict[str, Any]], dict[str, Any], dict[str, Any]]:
    """Fields of these types, the equal schema of an object, and an object that fits."""
    definitions = [{"key": key, "type": kind, "required": True, **_KINDS[kind][0]} for key, kind in fields.items()]
    schema = {
        "type": "object",
        "properties": {key: _KINDS[kind][1] for key, kind in fields.items()},
        "required": list(fields),
        "additionalProperties": False,
    }
    return definitions, schema, {key: _KINDS[kind][2] for key, kind in fields.items()}


def case() -> tuple[Callable[[], object], Callable[[], object], dict[str, Any]]:
    """Our validation of the document, jsonschema's, and the document: 29 fields and one table of 20 rows of 5 cells."""
    kinds = list(_KINDS)
    fields, schema, document = _object({f"field_{at}": kinds[at % len(kinds)] for at in range(29)})
    columns, row_schema, row = _object(
        {"item": "link", "amount": "money", "due": "date", "state": "choice", "note": "text"}
    )
    fields.append({"key": "rows", "type": "table", "fields": columns})
    schema["properties"]["rows"] = {"type": "array", "maxItems": 500, "items": row_schema}
    document["rows"] = [dict(row) for _ in range(20)]
    other = parse_form({"kind": "form", "key": "other", "title": "Other", "fields": [{"key": "name", "type": "text"}]})
    form = parse_form({"kind": "form", "key": "bench", "title": "Bench", "fields": fields})
    compiled = compile_form(form, {"other": other})
    validator = Draft202012Validator(schema, format_checker=FormatChecker())

    def ours() -> object:
        return validate(compiled, document)

    def theirs() -> object:
        errors = list(validator.iter_errors(document))
        if errors:
            raise AssertionError(errors[0])
        return errors

    return ours, theirs, document


def figures() -> list[Figure]:
    """The one figure of this case."""
    ours, theirs, _ = case()
    rate, baseline = interleaved(ours, theirs)
    return [Figure("form validations a second, of jsonschema's", rate, baseline, 10.0, "higher")]

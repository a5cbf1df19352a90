"""Validations a second: our closures against `jsonschema` on an equal form of 30 fields and a table of 20 rows.

Equal means that both refuse the same shapes (types, formats, options, lengths, required keys, no unknown key), and that
both collect all errors. Ours also makes the canonical values and gives every row its id, which the schema does not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import process_time
from typing import Any

from formloom.errors import InvalidInput
from jsonschema import Draft202012Validator, FormatChecker

from form_engine.definition import compile_form, parse_form
from form_engine.validate import validate
from tests.bench.figure import Figure
from tests.bench.rates import interleaved

_DECIMAL = {"type": "string", "pattern": r"^-?[0-9]{1,16}(\.[0-9]{1,2})?$"}
_DATE = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_CHOICE = ["new", "open", "held", "done"]


@dataclass(frozen=True)
class Kind:
    """A field type in the bench: its config, the equal schema, and the n-th value as it should, could and must not be
    sent.
    """

    config: dict[str, Any]
    schema: dict[str, Any]
    clean: Callable[[int], Any]
    dirty: Callable[[int], Any]
    wrong: Any


KINDS: dict[str, Kind] = {
    "text": Kind(
        {"max_length": 80},
        {"type": "string", "minLength": 1, "maxLength": 80},
        lambda n: f"line {n} of plain words",
        lambda n: f" 第 {n} 行的文字 ",
        "x" * 81,
    ),
    "money": Kind({"currency": "CNY"}, _DECIMAL, lambda n: f"{n * 37}.50", lambda n: f"{n * 37}", "1,200"),
    "date": Kind({}, _DATE, lambda n: f"2026-{n % 12 + 1:02d}-23", lambda n: f"2026-{n % 12 + 1:02d}-23", "2026-02-30"),
    "choice": Kind({"options": _CHOICE}, {"enum": _CHOICE}, lambda n: _CHOICE[n % 4], lambda n: _CHOICE[n % 4], "gone"),
    "link": Kind(
        {"form": "other"},
        {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
        lambda n: 4711 + n,
        lambda n: 4711 + n,
        "4711",
    ),
    "boolean": Kind({}, {"type": "boolean"}, lambda n: n % 2 == 0, lambda n: n % 2 == 0, "yes"),
    "phone": Kind(
        {},
        {"type": "string", "pattern": r"^\+?[0-9][0-9 -]{4,18}$"},
        lambda n: f"138001380{n % 100:02d}",
        lambda n: f"138 0013 80{n % 100:02d}",
        "none",
    ),
    "number": Kind({"decimals": 2}, _DECIMAL, lambda n: f"{n}.50", lambda n: f"{n}.5", "1e3"),
}


def _object(fields: dict[str, str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Fields of these types, and the equal schema of an object."""
    definitions = [{"key": key, "type": kind, "required": True, **KINDS[kind].config} for key, kind in fields.items()]
    schema = {
        "type": "object",
        "properties": {key: KINDS[kind].schema for key, kind in fields.items()},
        "required": list(fields),
        "additionalProperties": False,
    }
    return definitions, schema


FIELDS = {f"field_{at}": list(KINDS)[at % len(KINDS)] for at in range(29)}
COLUMNS = {"item": "link", "amount": "money", "due": "date", "state": "choice", "note": "text"}


def _document(value: Callable[[Kind, int], Any]) -> dict[str, Any]:
    """29 fields and a table of 20 rows of 5 cells, no two rows alike."""
    document = {key: value(KINDS[kind], at) for at, (key, kind) in enumerate(FIELDS.items())}
    rows = [{key: value(KINDS[kind], at) for key, kind in COLUMNS.items()} for at in range(20)]
    return {**document, "rows": rows}


def clean() -> dict[str, Any]:
    """As our client sends it: every value is canonical already."""
    return _document(lambda kind, at: kind.clean(at))


def dirty() -> dict[str, Any]:
    """As a script or a sheet sends it: nothing is wrong, but amounts, texts and telephones are spelled another way."""
    return _document(lambda kind, at: kind.dirty(at))


def wrong() -> dict[str, Any]:
    """A dozen mistakes, each of which must be told: in four fields, in seven cells, and an unknown key."""
    document = clean()
    for at in range(0, 16, 4):
        key = f"field_{at}"
        document[key] = KINDS[FIELDS[key]].wrong
    for at, key in enumerate([*COLUMNS, "amount", "due"]):
        document["rows"][at * 2][key] = KINDS[COLUMNS[key]].wrong
    return {**document, "owner": 1}


def case() -> tuple[Callable[[dict[str, Any]], int], Callable[[dict[str, Any]], int]]:
    """Our validation and jsonschema's: each gives how many errors it tells of a document."""
    fields, schema = _object(FIELDS)
    columns, row_schema = _object(COLUMNS)
    fields.append({"key": "rows", "type": "table", "fields": columns})
    schema["properties"]["rows"] = {"type": "array", "maxItems": 500, "items": row_schema}
    other = parse_form({"kind": "form", "key": "other", "title": "Other", "fields": [{"key": "name", "type": "text"}]})
    form = parse_form({"kind": "form", "key": "bench", "title": "Bench", "fields": fields})
    compiled = compile_form(form, {"other": other})
    validator = Draft202012Validator(schema, format_checker=FormatChecker())

    def ours(document: dict[str, Any]) -> int:
        try:
            validate(compiled, document)
        except InvalidInput as error:
            return len(error.issues)
        return 0

    def theirs(document: dict[str, Any]) -> int:
        return len(list(validator.iter_errors(document)))

    return ours, theirs


def figures() -> list[Figure]:
    """What is sent clean, what must be made canonical, and what is full of mistakes."""
    ours, theirs = case()
    found = []
    for name, document, errors, aim in (
        ("form validations a second, of jsonschema's", clean(), 0, 12.0),
        ("the same, with amounts and texts to be made canonical", dirty(), 0, 12.0),
        ("the same, with twelve mistakes to tell", wrong(), 12, 12.0),
    ):
        if (ours(document), theirs(document)) != (errors, errors):
            raise AssertionError(f"{name}: {ours(document)} and {theirs(document)} errors")
        once, again = partial(ours, document), partial(theirs, document)
        rate, baseline = interleaved(once, again, rounds=9, calls=60, clock=process_time)
        found.append(Figure(name, rate, baseline, aim, "higher"))
    return found

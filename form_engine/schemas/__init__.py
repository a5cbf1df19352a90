"""The JSON Schemas (draft 2020-12) of definitions, and checking against them.

What our checker does otherwise than the library, because definitions travel through a browser and PostgreSQL too: an
integer is a JSON integer (never `1.0`, never `true`), and `$` ends the text (Python's also stops before a last line
break).
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from formloom.errors import Issue
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from form_engine.fields import FIELD_TYPES

_FOLDER: Final = Path(__file__).parent


@cache
def schema(kind: str) -> Mapping[str, Any]:
    """The schema of a kind of definition (`form`, `view`, `role`) as it stands in its file."""
    read: dict[str, Any] = json.loads((_FOLDER / f"{kind}.schema.json").read_text("utf-8"))
    return read


@cache
def form_schema() -> Mapping[str, Any]:
    """The whole schema of a form, with the keys of every field type: for editors, and for tools that write
    definitions.
    """
    whole = json.loads((_FOLDER / "form.schema.json").read_text("utf-8"))
    shared = whole["$defs"].pop("field")
    kinds = {}
    for each in FIELD_TYPES:
        own = {key: part for key, part in shared["properties"].items() if key != "fields" or each.name == "table"}
        kinds[f"field_{each.name}"] = {
            "type": "object",
            "required": [*shared["required"], *each.config_required, *(["fields"] if each.name == "table" else [])],
            "properties": {**own, **each.config_schema, "type": {"const": each.name}},
            "additionalProperties": False,
        }
    whole["$defs"] |= kinds
    whole["$defs"]["field"] = {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in kinds]}
    return whole  # type: ignore[no-any-return]


class Checker:
    """A schema made ready; build it once."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._validator = _Validator(schema)

    def issues(self, raw: object, at: str = "") -> Iterator[Issue]:
        """Everything in `raw` that the schema refuses, with pointers from `at` on. `raw` must be of bounded depth."""
        for error in self._validator.iter_errors(raw):
            yield from _issues(error, at)


def _issues(error: ValidationError, at: str) -> Iterator[Issue]:
    here = at + "".join(f"/{_escaped(str(step))}" for step in error.absolute_path)
    told: Any = error.validator_value
    keyword = str(error.validator)
    instance: Any = error.instance
    if keyword == "required":
        # The library reports each missing key by itself, and names it only in its message.
        yield from (Issue(f"{here}/{key}", "required") for key in told if error.message.startswith(f"{key!r} "))
    elif keyword == "additionalProperties" and told is False:
        known: Any = error.schema
        yield from (
            Issue(f"{here}/{_escaped(key)}", "unknown_key")
            for key in instance
            if key not in known.get("properties", {})
        )
    elif keyword == "type":
        yield Issue(here, "wrong_type", {"expected": told})
    elif keyword in ("enum", "const"):
        yield Issue(here, "not_an_option", {"options": told if keyword == "enum" else [told]})
    elif keyword in ("minimum", "minLength", "minItems", "minProperties"):
        yield Issue(here, "too_short" if keyword != "minimum" else "below_min", {"min": told})
    elif keyword in ("maximum", "maxLength", "maxItems", "maxProperties"):
        yield Issue(here, "too_long" if keyword != "maximum" else "above_max", {"max": told})
    elif keyword == "uniqueItems":
        yield Issue(here, "duplicate")
    else:  # pattern, propertyNames, anyOf: the shape is wrong in a way that one word tells best
        yield Issue(here, "bad_shape" if keyword == "anyOf" else "bad_format")


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _pattern(_: Any, pattern: str, instance: object, __: Any) -> Iterator[ValidationError]:
    ended = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern
    if isinstance(instance, str) and not re.search(ended, instance):
        yield ValidationError("does not match")


_Validator: Final[Any] = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    validators={"pattern": _pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, instance: isinstance(instance, int) and not isinstance(instance, bool)
    ),
)

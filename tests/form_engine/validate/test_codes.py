"""Every code that the source raises is listed, so that the web layer's words can be held to the lists."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from form_engine.definition.codes import CODES as DEFINITION_CODES
from form_engine.fields.coercion import DIRTY
from form_engine.formula import CODES as FORMULA_CODES
from form_engine.validate import CODES as VALUE_CODES

ROOT = Path(__file__).parents[3] / "form_engine"
RAISERS = {"refuse", "_refuse", "_refused", "at_least", "id_cleaner"}
RAISERS |= {"ConfigError", "Issue", "InvalidInput", "InvalidDefinition"}
CODE = re.compile("[a-z]+(_[a-z]+)*")


def raised(*folders: str) -> set[str]:
    """The codes among the arguments of calls that raise, collect or announce issues."""
    trees = (ast.parse(path.read_text("utf-8")) for folder in folders for path in (ROOT / folder).glob("*.py"))
    return {code for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) for code in codes(node)}


def codes(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    for given in call.args if name in RAISERS else ():
        for part in (given.body, given.orelse) if isinstance(given, ast.IfExp) else (given,):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and CODE.fullmatch(part.value):
                yield part.value


def test_codes_of_values_are_listed() -> None:
    found = raised("fields", "validate")
    assert {"not_a_decimal", "unknown_row", "required", "too_few", "not_a_person", "illegal_transition"} <= found
    assert found <= {*VALUE_CODES, *DEFINITION_CODES, *DIRTY}


def test_codes_of_definitions_are_listed() -> None:
    found = raised("definition", "schemas")
    assert {"unknown_form", "duplicate_key", "formula_cycle", "too_deep", "bad_shape"} <= found
    assert found <= {*DEFINITION_CODES, *FORMULA_CODES}


def test_no_code_is_listed_that_nothing_raises() -> None:
    found = raised("fields", "validate", "definition", "schemas")
    assert {*VALUE_CODES, *DEFINITION_CODES} <= found

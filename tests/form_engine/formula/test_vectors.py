"""Every shared vector, and what holds the two registries and the vectors together."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from form_engine import formula
from form_engine.formula import Call, Env, ErrorValue, check, from_json, parse, to_json, to_text, walk
from form_engine.formula.functions import FAMILIES, FUNCTIONS
from form_engine.formula.results import RULES
from tests.form_engine.formula import vectors
from tests.vectors import refresh_formula as refresh

CASES = tuple(vectors.cases())
WORLD = vectors.World()
SCHEMA = Draft202012Validator(json.loads(Path(formula.__file__).with_name("tree.schema.json").read_text("utf-8")))


def agrees(found: Any, case: Any) -> bool:
    if case.digits is None or not isinstance(case.expected, dict) or "number" not in case.expected:
        return bool(found == case.expected and type(found) is type(case.expected))
    number, expected = Decimal(found["number"]), Decimal(case.expected["number"])
    return abs(number - expected) <= abs(expected).scaleb(1 - case.digits)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_vector(case: Any) -> None:
    checked = check(parse(case.formula), WORLD.scope)
    value = formula.compile(checked)(Env() if case.alone else WORLD.env)
    found = vectors.tagged(value)
    assert agrees(found, case), found


@pytest.mark.parametrize("case", CASES, ids=str)
def test_its_tree_goes_to_json_and_to_text_and_back(case: Any) -> None:
    parsed = parse(case.formula)
    checked = check(parsed, WORLD.scope)
    tree = to_json(checked.node)
    SCHEMA.validate(tree)
    assert from_json(json.loads(json.dumps(tree))) == checked.node
    assert check(checked.node, WORLD.scope) == checked, "a resolved tree may be checked again"
    assert parse(to_text(parsed)) == parsed


def test_every_function_has_a_vector() -> None:
    used = {
        node.function
        for case in CASES
        for node in walk(check(parse(case.formula), WORLD.scope).node)
        if isinstance(node, Call)
    }
    assert set(FUNCTIONS) - used == set()


def test_every_function_meets_an_error_and_a_blank() -> None:
    """Somewhere among the vectors, as a value of one of its arguments."""
    met: dict[str, set[str]] = {"error": set(), "blank": set()}
    for case in CASES:
        for node in walk(check(parse(case.formula), WORLD.scope).node):
            for arg in node.args if isinstance(node, Call) and node.function != "FILTER" else ():
                value = formula.compile(arg)(WORLD.env)
                if isinstance(value, ErrorValue):
                    met["error"].add(node.function)  # type: ignore[union-attr]
                if value is None or value == ():
                    met["blank"].add(node.function)  # type: ignore[union-attr]
    asked = {name for name, function in FUNCTIONS.items() if function.parsed.kinds} - {"FILTER"}
    assert asked - met["error"] == set()
    assert asked - met["blank"] == set()


def test_every_function_is_registered_once_and_says_what_it_gives() -> None:
    names = [function.name for family in FAMILIES for function in family.FUNCTIONS]
    assert len(names) == len(set(names))
    for function in FUNCTIONS.values():
        assert (function.evaluate is None) != (function.lazy is None), function.name
        assert function.parsed.result in RULES, function.name


def test_derived_files_are_up_to_date() -> None:
    assert refresh.trees() == vectors.read("formula_trees.json")
    assert refresh.signatures() == vectors.read("formula_signatures.json")


def test_no_formula_stands_twice() -> None:
    formulas = [case.formula for case in CASES]
    assert sorted({text for text in formulas if formulas.count(text) > 1}) == []

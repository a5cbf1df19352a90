"""Every field type against the shared vectors, and every type through the same checks."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from form_engine.fields import BY_NAME, FIELD_TYPES, FieldType
from form_engine.fields.base import Refused
from form_engine.slots import SLOTS
from form_engine.validate import CODES

VECTORS = Path(__file__).parents[2] / "vectors"
CASES: list[dict[str, Any]] = json.loads((VECTORS / "fields.json").read_text("utf-8"))["cases"]

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
HOSTILE = [
    10**5000,
    -(10**5000),
    "9" * 5000,
    "1" * 300_000,
    "\ud800",
    "\x00",
    float("nan"),
    float("inf"),
    [[]],
    {"": 0},
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['type']} {str(case['raw'])[:30]!a}")
def test_a_raw_value_is_stored_in_one_spelling_or_refused_with_a_code(case: dict[str, Any]) -> None:
    kind = BY_NAME[case["type"]]
    result = kind.cleaner(kind.parse_config(case["config"]))(case["raw"])
    if "code" in case:
        assert isinstance(result, Refused)
        assert result.issues[0].code == case["code"]
    else:
        assert result == case["stored"]


def test_every_type_has_vectors() -> None:
    assert {case["type"] for case in CASES} == set(BY_NAME)


def test_the_client_knows_the_same_types() -> None:
    listed = json.loads((VECTORS / "field_types.json").read_text("utf-8"))["field_types"]
    assert [kind.name for kind in FIELD_TYPES] == listed


def examples(kind: FieldType[Any]) -> list[dict[str, Any]]:
    return [case for case in CASES if case["type"] == kind.name]


@pytest.mark.parametrize("kind", FIELD_TYPES, ids=lambda kind: kind.name)
class TestEveryType:
    def test_what_is_stored_is_stored_again_unchanged(self, kind: FieldType[Any]) -> None:
        for case in examples(kind):
            if case.get("stored") is not None:
                assert kind.cleaner(kind.parse_config(case["config"]))(case["stored"]) == case["stored"]

    def test_a_value_comes_back_from_the_formula_language(self, kind: FieldType[Any]) -> None:
        for case in examples(kind):
            if case.get("stored") is not None:
                config = kind.parse_config(case["config"])
                value = kind.to_value(case["stored"], config)
                assert kind.cleaner(config)(kind.to_json(value, config)) == case["stored"]

    def test_what_has_a_slot_fills_it(self, kind: FieldType[Any]) -> None:
        assert kind.slot is None or kind.slot in SLOTS
        for case in examples(kind):
            config = kind.parse_config(case["config"])
            if case.get("stored") is not None and kind.slot_of(config) is not None:
                assert kind.to_slot(case["stored"], config) is not None

    def test_hostile_values_are_answered_with_a_code(self, kind: FieldType[Any]) -> None:
        clean = kind.cleaner(kind.parse_config(examples(kind)[0]["config"]))
        for raw in HOSTILE:
            result = clean(raw)
            if isinstance(result, Refused):
                assert {issue.code for issue in result.issues} <= set(CODES)

    @given(raw=ANY_JSON.filter(lambda raw: raw is not None))
    def test_nothing_but_a_stored_value_or_reasons_comes_out(self, kind: FieldType[Any], raw: object) -> None:
        config = kind.parse_config(examples(kind)[0]["config"])
        result = kind.cleaner(config)(raw)
        if isinstance(result, Refused):
            assert result.issues
        elif result is not None and not kind.computed and kind.name != "table":
            assert kind.cleaner(config)(result) == result
            assert isinstance(kind.text(result, config, "en"), str)

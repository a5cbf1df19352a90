"""Every field type against the shared vectors, and every type through the same checks."""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from form_engine.fields import BY_NAME, FIELD_TYPES, FieldType
from form_engine.fields.base import Coerced, Refused
from form_engine.fields.coercion import DIRTY, NOTES
from form_engine.slots import SLOTS
from form_engine.validate import CODES

VECTORS = Path(__file__).parents[2] / "vectors"
CASES: list[dict[str, Any]] = json.loads((VECTORS / "fields.json").read_text("utf-8"))["cases"]

RICHER = ("location", "rich_text")
"""Types whose stored value says more than formulas see of it: how exact a place is, how words look."""

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


def test_a_search_looks_into_what_people_write_and_choose() -> None:
    assert {kind.name for kind in FIELD_TYPES if kind.searched} >= {
        "text",
        "rich_text",
        "phone",
        "email",
        "url",
        "id_number",
        "address",
        "scan",
        "choice",
        "choices",
        "cascade",
        "number_series",
    }


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
                again = kind.cleaner(config)(kind.to_json(value, config))
                if isinstance(again, Refused) and kind.name in RICHER:
                    continue  # the field asks for what only a device can tell
                assert kind.to_value(again, config) == value
                assert again == case["stored"] or kind.name in RICHER

    def test_what_has_a_slot_fills_it(self, kind: FieldType[Any]) -> None:
        assert kind.slot is None or kind.slot in SLOTS
        for case in examples(kind):
            config = kind.parse_config(case["config"])
            if case.get("stored") is not None and kind.slot_of(config) is not None:
                assert kind.to_slot(case["stored"], config) is not None

    def test_a_stored_value_fits_the_schema_of_values(self, kind: FieldType[Any]) -> None:
        for case in examples(kind):
            schema = kind.value_schema(kind.parse_config(case["config"]))
            Draft202012Validator.check_schema(schema)
            if case.get("stored") is not None:
                Draft202012Validator(schema).validate(case["stored"])

    def test_a_stored_value_is_shown_printed_and_exported(self, kind: FieldType[Any]) -> None:
        for case in examples(kind):
            if case.get("stored") is None:
                continue
            config = kind.parse_config(case["config"])
            for locale in ("zh-CN", "en"):
                assert isinstance(kind.text(case["stored"], config, locale), str)
                assert kind.print_text(case["stored"], config, locale) or kind.refers == "file" or kind.name == "table"
                cell = kind.export_cell(case["stored"], config, locale)
                assert isinstance(cell.value, str | int | Decimal | date | time | timedelta)
                assert cell.value != "" or kind.name == "table"

    def test_what_a_search_finds_is_there_in_words(self, kind: FieldType[Any]) -> None:
        assert not (kind.searched and kind.refers)  # what it refers to is found where it stands
        for case in examples(kind):
            if case.get("stored") is None or not kind.searched:
                continue
            config = kind.parse_config(case["config"])
            words = kind.words(case["stored"], config, "en")
            assert words
            assert all(isinstance(word, str) and word for word in words)

    def test_what_was_exported_can_be_imported(self, kind: FieldType[Any]) -> None:
        """But for what only names: there the importer looks for whom is meant."""
        for case in examples(kind):
            if case.get("stored") is None or kind.refers or kind.computed or kind.name == "table":
                continue
            config = kind.parse_config(case["config"])
            if getattr(config, "masked", False) or "retired" in str(case["config"]):
                continue
            read = kind.coercer(config)(kind.export_cell(case["stored"], config, "en").value)
            assert isinstance(read, Coerced), case
            again = kind.cleaner(config)(read.value)
            assert again == case["stored"] or kind.name in (*RICHER, "datetime"), case

    def test_dirty_hostile_and_blank_cells_never_raise(self, kind: FieldType[Any]) -> None:
        for case in examples(kind):
            config = kind.parse_config(case["config"])
            coerce = kind.coercer(config)
            for blank in (None, "", "  ", "\u3000", "-", "N/A", float("nan")):
                assert coerce(blank) == Coerced(None)
            for raw in (
                *HOSTILE,
                case["raw"],
                Decimal("1e999"),
                Decimal("NaN"),
                datetime.max.replace(tzinfo=UTC),
                date.min,
                time.max,
            ):
                read = coerce(raw)
                if isinstance(read, Refused):
                    assert {issue.code for issue in read.issues} <= {*CODES, *DIRTY}
                else:
                    assert {note.code for note in read.notes} <= set(NOTES)

    def test_the_browser_is_told_in_json(self, kind: FieldType[Any]) -> None:
        for case in examples(kind):
            told = kind.client_config(kind.parse_config(case["config"]), "zh-CN")
            assert json.loads(json.dumps(told)) == told

    def test_what_it_names_is_told_by_its_ids(self, kind: FieldType[Any]) -> None:
        for case in examples(kind):
            if case.get("stored") is not None and kind.refers is not None:
                assert kind.ids(case["stored"])
                assert all(isinstance(each, int | str) for each in kind.ids(case["stored"]))

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

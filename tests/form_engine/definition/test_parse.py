"""JSON → FormDef: what is read, and what is refused where."""

from collections.abc import Callable
from typing import Any

import pytest
from formloom.errors import InvalidDefinition, Issue
from hypothesis import given
from hypothesis import strategies as st

from form_engine.definition import Level, parse_form
from form_engine.definition.codes import CODES
from form_engine.formula import CODES as FORMULA_CODES
from form_engine.validate import CODES as VALUE_CODES
from tests.form_engine.forms import example, form, world

Spoil = Callable[[dict[str, Any]], None]
KNOWN = {*CODES, *FORMULA_CODES, *VALUE_CODES}  # a default is a value, and refused as one


def issues_of(raw: object) -> set[tuple[str, str]]:
    with pytest.raises(InvalidDefinition) as caught:
        parse_form(raw)
    assert {issue.code for issue in caught.value.issues} <= KNOWN
    return {(issue.pointer, issue.code) for issue in caught.value.issues}


def test_the_example_is_read_into_typed_objects() -> None:
    purchase = world()["purchase"]
    lines = purchase.by_key["lines"]
    assert [field.key for field in lines.fields] == ["item", "quantity", "price", "amount", "share"]
    assert lines.by_key["price"].config.currency == "CNY"
    assert purchase.find("lines.price") is lines.by_key["price"]
    assert purchase.by_key["status"].config.may_move("asked", "ordered")
    assert not purchase.by_key["status"].config.may_move("ordered", "asked")
    assert purchase.access[0].fields.of("approver") is Level.READ
    assert purchase.access[0].fields.of("subject") is Level.WRITE


def spoilt(spoil: Spoil) -> dict[str, Any]:
    raw = example("purchase")
    spoil(raw)
    return raw


@pytest.mark.parametrize(
    ("spoil", "pointer", "code"),
    [
        (lambda raw: raw.pop("title"), "/title", "required"),
        (lambda raw: raw.update(kind="flow"), "/kind", "not_an_option"),
        (lambda raw: raw.update(key="Purchase"), "/key", "bad_format"),
        (lambda raw: raw.update(key="purchase\n"), "/key", "bad_format"),
        (lambda raw: raw.update(workspace_id=7), "/workspace_id", "unknown_key"),
        (lambda raw: raw.update(title={"zh-CN": 5}), "/title", "bad_shape"),
        (lambda raw: raw.update(title="a\x00b"), "/title", "bad_character"),
        (lambda raw: raw.update(number="CG"), "/number", "pattern_needs_seq"),
        (lambda raw: raw.update(fields=[]), "/fields", "too_short"),
        (lambda raw: raw.update(fields="x"), "/fields", "wrong_type"),
        (lambda raw: raw["fields"][0].update(type="telepathy"), "/fields/0/type", "unknown_field_type"),
        (lambda raw: raw["fields"][0].update(currency="CNY"), "/fields/0/currency", "unknown_key"),
        (lambda raw: raw["fields"][0].update(key="created_by"), "/fields/0/key", "reserved_key"),
        (lambda raw: raw["fields"][0].update(key="row"), "/fields/0/key", "reserved_key"),
        (lambda raw: raw["fields"][0].update(key="supplier"), "/fields/1/key", "duplicate_key"),
        (lambda raw: raw["fields"][0].update(pattern="(a"), "/fields/0/pattern", "bad_pattern"),
        (lambda raw: raw["fields"][0].update(min_length=999), "/fields/0/min_length", "bounds_crossed"),
        (lambda raw: raw["fields"][0].update(fields=[]), "/fields/0/fields", "unknown_key"),
        (lambda raw: raw["fields"][1].pop("form"), "/fields/1/form", "required"),
        (lambda raw: raw["fields"][1].update(filter="target."), "/fields/1/filter", "formula_unexpected_character"),
        (lambda raw: raw["fields"][2]["default"].update({"=": "1 +"}), "/fields/2/default/=", "formula_unexpected_end"),
        (lambda raw: raw["fields"][3].update(default="yes"), "/fields/3/default", "not_a_boolean"),
        (lambda raw: raw["fields"][3].update(required={"if": "x"}), "/fields/3/required", "bad_shape"),
        (lambda raw: raw["fields"][5].update(max=0.5), "/fields/5/max", "not_a_decimal"),
        (lambda raw: raw["fields"][5].update(max="-1"), "/fields/5/max", "bounds_crossed"),
        (lambda raw: raw["fields"][6].pop("fields"), "/fields/6/fields", "required"),
        (lambda raw: raw["fields"][6]["fields"][0].update(type="table"), "/fields/6/fields/0/type", "not_in_table"),
        (lambda raw: raw["fields"][6]["fields"][0].update(x=1), "/fields/6/fields/0/x", "unknown_key"),
        (lambda raw: raw["fields"][7].update(required=True), "/fields/7/required", "unknown_key"),
        (lambda raw: raw["fields"][11].update(start="gone"), "/fields/11/start", "unknown_option"),
        (
            lambda raw: raw["fields"][11]["transitions"].append(["asked", "x"]),
            "/fields/11/transitions/2/1", "unknown_option",
        ),
        (lambda raw: raw["fields"][11].pop("start"), "/fields/11/start", "required"),
        (lambda raw: raw["fields"][11].update(start=["asked", "gone"]), "/fields/11/start/1", "unknown_option"),
        (lambda raw: raw["fields"][11].update(start=["asked", "asked"]), "/fields/11/start/1", "duplicate_key"),
        (lambda raw: raw["access"][0]["may"].append("grant"), "/access/0/may/3", "not_an_option"),
        (lambda raw: raw["access"][0]["fields"].update({"a/b": "read"}), "/access/0/fields", "bad_shape"),
        (lambda raw: raw["layout"][0].update(columns=True), "/layout/0/columns", "wrong_type"),
        (lambda raw: raw["layout"][0].update(columns=1.0), "/layout/0/columns", "not_a_decimal"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_where_it_stands(spoil: Spoil, pointer: str, code: str) -> None:
    assert (pointer, code) in issues_of(spoilt(spoil))


def test_everything_is_told_at_once() -> None:
    raw = form({"key": "a", "type": "money"}, {"key": "a", "type": "nothing"}, {"type": "text", "odd": 1}, extra=2)
    assert issues_of(raw) == {
        ("/extra", "unknown_key"),
        ("/fields/0/currency", "required"),
        ("/fields/1/key", "duplicate_key"),
        ("/fields/1/type", "unknown_field_type"),
        ("/fields/2/key", "required"),
        ("/fields/2/odd", "unknown_key"),
    }


def test_depth_and_size_are_looked_at_before_anything_recurses() -> None:
    deep: Any = []
    for _ in range(200_000):
        deep = [deep]
    assert ("", "wrong_type") in issues_of([])
    assert {code for _, code in issues_of({"fields": deep})} == {"too_deep"}
    assert {code for _, code in issues_of({"fields": [0] * 200_000})} == {"too_large"}
    assert {code for _, code in issues_of({"fields": 10**5000})} == {"too_large"}


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(raw=ANY_JSON)
def test_no_json_does_more_than_be_refused(raw: object) -> None:
    with pytest.raises(InvalidDefinition):
        parse_form(raw)


@given(data=st.data(), odd=ANY_JSON)
def test_the_example_with_any_part_replaced_is_read_or_refused(data: st.DataObject, odd: object) -> None:
    raw: Any = example("purchase")
    place, step = raw, data.draw(st.sampled_from(sorted(raw)))
    while isinstance(place[step], dict | list) and place[step] and data.draw(st.booleans()):
        place = place[step]
        step = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
    place[step] = odd
    issues: tuple[Issue, ...] | None = None
    try:
        parse_form(raw)
    except InvalidDefinition as refused:
        issues = refused.issues
    assert issues is None or issues
    assert {issue.code for issue in issues or ()} <= KNOWN

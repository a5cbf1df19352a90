"""A form in its world."""

from collections.abc import Callable
from typing import Any

import pytest
from formloom.errors import Issue

from form_engine.definition import check_form, parse_form
from tests.form_engine.forms import example, form, world

Spoil = Callable[[dict[str, Any]], None]


def found(raw: dict[str, Any], *others: dict[str, Any]) -> tuple[Issue, ...]:
    return check_form(parse_form(raw), {**world(), **{other["key"]: parse_form(other) for other in others}})


def test_the_examples_are_sound() -> None:
    assert not found(example("purchase"))
    assert not found(example("supplier"))


@pytest.mark.parametrize(
    ("spoil", "pointer", "code"),
    [
        (lambda raw: raw["fields"][1].update(form="nobody"), "/fields/1/form", "unknown_form"),
        (lambda raw: raw["fields"][1].update(filter="target.blockd"), "/fields/1/filter", "formula_unknown_name"),
        (lambda raw: raw["fields"][1].update(filter="target.name"), "/fields/1/filter", "formula_wrong_result"),
        (lambda raw: raw["fields"][2].update(default={"=": "subject"}), "/fields/2/default/=", "formula_wrong_result"),
        (lambda raw: raw["fields"][4].update(visible="1"), "/fields/4/visible", "formula_wrong_result"),
        (lambda raw: raw["fields"][4].update(required={"=": "urgnt"}), "/fields/4/required/=", "formula_unknown_name"),
        (lambda raw: raw["fields"][4].update(index=True), "/fields/4/index", "not_indexable"),
        (
            lambda raw: raw["fields"][6]["fields"][3].update(value="row.x"),
            "/fields/6/fields/3/value", "formula_unknown_name",
        ),
        (lambda raw: raw["fields"][7].update(value="gross + 1"), "/fields/7", "formula_cycle"),
        (lambda raw: raw["rules"][0].update({"assert": "totl > 1"}), "/rules/0/assert", "formula_unknown_name"),
        (lambda raw: raw["layout"][0]["items"].append("nothing"), "/layout/0/items/7", "unknown_field"),
        (lambda raw: raw["layout"][0]["items"].append("subject"), "/layout/0/items/7", "duplicate"),
        (lambda raw: raw["fields"][1]["label"].update({"en": " "}), "/fields/1/label/en", "required"),
        (lambda raw: raw["layout"].pop(), "/layout", "not_in_layout"),
        (lambda raw: raw["list"].append("nothing"), "/list/5", "unknown_field"),
        (lambda raw: raw.update(display=["nothing"]), "/display/0", "unknown_field"),
        (lambda raw: raw.update(unique=[["lines"]]), "/unique/0/0", "not_indexable"),
        (lambda raw: raw.update(unique=[["nothing"]]), "/unique/0/0", "unknown_field"),
        (lambda raw: raw["access"][0].update(where="subject"), "/access/0/where", "formula_wrong_result"),
        (
            lambda raw: raw["access"][0]["fields"].update({"nothing": "read"}),
            "/access/0/fields/nothing", "unknown_field",
        ),
        (
            lambda raw: raw["access"][0]["fields"].update({"subject": "hidden"}),
            "/access/0", "required_but_not_writable",
        ),
        (
            lambda raw: raw["access"][0]["fields"].update({"lines.item": "read"}),
            "/access/0", "required_but_not_writable",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_where_it_stands(spoil: Spoil, pointer: str, code: str) -> None:
    raw = example("purchase")
    spoil(raw)
    assert (pointer, code) in {(issue.pointer, issue.code) for issue in found(raw)}


@pytest.mark.parametrize(
    ("spoil", "pointer", "code"),
    [
        ({"from": "nobody"}, "/fields/3/from", "unknown_form"),
        ({"from": "purchase.rows"}, "/fields/3/from", "unknown_table"),
        ({"via": "nothing"}, "/fields/3/via", "unknown_field"),
        ({"via": "subject"}, "/fields/3/via", "not_a_link_to"),
        ({"of": "target.subject"}, "/fields/3/of", "formula_wrong_result"),
        ({"of": "name"}, "/fields/3/of", "formula_unknown_name"),
    ],
)
def test_a_rollup_that_dangles_is_told(spoil: dict[str, Any], pointer: str, code: str) -> None:
    raw = example("supplier")
    raw["fields"][3].update(spoil)
    assert (pointer, code) in {(issue.pointer, issue.code) for issue in found(raw)}


def test_a_circle_within_a_form_is_named_all_the_way_round() -> None:
    raw = form(
        {"key": "a", "type": "formula", "value": "b + 1"},
        {"key": "b", "type": "formula", "value": "c * 2"},
        {"key": "c", "type": "formula", "value": "a"},
    )
    assert ["a", "b", "c", "a"] in [issue.params["cycle"] for issue in found(raw) if issue.code == "formula_cycle"]


def test_a_circle_through_a_rollup_and_a_link_is_named() -> None:
    parent = form({"key": "name", "type": "text"}, key="parent")
    parent["fields"].append(
        {"key": "sum", "type": "rollup", "from": "child", "via": "up", "fn": "sum", "of": "target.part"}
    )
    child = form(
        {"key": "up", "type": "link", "form": "parent"},
        {"key": "part", "type": "formula", "value": "up.sum / 2"},
        key="child",
    )
    (issue,) = (each for each in found(child, parent) if each.code == "formula_cycle")
    assert issue.params["cycle"] == ["child.part", "parent.sum", "child.part"]
    assert issue.pointer == "/fields/1"


def test_visibility_that_hangs_on_itself_is_a_circle() -> None:
    raw = form(
        {"key": "a", "type": "boolean", "visible": "b"},
        {"key": "b", "type": "boolean", "visible": "a"},
    )
    assert "formula_cycle" in {issue.code for issue in found(raw)}


def test_two_currencies_do_not_add_up() -> None:
    raw = form(
        {"key": "a", "type": "money", "currency": "CNY"},
        {"key": "b", "type": "money", "currency": "USD"},
        {"key": "sum", "type": "formula", "value": "a + b"},
    )
    assert {issue.code for issue in found(raw)} == {"formula_currencies_differ"}


def test_there_are_only_so_many_slots() -> None:
    raw = form(*({"key": f"d{at}", "type": "date", "index": True} for at in range(7)))
    assert [(issue.pointer, issue.code) for issue in found(raw)] == [("/fields/6/index", "too_many_indexes")]

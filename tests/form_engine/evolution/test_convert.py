"""Documents live through changes of their form: nothing is lost that going back would not find."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from form_engine.definition import FormDef, parse_form
from form_engine.evolution.convert import conversions, converted
from form_engine.evolution.table import TABLE
from form_engine.fields import BY_NAME


def form(*fields: dict[str, Any]) -> FormDef:
    return parse_form({"kind": "form", "key": "f", "title": "F", "fields": [{"key": "name", "type": "text"}, *fields]})


def field(key: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": kind, **more}


def step(old: FormDef, new: FormDef, data: dict[str, Any], *earlier: FormDef) -> tuple[dict[str, Any], list[Any]]:
    known = {each.key: each for version in earlier for each in version.fields}
    return converted(conversions(old.fields, new.fields, known), data)


NUMBER = form(field("x", "number", decimals=2))
TEXT = form(field("x", "text"))
DAY = form(field("x", "date"))


@pytest.mark.parametrize(
    ("old", "new", "value", "expected"),
    [
        (TEXT, NUMBER, "1,200.50", "1200.50"),
        (NUMBER, TEXT, "1200.50", "1200.50"),
        (NUMBER, form(field("x", "number", decimals=1)), "1200.50", "1200.5"),
        (NUMBER, form(field("x", "percent")), "0.05", "0.0500"),
        (TEXT, DAY, "2025年1月5日", "2025-01-05"),
        (DAY, TEXT, "2025-01-05", "2025-01-05"),
        (DAY, form(field("x", "datetime")), "2025-01-05", "2025-01-04T16:00:00Z"),
        (form(field("x", "datetime")), DAY, "2025-01-04T16:00:00Z", "2025-01-05"),
        (TEXT, form(field("x", "choice", options=[{"key": "a", "label": "Alpha"}])), "Alpha", "a"),
        (form(field("x", "choice", options=[{"key": "a", "label": "Alpha"}])), TEXT, "a", "Alpha"),
    ],
)
def test_a_value_that_converts(old: FormDef, new: FormDef, value: str, expected: str) -> None:
    assert step(old, new, {"x": value})[0]["x"] == expected


def test_what_does_not_convert_is_told_kept_and_found_again() -> None:
    made, lost = step(TEXT, NUMBER, {"x": "about ten"})
    assert "x" not in made
    assert [(one.path, one.old) for one in lost] == [("x", "about ten")]
    back, lost = step(NUMBER, TEXT, made)
    assert back["x"] == "about ten"
    assert lost == []


def test_types_without_a_way_lose_everything_and_nothing() -> None:
    member = form(field("x", "member"))
    made, lost = step(TEXT, member, {"x": "somebody"})
    assert ("x" in made, lost[0].why) == (False, "no_conversion")
    assert step(member, TEXT, made)[0]["x"] == "somebody"


@given(st.text(min_size=1, max_size=20).filter(lambda text: text.strip()))
def test_there_and_back_again_is_where_one_was(value: str) -> None:
    made, _ = step(TEXT, NUMBER, {"x": value})
    assert step(NUMBER, TEXT, made)[0]["x"] == value


def test_what_was_changed_since_is_what_goes_back() -> None:
    made, _ = step(TEXT, NUMBER, {"x": "1,200.50"})
    assert step(NUMBER, TEXT, {**made, "x": "7.00"})[0]["x"] == "7.00"
    cleared = {key: value for key, value in made.items() if key != "x"}
    assert "x" not in step(NUMBER, TEXT, cleared)[0]


def test_a_renamed_field_takes_its_values_along_and_back() -> None:
    renamed = form(field("y", "text", was=["x"]))
    made, lost = step(TEXT, renamed, {"x": "one"})
    assert (made, lost) == ({"x": "one", "y": "one"}, [])
    assert step(renamed, TEXT, made, TEXT)[0]["x"] == "one"
    assert step(renamed, TEXT, {**made, "y": "two"}, TEXT)[0]["x"] == "two"
    again = form(field("y", "text", was=["x"], label="Other"))
    assert conversions(renamed.fields, again.fields, {}) == ()


def test_renamed_and_retyped_at_once() -> None:
    made, _ = step(TEXT, form(field("y", "number", decimals=2, was=["x"])), {"x": "3"})
    assert (made["x"], made["y"]) == ("3", "3.00")


def test_a_field_that_comes_back_finds_its_values() -> None:
    without = form()
    assert step(TEXT, without, {"x": "kept"})[0] == {"x": "kept"}
    assert conversions(without.fields, TEXT.fields, {"x": TEXT.by_key["x"]}) == ()
    made, _ = step(without, NUMBER, {"x": "12"}, TEXT)
    assert made["x"] == "12.00"


def test_columns_convert_row_by_row() -> None:
    old = form(field("rows", "table", fields=[field("n", "text"), field("m", "text")]))
    new = form(field("rows", "table", fields=[field("n", "number", decimals=0), field("k", "text", was=["m"])]))
    rows = [{"id": "r1", "n": "5", "m": "a"}, {"id": "r2", "n": "five"}]
    made, lost = step(old, new, {"rows": rows})
    assert [(row.get("n"), row.get("k")) for row in made["rows"]] == [("5", "a"), (None, None)]
    assert [(one.path, one.old) for one in lost] == [("rows.n", "five")]
    assert [row.get("n") for row in step(new, old, made)[0]["rows"]] == ["5", "five"]


def test_every_pair_of_the_table_names_types_that_exist() -> None:
    unknown = {name for pair in TABLE for name in pair} - set(BY_NAME)
    assert unknown == set()

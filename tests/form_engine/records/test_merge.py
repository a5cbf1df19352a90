"""Two edits of one record: what does not touch stands, what touches is told, whoever comes second."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from form_engine.definition import CompiledForm, compile_form, parse_form
from form_engine.records.diff import diff
from form_engine.records.merge import Clash, merge, undone

Document = dict[str, Any]

FORM: dict[str, Any] = {
    "kind": "form",
    "key": "order",
    "title": "Order",
    "fields": [
        {"key": "name", "type": "text", "label": "Name"},
        {"key": "price", "type": "money", "currency": "CNY", "label": "Price"},
        {
            "key": "lines",
            "type": "table",
            "label": "Lines",
            "fields": [
                {"key": "what", "type": "text", "label": "What"},
                {"key": "cost", "type": "money", "currency": "CNY", "label": "Cost"},
            ],
        },
    ],
}


@pytest.fixture(scope="module")
def form() -> CompiledForm:
    return _compiled()


def _compiled() -> CompiledForm:
    return compile_form(parse_form(FORM), {})


COMPILED = _compiled()
IDS = ("aaaa", "bbbb", "cccc", "dddd")


def row(row_id: str, what: str | None = None, cost: str | None = None) -> dict[str, Any]:
    return {"id": row_id, "what": what, "cost": cost}


def test_an_unchanged_value_that_was_sent_along_is_theirs_to_change(form: CompiledForm) -> None:
    base, now = {"name": "a", "price": "1.00"}, {"name": "b", "price": "1.00"}
    merged = merge(form, {"name": "a", "price": "2"}, base, now, {"name": "person:1"})
    assert (merged.changes, merged.clashes) == ({"price": "2"}, ())


def test_another_spelling_of_the_same_value_is_no_change(form: CompiledForm) -> None:
    assert merge(form, {"price": "1"}, {"price": "1.00"}, {"price": "2.00"}, {}).changes == {}
    assert merge(form, {"price": "2"}, {"price": "1.00"}, {"price": "2.00"}, {}).clashes == ()


def test_cells_of_one_row_are_merged(form: CompiledForm) -> None:
    base: Document = {"lines": [row("aaaa", "x", "1.00")]}
    now: Document = {"lines": [row("aaaa", "y", "1.00")]}
    merged = merge(form, {"lines": [{"id": "aaaa", "what": "x", "cost": "2"}]}, base, now, {})
    assert merged.clashes == ()
    assert merged.changes == {"lines": [{"id": "aaaa", "cost": "2"}]}


def test_the_same_cell_is_a_clash_with_both_values(form: CompiledForm) -> None:
    base: Document = {"lines": [row("aaaa", "x"), row("bbbb", "z")]}
    now: Document = {"lines": [row("aaaa", "theirs"), row("bbbb", "z")]}
    merged = merge(form, {"lines": [{"id": "aaaa", "what": "mine"}, {"id": "bbbb"}]}, base, now, {"lines": "person:7"})
    assert merged.clashes == (Clash("lines.what", "mine", "theirs", "person:7", "aaaa"),)


def test_a_row_taken_away_by_one_and_changed_by_the_other_is_a_clash(form: CompiledForm) -> None:
    base: Document = {"lines": [row("aaaa", "x"), row("bbbb", "z")]}
    taken: Document = {"lines": [row("bbbb", "z")]}
    changed: Document = {"lines": [row("aaaa", "new"), row("bbbb", "z")]}
    mine_changes = merge(form, changed, base, taken, {})
    mine_removes = merge(form, taken, base, changed, {})
    assert [(clash.field, clash.row, clash.theirs) for clash in mine_changes.clashes] == [("lines", "aaaa", None)]
    assert [(clash.field, clash.row, clash.yours) for clash in mine_removes.clashes] == [("lines", "aaaa", None)]


def test_new_rows_of_both_stand_where_they_were_put(form: CompiledForm) -> None:
    base: Document = {"lines": [row("aaaa"), row("bbbb")]}
    now: Document = {"lines": [row("aaaa"), row("cccc", "theirs"), row("bbbb")]}
    mine = {"lines": [{"id": "aaaa"}, {"id": "bbbb"}, {"what": "mine"}]}
    assert merge(form, mine, base, now, {}).changes["lines"] == [
        {"id": "aaaa"},
        {"id": "cccc"},
        {"id": "bbbb"},
        {"what": "mine"},
    ]


def test_a_new_row_that_is_blank_is_not_lost(form: CompiledForm) -> None:
    base: Document = {"lines": [row("aaaa")]}
    now: Document = {"lines": [row("aaaa", "theirs")]}
    assert merge(form, {"lines": [{"id": "aaaa"}, {}]}, base, now, {}).changes["lines"] == [{"id": "aaaa"}, {}]


def test_what_is_no_table_is_left_to_validation(form: CompiledForm) -> None:
    base: Document = {"lines": [row("aaaa")]}
    now: Document = {"lines": [row("aaaa", "theirs")]}
    hostile: tuple[Any, ...] = ("x", [1], {"a": 1})
    for raw in hostile:
        assert merge(form, {"lines": raw}, base, now, {}).clashes == (Clash("lines", raw, now["lines"], ""),)


words = st.sampled_from([None, "a", "b", "c"])
costs = st.sampled_from([None, "1.00", "2.00"])


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, Any]]:
    ids = draw(st.lists(st.sampled_from(IDS), unique=True, max_size=4))
    return [row(each, draw(words), draw(costs)) for each in ids]


documents = st.builds(lambda name, lines: {"name": name, "lines": lines}, words, tables())


def applied(now: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """What validation makes of the changes: rows keep the columns that were not sent."""
    found = {**now, **changes}
    there = {each["id"]: each for each in now.get("lines") or []}
    found["lines"] = [{**row(each["id"]), **there.get(each["id"], {}), **each} for each in found["lines"] or []]
    return found


@given(documents, documents)
def test_nobody_else_changed_anything(base: dict[str, Any], mine: dict[str, Any]) -> None:
    merged = merge(COMPILED, mine, base, base, {})
    assert merged.clashes == ()
    assert applied(base, dict(merged.changes)) == mine


@given(documents, documents)
def test_who_changed_nothing_changes_nothing(base: dict[str, Any], theirs: dict[str, Any]) -> None:
    merged = merge(COMPILED, base, base, theirs, {})
    assert merged.clashes == ()
    assert applied(theirs, dict(merged.changes)) == theirs


@given(documents, documents, documents)
def test_clashes_do_not_hang_on_who_came_first(
    base: dict[str, Any], one: dict[str, Any], other: dict[str, Any]
) -> None:
    def places(mine: dict[str, Any], theirs: dict[str, Any]) -> set[tuple[str, str | None]]:
        return {(clash.field, clash.row) for clash in merge(COMPILED, mine, base, theirs, {}).clashes}

    assert places(one, other) == places(other, one)


@given(documents, documents, documents)
def test_without_a_clash_every_cell_is_somebodys_change(
    base: dict[str, Any], one: dict[str, Any], other: dict[str, Any]
) -> None:
    merged = merge(COMPILED, one, base, other, {})
    if merged.clashes:
        return
    result = applied(other, dict(merged.changes))
    was, mine, theirs, found = ({each["id"]: each for each in doc["lines"]} for doc in (base, one, other, result))
    for row_id in IDS:
        sides = [table.get(row_id) for table in (mine, theirs)]
        if row_id not in was:
            assert (row_id in found) is any(sides), "a row that somebody added stands"
        elif None in sides:
            assert row_id not in found, "a row that somebody took away is gone"
        else:
            for key in ("what", "cost"):
                changed = [side[key] for side in sides if side and side[key] != was[row_id][key]]
                assert found[row_id][key] == (changed[0] if changed else was[row_id][key])


@given(documents, documents)
def test_a_difference_undone_is_the_state_before(before: dict[str, Any], after: dict[str, Any]) -> None:
    changes = {each.path: (each.old, each.new) for each in diff(COMPILED, before, after)}
    back = undone(after, [changes])
    assert back == {key: value for key, value in before.items() if value is not None}


@given(documents, documents)
def test_rows_of_a_difference_say_all_that_became_of_them(before: dict[str, Any], after: dict[str, Any]) -> None:
    told = next((each for each in diff(COMPILED, before, after) if each.path == "lines"), None)
    if told is None:
        assert before["lines"] == after["lines"]
        return
    old, new = ({each["id"]: each for each in doc["lines"]} for doc in (before, after))
    by_change: dict[str, set[str]] = {}
    for each in told.rows:
        by_change.setdefault(each.change, set()).add(each.id)
    assert by_change.get("added", set()) == new.keys() - old.keys()
    assert by_change.get("removed", set()) == old.keys() - new.keys()
    assert by_change.get("changed", set()) == {key for key in old.keys() & new.keys() if old[key] != new[key]}
    stayed = [key for key in new if key in old and key not in by_change.get("moved", set())]
    unmoved = [key for key in stayed if key not in by_change.get("changed", set())]
    assert unmoved == [key for key in old if key in set(unmoved)], "rows that are not told of kept their order"

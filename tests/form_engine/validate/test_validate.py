"""Input against the example form."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from formloom.errors import InvalidInput, Issue
from hypothesis import given
from hypothesis import strategies as st

from form_engine.definition import FieldAccess
from form_engine.formula import Context, LinkRef, PersonValue, RecordValue
from form_engine.validate import CODES, Clean, validate
from tests.form_engine.forms import compiled, purchase

CONTEXT = Context(me=PersonValue(3), today=date(2026, 3, 9), now=datetime(2026, 3, 9, 8, tzinfo=UTC))
GOOD: dict[str, Any] = {
    "subject": " Two desks ",
    "lines": [{"item": "desk", "quantity": 2, "price": "1200"}, {"item": "lamp", "price": "100.00"}],
}


def ids() -> Any:
    numbers = count(1)
    return lambda: f"row{next(numbers)}"


def clean(raw: object, **options: Any) -> Clean:
    return validate(purchase(), raw, **{"context": CONTEXT, "new_row_id": ids(), **options})


def issues_of(raw: object, **options: Any) -> set[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        clean(raw, **options)
    assert {issue.code for issue in caught.value.issues} <= set(CODES)
    return {(issue.pointer, issue.code) for issue in caught.value.issues}


def saved(**changes: Any) -> dict[str, Any]:
    return {**clean(GOOD).values, **changes}


class TestCreating:
    def test_a_record_is_stored_whole_and_canonical(self) -> None:
        result = clean(GOOD)
        assert result.values == {
            "subject": "Two desks",
            "supplier": None,
            "needed_on": "2026-03-23",
            "urgent": False,
            "reason": None,
            "discount": "0.0000",
            "lines": [
                {"id": "row1", "item": "desk", "quantity": "2", "price": "1200.00"},
                {"id": "row2", "item": "lamp", "quantity": "1", "price": "100.00"},
            ],
            "approver": None,
            "quotes": None,
            "status": "asked",
        }
        assert result.computed["gross"] == result.computed["total"] == Decimal("2500.00")
        assert result.computed["lines.amount"] == (Decimal("2400.00"), Decimal("100.00"))
        assert result.computed["lines.share"] == (Decimal("0.96"), Decimal("0.04"))

    def test_a_default_is_for_what_was_not_sent(self) -> None:
        assert clean({**GOOD, "needed_on": None}).values["needed_on"] is None

    def test_all_is_told_at_once(self) -> None:
        assert issues_of(
            {"subject": "ab", "workspace_id": 1, "discount": "0.6", "urgent": "yes", "lines": [5, {}]}
        ) == {
            ("/workspace_id", "unknown_key"),
            ("/discount", "above_max"),
            ("/urgent", "not_a_boolean"),
            ("/lines/0", "not_an_object"),
            ("/subject", "too_short"),
        }
        assert issues_of({}) == {("/subject", "required"), ("/lines", "required")}

    def test_pointers_lead_into_rows(self) -> None:
        rows = [{"item": "desk", "price": "1e999", "colour": "red"}, {"price": "-1", "amount": "3"}]
        assert issues_of({**GOOD, "lines": rows}) == {
            ("/lines/0/price", "not_a_decimal"),
            ("/lines/0/colour", "unknown_key"),
            ("/lines/1/amount", "computed"),
        }
        assert issues_of({**GOOD, "lines": [{"price": "-1"}]}) == {
            ("/lines/0/item", "required"),
            ("/lines/0/price", "rule_failed"),
        }

    def test_rules_of_fields_rows_and_the_form(self) -> None:
        rows = [{"item": "press", "price": "150000.00"}, {"item": "press", "price": "100000.00"}]
        assert issues_of({**GOOD, "needed_on": "2026-03-08", "lines": rows}) >= {
            ("/needed_on", "rule_failed"),
            ("/lines/0", "rule_failed"),
            ("", "rule_failed"),
        }

    def test_the_rules_message_travels_with_the_issue(self) -> None:
        with pytest.raises(InvalidInput) as caught:
            clean({**GOOD, "needed_on": "2026-03-08"})
        (issue,) = caught.value.issues
        assert issue.params["message"] == {"zh-CN": "日期不能早于今天", "en": "The date must not be past"}

    def test_what_is_required_may_hang_on_a_formula(self) -> None:
        dear = {**GOOD, "lines": [{"item": "press", "price": "5000.00"}]}
        assert issues_of(dear) == {("/quotes", "required")}
        one = ["6f1c1f7e-0000-4000-8000-000000000001"]
        assert issues_of({**dear, "quotes": one}) == {("/quotes", "too_few")}

    def test_what_is_not_shown_is_neither_required_nor_kept(self) -> None:
        assert issues_of({**GOOD, "urgent": True}) == {("/reason", "required")}
        assert clean({**GOOD, "urgent": True, "reason": "fire"}).values["reason"] == "fire"
        assert clean({**GOOD, "urgent": False, "reason": "fire"}).values["reason"] is None

    def test_a_draft_may_be_unfinished_but_not_malformed(self) -> None:
        assert clean({"subject": "ab", "lines": []}, draft=True).values["subject"] == "ab"
        assert issues_of({"discount": "NaN"}, draft=True) == {("/discount", "not_a_decimal")}

    def test_the_rows_of_a_submitted_draft_keep_their_ids(self) -> None:
        rows = [{"id": "0123456789", "item": "desk", "price": "1.00"}]
        assert clean({**GOOD, "lines": rows}).values["lines"][0]["id"] == "0123456789"  # type: ignore[index,call-overload]
        assert issues_of({**GOOD, "lines": rows * 2}) == {("/lines/1/id", "unknown_row")}
        assert issues_of({**GOOD, "lines": [{**rows[0], "id": "../x"}]}) == {("/lines/0/id", "unknown_row")}


class TestChanging:
    def test_what_is_not_sent_stays(self) -> None:
        before = saved(note_of_an_older_version="kept")
        after = clean({"subject": "Three desks"}, before=before).values
        assert after == {**before, "subject": "Three desks"}

    def test_a_blanked_value_does_not_get_its_default_again(self) -> None:
        assert clean({}, before=saved(discount=None, needed_on=None)).values["needed_on"] is None

    def test_rows_are_known_by_their_ids(self) -> None:
        rows = [{"id": "row2", "price": "90"}, {"item": "chair", "price": "50"}]
        assert clean({"lines": rows}, before=saved()).values["lines"] == [
            {"id": "row2", "item": "lamp", "quantity": "1", "price": "90.00"},
            {
                "id": "row3",
                "item": "chair",
                "quantity": "1",
                "price": "50.00",
            },  # the id of a row that is gone is not reused
        ]

    @pytest.mark.parametrize("name", ["row9", 1, ["row1"], "row1' OR 1"])
    def test_a_row_that_was_not_there_is_refused(self, name: object) -> None:
        assert ("/lines/0/id", "unknown_row") in issues_of({"lines": [{"id": name}]}, before=saved())

    def test_the_same_row_cannot_come_twice(self) -> None:
        rows = [{"id": "row1"}, {"id": "row1"}]
        assert ("/lines/1/id", "unknown_row") in issues_of({"lines": rows}, before=saved())

    def test_a_status_is_moved_by_the_system_along_its_transitions(self) -> None:
        assert clean({"status": "ordered"}, before=saved()).values["status"] == "ordered"
        assert issues_of({"status": "refused"}, before=saved(status="ordered")) == {("/status", "illegal_transition")}

    def test_a_status_is_never_moved_by_a_person(self) -> None:
        everything = FieldAccess.of_grant({"*": "write"})
        assert issues_of({**GOOD, "status": "ordered"}, writable=everything) == {("/status", "moved_by_steps_only")}
        moved = {"status": "ordered"}
        assert issues_of(moved, before=saved(), writable=everything) == {("/status", "moved_by_steps_only")}
        assert clean({"status": "asked"}, before=saved(), writable=everything).values["status"] == "asked"

    def test_partial_asks_only_what_hangs_on_the_change(self) -> None:
        unfit = saved(subject=None, needed_on="2026-01-01")
        assert clean({"status": "ordered"}, before=unfit, partial=True).values["status"] == "ordered"
        assert issues_of({"status": "ordered"}, before=unfit) == {
            ("/subject", "required"),
            ("/needed_on", "rule_failed"),
        }
        dear = [{"id": "row1", "quantity": 90}]
        assert issues_of({"lines": dear}, before=unfit, partial=True) >= {("/lines/0", "rule_failed")}


class TestRights:
    def test_a_hidden_field_is_answered_as_if_it_did_not_exist(self) -> None:
        rights = FieldAccess.of_grant({"discount": "hidden", "lines.price": "hidden", "*": "write"})
        for value in ("0.1", "0.0000", None):
            assert issues_of({"discount": value}, before=saved(), writable=rights) == {("/discount", "unknown_key")}
        rows = [{"id": "row1", "price": "1200.00"}, {"id": "row2"}]
        assert issues_of({"lines": rows}, before=saved(), writable=rights) == {("/lines/0/price", "unknown_key")}
        assert clean({"lines": rows[1:]}, before=saved(), writable=rights).values["lines"][0]["price"] == "100.00"  # type: ignore[index,call-overload]

    def test_a_read_only_field_may_be_sent_unchanged(self) -> None:
        rights = FieldAccess.of_grant({"subject": "read", "*": "write"})
        assert clean({"subject": "Two desks"}, before=saved(), writable=rights)
        assert issues_of({"subject": "More"}, before=saved(), writable=rights) == {("/subject", "not_writable")}

    def test_a_column_may_be_written_where_its_table_is_not(self) -> None:
        rights = FieldAccess.of_grant({"lines": "read", "lines.quantity": "write", "*": "read"})
        before = saved()
        fewer = [{"id": "row1", "quantity": 1}, {"id": "row2"}]
        assert clean({"lines": fewer}, before=before, writable=rights).values["lines"][0]["quantity"] == "1"  # type: ignore[index,call-overload]
        for rows in ([*fewer, {"item": "x", "price": "1"}], fewer[:1], fewer[::-1], None):
            assert ("/lines", "not_writable") in issues_of({"lines": rows}, before=before, writable=rights)
        dearer = [{"id": "row1", "price": "1"}, {"id": "row2"}]
        assert issues_of({"lines": dearer}, before=before, writable=rights) == {("/lines/0/price", "not_writable")}

    def test_nobody_is_asked_for_what_they_cannot_write(self) -> None:
        rights = FieldAccess.of_grant({"approver": "write", "*": "read"})
        assert clean({"approver": 5}, before=saved(subject=None), writable=rights).values["approver"] == 5

    def test_a_computed_value_is_refused_from_everybody(self) -> None:
        assert ("/total", "computed") in issues_of({**GOOD, "total": "1.00"})
        rights = FieldAccess.of_grant({"*": "read"})
        assert issues_of({"total": "1.00"}, before=saved(), writable=rights) == {("/total", "computed")}


class TestOtherRecords:
    def test_links_are_followed_and_own_rollups_fetched(self) -> None:
        account = {
            "kind": "form",
            "key": "account",
            "title": "Account",
            "fields": [
                {"key": "limit", "type": "number"},
                {"key": "used", "type": "rollup", "from": "thing", "via": "account", "fn": "sum", "of": "target.part"},
                {"key": "free", "type": "formula", "value": "limit - used"},
            ],
        }
        thing = compiled(
            {"key": "account", "type": "link", "form": "account"},
            {"key": "part", "type": "number", "rules": [{"assert": "part <= account.free"}]},
            others=(account,),
        )

        def fetch(form: str, record_id: int | str) -> RecordValue | None:
            known = {"free": Decimal(10)} if (form, record_id) == ("account", 7) else None
            return RecordValue(form, record_id, known) if known else None

        assert validate(thing, {"account": 7, "part": 10}, fetch=fetch).values["part"] == "10.00"
        for record_id, code in ((7, "rule_failed"), (8, "rule_failed_to_compute")):
            with pytest.raises(InvalidInput) as caught:
                validate(thing, {"account": record_id, "part": 11}, fetch=fetch)
            assert [issue.code for issue in caught.value.issues] == [code]

    def test_own_rollups_are_nothing_before_the_record_is_there(self) -> None:
        form = compiled(
            {"key": "limit", "type": "number"},
            {"key": "used", "type": "rollup", "from": "part", "via": "up", "fn": "sum", "of": "target.size"},
            {"key": "free", "type": "formula", "value": "limit - used"},
            others=(
                {
                    "kind": "form",
                    "key": "part",
                    "title": "Part",
                    "fields": [
                        {"key": "up", "type": "link", "form": "thing"},
                        {"key": "size", "type": "number"},
                    ],
                },
            ),
        )
        assert validate(form, {"limit": 5}).computed["free"] == 5

        def fetch(key: str, record_id: int | str) -> RecordValue:
            return RecordValue(key, record_id, {"used": Decimal(3)})

        changed = validate(form, {}, before={"limit": "5.00"}, system={"id": 9}, fetch=fetch)  # type: ignore[dict-item]
        assert changed.computed["free"] == 2

    def test_a_default_may_name_the_person(self) -> None:
        form = compiled({"key": "who", "type": "member", "default": {"=": "ME()"}})
        assert validate(form, {}, context=CONTEXT).values == {"who": 3}

    def test_a_default_may_follow_a_link(self) -> None:
        other = {
            "kind": "form",
            "key": "other",
            "title": "O",
            "fields": [{"key": "up", "type": "link", "form": "other"}],
        }
        form = compiled(
            {"key": "a", "type": "link", "form": "other"},
            {"key": "b", "type": "link", "form": "other", "default": {"=": "a.up"}},
            others=(other,),
        )

        def fetch(key: str, record_id: int | str) -> RecordValue:
            return RecordValue(key, record_id, {"up": LinkRef("other", 5)})

        assert validate(form, {"a": 4}, fetch=fetch).values == {"a": 4, "b": 5}


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from([*purchase().definition.by_key, "id", "odd"])
COLUMNS = st.sampled_from(["id", "item", "quantity", "price", "amount", "odd"])
ROWS = st.lists(ANY_JSON | st.dictionaries(COLUMNS, ANY_JSON), max_size=3)
LEVELS = st.dictionaries(KEYS | st.just("lines.price") | st.just("*"), st.sampled_from(["hidden", "read", "write"]))


@given(
    raw=ANY_JSON | st.dictionaries(KEYS, ANY_JSON | ROWS),
    changing=st.booleans(),
    draft=st.booleans(),
    partial=st.booleans(),
    levels=st.none() | LEVELS,
)
def test_any_json_gives_a_clean_record_or_issues(
    raw: object, changing: bool, draft: bool, partial: bool, levels: dict[str, str] | None
) -> None:
    rights = None if levels is None else FieldAccess.of_grant(levels)
    before = saved() if changing else None
    result: Clean | None = None
    issues: tuple[Issue, ...] = ()
    try:
        result = clean(raw, before=before, draft=draft, partial=partial, writable=rights)
    except InvalidInput as refused:
        issues = refused.issues
    assert bool(issues) == (result is None)
    assert {issue.code for issue in issues} <= set(CODES)
    if result is not None:
        assert clean({}, before=result.values, draft=True).values == result.values

"""Conditions: each operator, named days in the workspace's zone, lists, people, links and rows."""

from datetime import UTC, datetime
from typing import Any

import pytest
from formloom.errors import InvalidInput

from form_engine.records.actor import SYSTEM, Actor

TASK: dict[str, Any] = {
    "kind": "form",
    "key": "task",
    "title": {"en": "Task"},
    "display": ["name"],
    "fields": [
        {"key": "name", "type": "text", "label": "Name", "index": True},
        {"key": "due", "type": "date", "label": "Due", "index": True},
        {"key": "met", "type": "datetime", "label": "Met"},
        {"key": "done", "type": "boolean", "label": "Done", "index": True},
        {"key": "owner", "type": "member", "label": "Owner", "index": True},
        {"key": "helpers", "type": "members", "label": "Helpers"},
        {"key": "tags", "type": "choices", "label": "Tags", "options": ["red", "green", "blue"]},
        {"key": "budget", "type": "link", "form": "budget", "label": "Budget"},
        {"key": "others", "type": "links", "form": "budget", "label": "Others"},
        {"key": "effort", "type": "number", "decimals": 1, "label": "Effort"},
        {
            "key": "rows",
            "type": "table",
            "label": "Rows",
            "fields": [
                {"key": "item", "type": "text", "label": "Item"},
                {"key": "of", "type": "link", "form": "budget", "label": "Of"},
            ],
        },
    ],
    "access": [{"role": "chief", "may": ["create", "read"]}, {"role": "member", "may": ["read"]}],
}


@pytest.fixture
def tasks(office: Any, clock: Any, make_person: Any) -> dict[str, int]:
    """Four tasks around the last evening of March in Shanghai, when it is still afternoon in UTC."""
    with office.work() as session:
        office.forms.publish_together(session, {"task": TASK}, SYSTEM)
    clock.travel(datetime(2026, 3, 31, 15, tzinfo=UTC))
    li, wu = make_person("Li", "member").id, make_person("Wu", "member").id
    north = office.create("budget", {"code": "N", "name": "北方设备", "amount": "5.00", "owner": li}).id
    south = office.create("budget", {"code": "S", "amount": "9.00", "owner": wu}).id
    ids = {"li": li, "wu": wu, "north": north, "south": south}
    rows = {
        "a": {"due": "2026-03-30", "met": "2026-03-31T15:30:00Z", "done": True, "owner": li, "helpers": [wu]},
        "b": {"due": "2026-03-31", "met": "2026-03-31T16:30:00Z", "done": False, "tags": ["red"], "budget": north},
        "c": {"due": "2026-04-30", "tags": ["red", "blue"], "budget": south, "others": [north], "effort": "1.5"},
        "d": {"owner": wu, "helpers": [li, wu], "others": [north, south], "rows": [{"item": "长桌", "of": south}]},
    }
    return ids | {name: office.create("task", {"name": name, **values}).id for name, values in rows.items()}


def named(office: Any, condition: Any, actor: Actor = SYSTEM) -> str:
    with office.work() as session:
        found = office.records.list_page(session, office.forms, "task", actor, filter=condition, sort=("name",))
    return "".join(item.values["name"] for item in found.items)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"field": "due", "op": "eq", "value": {"relative": "today"}}, "b"),
        ({"field": "due", "op": "ne", "value": {"relative": "today"}}, "acd"),
        ({"field": "due", "value": {"relative": "next_days", "n": 30}}, "bc"),
        ({"field": "due", "value": {"relative": "next_days", "n": 29}}, "b"),
        ({"field": "due", "value": {"relative": "overdue"}}, "a"),
        ({"field": "due", "op": "ge", "value": {"relative": "next_month"}}, "c"),
        ({"field": "due", "op": "lt", "value": {"relative": "next_month"}}, "ab"),
        ({"field": "due", "op": "le", "value": {"relative": "this_quarter"}}, "ab"),
        ({"field": "due", "op": "gt", "value": {"relative": "this_quarter"}}, "c"),
        ({"field": "due", "op": "between", "value": [{"relative": "yesterday"}, {"relative": "today"}]}, "ab"),
        ({"field": "due", "op": "between", "value": ["2026-03-31", {"relative": "next_month"}]}, "bc"),
        ({"field": "due", "op": "in", "value": [{"relative": "yesterday"}, "2026-04-30"]}, "ac"),
        ({"field": "due", "op": "not_in", "value": ["2026-03-30", "2026-03-31"]}, "cd"),
        ({"field": "met", "value": {"relative": "today"}}, "a"),
        ({"field": "met", "value": {"relative": "tomorrow"}}, "b"),
        ({"field": "met", "value": "2026-04-01"}, "b"),
        ({"field": "met", "op": "le", "value": "2026-03-31"}, "a"),
        ({"field": "met", "value": {"relative": "future"}}, "ab"),
        ({"field": "created_at", "value": {"relative": "today"}}, "abcd"),
        ({"field": "done", "value": True}, "a"),
        ({"field": "done", "op": "ne", "value": True}, "bcd"),
        ({"field": "done", "op": "blank"}, "cd"),
        ({"field": "done", "op": "not_blank"}, "ab"),
        ({"field": "name", "op": "not_contains", "value": "A"}, "bcd"),
        ({"field": "name", "op": "not_in", "value": ["a", "b"]}, "cd"),
        ({"field": "tags", "op": "has_any", "value": ["red"]}, "bc"),
        ({"field": "tags", "op": "has_all", "value": ["red", "blue"]}, "c"),
        ({"field": "tags", "op": "has_none", "value": ["blue"]}, "abd"),
        ({"field": "tags", "op": "blank"}, "ad"),
        ({"field": "tags", "op": "has_any", "value": []}, ""),
        ({"field": "tags", "op": "has_all", "value": []}, "abcd"),
        ({"field": "effort", "op": "blank"}, "abd"),
        ({"field": "budget.name", "op": "contains", "value": "设备"}, "b"),
        ({"field": "budget.name", "op": "blank"}, "acd"),
        ({"field": "budget.code", "op": "ne", "value": "N"}, "acd"),
        ({"field": "budget.amount", "op": "gt", "value": "5"}, "c"),
        ({"field": "budget.left", "op": "gt", "value": "5"}, "c"),
        ({"field": "others.code", "op": "in", "value": ["S"]}, "d"),
        ({"field": "others.code", "op": "not_in", "value": ["S"]}, "abc"),
        ({"field": "others.amount", "op": "gt", "value": "1"}, "cd"),
        ({"field": "rows.item", "op": "contains", "value": "长"}, "d"),
        ({"field": "rows.item", "op": "not_blank"}, "d"),
        ({"field": "rows.item", "op": "blank"}, "abc"),
        ({"field": "rows.of.code", "op": "eq", "value": "S"}, "d"),
        (
            {
                "and": [
                    {"or": [{"field": "done", "value": True}, {"field": "name", "value": "c"}]},
                    {"not": {"field": "name", "value": "a"}},
                ]
            },
            "c",
        ),
    ],
)
def test_what_a_condition_finds(office: Any, tasks: dict[str, int], condition: Any, expected: str) -> None:
    assert named(office, condition) == expected


def test_lists_of_people_and_links(office: Any, tasks: dict[str, int]) -> None:
    li, wu, north, south = (tasks[key] for key in ("li", "wu", "north", "south"))
    assert named(office, {"field": "helpers", "op": "has_any", "value": [li]}) == "d"
    assert named(office, {"field": "helpers", "op": "has_all", "value": [li, wu]}) == "d"
    assert named(office, {"field": "others", "op": "has_any", "value": [north]}) == "cd"
    assert named(office, {"field": "others", "op": "has_all", "value": [north, south]}) == "d"
    assert named(office, {"field": "others", "op": "has_none", "value": [south]}) == "abc"
    assert named(office, {"field": "rows.of", "value": south}) == "d"


def test_me_is_whoever_asks(office: Any, tasks: dict[str, int]) -> None:
    li = Actor.person(tasks["li"], frozenset({"member"}))
    mine = {"field": "owner", "value": "me"}
    assert named(office, mine, li) == "a"
    assert named(office, {"field": "owner", "op": "in", "value": ["me", tasks["wu"]]}, li) == "ad"
    assert named(office, {"field": "helpers", "op": "has_any", "value": ["me"]}, li) == "d"
    assert named(office, {"field": "budget.owner", "value": "me"}, li) == "b"
    assert named(office, mine) == ""


def test_links_are_looked_through_only_into_what_may_be_read(office: Any, tasks: dict[str, int]) -> None:
    """A member reads only budgets of their own: the rest of a path ends at all others."""
    li = Actor.person(tasks["li"], frozenset({"member"}))
    has_code = {"field": "budget.code", "op": "not_blank"}
    assert named(office, has_code) == "bc"
    assert named(office, has_code, li) == "b"
    assert named(office, {"field": "budget.code", "op": "starts", "value": "S"}, li) == ""
    with pytest.raises(InvalidInput) as refused:
        named(office, {"field": "budget.secret", "value": "x"}, li)
    assert refused.value.issues[0].code == "unknown_field"
    with office.work() as session:
        access = office.records.access(session, office.forms, "task", li)
        order = office.records.list_page(session, office.forms, "task", li, sort=("-budget.code",)).items
        assert [item.id for item in order][:1] == [tasks["b"]]
        assert access.may("read")


@pytest.mark.parametrize(
    ("condition", "pointer", "code"),
    [
        ({"field": "due", "value": {"relative": "someday"}}, "/filter/value", "unknown_relative_date"),
        ({"field": "due", "value": {"relative": "next_days"}}, "/filter/value", "unknown_relative_date"),
        ({"field": "due", "value": {"relative": "today", "at": 1}}, "/filter/value", "unknown_relative_date"),
        ({"field": "due", "op": "in", "value": [{"relative": 7}]}, "/filter/value/0", "unknown_relative_date"),
        ({"field": "name", "value": {"relative": "today"}}, "/filter/value", "not_text"),
        ({"field": "name", "value": "me"}, None, None),
        ({"field": "owner", "value": "Li"}, "/filter/value", "not_a_person"),
        ({"field": "tags", "op": "eq", "value": "red"}, "/filter/op", "unknown_operator"),
        ({"field": "tags", "op": "has_any", "value": "red"}, "/filter/value", "filter_malformed"),
        ({"field": "tags", "op": "has_any", "value": [7]}, "/filter/value/0", "not_text"),
        ({"field": "done", "op": "gt", "value": True}, "/filter/op", "unknown_operator"),
        ({"field": "budget.owner.name", "value": "x"}, "/filter/field", "unknown_field"),
        ({"field": "name.x", "value": "x"}, "/filter/field", "unknown_field"),
        ({"field": "rows", "op": "not_blank"}, "/filter/field", "unknown_field"),
        ({"field": ".".join(["budget"] * 9), "value": "x"}, "/filter/field", "unknown_field"),
    ],
)
def test_what_cannot_be_asked(
    office: Any, tasks: dict[str, int], condition: Any, pointer: str | None, code: str | None
) -> None:
    if code is None:
        assert named(office, condition) == ""
        return
    with pytest.raises(InvalidInput) as refused:
        named(office, condition)
    (issue,) = refused.value.issues
    assert (issue.pointer, issue.code) == (pointer, code)

"""Lists: filters, orders, pages, search; what cannot be asked is refused by name."""

from typing import Any

import pytest
from formloom.errors import InvalidInput

from form_engine.records.actor import SYSTEM

NAMES = ["重庆", "上海", "Alpha", "beta", "", "北京", "长沙", "alpha"]


@pytest.fixture
def budgets(office: Any) -> list[int]:
    return [
        office.create(
            "budget", {"code": f"B{n}", "name": name, "amount": f"{n * 10}.00", "opened": f"2026-01-0{n + 1}"}
        ).id
        for n, name in enumerate(NAMES)
    ]


def codes(office: Any, form: str = "budget", **asked: Any) -> list[str]:
    with office.work() as session:
        page = office.records.list_page(session, office.forms, form, SYSTEM, **asked)
    return [item.values.get("code") for item in page.items]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"field": "code", "op": "eq", "value": "B3"}, ["B3"]),
        ({"field": "code", "op": "in", "value": ["B1", "B3", "nobody"]}, ["B1", "B3"]),
        ({"field": "amount", "op": "ge", "value": "60"}, ["B6", "B7"]),
        ({"field": "amount", "op": "lt", "value": "10.005"}, ["B0", "B1"]),
        ({"field": "amount", "op": "between", "value": ["20.00", 40]}, ["B2", "B3", "B4"]),
        ({"field": "opened", "op": "gt", "value": "2026-01-06"}, ["B6", "B7"]),
        ({"field": "name", "op": "blank"}, ["B4"]),
        ({"field": "name", "op": "contains", "value": "ALPHA"}, ["B2", "B7"]),
        ({"field": "left", "op": "gt", "value": "50"}, ["B6", "B7"]),
        ({"field": "spent", "op": "eq", "value": "0"}, [f"B{n}" for n in range(8)]),
        ({"not": {"field": "amount", "op": "gt", "value": "0"}}, ["B0"]),
        (
            {"or": [{"field": "code", "op": "eq", "value": "B1"}, {"field": "name", "op": "eq", "value": "上海"}]},
            ["B1"],
        ),
        (
            {"and": [{"field": "amount", "op": "gt", "value": "0"}, {"field": "name", "op": "starts", "value": "be"}]},
            ["B3"],
        ),
        ({"and": []}, [f"B{n}" for n in range(8)]),
        ({"or": []}, []),
    ],
)
def test_filters(office: Any, budgets: list[int], condition: Any, expected: list[str]) -> None:
    assert sorted(codes(office, filter=condition)) == expected


def test_links_can_be_followed_and_rows_looked_into(office: Any, budgets: list[int]) -> None:
    claim = office.create(
        "claim", {"subject": "x", "main": budgets[3], "lines": [{"budget": budgets[5], "cost": "1.00"}]}
    )
    other = office.create("claim", {"subject": "y"})
    asked = [
        {"field": "main", "op": "eq", "value": budgets[3]},
        {"field": "main.code", "op": "eq", "value": "B3"},
        {"field": "main.left", "op": "gt", "value": "0"},
        {"field": "lines.budget", "op": "eq", "value": budgets[5]},
        {"field": "lines.cost", "op": "le", "value": "1.00"},
        {"field": "total", "op": "blank", "value": False},
    ]
    assert [office.ids("claim", filter=each) for each in asked[:5]] == [[claim.id]] * 5
    assert office.ids("claim", filter={"field": "main", "op": "blank"}) == [other.id]
    assert office.ids("claim", sort=("main.code",)) == [claim.id, other.id]


def test_text_is_sorted_as_people_read_it(office: Any, budgets: list[int]) -> None:
    found = codes(office, sort=("name",))
    # Alpha, alpha, 北京 (bei), beta, 长沙 (chang), 重庆 (chong), 上海 (shang), blank
    assert [NAMES[int(code[1:])] for code in found] == ["Alpha", "alpha", "北京", "beta", "长沙", "重庆", "上海", ""]


@pytest.mark.parametrize(
    "sort", [(), ("name",), ("-name", "amount"), ("left",), ("-spent", "opened"), ("created_at",), ("-amount",)]
)
def test_pages_join_to_the_whole(office: Any, budgets: list[int], sort: tuple[str, ...]) -> None:
    whole = office.ids("budget", sort=sort)
    assert sorted(whole) == budgets
    seen: list[int] = []
    place = None
    for _ in range(20):
        with office.work() as session:
            page = office.records.list_page(session, office.forms, "budget", SYSTEM, sort=sort, after=place, limit=3)
        seen += [item.id for item in page.items]
        place = page.next
        if place is None:
            break
    assert seen == whole
    assert page.count == 8


def test_search_finds_words_in_any_case_and_width(office: Any, budgets: list[int]) -> None:
    assert codes(office, q="ｂ3") == ["B3"]
    assert sorted(codes(office, q="alpha")) == ["B2", "B7"]
    assert codes(office, q="庆 b0") == ["B0"]
    claim = office.create("claim", {"subject": "Chairs"})
    assert office.ids("claim", q=claim.number.lower()) == [claim.id]


@pytest.mark.parametrize(
    ("asked", "pointer", "code"),
    [
        ({"filter": {"field": "nothing", "value": 1}}, "/filter/field", "unknown_field"),
        ({"filter": {"and": [{"field": "main.x", "value": 1}]}}, "/filter/and/0/field", "unknown_field"),
        ({"filter": {"field": "lines", "op": "blank"}}, "/filter/field", "unknown_field"),
        ({"filter": {"field": "subject", "op": "like", "value": "x"}}, "/filter/op", "unknown_operator"),
        ({"filter": {"field": "main", "op": "lt", "value": 1}}, "/filter/op", "unknown_operator"),
        ({"filter": {"field": "main", "value": "1"}}, "/filter/value", "not_a_record"),
        ({"filter": {"field": "total", "value": "NaN"}}, "/filter/value", "not_a_decimal"),
        ({"filter": {"field": "main", "value": 1, "also": 2}}, "/filter", "filter_malformed"),
        ({"filter": []}, "/filter", "filter_malformed"),
        (
            {"filter": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {}}}}}}}}}},
            None,
            "filter_too_deep",
        ),
        ({"sort": ("nothing",)}, "/sort/0", "unknown_field"),
        ({"sort": ("lines.cost",)}, "/sort/0", "not_sortable"),
        ({"after": "rubbish"}, "/after", "bad_cursor"),
        ({"after": "eyJrIjpbXX0"}, "/after", "bad_cursor"),
        ({"limit": 0}, "/limit", "bad_limit"),
        ({"limit": 10_000}, "/limit", "bad_limit"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(office: Any, asked: Any, pointer: str | None, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        office.ids("claim", **asked)
    (issue,) = refused.value.issues
    assert issue.code == code
    assert pointer is None or issue.pointer == pointer


def test_a_lookup_offers_what_the_filter_lets_through(office: Any) -> None:
    rich = office.create("budget", {"code": "RICH", "amount": "10.00"}).id
    office.create("budget", {"code": "POOR", "amount": "0.00"})
    with office.work() as session:
        page = office.records.lookup(
            session, office.forms, "claim", "lines.budget", SYSTEM, values={"subject": 7}, row={"cost": "x"}
        )
    assert [item.id for item in page.items] == [rich]

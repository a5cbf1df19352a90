"""Figures: grouped, counted, summed, by day and by link; what cannot be asked is refused by name."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from formloom.errors import InvalidInput

from form_engine.query.aggregate import aggregate
from form_engine.records.actor import SYSTEM, Actor


@pytest.fixture
def claims(office: Any) -> dict[str, int]:
    north = office.create("budget", {"code": "N", "name": "北", "amount": "100.00", "opened": "2026-01-05"}).id
    south = office.create("budget", {"code": "S", "amount": "250.50", "opened": "2026-03-31"}).id
    east = office.create("budget", {"code": "E", "amount": "49.50", "opened": "2026-02-28"}).id
    office.create("budget", {"code": "W", "amount": "10.00"})
    for subject, budget, cost in (
        ("a", north, "1.00"),
        ("b", north, "2.50"),
        ("c", south, "4.00"),
        ("d", None, "8.00"),
    ):
        line = {"budget": south, "cost": cost}
        office.create("claim", {"subject": subject, "main": budget, "lines": [line]})
    return {"north": north, "south": south, "east": east}


def figures(office: Any, form: str, actor: Actor = SYSTEM, **asked: Any) -> list[tuple[Any, ...]]:
    with office.work() as session:
        access = office.records.access(session, office.forms, form, actor)
        found = aggregate(session, access, asked)
    return [(*group.keys.values(), *group.measures.values()) for group in found.groups]


def test_without_groups_there_is_one_figure_each(office: Any, claims: dict[str, int]) -> None:
    measures = [
        "count",
        {"fn": "sum", "field": "amount"},
        {"fn": "average", "field": "amount"},
        {"fn": "min", "field": "amount"},
        {"fn": "max", "field": "opened"},
        {"fn": "count", "field": "opened"},
        {"fn": "count_distinct", "field": "name"},
    ]
    assert figures(office, "budget", measures=measures) == [
        (4, Decimal("410.00"), Decimal("102.5000"), Decimal("10.00"), date(2026, 3, 31), 3, 1)
    ]
    assert figures(office, "budget", measures=measures, filter={"field": "code", "value": "none"}) == [
        (0, Decimal(0), None, None, None, 0, 0)
    ]


@pytest.mark.parametrize(
    ("bucket", "expected"),
    [
        ("day", [(date(2026, 1, 5), 1), (date(2026, 2, 28), 1), (date(2026, 3, 31), 1), (None, 1)]),
        ("week", [(date(2026, 1, 5), 1), (date(2026, 2, 23), 1), (date(2026, 3, 30), 1), (None, 1)]),
        ("month", [(date(2026, 1, 1), 1), (date(2026, 2, 1), 1), (date(2026, 3, 1), 1), (None, 1)]),
        ("quarter", [(date(2026, 1, 1), 3), (None, 1)]),
        ("year", [(date(2026, 1, 1), 3), (None, 1)]),
    ],
)
def test_dates_fall_into_buckets(office: Any, claims: dict[str, int], bucket: str, expected: list[Any]) -> None:
    assert figures(office, "budget", group=[{"field": "opened", "bucket": bucket}]) == expected


def test_groups_by_link_by_path_and_by_computed_fields(office: Any, claims: dict[str, int]) -> None:
    total = {"fn": "sum", "field": "total", "as": "total"}
    north, south = claims["north"], claims["south"]
    assert figures(office, "claim", group=["main"], measures=[total]) == [
        (north, Decimal("3.50")),
        (south, Decimal("4.00")),
        (None, Decimal("8.00")),
    ]
    assert figures(office, "claim", group=["main.code", "state"]) == [
        ("N", "open", 2),
        ("S", "open", 1),
        (None, "open", 1),
    ]
    assert figures(office, "budget", group=["claims"]) == [(Decimal(0), 2), (Decimal(1), 1), (Decimal(2), 1)]
    assert figures(office, "claim", measures=[{"fn": "max", "field": "main.amount"}]) == [(Decimal("250.50"),)]


def test_having_order_and_limit(office: Any, claims: dict[str, int]) -> None:
    asked: dict[str, Any] = {
        "group": ["main.code"],
        "measures": ["count", {"fn": "sum", "field": "total", "as": "total"}],
    }
    assert figures(office, "claim", **asked, sort=["-total"]) == [
        (None, 1, Decimal("8.00")),
        ("S", 1, Decimal("4.00")),
        ("N", 2, Decimal("3.50")),
    ]
    assert figures(office, "claim", **asked, having=[{"measure": "total", "op": "lt", "value": "4"}]) == [
        ("N", 2, Decimal("3.50"))
    ]
    with office.work() as session:
        access = office.records.access(session, office.forms, "claim", SYSTEM)
        found = aggregate(session, access, {**asked, "limit": 2})
    assert found.more
    assert [group.keys["main.code"] for group in found.groups] == ["N", "S"]


def test_only_what_may_be_read_is_counted_and_spoken_of(office: Any, make_person: Any, claims: dict[str, int]) -> None:
    li = make_person("Li", "member")
    actor = Actor.person(li.id, frozenset({"member"}))
    assert figures(office, "budget", actor) == [(0,)]
    office.update(claims["north"], {"owner": li.id})
    assert figures(office, "budget", actor, measures=[{"fn": "sum", "field": "amount"}]) == [(Decimal("100.00"),)]
    for asked in ({"group": ["secret"]}, {"measures": [{"fn": "count", "field": "whisper"}]}):
        with pytest.raises(InvalidInput) as refused:
            figures(office, "budget", actor, **asked)
        assert refused.value.issues[0].code == "unknown_field"


@pytest.mark.parametrize(
    ("asked", "pointer", "code"),
    [
        ({"grup": []}, "", "unknown_key"),
        ({"group": ["nothing"]}, "/group/0/field", "unknown_field"),
        ({"group": [{"field": "state", "by": 1}]}, "/group/0", "unknown_key"),
        ({"group": ["lines.cost"]}, "/group/0/field", "not_groupable"),
        ({"group": ["lines"]}, "/group/0/field", "unknown_field"),
        ({"group": ["state"] * 4}, "/group", "filter_too_long"),
        ({"group": ["state", "state"]}, "/group/1", "duplicate_key"),
        ({"group": [{"field": "state", "bucket": "day"}]}, "/group/0/bucket", "no_date_to_bucket"),
        ({"group": [{"field": "created_at", "bucket": "day'; --"}]}, "/group/0/bucket", "unknown_bucket"),
        ({"measures": [{"fn": "sum"}]}, "/measures/0/field", "required"),
        ({"measures": [{"fn": "pg_sleep", "field": "total"}]}, "/measures/0/fn", "unknown_operator"),
        ({"measures": [{"fn": "sum", "field": "subject"}]}, "/measures/0/fn", "not_measurable"),
        ({"measures": [{"fn": "count", "as": "a b"}]}, "/measures/0/as", "bad_name"),
        ({"having": [{"measure": "sum", "op": "gt", "value": 1}]}, "/having/0/measure", "unknown_field"),
        ({"having": [{"measure": "count", "op": "like", "value": 1}]}, "/having/0/op", "unknown_operator"),
        ({"having": [{"measure": "count", "op": "gt", "value": "x"}]}, "/having/0/value", "not_a_decimal"),
        ({"sort": ["-total"]}, "/sort/0", "unknown_field"),
        ({"limit": 0}, "/limit", "bad_limit"),
        ({"filter": {"field": "nothing", "value": 1}}, "/filter/field", "unknown_field"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(office: Any, asked: Any, pointer: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        figures(office, "claim", **asked)
    (issue,) = refused.value.issues
    assert (issue.pointer, issue.code) == (pointer, code)

"""Recurring schedules: the vectors, and what holds whatever the terms."""

import json
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_engine.series import (
    Change,
    Due,
    Kept,
    Layer,
    Period,
    Rise,
    Terms,
    add_months,
    extended,
    rates,
    revise,
    schedule,
    split_evenly,
)

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "series.json").read_text("utf-8"))["cases"]
DAY = timedelta(days=1)


def _day(text: str) -> date:
    return date.fromisoformat(text)


def terms_of(raw: dict[str, Any]) -> Terms:
    """The terms of a vector."""
    rise = raw.get("rise")
    return Terms(
        _day(raw["start"]),
        _day(raw["end"]),
        raw["every"],
        Decimal(raw["rate"]),
        raw.get("alignment", "anniversary"),
        steps=Rise(
            rise["every_months"],
            Decimal(rise["fraction"]) if "fraction" in rise else None,
            Decimal(rise.get("amount", 0)),
        )
        if rise
        else None,
        layers=tuple(
            Layer(one["kind"], tuple((_day(a), _day(b)) for a, b in one["ranges"]), one.get("locked", False))
            for one in raw.get("layers", ())
        ),
        due=Due(**raw.get("due", {})),
        changes=tuple(Change(_day(one["effective"]), Decimal(one["rate"])) for one in raw.get("changes", ())),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_vector(case: dict[str, Any]) -> None:
    terms = terms_of(case["terms"])
    found = schedule(terms)
    told = {
        "periods": [[str(each.start), str(each.end), str(each.amount)] for each in found],
        "amounts": [str(each.amount) for each in found],
        "due": [str(each.due) for each in found],
        "total": str(sum(each.amount for each in found)),
        "rates": [[str(a), str(b)] for a, b in rates(terms.start, terms.last, terms.rate, terms.steps, terms.unit)],
        "lines": {str(each.number): _lines(each) for each in found},
        "states": {str(each.number): [str(each.amount), each.locked, each.lines[0].kind] for each in found},
    }
    expected = {key: value for key, value in case.items() if key not in ("id", "says", "terms")}
    assert expected, "a vector that asks nothing"
    for key, value in expected.items():
        seen = told[key]
        assert ({n: seen[n] for n in value} if isinstance(value, dict) else seen) == value  # type: ignore[index]


def _lines(period: Period) -> list[list[str]]:
    return [[line.kind, str(line.start), str(line.end), str(line.amount)] for line in period.lines]


def test_the_31st_comes_back() -> None:
    assert [str(add_months(date(2026, 1, 31), n)) for n in (1, 2, 3, 4)] == [
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
        "2026-05-31",
    ]
    assert add_months(date(2028, 1, 31), 1) == date(2028, 2, 29)
    ends = [add_months(day, 12) - DAY for day in (date(2026, 1, 1), date(2026, 1, 31), date(2024, 2, 29))]
    assert [str(end) for end in ends] == ["2026-12-31", "2027-01-30", "2025-02-27"]


def test_what_was_lost_is_added_at_the_end() -> None:
    end = date(2026, 12, 31)
    start = date(2026, 1, 1)
    assert extended(end, ((date(2026, 4, 1), date(2026, 5, 31)),), start) == date(2027, 2, 28)
    assert extended(end, ((date(2026, 4, 11), date(2026, 6, 9)),), start) == date(2027, 3, 1)
    assert extended(end, ((date(2026, 4, 11), date(2026, 6, 10)),), start) == date(2027, 3, 2), "two months, of no grid"
    assert extended(end, ((date(2026, 2, 28), date(2026, 3, 30)),), date(2026, 1, 31)) == date(2027, 1, 31)


def test_equal_parts_leave_the_remainder_to_the_last() -> None:
    assert [str(part) for part in split_evenly(Decimal("1000.00"), 3)] == ["333.33", "333.33", "333.34"]


def test_without_an_end_the_last_period_is_whole() -> None:
    found = schedule(Terms(date(2026, 1, 31), None, 1, Decimal(100), until=date(2026, 3, 1)))
    assert [(str(each.start), str(each.end)) for each in found] == [
        ("2026-01-31", "2026-02-27"),
        ("2026-02-28", "2026-03-30"),
    ]
    with pytest.raises(ValueError, match="without an end"):
        schedule(Terms(date(2026, 1, 31), None, 1, Decimal(100)))


def test_what_is_set_aside_goes_before_what_is_given_away() -> None:
    whole = ((date(2026, 2, 1), date(2026, 2, 28)),)
    layers = (Layer("aside", whole, locked=True), Layer("given", ((date(2026, 1, 20), date(2026, 2, 10)),)))
    found = schedule(Terms(date(2026, 1, 1), date(2026, 3, 31), 1, Decimal(3100), layers=layers))
    assert [line.kind for line in found[0].lines] == ["charged", "given"]
    assert [(line.kind, line.amount, line.locked) for line in found[1].lines] == [("aside", Decimal("0.00"), True)]
    assert found[1].locked
    assert not found[0].locked


def test_a_revision_supersedes_what_is_open_and_adjusts_what_is_settled() -> None:
    old = Terms(date(2026, 1, 1), date(2026, 6, 30), 1, Decimal(1200))
    kept = [Kept(f"b{each.number}", each, settled=each.number <= 4) for each in schedule(old)]
    new = schedule(Terms(old.start, old.end, 1, Decimal(1200), changes=(Change(date(2026, 4, 16), Decimal(1000)),)))
    done = revise(kept, new, date(2026, 4, 16))
    assert done.adjusted == (("b4", Decimal("-100.00")),)
    assert done.superseded == ("b5", "b6")
    assert [(each.number, str(each.amount)) for each in done.new] == [(5, "1000.00"), (6, "1000.00")]
    shorter = revise(kept, schedule(Terms(old.start, date(2026, 4, 30), 1, Decimal(1200))), date(2026, 5, 1))
    assert (shorter.superseded, shorter.new, shorter.adjusted) == (("b5", "b6"), (), ())


days = st.dates(date(2020, 1, 1), date(2030, 12, 31))
ranges = st.tuples(days, st.integers(0, 90)).map(lambda pair: (pair[0], pair[0] + timedelta(days=pair[1])))


@settings(max_examples=200, deadline=None)
@given(
    start=days,
    length=st.integers(0, 900),
    every=st.sampled_from([1, 2, 3, 6, 12]),
    alignment=st.sampled_from(["anniversary", "calendar"]),
    rate=st.decimals(min_value=0, max_value=99999, places=2),
    rise=st.none() | st.builds(Rise, st.integers(1, 24), st.none() | st.just(Decimal("0.05")), st.just(Decimal("80"))),
    free=st.lists(ranges, max_size=2),
    aside=st.lists(ranges, max_size=2),
)
def test_whatever_the_terms(
    start: date, length: int, every: int, alignment: Any, rate: Decimal, rise: Any, free: Any, aside: Any
) -> None:
    layers = (Layer("aside", tuple(aside), locked=True), Layer("given", tuple(free)))
    terms = Terms(start, start + timedelta(days=length), every, rate, alignment, steps=rise, layers=layers)
    found = schedule(terms)
    assert (found[0].start, found[-1].end) == (terms.start, terms.end)
    for before, after in pairwise(found):
        assert after.start == before.end + DAY
    for each in found:
        assert each.amount == sum(line.amount for line in each.lines)
        assert each.amount == each.amount.quantize(terms.unit)
        assert (each.lines[0].start, each.lines[-1].end) == (each.start, each.end)
        for one, other in pairwise(each.lines):
            assert other.start == one.end + DAY
            assert (one.kind, one.rate) != (other.kind, other.rate)
        for line in each.lines:
            assert line.kind == "charged" or line.amount == 0
    unchanged = revise([Kept(str(each.number), each, settled=False) for each in found], found, start)
    assert unchanged == type(unchanged)((), (), ())


@settings(max_examples=100, deadline=None)
@given(start=days, months=st.integers(1, 36), every=st.sampled_from([1, 2, 3, 6, 12]), rate=st.integers(1, 9999))
def test_whole_terms_cost_whole_months(start: date, months: int, every: int, rate: int) -> None:
    found = schedule(Terms(start, add_months(start, months) - DAY, every, Decimal(rate)))
    assert sum(each.amount for each in found) == rate * months

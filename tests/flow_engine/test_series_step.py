"""The series step on a running engine: the trade's own examples, revisions, and what the pure function says."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from formloom.errors import Forbidden, InvalidInput, NotFound
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_engine.series import Change, Layer, Period, Terms, add_months, schedule
from form_engine.records.actor import SYSTEM
from tests.flow_engine.actions import (
    AGREEMENT,
    SERIES,
    add,
    agree,
    button,
    change,
    charges,
    history,
    install,
    make,
    press,
)
from tests.flow_engine.conftest import World

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "series.json").read_text("utf-8"))["cases"]
DAY = timedelta(days=1)


def terms(raw: dict[str, Any]) -> dict[str, Any]:
    """A vector's terms as an agreement's values; its layers and changes as rows (breaks are records of their own)."""
    rise, due = raw.get("rise", {}), raw.get("due", {})
    layers = {one["kind"]: one["ranges"] for one in raw.get("layers", ())}
    return {
        "start": raw["start"],
        "end": raw["end"],
        "every": str(raw["every"]),
        "rate": raw["rate"],
        "alignment": raw.get("alignment", "anniversary"),
        "ahead": str(due.get("days", 0)),
        "rise_every": str(rise["every_months"]) if rise else None,
        "rise": rise.get("fraction"),
        "rise_amount": rise.get("amount"),
        "free": [{"from": a, "to": b} for a, b in layers.get("free", ())] or None,
        "versions": [{"from": one["effective"], "rate": one["rate"]} for one in raw.get("changes", ())] or None,
    }


def scheduled(world: World, raw: dict[str, Any]) -> list[Any]:
    """The charges that the step makes of a vector's terms."""
    install(world)
    add(world, button("plan", SERIES))
    agreement = agree(world, **{key: value for key, value in terms(raw).items() if value is not None})
    for one in raw.get("layers", ()):
        for first, last in one["ranges"] if one["kind"] == "suspended" else ():
            make(world, "break", agreement=agreement, **{"from": first, "to": last})
    press(world, "plan", agreement)
    return charges(world, agreement)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_examples_pass_through_the_step(world: World, case: dict[str, Any]) -> None:
    found = [one.data for one in scheduled(world, case["terms"])]
    kinds = {"usual": "charged", "free": "free", "aside": "suspended"}

    def lines(one: dict[str, Any]) -> list[list[str]]:
        return [[kinds[row["kind"]], row["from"], row["to"], row["amount"]] for row in one["lines"]]

    rates = {(row["from"], row["rate"]) for one in found for row in one["lines"]}
    told: dict[str, Any] = {
        "periods": [[one["from"], one["to"], one["amount"]] for one in found],
        "amounts": [one["amount"] for one in found],
        "due": [one["due"] for one in found],
        "total": str(sum(Decimal(one["amount"]) for one in found)),
        "lines": {one["no"]: lines(one) for one in found},
        "states": {one["no"]: [one["amount"], one.get("locked") is True, lines(one)[0][0]] for one in found},
    }
    expected = {key: value for key, value in case.items() if key not in ("id", "says", "terms")}
    for key, value in expected.items():
        if key == "rates":
            assert {tuple(pair) for pair in value} <= rates
            continue
        seen = told[key]
        assert ({n: seen[n] for n in value} if isinstance(value, dict) else seen) == value
    world.verify()


@pytest.mark.parametrize(
    ("lost", "end"), [(("2026-04-01", "2026-05-31"), "2027-02-28"), (("2026-04-11", "2026-06-10"), "2027-03-02")]
)
def test_what_was_lost_is_added_at_the_end(world: World, lost: tuple[str, str], end: str) -> None:
    install(world)
    add(world, button("plan", SERIES))
    agreement = agree(world, start="2026-01-01", end="2026-12-31", every="1", rate="1200.00", extends=True)
    make(world, "break", agreement=agreement, **{"from": lost[0], "to": lost[1]})
    press(world, "plan", agreement)
    assert charges(world, agreement)[-1].data["to"] == end


def test_equal_parts_leave_the_remainder_to_the_last(world: World) -> None:
    parts = {
        "key": "parts",
        "type": "series",
        "rows": "instalments",
        "parts": {"amount": {"=": "rate"}, "count": 3, "start": {"=": "start"}},
        "set": {"due": {"=": "row.due"}, "amount": {"=": "row.amount"}},
    }
    install(world, parts)
    agreement = agree(world, rate="1000.00", start="2026-01-31")
    rows = [(row["due"], row["amount"]) for row in world.value(agreement, "instalments")]
    assert rows == [("2026-01-31", "333.33"), ("2026-02-28", "333.33"), ("2026-03-31", "333.34")]


def test_a_period_may_be_owed_in_parts(world: World) -> None:
    instalments = {
        "field": "instalments",
        "count": {"=": "3"},
        "set": {"due": {"=": "row.due"}, "amount": {"=": "row.amount"}},
    }
    install(world, {**SERIES, "instalments": instalments})
    agreement = agree(world, start="2026-01-01", end="2026-12-31", every="12", rate="100.00")
    (one,) = charges(world, agreement)
    assert (one.data["amount"], [row["amount"] for row in one.data["instalments"]]) == ("1200.00", ["400.00"] * 3)
    assert [row["due"] for row in one.data["instalments"]] == ["2026-01-01", "2026-02-01", "2026-03-01"]


def year(world: World) -> int:
    """Twelve months at 1,200."""
    install(world)
    add(world, button("plan", SERIES))
    agreement = agree(world, start="2026-01-01", end="2026-12-31", every="1", rate="1200.00")
    press(world, "plan", agreement)
    return agreement


def test_a_second_time_nothing_changes(world: World) -> None:
    agreement = year(world)
    before = [(one.id, one.version) for one in charges(world, agreement)]
    press(world, "plan", agreement)
    assert [(one.id, one.version) for one in charges(world, agreement)] == before
    assert len(before) == 12


def test_new_terms_supersede_what_is_open_and_adjust_what_is_settled(world: World) -> None:
    agreement = year(world)
    may = charges(world, agreement, no="5")[0]
    change(world, may.id, paid="100.00")
    change(world, agreement, versions=[{"from": "2026-05-16", "rate": "1000.00"}], effective="2026-05-16")
    run = press(world, "plan", agreement)
    now = charges(world, agreement)
    live = [one.data for one in now if one.data["state"] != "void"]
    assert [one["amount"] for one in live if one["no"] == "6"] == ["1000.00"]
    (settled,) = [one for one in live if one["no"] == "5"]
    assert settled["amount"] == "1200.00"
    assert [(row["kind"], row["amount"]) for row in settled["lines"]] == [("usual", "1200.00"), ("adjust", "-103.23")]
    gone = [one for one in now if one.data["state"] == "void"]
    assert [one.data["no"] for one in gone] == ["6", "7", "8", "9", "10", "11", "12"]
    assert {one.data["note"] for one in gone} == {"superseded by Wang"}
    assert history(world, gone[0].id)[-1] == ("flow:plan", "updated", f"run:{run}")
    assert len(live) == 12
    # What was asked, the adjustments and the new together are what the terms say, and asking again changes nothing.
    before = [(one.id, one.version) for one in charges(world, agreement)]
    press(world, "plan", agreement)
    assert [(one.id, one.version) for one in charges(world, agreement)] == before
    world.verify()


def test_an_open_period_that_holds_the_day_is_split(world: World) -> None:
    agreement = year(world)
    change(world, agreement, versions=[{"from": "2026-05-16", "rate": "1000.00"}], effective="2026-05-16")
    press(world, "plan", agreement)
    (may,) = [one.data for one in charges(world, agreement, no="5") if one.data["state"] == "open"]
    assert may["amount"] == "1096.77"
    assert [(row["from"], row["to"], row["amount"]) for row in may["lines"]] == [
        ("2026-05-01", "2026-05-15", "580.65"),
        ("2026-05-16", "2026-05-31", "516.12"),
    ]


def test_another_grid_begins_on_the_day(world: World) -> None:
    agreement = year(world)
    april = charges(world, agreement, no="4")[0]
    change(world, april.id, paid="1200.00")
    versions = [{"from": "2026-04-11", "rate": "900.00", "every": "3", "anew": True}]
    change(world, agreement, versions=versions, effective="2026-04-11")
    press(world, "plan", agreement)
    live = [one.data for one in charges(world, agreement) if one.data["state"] != "void"]
    told = sorted((one["from"], one["to"], one["amount"]) for one in live)
    assert told[3:6] == [
        ("2026-04-01", "2026-04-30", "1200.00"),
        ("2026-04-11", "2026-07-10", "2700.00"),
        ("2026-07-11", "2026-10-10", "2700.00"),
    ]
    (settled,) = [one for one in live if one["from"] == "2026-04-01"]
    assert [row["amount"] for row in settled["lines"]] == ["1200.00", "-800.00"]


def test_a_break_that_ends_early_brings_back_what_was_set_aside(world: World) -> None:
    install(world)
    add(world, button("plan", SERIES))
    agreement = agree(world, start="2026-01-01", end="2026-06-30", every="1", rate="1200.00")
    pause = make(world, "break", agreement=agreement, **{"from": "2026-03-01", "to": "2026-04-30"})
    press(world, "plan", agreement)
    assert [one.data.get("locked") is True for one in charges(world, agreement)] == [
        False,
        False,
        True,
        True,
        False,
        False,
    ]
    change(world, pause, to="2026-03-31")
    change(world, agreement, effective="2026-04-01")
    press(world, "plan", agreement)
    (april,) = charges(world, agreement, no="4", state="open")
    assert (april.data["amount"], april.data.get("locked") is True) == ("1200.00", False)
    (march,) = charges(world, agreement, no="3", state="open")
    assert march.version == 1


def test_without_an_end_it_rolls_on(world: World, clock: Any) -> None:
    install(world)
    add(world, button("plan", SERIES))
    today = clock.now().date()
    agreement = agree(world, start=str(today), every="1", rate="100.00")
    press(world, "plan", agreement)
    first = len(charges(world, agreement))
    assert first == 13, "twelve months ahead, and the one that has begun by then"
    clock.advance(days=62)
    press(world, "plan", agreement)
    later = charges(world, agreement)
    assert len(later) == 15
    assert all(one.version == 1 for one in later)
    assert later[-1].data["to"] == str(add_months(today, 15) - DAY)


@pytest.mark.parametrize(
    ("values", "pointer", "code"),
    [
        ({"start": None}, "/terms/start", "series_needs"),
        ({"rate": None}, "/terms/rate", "series_needs"),
        ({"every": "0"}, "/terms/every", "series_cannot_be"),
        ({"every": "1.5"}, "/terms/every", "series_cannot_be"),
        ({"end": "2025-12-31"}, "/terms/end", "series_backwards"),
        ({"end": "2399-12-31"}, "/terms", "series_too_long"),
    ],
)
def test_terms_that_make_no_schedule_are_an_incident(
    world: World, values: dict[str, Any], pointer: str, code: str
) -> None:
    install(world, SERIES)
    raw = {"start": "2026-01-01", "end": "2026-12-31", "every": "1", "rate": "1.00", **values}
    agreement = agree(world, **{key: value for key, value in raw.items() if value is not None})
    (task,) = world.tasks(agreement)
    assert task["kind"] == "incident"
    assert charges(world, agreement) == []
    with world.work() as session:
        (run,) = world.flows.timeline(session, agreement)
        state = world.flows.run(session, run.id)
        assert state.status == "stuck"
    change_terms = {"start": "2026-01-01", "end": "2026-03-31", "every": "1", "rate": "1.00"}
    with world.work() as session:
        from sqlalchemy import text

        told = session.scalar(text("SELECT state::text FROM run WHERE record_id = :id"), {"id": agreement})
        assert pointer in told
        assert code in told
        session.execute(text("UPDATE record SET run_id = NULL WHERE id = :id"), {"id": agreement})
    change(world, agreement, **change_terms)
    world.decide(agreement, "admin1", "retry")
    assert len(charges(world, agreement)) == 3, "retried once, made once"
    world.verify()


def test_a_preview_tells_what_would_be_and_writes_nothing(world: World) -> None:
    agreement = year(world)
    values = {"versions": [{"from": "2026-05-16", "rate": "1000.00"}], "effective": "2026-05-16"}
    before = charges(world, agreement)
    with world.work() as session:
        found = world.flows.preview_series(session, "plan", "plan", world.actor("agent"), agreement, values)
        fresh = {"start": "2026-01-31", "end": "2026-05-30", "every": "1", "rate": "1200.00"}
        new = world.flows.preview_series(session, "plan", "plan", world.actor("agent"), None, fresh)
    assert [(one["number"], one["amount"]) for one in found["periods"]][:2] == [(5, "1096.77"), (6, "1000.00")]
    assert [line["amount"] for line in found["periods"][0]["lines"]] == ["580.65", "516.12"]
    assert len(found["superseded"]) == 8
    assert [one["start"] for one in new["periods"]] == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
    assert (new["total"], new["superseded"], new["adjusted"]) == ("4800.00", [], [])
    assert [(one.id, one.version) for one in charges(world, agreement)] == [(one.id, one.version) for one in before]


def test_a_preview_is_for_those_who_may_read_what_it_reads(world: World) -> None:
    agreement = year(world)
    with world.work() as session:
        stranger = replace(world.actor("agent"), roles=frozenset())
        for record, wanted in ((agreement, "unknown_record"), (None, "unknown_flow")):
            with pytest.raises(NotFound) as missing:
                world.flows.preview_series(session, "plan", "plan", stranger, record, {})
            assert missing.value.code == wanted
        with pytest.raises(NotFound):
            world.flows.preview_series(session, "plan", "elsewhere", world.actor("agent"), agreement, {})
        with pytest.raises(InvalidInput) as refused:
            world.flows.preview_series(session, "plan", "plan", world.actor("agent"), agreement, {"rate": None})
        assert [(issue.pointer, issue.code) for issue in refused.value.issues] == [("/terms/rate", "series_needs")]
    hidden = {
        **AGREEMENT,
        "access": [{"role": "agent", "may": ["create", "read"], "fields": {"rate": "hidden", "*": "write"}}],
    }
    with world.work() as session:
        world.forms.publish_together(session, {"agreement": hidden}, SYSTEM)
    with world.work() as session, pytest.raises(Forbidden) as denied:
        world.flows.preview_series(session, "plan", "plan", world.actor("agent"), agreement, {})
    assert denied.value.params["field"] == "agreement.rate"


def test_pages_show_what_would_be_while_the_step_says_so(world: World) -> None:
    install(world)
    add(world, button("plan", SERIES | {"preview": 'name <> "quiet"'}))
    terms = {"start": "2026-01-01", "end": "2026-03-31", "every": "1", "rate": "100.00"}
    loud, quiet, wrong = agree(world, **terms), agree(world, name="quiet", **terms), agree(world, start="2026-01-01")
    with world.work() as session:
        (shown,) = world.flows.schedules(session, world.actor("agent"), loud, "agreement")
        assert shown.plan is not None
        assert [str(period.amount) for period in shown.plan.new] == ["100.00"] * 3
        assert world.flows.schedules(session, world.actor("agent"), quiet, "agreement") == ()
        (broken,) = world.flows.schedules(session, world.actor("agent"), wrong, "agreement")
        assert (broken.plan, broken.wrong[0].code) == (None, "series_needs")
        stranger = replace(world.actor("agent"), roles=frozenset())
        assert world.flows.schedules(session, stranger, loud, "agreement") == ()
    assert charges(world, loud) == []


days = st.dates(date(2020, 1, 1), date(2028, 12, 31))
spans = st.tuples(days, st.integers(0, 60)).map(lambda pair: (pair[0], pair[0] + timedelta(days=pair[1])))


def test_the_step_writes_what_the_pure_function_says(world: World) -> None:
    """Whatever the terms: once they are made, and once more after other terms from some day on."""
    install(world)
    add(world, button("plan", SERIES))

    @settings(max_examples=12, deadline=None, derandomize=True)
    @given(
        start=days,
        length=st.integers(0, 500),
        every=st.sampled_from([1, 2, 3, 6, 12]),
        alignment=st.sampled_from(["anniversary", "calendar"]),
        rate=st.decimals(min_value=0, max_value=9999, places=2),
        free=st.lists(spans, max_size=2),
        effective=st.integers(0, 500),
        other=st.decimals(min_value=0, max_value=9999, places=2),
        paid=st.sets(st.integers(0, 6), max_size=3),
    )
    def check(**drawn: Any) -> None:
        start, end = drawn["start"], drawn["start"] + timedelta(days=drawn["length"])
        layers = (Layer("free", tuple(drawn["free"])),)
        terms = Terms(start, end, drawn["every"], drawn["rate"], drawn["alignment"], layers=layers)
        told = {"start": str(start), "end": str(end), "every": str(drawn["every"]), "rate": str(drawn["rate"])}
        free = [{"from": str(a), "to": str(b)} for a, b in drawn["free"]] or None
        agreement = agree(world, **told, alignment=drawn["alignment"], free=free)
        press(world, "plan", agreement)
        made = charges(world, agreement)
        assert [_told(one.data) for one in made] == [_wanted(each) for each in schedule(terms)]
        for number in drawn["paid"]:
            if number < len(made):
                change(world, made[number].id, paid="1.00")
        day = start + timedelta(days=drawn["effective"])
        changed = replace(terms, changes=(Change(day, drawn["other"]),))
        version = {"from": str(day), "rate": str(drawn["other"])}
        change(world, agreement, versions=[version], effective=str(day))
        press(world, "plan", agreement)
        live = [one.data for one in charges(world, agreement) if one.data["state"] != "void"]
        asked = sum(Decimal(one["amount"]) + _adjusted(one) for one in live)
        assert asked == sum((each.amount for each in schedule(changed)), Decimal(0))

    check()
    world.verify()


def _told(one: dict[str, Any]) -> tuple[Any, ...]:
    lines = [(row["kind"], row["from"], row["to"], Decimal(row["amount"])) for row in one["lines"]]
    return one["from"], one["to"], one["due"], Decimal(one["amount"]), lines


def _wanted(period: Period) -> tuple[Any, ...]:
    kinds = {"charged": "usual"}
    lines = [(kinds.get(line.kind, line.kind), str(line.start), str(line.end), line.amount) for line in period.lines]
    return str(period.start), str(period.end), str(period.due), period.amount, lines


def _adjusted(one: dict[str, Any]) -> Decimal:
    return sum((Decimal(row["amount"]) for row in one["lines"] if row["kind"] == "adjust"), Decimal(0))

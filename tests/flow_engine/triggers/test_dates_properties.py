"""Whatever happens to a record and to the time: each value of its date fires at most once a rule, and the timers that
wait are those that a computation from scratch would set."""

import os
from datetime import date, datetime, timedelta

import pytest
from formloom.errors import FormloomError
from formloom.timers import Clock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from flow_engine.service import timer_handlers
from flow_engine.service.triggering.dates import set_timers
from flow_engine.triggers.moments import Firing, Offset, due_of, most_urgent, parse_offset
from tests.flow_engine.triggers.conftest import House, flow

EXAMPLES = 150 if os.environ.get("FORMLOOM_SOAK") else 25
FIRST = date(2026, 11, 10)
BEGIN = "2026-11-02T08:00:00+08:00"

days = st.integers(0, 12).map(lambda n: (FIRST + timedelta(days=4 * n)).isoformat())
acts = st.one_of(
    st.tuples(st.just("date"), days),
    st.tuples(st.just("blank"), st.none()),
    st.tuples(st.just("state"), st.sampled_from(["open", "shut"])),
    st.tuples(st.just("bin"), st.none()),
    st.tuples(st.just("wait"), st.integers(1, 15)),
    st.tuples(st.just("late"), st.integers(1, 15)),
)


def rules(house: House) -> None:
    """Two of a series, one that catches up with all, one with none."""

    def rule(key: str, offset: str, **more: object) -> dict[str, object]:
        trigger = {"on": "date", "field": "end", "offset": offset, "at": "09:00", "when": 'state = "open"', **more}
        mark = {"=": f'CONCAT(COALESCE(fired, ""), "{key}@", TEXT(end, "yyyy-mm-dd"), ";")'}
        return flow(key, trigger, {"key": "mark", "type": "update", "set": {"fired": mark}})

    house.publish(
        rule("far", "-P20D", series="expiry"),
        rule("near", "-P5D", series="expiry"),
        rule("every", "-P9D", catch_up="all"),
        rule("prompt", "P1D", catch_up="none"),
    )


def scratch(house: House, record: int) -> dict[str, datetime]:
    """What waits once all that waited was forgotten and worked out again; what has fired is remembered."""
    with house.work() as session:
        session.execute(text("UPDATE timer SET cancelled_at = now() WHERE done_at IS NULL AND cancelled_at IS NULL"))
        session.execute(text("UPDATE timer SET due_at = 'epoch' WHERE cancelled_at IS NOT NULL"))
        set_timers(session, house.flows._catalogue, "paper", [record])
    return house.pending()


def test_any_history(house: House) -> None:
    rules(house)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(acts, min_size=3, max_size=14))
    def holds(story: list[tuple[str, object]]) -> None:
        house.at(BEGIN)
        record, now = house.make(end=FIRST.isoformat()), datetime.fromisoformat(BEGIN)
        for act, value in story:
            if act in ("wait", "late"):
                now += timedelta(days=int(str(value)))
                house.at(now.isoformat())
                if act == "wait":
                    house.settle()
                    house.tick()
                else:  # the clock is faster than the worker
                    Clock(house.databases, timer_handlers(house.flows)).tick()
                continue
            try:
                _do(house, record, act, value)
            except FormloomError:
                continue  # it is in the bin
        house.settle()
        house.tick()
        marks = [mark for mark in house.fired(record).split(";") if mark]
        assert len(marks) == len(set(marks)), f"fired twice: {marks}"
        assert all(due > now for due in house.pending().values()), "nothing that is due waits"
        before = house.pending()
        assert scratch(house, record) == before
        house.work_off(record)

    holds()


def _do(house: House, record: int, act: str, value: object) -> None:
    if act == "date":
        house.change(record, end=value)
    elif act == "blank":
        house.change(record, end=None)
    elif act == "state":
        house.change(record, state=value)
    elif house.gone(record):
        with house.work() as session:
            house.records.restore(session, house.forms, record, house.agent)
    else:
        house.delete(record)


offsets = st.builds(Offset, months=st.integers(-24, 24), days=st.integers(-400, 400), minutes=st.integers(-3000, 3000))


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), offsets, offsets)
def test_later_offsets_are_due_later(value: date, first: Offset, second: Offset) -> None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Asia/Shanghai")
    dues = [due_of(value, Offset(0, each.days, 0), zone=zone) for each in (first, second)]
    assert dues[0] is not None
    assert dues[1] is not None
    assert (first.days <= second.days) == (dues[0] <= dues[1])


@given(st.lists(st.builds(Firing, st.datetimes(), st.sampled_from("abcd")), max_size=8), st.datetimes())
def test_the_most_urgent_is_past_and_none_that_is_past_is_later(series: list[Firing], now: datetime) -> None:
    found = most_urgent(series, now)
    past = [each for each in series if each.due <= now]
    assert (found is None) == (past == [])
    assert found is None or (found in past and all(each.due <= found.due for each in past))


@pytest.mark.parametrize(
    ("text_", "expected"),
    [
        ("-P30D", Offset(0, -30, 0)),
        ("P1M", Offset(1, 0, 0)),
        ("-P1Y2M", Offset(-14, 0, 0)),
        ("P2W", Offset(0, 14, 0)),
        ("-PT2H30M", Offset(0, 0, -150)),
        ("P0D", Offset()),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("30D", None),
        ("-P1.5D", None),
    ],
)
def test_offsets(text_: str, expected: Offset | None) -> None:
    assert parse_offset(text_) == expected

"""Whatever happens to a record and to the time: each value of its date fires at most once a rule, and the timers that
wait are those that a computation from scratch would set."""

import os
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from formloom.timers import Clock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from flow_engine.service import timer_handlers
from flow_engine.service.triggering.dates import set_timers
from flow_engine.triggers.moments import Firing, Offset, due_of, most_urgent, parse_offset
from tests.flow_engine.triggers.conftest import House, flow

EXAMPLES = 150 if os.environ.get("FORMLOOM_SOAK") else 30
FIRST = date(2026, 11, 10)
BEGIN = "2026-11-02T08:00:00+08:00"

DAYS = [(FIRST + timedelta(days=n)).isoformat() for n in (0, 10, 45)]
"""Few, so that a date comes back."""
acts = st.sampled_from(
    [*(("date", day) for day in DAYS for _ in range(3)), ("date", None), ("shut", None), ("bin", None)]
)
rounds = st.tuples(acts, st.integers(0, 12), st.sampled_from([True, True, False]))
"""Something is done, so many days pass, and the worker has heard of it by then, or the clock is faster."""


OFFSETS = {"far": "-P20D", "near": "-P5D", "every": "-P9D", "prompt": "P1D"}


def rules(house: House) -> None:
    """Two of a series, one that catches up with all, one with none."""

    def rule(key: str, **more: object) -> dict[str, object]:
        trigger = {
            "on": "date",
            "field": "end",
            "offset": OFFSETS[key],
            "at": "09:00",
            "when": 'state = "open"',
            **more,
        }
        mark = {"=": f'CONCAT(COALESCE(fired, ""), "{key}@", TEXT(end, "yyyy-mm-dd"), ";")'}
        return flow(key, trigger, {"key": "mark", "type": "update", "set": {"fired": mark}})

    house.publish(
        rule("far", series="expiry"),
        rule("near", series="expiry"),
        rule("every", catch_up="all"),
        rule("prompt", catch_up="none"),
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
    @given(st.lists(rounds, min_size=3, max_size=9))
    def holds(story: list[tuple[tuple[str, str | None], int, bool]]) -> None:
        house.at(BEGIN)
        record, now = house.make(end=FIRST.isoformat()), datetime.fromisoformat(BEGIN)
        for (act, value), wait, heard in story:
            _do(house, record, act, value)
            now += timedelta(days=wait)
            house.at(now.isoformat())
            if heard:
                house.settle()
                house.tick()
            else:
                Clock(house.databases, timer_handlers(house.flows)).tick()
            assert all(due_at(mark) <= now for mark in marks_of(house, record)), "none too early"
        house.settle()
        house.tick()
        marks = marks_of(house, record)
        assert len(marks) == len(set(marks)), f"fired twice: {marks}"
        assert all(due > now for due in house.pending().values()), "nothing that is due waits"
        before = house.pending()
        assert scratch(house, record) == before
        house.work_off(record)

    holds()


def marks_of(house: House, record: int) -> list[str]:
    """What has fired: `near@2026-11-10`."""
    return [mark for mark in house.fired(record).split(";") if mark]


def due_at(mark: str) -> datetime:
    """When it may have fired at the earliest."""
    rule, _, value = mark.partition("@")
    offset = parse_offset(OFFSETS[rule])
    assert offset is not None
    found = due_of(date.fromisoformat(value), offset, at=time(9), zone=ZoneInfo("Asia/Shanghai"))
    assert found is not None
    return found


def _do(house: House, record: int, act: str, value: str | None) -> None:
    """The date becomes another, the state changes sides, the record goes into the bin or comes back."""
    gone = house.gone(record)
    if act == "bin" and not gone:
        house.delete(record)
    elif gone:
        with house.work() as session:
            house.records.restore(session, house.forms, record, house.agent)
    elif act == "date":
        house.change(record, end=value)
    else:
        house.change(record, state="open" if house.fact(record).data["state"] == "shut" else "shut")


offsets = st.builds(Offset, months=st.integers(-24, 24), days=st.integers(-400, 400), minutes=st.integers(-3000, 3000))


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), offsets, offsets)
def test_later_offsets_are_due_later(value: date, first: Offset, second: Offset) -> None:
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

"""Clocks, pure: business time inside any pauses is what a count by minutes gives; real tickets; marks that stay."""

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_engine.clocks.definition import AtField, AtRun, AtStep, ClockDef, parse_clocks
from flow_engine.clocks.reading import coming, moment_at, noted, reading, share_at, used
from flow_engine.clocks.state import Changed, ClockState, RunTurned, Stepped, Undone, follow, retimed
from flow_engine.clocks.working_time import ROUND_THE_CLOCK, InCalendar, WorkingTime, end_of, moment_of
from flow_engine.elements.due import Length, Part
from form_engine.calendars.parse import parse_calendar
from form_engine.calendars.working import WorkingCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAYS = ("mon", "tue", "wed", "thu", "fri")
MINUTE = timedelta(minutes=1)
OFFICE = InCalendar(
    WorkingCalendar(
        parse_calendar(
            {
                "kind": "calendar",
                "key": "office",
                "title": "Office",
                "holidays": "CN",
                "hours": {day: ["09:00-18:00"] for day in DAYS},
            }
        )
    ),
    SHANGHAI,
)
SPLIT = InCalendar(
    WorkingCalendar(
        parse_calendar(
            {
                "kind": "calendar",
                "key": "split",
                "title": "With a break",
                "hours": {day: ["08:30-12:00", "13:15-17:45"] for day in DAYS},
                "exceptions": [
                    {"from": "2026-03-11", "day": "off"},
                    {"from": "2026-03-14", "day": "work", "hours": ["10:00-12:00"]},
                ],
            }
        )
    ),
    SHANGHAI,
)
TICKETS = Path(__file__).parent.parent / "data" / "ticket_clocks.csv"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def clock(**more: Any) -> ClockDef:
    raw = {"key": "answer", "from": {"step": "accept"}, "to": {"step": "send", "at": "opened"}, "target": "PT4H"}
    return parse_clocks([{**raw, **more}])[0]


TABLE = clock(
    target={"by": "priority", "cases": {"P1": "PT15M", "P2": "PT60M", "P3": "PT240M", "P4": "PT480M"}},
    calendar={"by": "priority", "cases": {"P1": "always"}, "otherwise": "office"},
    pause=[{"field": "status", "is": ["waiting"]}],
)
TARGETS = {"P1": "PT15M", "P2": "PT60M", "P3": "PT240M", "P4": "PT480M"}


def test_the_time_of_400_tickets() -> None:
    counted = attained = 0
    for row in csv.DictReader(TICKETS.read_text("utf-8").splitlines()):
        if not row["used_min"]:
            continue
        time: WorkingTime = ROUND_THE_CLOCK if row["priority"] == "P1" else OFFICE
        state = follow(TABLE, ClockState(), Stepped(AtStep("accept", "passed")), at(row["accepted"]))
        for pause in filter(None, row["pauses"].split(";")):
            since, until = pause.split("~")
            state = follow(TABLE, state, Changed({}, {"status": "waiting"}), at(since))
            state = follow(TABLE, state, Changed({}, {"status": "open"}), at(until))
        state = retimed(state, time, "office", TARGETS[row["priority"]])
        state = follow(TABLE, state, Stepped(AtStep("send", "opened")), at(row["dispatched"]))
        end = noted(TABLE, state, time, at(row["dispatched"]))
        shown = reading(TABLE, end, time, at(row["dispatched"]))
        assert shown.used // MINUTE == int(row["used_min"]), row["ticket"]
        assert shown.target == int(row["target_min"]) * MINUTE
        assert ("N" if shown.breached else "Y") == row["attained"], row["ticket"]
        counted, attained = counted + 1, attained + (not shown.breached)
    assert (counted, attained) == (388, 331)


moments = st.integers(0, 60 * 24 * 12).map(lambda minute: at("2026-03-06T00:00") + minute * MINUTE)
times = st.sampled_from([ROUND_THE_CLOCK, OFFICE, SPLIT])


@st.composite
def states(draw: st.DrawFn) -> ClockState:
    """A clock with pauses, the last perhaps still open."""
    marks = sorted(draw(st.sets(moments, min_size=1, max_size=9)))
    spans: list[tuple[datetime, datetime | None]] = list(zip(marks[1::2], marks[2::2], strict=False))
    if len(marks) % 2 == 0:
        spans.append((marks[-1], None))
    return ClockState(started_at=marks[0], pauses=tuple(spans), target=draw(st.integers(1, 1200)) * MINUTE)


def by_minutes(state: ClockState, time: WorkingTime, now: datetime) -> timedelta:
    """One minute after the other."""
    total, here = timedelta(0), state.started_at
    assert here is not None
    while here < now:
        paused = any(since <= here and (until is None or here < until) for since, until in state.pauses)
        if not paused:
            total += time.passed(here, here + MINUTE)
        here += MINUTE
    return total


@settings(max_examples=150, deadline=None)
@given(states(), times, moments)
def test_time_outside_of_pauses_is_what_minutes_give(state: ClockState, time: WorkingTime, now: datetime) -> None:
    assert used(state, time, now) == by_minutes(state, time, now)


@settings(max_examples=300, deadline=None)
@given(states(), times, st.integers(1, 3000))
def test_the_due_moment_is_the_inverse_of_the_time_used(state: ClockState, time: WorkingTime, minutes: int) -> None:
    due = moment_at(state, time, minutes * MINUTE)
    if due is None:
        assert state.paused
        assert used(state, time, state.pauses[-1][0] + timedelta(days=30)) < minutes * MINUTE
        return
    assert used(state, time, due) == minutes * MINUTE
    assert used(state, time, due - MINUTE) < minutes * MINUTE, "not a moment earlier"


@settings(max_examples=150, deadline=None)
@given(states(), times, moments)
def test_ending_a_pause_moves_what_is_due_by_the_working_time_in_it(
    state: ClockState, time: WorkingTime, end: datetime
) -> None:
    paused = follow(TABLE, ClockState(started_at=state.started_at, target=state.target), held(True), end)
    assert paused.started_at is not None
    if end < paused.started_at or paused.target is None:
        return
    went_on = follow(TABLE, paused, held(False), end + timedelta(hours=7))
    before, after = (
        moment_at(ClockState(paused.started_at), time, paused.target),
        moment_at(went_on, time, paused.target),
    )
    assert before is not None
    assert after is not None
    lost = time.passed(end, end + timedelta(hours=7))
    assert time.passed(paused.started_at, after) == paused.target + (lost if before > end else timedelta(0))


def held(waiting: bool) -> Changed:
    return Changed({}, {"status": "waiting" if waiting else "open"})


def test_the_breach_and_the_colour_stay() -> None:
    colours = clock(
        at=[{"share": "0.75", "colour": "yellow", "do": "remind"}, {"share": "0.5", "colour": "blue"}],
        pause=[{"field": "status", "is": "waiting"}],
    )
    assert [threshold.share for threshold in colours.at] == [Decimal("0.5"), Decimal("0.75"), Decimal(1)]
    state = follow(colours, ClockState(), Stepped(AtStep("accept", "passed")), at("2026-03-06T09:00"))
    state = retimed(state, OFFICE, "office", "PT4H")
    assert coming(colours, state, OFFICE) == at("2026-03-06T11:00")
    assert reading(colours, state, OFFICE, at("2026-03-06T12:30")).colour == "yellow"
    assert reading(colours, state, OFFICE, at("2026-03-06T12:59")).breached is False
    late = noted(colours, state, OFFICE, at("2026-03-06T13:00"))
    assert (late.breached_at, late.reached) == (at("2026-03-06T13:00"), 3)
    longer = retimed(late, OFFICE, "office", "P2D")
    shown = reading(colours, noted(colours, longer, OFFICE, at("2026-03-06T13:30")), OFFICE, at("2026-03-06T13:30"))
    assert (shown.breached, shown.colour) == (True, "red"), "a longer target does not take it back"


def test_a_clock_runs_once_and_hears_only_its_marks() -> None:
    field = clock(**{"from": {"field": "status", "becomes": ["taken"]}, "to": {"run": "ended"}})
    assert (field.start, field.end) == (AtField("status", frozenset({"taken"})), AtRun("ended"))
    state = follow(field, ClockState(), Changed({"status": "taken"}, {"status": "taken"}), at("2026-03-06T09:00"))
    assert state.started_at is None, "it had that value before"
    state = follow(field, state, Changed({"status": "new"}, {"status": "taken"}), at("2026-03-06T10:00"))
    state = follow(field, state, Changed({"status": "new"}, {"status": "taken"}), at("2026-03-06T11:00"))
    assert state.started_at == at("2026-03-06T10:00")
    state = follow(field, state, RunTurned(AtRun("ended")), at("2026-03-06T12:00"))
    assert state.stopped_at == at("2026-03-06T12:00")
    assert follow(field, state, Changed({}, {"status": "taken"}), at("2026-03-06T13:00")) == state


def test_taking_back_the_step_that_stopped_it_lets_it_run_on() -> None:
    state = ClockState(started_at=at("2026-03-06T09:00"), target=4 * 60 * MINUTE, held=True)
    state = follow(TABLE, state, Stepped(AtStep("send", "opened")), at("2026-03-06T10:00"))
    assert state.stopped_at is not None
    again = follow(TABLE, state, Undone(frozenset({AtStep("send", "opened")})), at("2026-03-06T11:00"))
    assert again.running
    assert used(again, ROUND_THE_CLOCK, at("2026-03-06T12:00")) == 3 * 60 * MINUTE


def test_a_run_that_begins_in_a_pause_counts_from_its_end() -> None:
    state = follow(TABLE, ClockState(), held(True), at("2026-03-06T09:00"))
    state = follow(TABLE, state, Stepped(AtStep("accept", "passed")), at("2026-03-06T10:00"))
    assert state.paused
    state = follow(TABLE, state, held(False), at("2026-03-06T11:00"))
    assert used(state, OFFICE, at("2026-03-06T12:00")) == 60 * MINUTE


def test_shares_run_in_working_time_and_days_keep_the_time_of_day() -> None:
    friday = at("2026-03-06T16:00")
    assert end_of(OFFICE, friday, "P2D") == at("2026-03-10T16:00")
    assert moment_of(OFFICE, friday, "P2D", Part(Length("P2D", "office"), Decimal("0.5"))) == at("2026-03-09T16:00")
    assert moment_of(OFFICE, friday, "PT4H", Part(Length("PT4H", "office"), Decimal("0.75"))) == at("2026-03-09T10:00")
    assert end_of(ROUND_THE_CLOCK, friday, "P2D") == at("2026-03-08T16:00")
    assert end_of(OFFICE, at("2026-02-14T16:00"), "P1D") == at("2026-02-24T16:00"), "a worked Saturday, then a feast"
    assert end_of(OFFICE, friday, None) is None
    assert end_of(OFFICE, friday, timedelta(0)) is None


@pytest.mark.parametrize(
    ("priority", "accepted", "dispatched", "minutes", "attained"),
    [
        ("P3", "2026-03-06T17:10", "2026-03-09T10:05", 115, True),
        ("P1", "2026-03-07T23:50", "2026-03-08T00:10", 20, False),
        ("P4", "2026-02-14T16:00", "2026-02-24T11:30", 270, True),
    ],
)
def test_examples(priority: str, accepted: str, dispatched: str, minutes: int, attained: bool) -> None:
    time: WorkingTime = ROUND_THE_CLOCK if priority == "P1" else OFFICE
    state = retimed(ClockState(started_at=at(accepted)), time, "office", TARGETS[priority])
    shown = reading(TABLE, state, time, at(dispatched))
    assert (shown.used // MINUTE, not shown.breached) == (minutes, attained)


def test_unbroken_time_ends_with_the_working_hours() -> None:
    assert OFFICE.unbroken(at("2026-03-06T16:00")) == at("2026-03-06T18:00")
    assert OFFICE.unbroken(at("2026-03-06T18:00")) is None
    assert SPLIT.unbroken(at("2026-03-11T10:00")) is None
    assert share_at(ClockState(), OFFICE, Decimal(1)) is None


def test_what_undoes_the_end_lets_the_clock_run_on_as_if_it_had_never_ended() -> None:
    """SLA-5: who was sent refuses; the work was never sent, and the time in between counts."""
    sent = clock(
        **{
            "from": {"run": "started"},
            "to": {"field": "status", "becomes": "sent"},
            "undone": {"field": "status", "becomes": "taken"},
        }
    )
    taken, gone = {"status": "taken"}, {"status": "sent"}
    state = follow(sent, ClockState(), RunTurned(AtRun("started")), at("2026-03-06T09:00"))
    assert follow(sent, state, Changed({}, taken), at("2026-03-06T09:30")) == state, "it had not ended"
    state = follow(sent, state, Changed(taken, gone), at("2026-03-06T10:00"))
    assert state.stopped_at == at("2026-03-06T10:00")
    state = follow(sent, state, Changed(gone, taken), at("2026-03-06T10:20"))
    assert state.running
    state = follow(sent, state, Changed(taken, gone), at("2026-03-06T11:00"))
    assert used(state, ROUND_THE_CLOCK, at("2026-03-06T12:00")) == 120 * MINUTE

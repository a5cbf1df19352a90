"""Clocks of runs on a real database, defined in JSON alone: what was agreed, what pauses it, what it sets off."""

import csv
from pathlib import Path
from typing import Any

import pytest
from formloom.errors import InvalidDefinition
from sqlalchemy import text

from flow_engine.service.clocks import keep as keeping
from flow_engine.service.clocks.rows import kept
from form_engine.calendars.store import CalendarStore
from form_engine.records.actor import SYSTEM
from tests.flow_engine.conftest import World
from tests.flow_engine.jobs import OFFICE, Jobs, ask, at, jobs_in, minute

RESPONSE: dict[str, Any] = {
    "key": "response",
    "title": {"en": "From acceptance to dispatch"},
    "from": {"step": "accept"},
    "to": {"step": "dispatch"},
    "target": {"by": "priority", "cases": {"p1": "PT15M", "p2": "PT60M", "p3": "PT240M"}, "otherwise": "PT480M"},
    "calendar": {"by": "priority", "cases": {"p1": "always"}, "otherwise": "office"},
    "pause": [{"field": "state", "is": ["waiting"]}],
    "at": [
        {"share": "0.75", "colour": "yellow", "do": "remind"},
        {"share": "1", "colour": "red", "do": "escalate", "to": {"role": "supervisor"}},
    ],
}
STEPS = (ask("accept"), ask("dispatch"), ask("check", "supervisor"))
TICKETS = Path(__file__).parent.parent / "data" / "ticket_clocks.csv"


@pytest.fixture
def jobs(world: World, clock: Any) -> Jobs:
    found = jobs_in(world, clock)
    found.install(*STEPS, clocks=[RESPONSE])
    return found


def accepted(jobs: Jobs, when: str, **values: Any) -> int:
    """A job that was accepted then."""
    jobs.travel(when)
    job = jobs.new(**values)
    jobs.world.decide(job, "finance1")
    return job


@pytest.mark.parametrize(
    ("priority", "since", "until", "minutes", "target", "attained"),
    [
        ("p3", "2026-03-06T17:10", "2026-03-09T10:05", 115, 240, True),
        ("p1", "2026-03-07T23:50", "2026-03-08T00:10", 20, 15, False),
        ("p4", "2026-02-14T16:00", "2026-02-24T11:30", 270, 480, True),
    ],
)
def test_what_was_agreed(
    jobs: Jobs, priority: str, since: str, until: str, minutes: int, target: int, attained: bool
) -> None:
    job = accepted(jobs, since, priority=priority)
    jobs.travel(until)
    jobs.world.decide(job, "finance1")
    shown = jobs.clocks(job)["response"]
    assert (round(shown.used / 60), shown.target, not shown.breached) == (minutes, target * 60, attained)
    assert shown.stopped_at is not None
    assert jobs.timers(job) == []
    jobs.world.verify()


def real_tickets() -> list[dict[str, str]]:
    """Three of each kind: with pauses and without, kept and broken."""
    found: dict[tuple[str, bool, str], list[dict[str, str]]] = {}
    for row in csv.DictReader(TICKETS.read_text("utf-8").splitlines()):
        if row["used_min"]:
            found.setdefault((row["priority"], bool(row["pauses"]), row["attained"]), []).append(row)
    return [row for several in found.values() for row in several[:3]]


@pytest.mark.parametrize("row", real_tickets(), ids=lambda row: f"{row['ticket']}-{row['priority']}")
def test_tickets_through_a_running_engine(jobs: Jobs, row: dict[str, str]) -> None:
    job = accepted(jobs, row["accepted"], priority=row["priority"].lower())
    for pause in filter(None, row["pauses"].split(";")):
        since, until = pause.split("~")
        jobs.travel(since)
        jobs.change(job, state="waiting")
        assert jobs.clocks(job)["response"].paused
        jobs.travel(until)
        jobs.change(job, state="working")
    jobs.travel(row["dispatched"])
    jobs.world.decide(job, "finance1")
    shown = jobs.clocks(job)["response"]
    assert round(shown.used / 60) == int(row["used_min"])
    assert ("N" if shown.breached else "Y", shown.target) == (row["attained"], int(row["target_min"]) * 60)


def test_a_pause_moves_what_is_due_by_its_working_time(jobs: Jobs) -> None:
    job = accepted(jobs, "2026-03-06T16:00", priority="p3")
    clock = jobs.clocks(job)["response"]
    assert clock.due_at is not None
    assert (minute(clock.due_at), jobs.timers(job)) == (at("2026-03-09T11:00"), [at("2026-03-09T10:00")])
    jobs.travel("2026-03-06T17:00")
    jobs.change(job, state="waiting")
    clock = jobs.clocks(job)["response"]
    assert (clock.paused, clock.due_at, clock.ticks_until, jobs.timers(job)) == (True, None, None, [])
    jobs.travel("2026-03-09T12:00")
    assert jobs.tick() == 0, "nothing is reached in a pause"
    jobs.change(job, state="working")
    clock = jobs.clocks(job)["response"]
    assert clock.due_at is not None
    assert (minute(clock.due_at), round(clock.used / 60)) == (at("2026-03-09T15:00"), 60)
    assert jobs.timers(job) == [at("2026-03-09T14:00")]
    assert clock.ticks_until == at("2026-03-09T18:00")


def test_thresholds_colour_remind_and_escalate_and_the_breach_stays(jobs: Jobs) -> None:
    job = accepted(jobs, "2026-03-06T10:00", priority="p2")
    assert jobs.clocks(job)["response"].colour == "green"
    jobs.travel("2026-03-06T10:46")
    assert jobs.tick() == 1
    assert (jobs.clocks(job)["response"].colour, sorted(jobs.told("reminder"))) == ("yellow", ["finance1", "finance2"])
    jobs.travel("2026-03-06T11:01")
    jobs.tick()
    clock = jobs.clocks(job)["response"]
    assert (clock.colour, clock.breached, sorted(jobs.told("escalated"))) == (
        "red",
        True,
        ["supervisor1", "supervisor2"],
    )
    assert clock.remaining is not None
    assert clock.remaining < 0
    jobs.change(job, priority="p3")
    clock = jobs.clocks(job)["response"]
    assert (clock.target, clock.breached, clock.colour) == (240 * 60, True, "red"), "more time, and still it was missed"
    jobs.world.decide(job, "finance1")
    statement = text("SELECT colour, breached_at IS NOT NULL, stopped_at IS NOT NULL FROM run_clock")
    with jobs.world.work() as session:
        assert [tuple(row) for row in session.execute(statement)] == [("red", True, True)]
    assert len(jobs.told("reminder")) == 2, "each threshold speaks once"
    jobs.world.verify()


def test_after_downtime_only_the_last_threshold_speaks(jobs: Jobs) -> None:
    job = accepted(jobs, "2026-03-06T10:00", priority="p2")
    jobs.travel("2026-03-06T15:00")
    assert jobs.tick() == 1
    assert (jobs.told("reminder"), sorted(jobs.told("escalated"))) == ([], ["supervisor1", "supervisor2"])
    with jobs.world.work() as session:
        breached = session.scalar(text("SELECT breached_at FROM run_clock"))
    assert breached is not None
    assert minute(breached) == at("2026-03-06T11:00"), "it was missed when it was missed"
    assert jobs.timers(job) == []


def test_a_change_of_the_record_starts_and_stops_a_clock(jobs: Jobs) -> None:
    clock = {**RESPONSE, "from": {"field": "state", "becomes": "taken"}, "to": {"field": "state", "becomes": ["done"]}}
    jobs.install(ask("check"), clocks=[clock])
    jobs.travel("2026-03-06T10:00")
    job = jobs.new(priority="p3", state="new")
    assert jobs.clocks(job) == {}
    jobs.travel("2026-03-06T11:00")
    world = jobs.world
    with world.work() as session:  # nobody hears of it yet
        world.records.update(session, world.forms, job, {"state": "taken"}, world.actor("agent"))
    jobs.travel("2026-03-06T12:00")
    with world.work() as session:
        world.records.update(session, world.forms, job, {"state": "waiting"}, world.actor("agent"))
    jobs.travel("2026-03-06T14:00")
    jobs.settle()
    shown = jobs.clocks(job)["response"]
    assert (minute(shown.started_at), round(shown.used / 60), shown.paused) == (at("2026-03-06T11:00"), 60, True)
    jobs.change(job, state="done")
    assert round(jobs.clocks(job)["response"].used / 60) == 60
    world.verify()


def test_a_step_hears_what_was_not_heard_before(jobs: Jobs) -> None:
    job = accepted(jobs, "2026-03-06T10:00", priority="p3")
    world = jobs.world
    for when, state in (("2026-03-06T11:00", "waiting"), ("2026-03-06T13:00", "working")):
        jobs.travel(when)
        with world.work() as session:
            world.records.update(session, world.forms, job, {"state": state}, world.actor("agent"))
    jobs.travel("2026-03-06T14:00")
    world.decide(job, "finance1")
    assert round(jobs.clocks(job)["response"].used / 60) == 120
    jobs.settle()
    assert round(jobs.clocks(job)["response"].used / 60) == 120, "and not twice"


def test_the_end_of_the_run_ends_its_clocks(jobs: Jobs) -> None:
    job = accepted(jobs, "2026-03-06T10:00", priority="p3")
    jobs.travel("2026-03-06T11:00")
    jobs.world.decide(job, "finance1", "reject")
    shown = jobs.clocks(job)["response"]
    assert (round(shown.used / 60), shown.running, jobs.timers(job)) == (60, False, [])


def test_taking_back_what_ended_it_lets_it_run_on(jobs: Jobs) -> None:
    steps = (ask("accept"), ask("dispatch", on_take_back={"set": {"count": "1"}}), ask("check", "supervisor"))
    jobs.install(*steps, clocks=[RESPONSE])
    job = accepted(jobs, "2026-03-06T10:00", priority="p3")
    jobs.travel("2026-03-06T11:00")
    task = jobs.world.task(job, "finance1")
    jobs.world.decide(job, "finance1")
    assert not jobs.clocks(job)["response"].running
    jobs.travel("2026-03-06T12:00")
    jobs.world.flows.decide(jobs.world.workspace, task, jobs.world.actor("finance1"), "take_back")
    shown = jobs.clocks(job)["response"]
    assert (shown.running, round(shown.used / 60)) == (True, 120)
    jobs.world.verify()


def test_a_formula_gives_target_and_calendar(jobs: Jobs) -> None:
    said = {"target": {"=": "minutes * 2"}, "calendar": {"=": 'IF(priority = "p1", "always", "office")'}}
    jobs.install(*STEPS, clocks=[{**RESPONSE, **said}])
    job = accepted(jobs, "2026-03-06T17:30", priority="p2", minutes="45")
    shown = jobs.clocks(job)["response"]
    assert shown.due_at is not None
    assert (minute(shown.due_at), shown.calendar) == (at("2026-03-09T10:00"), "office")
    other = jobs.clocks(accepted(jobs, "2026-03-06T17:30", priority="p1", minutes="45"))["response"]
    assert other.due_at is not None
    assert (minute(other.due_at), other.calendar) == (at("2026-03-06T19:00"), "always")
    without = jobs.clocks(accepted(jobs, "2026-03-06T17:30"))["response"]
    assert (without.target, without.due_at, without.share, without.breached) == (None, None, None, False)


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"from": {"step": "gone"}}, "/from/step", "unknown_step"),
        ({"from": {"field": "gone", "becomes": "x"}}, "/from/field", "unknown_field"),
        ({"to": {"field": "state", "becomes": ["gone"]}}, "/to/becomes", "unknown_option"),
        ({"to": {"field": "count", "becomes": ["1"]}}, "/to/field", "not_a_choice"),
        ({"calendar": "nights"}, "/calendar", "unknown_calendar"),
        ({"calendar": {"by": "priority", "cases": {"p1": "nights"}}}, "/calendar/cases/p1", "unknown_calendar"),
        ({"target": "P1X"}, "/target", "bad_value"),
        ({"target": {"by": "priority", "cases": {"p9": "PT1H"}}}, "/target/cases", "unknown_option"),
        ({"target": {"by": "priority", "cases": {"p1": "soon"}}}, "/target/cases/p1", "bad_duration"),
        ({"target": {"=": "gone + 1"}}, "/target/=", "formula_error"),
        ({"pause": [{"field": "state", "is": "gone"}]}, "/pause/0/is", "unknown_option"),
        ({"at": [{"share": "0.5", "colour": "pink"}]}, "/at/0/colour", "unknown_colour"),
        ({"at": [{"share": "0.5", "do": "escalate"}]}, "/at/0/to", "missing_people"),
        ({"at": [{"share": "0.5"}, {"share": "0.5"}]}, "/at/1/share", "same_share"),
        ({"at": [{"share": "1", "do": "notify", "to": {"role": "gone"}}]}, "/at/0/to", "unknown_role"),
    ],
)
def test_publishing_finds_clocks_that_cannot_be(jobs: Jobs, change: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        jobs.install(*STEPS, clocks=[{**RESPONSE, **change}])
    assert (f"/job/clocks/0{pointer}", code) in [(issue.pointer, issue.code) for issue in refused.value.issues]


def test_a_change_that_comes_between_is_not_lost(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decision has read the clock; before it is stored, somebody's pause is heard: the decision is taken again."""
    job = accepted(jobs, "2026-03-06T10:00", priority="p3")
    jobs.travel("2026-03-06T11:00")
    read = kept
    interrupted: list[int] = []

    def slow(session: Any, run: int) -> Any:
        found = read(session, run)
        if not interrupted:
            interrupted.append(run)
            jobs.change(job, state="waiting")
        return found

    monkeypatch.setattr(keeping, "kept", slow)
    jobs.world.decide(job, "finance1")
    shown = jobs.clocks(job)["response"]
    assert (interrupted != [], round(shown.used / 60), shown.running) == (True, 60, False)
    with jobs.world.work() as session:
        pauses, version = session.execute(text("SELECT pauses, version FROM run_clock")).one()
    assert (len(pauses), version) == (1, 4), "started, accepted, paused, dispatched"
    jobs.world.verify()


def republish(jobs: Jobs, monday: list[str], *, heard: bool) -> None:
    """The office works other hours on Mondays; whether flows hear of it at once."""
    store, world = CalendarStore(), jobs.world
    if heard:
        store.followers.append(world.flows.calendars_published)
    with world.work() as session:
        store.publish_together(session, {"office": {**OFFICE, "hours": {**OFFICE["hours"], "mon": monday}}}, SYSTEM)
    jobs.settle()


@pytest.mark.parametrize(("monday", "wakes"), [("17:00-19:00", "18:00"), ("08:00-18:00", "09:00")])
def test_a_calendar_that_changes_moves_what_a_running_clock_waits_for(jobs: Jobs, monday: str, wakes: str) -> None:
    job = accepted(jobs, "2026-03-06T16:00", priority="p3")
    urgent = accepted(jobs, "2026-03-06T16:00", priority="p1")
    others = jobs.timers(urgent)
    assert jobs.timers(job) == [at("2026-03-09T10:00")]
    republish(jobs, [monday], heard=True)
    assert (jobs.timers(job), jobs.timers(urgent)) == ([at(f"2026-03-09T{wakes}")], others)
    jobs.travel(f"2026-03-09T{wakes}:30")
    jobs.tick()
    assert jobs.clocks(job)["response"].colour == "yellow"
    with jobs.world.work() as session:
        stored = session.scalar(text("SELECT colour FROM run_clock WHERE record_id = :job"), {"job": job})
    assert stored == "yellow"
    jobs.world.verify()


def test_a_clock_that_wakes_too_early_waits_on(jobs: Jobs) -> None:
    """Even where nobody has told it of the calendar."""
    job = accepted(jobs, "2026-03-06T16:00", priority="p3")
    republish(jobs, ["17:00-19:00"], heard=False)
    jobs.travel("2026-03-09T10:01")
    jobs.tick()
    assert (jobs.timers(job), jobs.told("reminder")) == ([at("2026-03-09T18:00")], [])
    jobs.travel("2026-03-09T18:01")
    jobs.tick()
    assert sorted(jobs.told("reminder")) == ["finance1", "finance2"]
    jobs.world.verify()


def test_a_clock_that_has_stopped_stays_as_it_is(jobs: Jobs) -> None:
    job = accepted(jobs, "2026-03-06T16:00", priority="p3")
    jobs.travel("2026-03-06T17:00")
    jobs.world.decide(job, "finance1")
    before = jobs.clocks(job)["response"]
    republish(jobs, ["17:00-19:00"], heard=True)
    assert (jobs.clocks(job)["response"], jobs.timers(job)) == (before, [])

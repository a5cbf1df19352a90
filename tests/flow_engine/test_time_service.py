"""Time on a real database: due times under a calendar and what they lead to, waits for events and conditions."""

from typing import Any

import pytest
from formloom.errors import Forbidden, InvalidDefinition

from flow_engine.machine.overdue import _handed
from flow_engine.machine.seats import Seat
from tests.flow_engine.conftest import World
from tests.flow_engine.jobs import Jobs, ask, at, jobs_in


@pytest.fixture
def jobs(world: World, clock: Any) -> Jobs:
    return jobs_in(world, clock)


def due(*then: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"in": "PT8H", "calendar": "office", "then": list(then), **more}


# -- due ---------------------------------------------------------------------------------------------------------------


def test_a_task_is_due_in_working_time_and_so_are_its_shares(jobs: Jobs) -> None:
    jobs.travel("2026-02-14T16:00")  # a Saturday that is worked; the feast lasts until the 23rd
    jobs.install(
        ask("check", due=due({"at": "0.5", "do": "remind"}, {"at": "1", "do": "escalate", "to": {"role": "admin"}}))
    )
    job = jobs.new()
    assert jobs.due(job) == at("2026-02-24T15:00")
    assert jobs.timers(job) == [at("2026-02-24T11:00"), at("2026-02-24T15:00")]
    jobs.travel("2026-02-24T11:01")
    assert jobs.tick() == 1
    assert sorted(jobs.told("reminder")) == ["finance1", "finance2"]
    jobs.travel("2026-02-24T15:01")
    jobs.tick()
    assert jobs.told("escalated") == ["admin1"]
    jobs.world.verify()


def test_days_and_a_formula_say_how_long(jobs: Jobs) -> None:
    jobs.install(ask("check", due={"in": "P2D", "calendar": "office"}))
    jobs.travel("2026-03-05T16:00")
    job = jobs.new()
    assert jobs.due(job) == at("2026-03-09T16:00")
    jobs.install(ask("check", due={"in": {"=": 'IF(priority = "p1", 15, minutes)'}}))
    assert jobs.due(jobs.new(priority="p1")) == at("2026-03-05T16:15")
    assert jobs.due(jobs.new(minutes="90")) == at("2026-03-05T17:30")
    assert jobs.due(jobs.new()) is None, "nothing is said, so nothing is due"


def test_reminders_repeat_each_working_day(jobs: Jobs) -> None:
    jobs.travel("2026-03-05T10:00")
    jobs.install(ask("check", due={"in": "P9D", "calendar": "office", "then": [{"remind": {"every": "P1D"}}]}))
    job = jobs.new()
    for day, moment, following in (("06", "10:01", "09"), ("09", "10:03", "10")):
        assert jobs.timers(job)[0].date() == at(f"2026-03-{day}T{moment}").date()
        jobs.travel(f"2026-03-{day}T{moment}")
        jobs.tick()
        assert jobs.timers(job)[0].date() == at(f"2026-03-{following}T{moment}").date()


def test_the_time_passes_a_step_and_leaves_a_trace(jobs: Jobs) -> None:
    approve: dict[str, Any] = {"on_approve": {"set": {"state": "done"}}, "due": due({"at": "1", "do": "pass"})}
    jobs.install(ask("check", mode="all", **approve), ask("last", "supervisor"))
    job = jobs.new()
    jobs.world.decide(job, "finance1")
    jobs.travel("2026-03-02T17:01")
    jobs.tick()
    assert (jobs.at(job), jobs.world.value(job, "state")) == (["last"], "done")
    done = [(row["decision"], row["reason"], row["person_id"]) for row in jobs.world.tasks(job, "done")]
    people = jobs.world.people
    assert done == [("approve", None, people["finance1"].id), ("timeout", "pass", people["finance2"].id)]
    jobs.world.verify()


def test_the_time_rejects_as_a_rejection_says(jobs: Jobs) -> None:
    reject: dict[str, Any] = {"on_reject": {"set": {"state": "rejected"}}, "due": due({"at": "1", "do": "reject"})}
    jobs.install(ask("check", **reject))
    job = jobs.new()
    jobs.travel("2026-03-03T09:00")
    jobs.tick()
    assert (jobs.run(job)["status"], jobs.world.value(job, "state")) == ("rejected", "rejected")
    back: dict[str, Any] = {"on_reject": {"return_to": {"initiator": True}}, "due": due({"at": "1", "do": "reject"})}
    jobs.install(ask("check", **back))
    job = jobs.new()
    jobs.travel("2026-03-04T18:00")
    jobs.tick()
    assert jobs.at(job) == ["resubmit:check"]
    jobs.world.verify()


def test_the_time_hands_the_step_to_others(jobs: Jobs) -> None:
    jobs.install(ask("check", due=due({"at": "1", "do": "transfer", "to": {"role": "supervisor"}})))
    job = jobs.new()
    jobs.travel("2026-03-03T09:00")
    jobs.tick()
    people = jobs.world.people
    asked = {row["person_id"] for row in jobs.world.tasks(job)}
    assert asked == {people["supervisor1"].id, people["supervisor2"].id}
    assert jobs.world.decide(job, "supervisor1").status == "approved"
    jobs.install(ask("check", due=due({"at": "1", "do": "transfer", "to": {"role": "director"}})))
    nobody = jobs.new()
    jobs.travel("2026-03-04T18:00")
    jobs.tick()
    assert {row["person_id"] for row in jobs.world.tasks(nobody)} == {people["admin1"].id}
    jobs.world.verify()


def test_the_time_asks_nobody_who_may_not_decide_here(jobs: Jobs) -> None:
    after = ask("check", due=due({"at": "1", "do": "transfer", "to": {"role": "director"}}))
    jobs.install(ask("first", "admin"), after, separate=["first", "check"])
    job = jobs.new()
    jobs.world.decide(job, "admin1")
    before = {row["person_id"] for row in jobs.world.tasks(job)}
    jobs.travel("2026-03-04T18:00")
    jobs.tick()
    assert {row["person_id"] for row in jobs.world.tasks(job)} == before, "the only administrator took part already"
    jobs.world.verify()


def test_who_is_asked_instead_speaks_for_nobody_absent() -> None:
    seats = (Seat("person:1", stands_for="person:9", weight=3), Seat("person:2", state="agreed"))
    first, second = _handed(seats, ("person:5",))
    assert (first.ref, first.stands_for, first.weight) == ("person:5", "", 1)
    assert second == seats[1]


# -- wait --------------------------------------------------------------------------------------------------------------


def wait(**more: Any) -> dict[str, Any]:
    return {"key": "nap", "type": "wait", **more}


def say(jobs: Jobs, job: int, event: str, who: str = "agent", may_change: bool = True) -> int:
    with jobs.world.work() as session:
        return jobs.world.flows.event(session, jobs.run(job)["id"], event, jobs.world.actor(who), may_change=may_change)


def test_a_run_waits_for_an_event_once(jobs: Jobs) -> None:
    jobs.install(wait(event="arrived", timeout="P1D", calendar="office"), ask("check"))
    job = jobs.new()
    assert (jobs.at(job), jobs.timers(job)) == (["nap"], [at("2026-03-03T09:00")])
    assert say(jobs, job, "left") == 0
    assert say(jobs, job, "arrived") == 1
    assert say(jobs, job, "arrived") == 0, "twice is once"
    assert (jobs.at(job), jobs.timers(job)) == (["check"], [])
    jobs.world.verify()


def test_only_those_who_may_report_an_event(jobs: Jobs) -> None:
    jobs.install(wait(event="arrived", by={"role": "finance"}), ask("check"))
    job = jobs.new()
    with pytest.raises(Forbidden):
        say(jobs, job, "arrived")
    assert say(jobs, job, "arrived", "finance1", may_change=False) == 1
    jobs.install(wait(event="arrived"), ask("check"))
    other = jobs.new()
    with pytest.raises(Forbidden):
        say(jobs, other, "arrived", "finance1", may_change=False)
    assert say(jobs, other, "arrived", "admin1", may_change=False) == 1


@pytest.mark.parametrize(("then", "status", "where"), [
    ("go_on", "running", ["check"]), ("stuck", "stuck", ["stuck:nap"]), ("stop", "stopped", []),
])  # fmt: skip
def test_what_follows_when_nothing_comes(jobs: Jobs, then: str, status: str, where: list[str]) -> None:
    jobs.install(wait(event="arrived", timeout="PT2H", then=then), ask("check"))
    job = jobs.new()
    jobs.travel("2026-03-02T12:00")
    assert jobs.tick() == 1
    assert (jobs.run(job)["status"], jobs.at(job)) == (status, where)
    jobs.world.verify()


def test_a_condition_is_looked_at_at_once_and_after_each_change(jobs: Jobs) -> None:
    jobs.install(wait(when="count >= 2", timeout="P1D"), ask("check"))
    assert jobs.at(jobs.new(count="2")) == ["check"]
    job = jobs.new(count="0")
    jobs.change(job, count="1")
    assert jobs.at(job) == ["nap"]
    jobs.change(job, count="3")
    assert (jobs.at(job), jobs.timers(job)) == (["check"], [])
    jobs.world.verify()


def test_a_condition_is_heard_from_another_branch_of_the_same_run(jobs: Jobs) -> None:
    other = [ask("check", fields={"count": "write"}), ask("more", "supervisor")]
    ways = [
        {"key": "a", "steps": [wait(when="count = 5"), {"key": "mark", "type": "update", "set": {"state": "done"}}]}
    ]
    jobs.install({"key": "both", "type": "parallel", "branches": [*ways, {"key": "b", "steps": other}]})
    job = jobs.new()
    jobs.world.decide(job, "finance1", changes={"count": "5"})
    jobs.settle()
    assert (jobs.at(job), jobs.world.value(job, "state")) == (["more"], "done")
    jobs.world.verify()


def test_an_event_or_the_time_whichever_comes_first(jobs: Jobs) -> None:
    mark = {"key": "mark", "type": "update", "set": {"state": "stopped"}}
    ways = [
        {"key": "came", "steps": [wait(event="arrived")]},
        {"key": "late", "steps": [{"key": "day", "type": "wait", "for": "P1D", "calendar": "office"}, mark]},
    ]
    jobs.install({"key": "first", "type": "race", "branches": ways}, ask("check"))
    early, late = jobs.new(), jobs.new()
    say(jobs, early, "arrived")
    jobs.travel("2026-03-03T09:01")
    jobs.tick()
    assert (jobs.at(early), jobs.world.value(early, "state")) == (["check"], None)
    assert (jobs.at(late), jobs.world.value(late, "state")) == (["check"], "stopped")
    assert say(jobs, late, "arrived") == 0
    jobs.world.verify()


# -- publishing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "pointer", "code"),
    [
        (ask("x", due={"in": "P1D", "calendar": "nights"}), "/job/steps/0/due/calendar", "unknown_calendar"),
        (ask("x", due={"in": "PT90S", "calendar": "office"}), "/job/steps/0/due/in", "bad_duration"),
        (ask("x", due={"in": {"=": 'name = ""'}}), "/job/steps/0/due/in/=", "formula_gives"),
        (wait(**{"for": "P1D", "timeout": "P1D"}), "/job/steps/0/timeout", "ends_by_itself"),
        (wait(when="1 + 1"), "/job/steps/0/when", "formula_gives"),
        (
            {"key": "f", "type": "fill", "by": {"initiator": True}, "fields": {"name": "write"},
             "due": {"in": "P1D", "then": [{"at": "1", "do": "reject"}]}},
            "/job/steps/0/due/then/0/do", "cannot_reject",
        ),
        (ask("x", due={"in": "P1D", "then": [{"at": "1", "do": "transfer", "to": {"role": "gone"}}]}),
         "/job/steps/0/due/then/0/to", "unknown_role"),
    ],
)  # fmt: skip
def test_publishing_finds_times_that_cannot_be(jobs: Jobs, step: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        jobs.install(step)
    assert (pointer, code) in [(issue.pointer, issue.code) for issue in refused.value.issues]

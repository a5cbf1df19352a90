"""No run waits for what never comes: no moment, nobody who was asked, a record that is gone."""

from typing import Any

import pytest

from flow_engine.machine.effects import OpenTasks
from flow_engine.service.plays import PLAYS
from form_engine.records.actor import SYSTEM
from form_engine.records.purge import purge
from tests.flow_engine.conftest import World
from tests.flow_engine.jobs import Jobs, ask, at, jobs_in


@pytest.fixture
def jobs(world: World, clock: Any) -> Jobs:
    return jobs_in(world, clock)


BY_FORMULA: dict[str, Any] = {"=": "minutes"}
WAITS: list[dict[str, Any]] = [{"for": BY_FORMULA}, {"event": "news", "timeout": BY_FORMULA}]


def mend(jobs: Jobs, job: int, act: str) -> None:
    run = jobs.run(job)
    with jobs.world.work() as session:
        visit = jobs.world.flows.story(session, run["id"]).incidents[0].visit
        jobs.world.flows.operate(session, run["id"], jobs.world.actor("admin1"), act, visit=visit, reason="no time")


@pytest.mark.parametrize("wait", WAITS, ids=["for", "timeout"])
def test_a_wait_without_a_length_is_an_incident_until_there_is_one(jobs: Jobs, wait: dict[str, Any]) -> None:
    jobs.install({"key": "nap", "type": "wait", **wait}, ask("after"))
    job = jobs.new()
    assert (jobs.run(job)["status"], jobs.at(job)) == ("stuck", ["incident:nap"])
    mend(jobs, job, "retry")
    assert jobs.at(job) == ["incident:nap"]
    jobs.change(job, minutes="30")
    mend(jobs, job, "retry")
    assert (jobs.run(job)["status"], jobs.at(job)) == ("running", ["nap"])
    assert jobs.timers(job) == [at("2026-03-02T09:30")]
    jobs.world.verify()


def test_a_wait_without_a_length_may_be_left_out(jobs: Jobs) -> None:
    jobs.install({"key": "nap", "type": "wait", "for": BY_FORMULA}, ask("after"))
    job = jobs.new()
    mend(jobs, job, "skip")
    assert (jobs.run(job)["status"], jobs.at(job)) == ("running", ["after"])
    jobs.world.verify()


def test_a_step_whose_asking_is_left_out_is_left_out(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    real = PLAYS[OpenTasks]

    def fail(stage: Any, effect: OpenTasks, state: Any) -> None:
        if (effect.step, effect.kind) == ("check", "step"):
            raise KeyError("broken")
        real(stage, effect, state)

    monkeypatch.setitem(PLAYS, OpenTasks, fail)
    jobs.install(ask("check"), ask("after"))
    job = jobs.new()
    assert jobs.at(job) == ["incident:check"]
    mend(jobs, job, "skip")
    assert (jobs.run(job)["status"], jobs.at(job)) == ("running", ["after"])
    assert len(jobs.world.tasks(job)) == 2
    jobs.world.verify()


def test_a_task_can_be_decided_when_its_record_is_gone(jobs: Jobs) -> None:
    jobs.install(ask("check"))
    job = jobs.new()
    world = jobs.world
    with world.work() as session:
        world.records.delete(session, world.forms, job, SYSTEM)
    with world.work() as session:
        purge(world.records, session, world.forms, [job], SYSTEM, confirmed=True)
    assert world.decide(job, "finance1").status == "approved"
    world.verify()

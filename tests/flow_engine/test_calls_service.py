"""Flows that call flows: on the own record, on a linked one, on each of several; waited for or not."""

from typing import Any

import pytest
from formloom.errors import Conflict, InvalidDefinition
from formloom.outbox import Relay, Runner

from flow_engine.service import given_up, handlers, start
from flow_engine.service.triggering.begin import MOST_DEPTH
from tests.flow_engine.conftest import World
from tests.flow_engine.jobs import Jobs, ask, jobs_in
from tests.platform.backends import Inline, make_due


@pytest.fixture
def jobs(world: World, clock: Any) -> Jobs:
    return jobs_in(world, clock)


def called(key: str, *steps: dict[str, Any], form: str = "job", **more: Any) -> dict[str, Any]:
    body = {"kind": "flow", "key": key, "title": key, "form": form, "trigger": {"on": "flow"}}
    return {**body, **more, "steps": list(steps)}


def call(flow: str = "sub", **more: Any) -> dict[str, Any]:
    return {"key": "call", "type": "call", "flow": flow, **more}


def mark(state: str, key: str = "mark") -> dict[str, Any]:
    return {"key": key, "type": "update", "set": {"state": state}}


def part(jobs: Jobs, job: int, **values: Any) -> int:
    world = jobs.world
    with world.work() as session:
        raw = {"name": "part", "job": job, **values}
        return world.records.create(session, world.forms, "part", raw, world.actor("agent")).id


def run_of(jobs: Jobs, flow: str = "sub") -> dict[str, Any]:
    return jobs.runs(flow)[-1]


@pytest.mark.parametrize(("decision", "status"), [("approve", "approved"), ("reject", "rejected")])
def test_the_end_of_a_called_flow_chooses_the_way(jobs: Jobs, decision: str, status: str) -> None:
    on = {"approved": [ask("after", "supervisor")], "rejected": [mark("stopped")]}
    jobs.install(call(into="state", on=on), also={"sub": called("sub", ask("inner"))})
    job = jobs.new()
    assert jobs.at(job) == ["call"]
    jobs.settle()
    child = run_of(jobs)
    parent = jobs.run(job)
    assert (child["parent_run"], child["depth"], child["started_by"]) == (parent["id"], 1, f"flow:{parent['id']}")
    assert child["initiator_id"] == parent["initiator_id"]
    jobs.world.decide(job, "finance1", decision)
    assert jobs.at(job) == ["call"], "it is told behind the step"
    jobs.settle()
    if status == "approved":
        assert (jobs.at(job), jobs.world.value(job, "state")) == (["after"], "approved")
        assert jobs.world.decide(job, "supervisor1").status == "approved"
    else:
        assert (jobs.run(job)["status"], jobs.world.value(job, "state")) == ("approved", "stopped")
    jobs.world.verify()


def test_a_call_that_lost_a_race_is_tried_again(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs.install(call(), also={"sub": called("sub", ask("inner"))})
    job = jobs.new()
    begin, busy = start.start, [True]

    def sometimes(*told: Any, **more: Any) -> Any:
        if busy:
            busy.clear()
            raise Conflict("run_busy")
        return begin(*told, **more)

    monkeypatch.setattr(start, "start", sometimes)
    jobs.settle()
    assert (jobs.at(job), jobs.runs("sub")) == (["call"], [])
    make_due(jobs.world.databases)
    jobs.settle()
    assert jobs.at(run_of(jobs)["record_id"], "sub") == ["inner"]
    jobs.world.verify()


def dead(jobs: Jobs, kind: str) -> None:
    """The outbox gives up at once what is of this kind, and does everything else."""

    def broken(context: Any, payload: Any) -> None:
        raise OSError(kind)

    world = jobs.world
    known = {**handlers(world.flows), kind: broken}
    relay = Relay(
        world.databases, Inline(Runner(world.databases, known, most_attempts=1, given_up=given_up(world.flows)))
    )
    while relay.run_once():
        pass


def reports(jobs: Jobs) -> list[tuple[str, str, int | None]]:
    with jobs.world.work() as session:
        return [(one.code, one.flow, one.record_id) for one in jobs.world.flows.reports(session)]


def test_a_call_that_is_given_up_is_an_incident_and_may_be_tried_again(jobs: Jobs) -> None:
    jobs.install(call(), also={"sub": called("sub", ask("inner"))})
    job = jobs.new()
    dead(jobs, "flow.call")
    assert (jobs.run(job)["status"], jobs.at(job)) == ("stuck", ["call", "incident:call"])
    assert reports(jobs) == []
    jobs.world.decide(job, "admin1", "retry")
    jobs.settle()
    assert (jobs.run(job)["status"], len(jobs.runs("sub"))) == ("running", 1)
    jobs.world.verify()


def test_an_end_of_which_nobody_could_be_told_is_an_incident_of_the_caller(jobs: Jobs) -> None:
    jobs.install(call(into="state"), also={"sub": called("sub", mark("working"))})
    job = jobs.new()
    dead(jobs, "flow.return")
    assert jobs.at(job) == ["call", "incident:call"]
    jobs.world.verify()


def test_what_nobody_waits_for_is_reported(jobs: Jobs) -> None:
    jobs.install(call(wait=False), also={"sub": called("sub", mark("working"))})
    job = jobs.new()
    dead(jobs, "flow.call")
    assert jobs.run(job)["status"] == "approved"
    assert reports(jobs) == [("work_broke", "job", job)]
    with jobs.world.work() as session:
        given_up(jobs.world.flows)["flow.hand_over"](session, {"person": 7, "after": 3}, "OSError")
    assert reports(jobs)[0] == ("work_broke", "", None)


def test_a_parent_that_holds_its_record_lets_the_child_work_on_it(jobs: Jobs) -> None:
    jobs.install(call(into="state"), holds=True, also={"sub": called("sub", ask("inner"), holds=True)})
    job = jobs.new()
    jobs.settle()
    assert (jobs.run(job)["holds"], run_of(jobs)["holds"]) == (True, False)
    jobs.world.decide(job, "finance1")
    jobs.settle()
    assert jobs.run(job)["status"] == "approved"


def test_a_flow_on_a_linked_record(jobs: Jobs) -> None:
    jobs.install(call(record="other", into="state"), also={"sub": called("sub", ask("inner"))})
    other = jobs.new(name="the other")
    assert jobs.at(other) == ["stuck:call"], "there is no record to call it for"
    job = jobs.new(other=other)
    jobs.settle()
    assert run_of(jobs)["record_id"] == other
    jobs.world.decide(other, "finance1")
    jobs.settle()
    assert (jobs.run(job)["status"], jobs.world.value(job, "state")) == ("approved", "approved")
    jobs.change(other, other=job)
    jobs.world.decide(other, "admin1", "retry")
    jobs.settle()
    assert (run_of(jobs)["record_id"], jobs.at(other)) == (job, ["call"])
    jobs.world.verify()


def test_each_of_several_and_the_run_goes_on_with_the_last(jobs: Jobs) -> None:
    each = {"form": "part", "via": "job", "where": 'target.name = "part"'}
    sub = called("sub", ask("inner"), form="part", trigger={"on": "flow", "when": "count > 0"})
    jobs.install(
        ask("first", "supervisor"),
        call(each=each, into="state", on={"none": [mark("none", "nothing")]}),
        also={"sub": sub},
    )
    job = jobs.new()
    parts = [part(jobs, job, count=count) for count in ("1", "2", "0", "3")]
    jobs.world.decide(job, "supervisor1")
    jobs.settle()
    assert [run["record_id"] for run in jobs.runs("sub")] == [parts[0], parts[1], parts[3]]
    for one, decision in ((parts[0], "approve"), (parts[3], "reject")):
        jobs.world.decide(one, "finance1", decision)
        jobs.settle()
        assert jobs.at(job) == ["call"]
    jobs.world.decide(parts[1], "finance2")
    jobs.settle()
    assert (jobs.run(job)["status"], jobs.world.value(job, "state")) == ("approved", "rejected")
    alone = jobs.new()
    jobs.world.decide(alone, "supervisor1")
    jobs.settle()
    assert (jobs.run(alone)["status"], jobs.world.value(alone, "state")) == ("approved", "none")
    jobs.world.verify()


def test_two_that_end_at_the_same_moment_are_both_seen(jobs: Jobs) -> None:
    each = {"form": "part", "via": "job"}
    jobs.install(ask("first", "supervisor"), call(each=each), also={"sub": called("sub", ask("inner"), form="part")})
    job = jobs.new()
    parts = [part(jobs, job), part(jobs, job)]
    jobs.world.decide(job, "supervisor1")
    jobs.settle()
    for one in parts:
        jobs.world.decide(one, "finance1")
    jobs.settle()
    assert jobs.run(job)["status"] == "approved"
    resumed = [event for event in journal(jobs, job) if event["event"] == "resumed"]
    assert [event["outcome"] for event in resumed] == [{"status": "approved", "runs": 2}]


def journal(jobs: Jobs, job: int) -> list[dict[str, Any]]:
    from sqlalchemy import text

    statement = text("SELECT event FROM run_journal WHERE run_id = :run ORDER BY seq")
    with jobs.world.work() as session:
        rows = list(session.scalars(statement, {"run": jobs.run(job)["id"]}))
    return [told for row in rows for told in row["told"]]


def test_not_waited_for(jobs: Jobs) -> None:
    jobs.install(call(wait=False), ask("after", "supervisor"), also={"sub": called("sub", ask("inner"))})
    job = jobs.new()
    assert jobs.at(job) == ["after"]
    jobs.settle()
    assert jobs.at(job, "sub") == ["inner"]
    jobs.world.decide(job, "supervisor1", "reject")
    jobs.settle()
    assert run_of(jobs)["status"] == "running", "whoever does not wait does not end it either"


def test_a_parent_that_is_over_ends_whom_it_waits_for(jobs: Jobs) -> None:
    inner = called("sub", call("deep"), on_cancel={"set": {"name": "over"}})
    also = {"sub": inner, "deep": called("deep", ask("inner"))}
    jobs.install(call(), on_withdraw={"set": {"state": "withdrawn"}}, also=also)
    job = jobs.new()
    jobs.settle()
    assert jobs.at(job, "deep") == ["inner"]
    with jobs.world.work() as session:
        jobs.world.flows.withdraw(session, jobs.run(job)["id"], jobs.world.actor("agent"))
    jobs.settle()
    assert [run_of(jobs, flow)["status"] for flow in ("sub", "deep")] == ["cancelled", "cancelled"]
    assert (jobs.world.tasks(job), jobs.world.value(job, "name")) == ([], "over")
    jobs.world.verify()


def test_a_lost_branch_ends_what_it_called(jobs: Jobs) -> None:
    ways = [{"key": "a", "steps": [call()]}, {"key": "b", "steps": [ask("quick", "supervisor")]}]
    jobs.install(
        {"key": "race", "type": "race", "branches": ways},
        ask("last", "admin"),
        also={"sub": called("sub", ask("inner"))},
    )
    job = jobs.new()
    jobs.settle()
    jobs.world.decide(job, "supervisor1")
    jobs.settle()
    assert (run_of(jobs)["status"], jobs.at(job)) == ("cancelled", ["last"])
    early = jobs.new()
    jobs.world.decide(early, "supervisor1")
    jobs.settle()
    assert len(jobs.runs("sub")) == 1, "one that was lost before it began is never begun"


def test_flows_that_call_themselves_are_bounded_and_nothing_is_lost(jobs: Jobs) -> None:
    jobs.install(call("sub"), also={"sub": called("sub", call("sub"))})
    job = jobs.new()
    jobs.settle()
    runs = jobs.runs("sub")
    assert len(runs) == MOST_DEPTH
    assert [run["status"] for run in runs] == ["running"] * (MOST_DEPTH - 1) + ["stuck"]
    assert (jobs.run(job)["status"], jobs.world.tasks(job)[0]["kind"]) == ("running", "stuck")
    with jobs.world.work() as session:
        jobs.world.flows.operate(session, jobs.run(job)["id"], jobs.world.actor("admin1"), "cancel", reason="a loop")
    jobs.settle()
    assert {run["status"] for run in jobs.runs("sub")} == {"cancelled"}
    jobs.install(call("sub", wait=False), also={"sub": called("sub", call("sub", wait=False))})
    jobs.new()
    jobs.settle()
    from sqlalchemy import text

    with jobs.world.work() as session:
        assert list(session.scalars(text("SELECT code FROM flow_report"))) == ["call_refused"]
    jobs.world.verify()


@pytest.mark.parametrize(
    ("step", "pointer", "code"),
    [
        (call("gone"), "/flow", "unknown_flow"),
        (call("job"), "/flow", "not_callable"),
        (call("parts"), "/flow", "other_form"),
        (call(record="priority"), "/record", "formula_gives"),
        (call(into="gone"), "/into", "unknown_field"),
        (call(into="priority"), "/into", "ends_missing"),
        (call(into="count"), "/into", "not_a_choice"),
        (call(each={"form": "gone"}), "/each/form", "unknown_form"),
    ],
)
def test_publishing_finds_calls_that_cannot_be(jobs: Jobs, step: dict[str, Any], pointer: str, code: str) -> None:
    also = {"sub": called("sub", mark("done")), "parts": called("parts", mark("done"), form="part")}
    with pytest.raises(InvalidDefinition) as refused:
        jobs.install(step, also=also)
    assert (f"/job/steps/0{pointer}", code) in [(issue.pointer, issue.code) for issue in refused.value.issues]

"""Traps of the trade: two things at the same moment, with real threads on real PostgreSQL.

Each pair runs many times in new runs. One of the two wins, the other hears of it; nothing happens twice, every journal
gives the stored state, and every open task belongs to a visit that asks for it.
"""

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from formloom.clock import app_now
from formloom.db.engine import Databases
from formloom.errors import FormloomError
from formloom.models import Person
from formloom.people import members_of_role
from sqlalchemy import text

from flow_engine.machine import RunState
from form_engine.records.actor import Actor
from tests.flow_engine.routing import Desk, desk

ROUNDS = 5
NAMES = ["agent1", "boss1", "boss2", "boss3", "worker1", "worker2", "admin1"]
LATE = {
    "task_closed",
    "not_asked",
    "run_ended",
    "already_acted_on",
    "decision_not_offered",
    "run_busy",
    "already_asked",
}
LATE |= {
    "unknown_run",
    "urged_already",
    "record_in_run",
    "not_a_draft",
    "version_conflict",
    "nobody_to_urge",
    "proxy_cycle",
    "last_admin",
}


@pytest.fixture
def house(databases: Databases, workspace: int, make_person: Callable[..., Person]) -> Desk:
    return desk(databases, workspace, make_person, NAMES)


def ids(house: Desk, *names: str) -> list[int]:
    return [house.people[name].id for name in names]


def step(house: Desk, key: str, *names: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": "approve", "by": {"members": ids(house, *names)}, **more}


def flow(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    frame = {"kind": "flow", "key": "race", "title": "Race", "form": "job", "trigger": {"on": "submit"}}
    return {**frame, "on_withdraw": {"set": {"done": "withdrawn"}}, "steps": list(steps), **more}


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """What became of each: `done`, or the code with which it was refused. Anything else is an error of ours."""
    gate = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> str:
        gate.wait(10)
        try:
            act()
        except FormloomError as error:
            if error.code not in LATE:
                raise
            return error.code
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def decide(house: Desk, job: int, name: str, decision: str = "approve", **more: Any) -> Callable[[], Any]:
    """Ready to go: the task was looked up before."""
    task, actor = house.task(job, name), house.actor(name)
    return lambda: house.flows.decide(house.workspace, task, actor, decision, **more)


def inside(house: Desk, act: Callable[[Any], Any]) -> Callable[[], Any]:
    def run() -> None:
        with house.work() as session:
            act(session)

    return run


def run_of(house: Desk, job: int) -> tuple[int, RunState]:
    with house.work() as session:
        row = session.execute(text("SELECT id, state FROM run WHERE record_id = :job"), {"job": job}).one()
    return row.id, RunState.from_json(row.state)


def sound(house: Desk, job: int) -> RunState:
    """Tasks are the shadow of seats, and the journal gives the state."""
    _, state = run_of(house, job)
    asked = sorted((visit.id, int(ref.partition(":")[2])) for visit in state.open for ref in visit.asked)
    held = sorted((row["visit"], row["person_id"]) for row in house.tasks(job) if row["kind"] != "cc")
    assert held == asked
    house.verify()
    return state


def done(house: Desk, job: int, step: str) -> list[tuple[int, str]]:
    return [(row["person_id"], row["decision"]) for row in house.tasks(job, "done") if row["step"] == step]


def each_round(house: Desk) -> Sequence[int]:
    return [house.job() for _ in range(ROUNDS)]


def test_two_approvers_at_once(house: Desk) -> None:
    house.flow(flow(step(house, "check", "boss1", "boss2"), step(house, "then", "boss3")))
    for job in each_round(house):
        said = at_once(decide(house, job, "boss1"), decide(house, job, "boss2"))
        assert sorted(said) == ["done", "task_closed"]
        assert len(done(house, job, "check")) == 1
        assert [visit.step for visit in sound(house, job).open] == ["then"]


def test_two_of_all_at_once(house: Desk) -> None:
    house.flow(flow(step(house, "check", "boss1", "boss2", mode="all"), step(house, "then", "boss3")))
    for job in each_round(house):
        assert at_once(decide(house, job, "boss1"), decide(house, job, "boss2")) == ["done", "done"]
        assert [visit.step for visit in sound(house, job).open] == ["then"]


def test_approve_against_reject(house: Desk) -> None:
    house.flow(flow(step(house, "check", "boss1", "boss2")))
    for job in each_round(house):
        said = at_once(decide(house, job, "boss1"), decide(house, job, "boss2", "reject"))
        assert sorted(said) == ["done", "task_closed"]
        assert sound(house, job).status == ("approved" if said[0] == "done" else "rejected")


def test_approve_against_withdraw(house: Desk) -> None:
    house.flow(flow(step(house, "check", "boss1"), step(house, "then", "boss2")))
    for job in each_round(house):
        run, _ = run_of(house, job)
        withdraw = inside(house, lambda session, run=run: house.flows.withdraw(session, run, house.actor("agent")))  # type: ignore[misc]
        at_once(decide(house, job, "boss1"), withdraw)
        state = sound(house, job)  # withdrawn before the decision, or after it
        assert state.status == "withdrawn"
        assert house.value(job, "done") == "withdrawn"


def test_add_a_signer_against_approve(house: Desk) -> None:
    house.flow(flow(step(house, "check", "boss1", "boss2")))
    for job in each_round(house):
        add = decide(house, job, "boss1", "add_before", people=ids(house, "boss3"))
        said = at_once(add, decide(house, job, "boss2"))
        state = sound(house, job)
        if said[1] == "done" and state.ended:
            assert state.status == "approved"
        else:  # the signer must agree, too
            assert [visit.asked for visit in state.open] == [(f"person:{house.people['boss3'].id}",)]


def test_transfer_twice(house: Desk) -> None:
    house.flow(flow(step(house, "check", "boss1")))
    for job in each_round(house):
        first = decide(house, job, "boss1", "transfer", people=ids(house, "boss2"))
        second = decide(house, job, "boss1", "transfer", people=ids(house, "boss3"))
        assert sorted(at_once(first, second)) == ["done", "task_closed"]
        assert len(sound(house, job).open[0].asked) == 1


def test_the_same_request_twice_is_answered_once(house: Desk) -> None:
    house.flow(flow(step(house, "check", "boss1")))
    for job in each_round(house):
        press = decide(house, job, "boss1", idempotency_key=f"once-{job}")
        assert at_once(press, press) == ["done", "done"]
        assert len(done(house, job, "check")) == 1
        sound(house, job)


def test_submit_twice(house: Desk) -> None:
    house.flow(flow(step(house, "check", "boss1")))
    actor = house.actor("agent")
    for _ in range(ROUNDS):
        with house.work() as session:
            draft = house.records.create(
                session, house.forms, "job", {"what": "x"}, house.actor("agent"), draft=True
            ).id
        submit = inside(
            house,
            lambda session, draft=draft: house.records.submit(session, house.forms, draft, {}, actor),  # type: ignore[misc]
        )
        said = at_once(submit, submit)
        assert said.count("done") == 1, said
        with house.work() as session:
            runs = session.execute(text("SELECT count(*) FROM run WHERE record_id = :job"), {"job": draft}).scalar_one()
        assert runs == 1
        sound(house, draft)


def branches(*several: list[dict[str, Any]], join: Any = "all") -> dict[str, Any]:
    lists = [{"key": f"way{number}", "steps": steps} for number, steps in enumerate(several)]
    return {"key": "both", "type": "parallel", "join": join, "branches": lists}


def test_two_branches_finish_together(house: Desk) -> None:
    both = branches([step(house, "left", "boss1")], [step(house, "right", "boss2")])
    house.flow(flow(both, step(house, "then", "boss3")))
    for job in each_round(house):
        assert at_once(decide(house, job, "boss1"), decide(house, job, "boss2")) == ["done", "done"]
        assert [visit.step for visit in sound(house, job).open] == ["then"]


def test_a_branch_is_cancelled_while_its_task_is_decided(house: Desk) -> None:
    race = {
        "key": "race",
        "type": "race",
        "branches": branches(
            [step(house, "left", "boss1")], [step(house, "right", "boss2"), step(house, "more", "boss2")]
        )["branches"],
    }
    house.flow(flow(race, step(house, "then", "boss3")))
    for job in each_round(house):
        said = at_once(decide(house, job, "boss1"), decide(house, job, "boss2"))
        assert said[0] == "done"  # its branch is through with it, whichever came first
        assert said[1] in ("done", "task_closed")
        assert [visit.step for visit in sound(house, job).open] == ["then"]


def test_a_timer_against_a_decision(house: Desk) -> None:
    due = {"in": "PT1H", "then": [{"at": "1", "do": "pass"}]}
    house.flow(flow(step(house, "check", "boss1", due=due), step(house, "then", "boss2")))
    for job in each_round(house):
        run, state = run_of(house, job)
        told = {"run": run, "visit": state.open[0].id, "action": 0}
        fire = inside(house, lambda session, told=told: house.flows.fire(session, told))  # type: ignore[misc]
        at_once(decide(house, job, "boss1"), fire)
        assert [visit.step for visit in sound(house, job).open] == ["then"]


def test_hand_over_against_approve(house: Desk) -> None:
    house.flow(flow(step(house, "check", "worker1"), step(house, "then", "boss2")))
    jobs = each_round(house)
    approve = decide(house, jobs[-1], "worker1")
    seating, (leaver, successor) = house.flows.seating, ids(house, "worker1", "worker2")
    leave = inside(house, lambda session: seating.leave(session, leaver, house.actor("admin1"), successor))
    said = at_once(approve, leave)
    assert said[1] == "done"
    for job in jobs[:-1]:
        assert sound(house, job).open[0].asked == (f"person:{successor}",)
    state = sound(house, jobs[-1])
    if said[0] == "done":
        assert [visit.step for visit in state.open] == ["then"]
    else:
        assert state.open[0].asked == (f"person:{successor}",)


def test_of_two_administrators_who_shut_each_others_account_one_stays(
    house: Desk, make_person: Callable[..., Person]
) -> None:
    first, second = house.people["admin1"].id, make_person("Ada", "admin").id
    both = Barrier(2)

    def shut(whom: int, by: int) -> Callable[[], None]:
        def act(session: Any) -> None:
            house.flows.seating.leave(session, whom, Actor.person(by, frozenset({"admin"}), ""))
            with contextlib.suppress(BrokenBarrierError):
                both.wait(1)  # neither commits before the other has been through, unless it cannot get through

        return inside(house, act)

    assert sorted(at_once(shut(first, second), shut(second, first))) == ["done", "last_admin"]
    with house.work() as session:
        assert len(members_of_role(session, "admin")) == 1


def test_an_administrator_takes_over_while_it_is_decided(house: Desk) -> None:
    house.flow(flow(step(house, "check", "boss1"), step(house, "then", "boss2")))
    admin = house.actor("admin1")
    for job in each_round(house):
        run, state = run_of(house, job)
        visit = state.open[0].id
        take = inside(
            house,
            lambda session, run=run, visit=visit: house.flows.seating.step_in(session, run, visit, admin, "take_over"),  # type: ignore[misc]
        )
        said = at_once(decide(house, job, "boss1"), take)
        after = sound(house, job)
        assert sorted(said) == ["done", "task_closed"] or said == ["not_asked", "done"], said
        assert after.open[0].step == ("then" if said[0] == "done" else "check")


def test_two_administrators_help_the_same_stuck_run(house: Desk) -> None:
    house.flow(flow({"key": "check", "type": "approve", "by": {"field": "team"}}))
    admin = house.actor("admin1")
    for job in each_round(house):
        run, state = run_of(house, job)
        visit = state.open[0].id

        def give(to: str, run: int = run, visit: int = visit) -> Callable[[], Any]:
            people, seating = ids(house, to), house.flows.seating
            return inside(house, lambda session: seating.step_in(session, run, visit, admin, "reassign", people))

        assert sorted(at_once(give("boss1"), give("boss2"))) == ["done", "task_closed"]
        assert len(sound(house, job).open[0].asked) == 1


def test_urge_twice(house: Desk) -> None:
    house.flow(flow(step(house, "check", "boss1")))
    for job in each_round(house):
        run, _ = run_of(house, job)
        urge = inside(house, lambda session, run=run: house.flows.seating.urge(session, run, house.actor("agent")))  # type: ignore[misc]
        assert sorted(at_once(urge, urge)) == ["done", "urged_already"]
        with house.work() as session:
            told = session.execute(
                text("SELECT count(*) FROM notification WHERE kind = 'urged' AND (params ->> 'record')::bigint = :job"),
                {"job": job},
            ).scalar_one()
        assert told == 1


def test_an_offer_is_accepted_when_its_time_is_up(house: Desk) -> None:
    best = {"from": {"members": ids(house, "boss1", "boss2")}, "order": ["round_robin"], "offer": {"for": "PT15M"}}
    house.flow(flow({"key": "work", "type": "approve", "by": {"best": best}}))
    names = {house.people[name].id: name for name in ("boss1", "boss2")}
    for job in each_round(house):
        run, state = run_of(house, job)
        visit = state.open[0]
        holder = names[int(visit.asked[0].partition(":")[2])]
        told = {"run": run, "visit": visit.id, "action": 0}
        fire = inside(house, lambda session, told=told: house.flows.fire(session, told))  # type: ignore[misc]
        said = at_once(decide(house, job, holder, "accept"), fire)
        after = sound(house, job).open[0]
        assert (after.kind, after.asked == visit.asked) == (("step", True) if said[0] == "done" else ("offer", False))


def test_two_who_name_each_other_as_proxies(house: Desk) -> None:
    def away(person: str, proxy: str) -> Callable[[], Any]:
        def declare(session: Any) -> None:
            now = app_now(session)
            who, instead = ids(house, person, proxy)
            until = now + timedelta(days=1)
            house.flows.seating.declare(session, who, instead, now, until, house.actor(person))

        return inside(house, declare)

    assert sorted(at_once(away("boss1", "boss2"), away("boss2", "boss1"))) == ["done", "proxy_cycle"]

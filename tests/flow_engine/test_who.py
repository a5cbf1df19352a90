"""Every form of who, proxies, leaving, urging, the stuck queue: through a running engine, state stored at each step."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from formloom import timers
from formloom.clock import app_now
from formloom.db.engine import Databases
from formloom.errors import Conflict, InvalidDefinition, InvalidInput, NotFound
from formloom.models import Department, Person
from formloom.people import create_department, disable_person
from sqlalchemy import text

from flow_engine.service import start
from flow_engine.service.seating import STAND_IN
from tests.conftest import WorkspaceClock
from tests.flow_engine.routing import Desk, desk

NAMES = ["agent1", "boss1", "boss2", "boss3", "worker1", "worker2", "worker3", "admin1", "dispatcher1"]


@pytest.fixture
def house(databases: Databases, workspace: int, make_person: Callable[..., Person]) -> Desk:
    """agent1, boss1 and the workers are in the team of boss1, below the area of boss2, below the house of boss3."""
    found = desk(databases, workspace, make_person, NAMES)
    with found.work() as session:
        people = {name: session.merge(person) for name, person in found.people.items()}
        top = create_department(session, "house", {"en": "House"}, manager=people["boss3"].id)
        area = create_department(session, "area", {"en": "Area"}, parent=top.id, manager=people["boss2"].id)
        team = create_department(session, "team", {"en": "Team"}, parent=area.id, manager=people["boss1"].id)
        places = {"agent1": team, "worker1": team, "worker2": team, "worker3": area, "boss2": area, "boss3": top}
        for name, place in {**places, "boss1": team}.items():
            _move(people[name], place)
    return found


def _move(person: Person, place: Department) -> None:
    person.department_id = place.id


def flow(by: Any, *more: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """One step of approval, then others."""
    step = {"key": "check", "type": "approve", "by": by, **rest.pop("step", {})}
    frame = {"kind": "flow", "key": "check", "title": "Check", "form": "job", "trigger": {"on": "submit"}}
    return {**frame, "steps": [step, *more], **rest}


def asked(house: Desk, job: int) -> list[str]:
    return [name for name, _ in house.asked(job)]


def ids(house: Desk, *names: str) -> list[int]:
    return [house.people[name].id for name in names]


def away(house: Desk, who: str, proxy: str, **more: Any) -> int:
    with house.work() as session:
        now = app_now(session)
        more = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(days=3), **more}
        person, instead = ids(house, who, proxy)
        return house.flows.seating.declare(session, person, instead, actor=house.actor(who), **more).id


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ({"members": "worker2 boss3"}, ["worker2", "boss3"]),
        ({"department": "team"}, ["agent1", "boss1", "worker1", "worker2"]),
        (
            {"department": "area", "with_below": True},
            ["agent1", "boss1", "boss2", "worker1", "worker2", "worker3"],
        ),
        ({"department": True}, ["agent1", "boss1", "worker1", "worker2"]),
        ({"department_head": "area"}, ["boss2"]),
        ({"manager": 2}, ["boss2"]),
        ({"field": "team"}, ["worker3", "worker1"]),
        ([{"field": "created_by"}, {"role": "dispatcher"}], ["agent1", "dispatcher1"]),
    ],
)
def test_people_are_found_when_the_step_opens(house: Desk, by: Any, expected: list[str]) -> None:
    if isinstance(by, dict) and "members" in by:
        by = {"members": ids(house, *by["members"].split())}
    house.flow(flow(by))
    assert asked(house, house.job(team=ids(house, "worker3", "worker1"))) == expected


def test_managers_are_asked_one_after_another_up_to_a_level(house: Desk) -> None:
    house.flow(flow({"managers": {"up_to": 2}}))
    job = house.job()
    assert asked(house, job) == ["boss1"]
    house.decide(job, "boss1")
    assert asked(house, job) == ["boss2"]
    house.decide(job, "boss2")
    assert asked(house, job) == []
    house.verify()


def test_the_initiator_picks_out_of_those_allowed(house: Desk) -> None:
    house.flow(flow({"choice": {"from": {"department": "team"}, "many": True}}, step={"mode": "all"}))
    values = {"what": "x"}

    def submit(*names: str) -> int:
        with house.work() as session:
            said = {"choices": {"check": ids(house, *names)}}
            return house.records.create(session, house.forms, "job", values, house.actor("agent"), said=said).id

    with pytest.raises(InvalidInput) as missing:
        submit()
    assert [(issue.pointer, issue.code) for issue in missing.value.issues] == [("/choices/check", "required")]
    with pytest.raises(InvalidInput) as strange:
        submit("worker1", "boss3")
    assert [(issue.pointer, issue.code) for issue in strange.value.issues] == [("/choices/check/1", "not_an_option")]
    assert asked(house, submit("worker2", "worker1")) == ["worker2", "worker1"]
    with house.work() as session:
        (view,) = house.flows.choices(session, "job", house.actor("agent"))
    assert (view.step, view.many, view.people) == (
        "check",
        True,
        tuple(ids(house, "agent1", "boss1", "worker1", "worker2")),
    )
    house.verify()


def test_publishing_tells_where_people_are_wrong(house: Desk) -> None:
    wrong = {
        "/steps/0/by": flow({"department": "nowhere"}),
        "/steps/0/by/best/order/0": flow({"best": {"from": {"role": "worker"}, "order": [{"least": "what"}]}}),
        "/steps/0/by/best/from/person": flow(
            {"best": {"from": {"form": "worker", "person": "code"}, "order": ["round_robin"]}}
        ),
        "/steps/0/by/choice/from": flow({"choice": {"from": {"field": "team"}}}),
    }
    for pointer, definition in wrong.items():
        with pytest.raises(InvalidDefinition) as error:
            house.flow(definition)
        assert [issue.pointer for issue in error.value.issues] == [f"/check{pointer}"], error.value.issues


def test_a_proxy_is_asked_for_whoever_is_away_and_both_have_acted(house: Desk) -> None:
    later = {"key": "later", "type": "approve", "by": {"members": ids(house, "boss1", "boss2", "boss3")}}
    house.flow(flow({"members": ids(house, "boss1")}, later, separate=["check", "later"]))
    away(house, "boss1", "boss2")
    job = house.job()
    assert asked(house, job) == ["boss2"]
    task = next(row for row in house.tasks(job) if row["kind"] == "step")
    assert task["because"] == {"for": house.people["boss1"].id}
    assert [row["person_id"] for row in house.tasks(job) if row["kind"] == "cc"] == ids(house, "boss1")
    house.decide(job, "boss2")
    assert asked(house, job) == ["boss3"]  # neither whoever decided nor whom they stood in for
    house.verify()


def test_proxies_as_well_are_one_voice(house: Desk) -> None:
    house.flow(flow({"members": ids(house, "boss1", "boss3")}, step={"mode": "all"}))
    away(house, "boss1", "boss2", as_well=True)
    job = house.job()
    assert asked(house, job) == ["boss1", "boss3", "boss2"]
    house.decide(job, "boss2")
    assert asked(house, job) == ["boss3"]
    house.decide(job, "boss3")
    assert asked(house, job) == []
    house.verify()


def test_chains_are_followed_and_cycles_refused(house: Desk) -> None:
    house.flow(flow({"members": ids(house, "boss1")}))
    away(house, "boss1", "boss2")
    with pytest.raises(Conflict, match="proxy_cycle"):
        away(house, "boss2", "boss1")
    away(house, "boss2", "boss3")
    with pytest.raises(Conflict, match="proxy_cycle"):
        away(house, "boss3", "boss1")
    assert asked(house, house.job()) == ["boss3"]
    away(house, "boss3", "worker1", flows=["check"])
    assert asked(house, house.job()) == ["worker1"]
    away(house, "worker1", "worker2")
    assert asked(house, house.job()) == ["worker1"]  # three are followed
    with pytest.raises(InvalidInput):
        away(house, "worker3", "worker3")


def test_scopes_dates_and_calling_off(house: Desk) -> None:
    house.flow(flow({"members": ids(house, "boss1")}))
    house.flow({**flow({"members": ids(house, "boss1")}), "key": "other", "trigger": {"on": "submit", "when": "FALSE"}})
    away(house, "boss1", "boss2", flows=["other"])
    assert asked(house, house.job()) == ["boss1"]
    with house.work() as session:
        soon = app_now(session) + timedelta(days=1)
    away(house, "boss1", "boss3", starts_at=soon)
    assert asked(house, house.job()) == ["boss1"]
    now = away(house, "boss1", "boss3", ends_at=soon)
    assert asked(house, house.job()) == ["boss3"]
    with house.work() as session, pytest.raises(NotFound):
        house.flows.seating.call_off(session, now, house.actor("boss2"), house.people["boss2"].id)
    with house.work() as session:
        house.flows.seating.call_off(session, now, house.actor("boss1"), house.people["boss1"].id)
    assert asked(house, house.job()) == ["boss1"]


def test_what_waits_already_moves_on_request(house: Desk) -> None:
    house.flow(flow({"members": ids(house, "boss1")}))
    job = house.job()
    away(house, "boss1", "boss2", move=True)
    assert asked(house, job) == ["boss2"]
    task = next(row for row in house.tasks(job) if row["kind"] == "step")
    assert task["because"] == {"for": house.people["boss1"].id}
    house.decide(job, "boss2")
    house.verify()


def test_calling_off_leaves_absences_alone_whose_number_begins_alike(house: Desk) -> None:
    with house.work() as session:
        soon, later = (app_now(session) + timedelta(days=days) for days in (1, 3))
    absence = away(house, "boss1", "boss2", starts_at=soon, ends_at=later, move=True)
    with house.work() as session:
        timers.set(session, f"absence:{absence}0", STAND_IN, {"absence": absence * 10}, soon)
        house.flows.seating.call_off(session, absence, house.actor("boss1"))
        waiting = text("SELECT key FROM timer WHERE done_at IS NULL AND cancelled_at IS NULL")
        assert list(session.scalars(waiting)) == [f"absence:{absence}0"]


def leave(house: Desk, who: str, successor: str | None = None) -> Any:
    with house.work() as session:
        to = house.people[successor].id if successor else None
        return house.flows.seating.leave(session, house.people[who].id, house.actor("admin1"), to)


def test_whoever_leaves_hands_over_to_a_successor_their_manager_or_nobody(house: Desk) -> None:
    house.flow(flow({"members": ids(house, "worker1")}, separate=["initiator", "check"]))
    first, second = house.job(), house.job(by="worker2")
    handed = leave(house, "worker1", "worker2")
    assert handed.moved == {house.people["worker2"].id: 1, house.people["boss1"].id: 1}
    assert asked(house, first) == ["worker2"]
    assert asked(house, second) == ["boss1"]  # who asked for it cannot decide it
    for name, above in (("worker2", "boss1"), ("boss1", "boss2"), ("boss2", "boss3")):
        leave(house, name)
        assert asked(house, first) == [above]
    leave(house, "boss3")
    assert house.asked(first) == [("admin1", "stuck")]
    with house.work() as session:
        house.flows.seating.come_back(session, house.people["worker2"].id, house.actor("admin1"))
    assert house.asked(first) == [("admin1", "stuck")]
    house.verify()


def test_nobody_shuts_their_own_account_and_nobody_the_last_administrator(house: Desk) -> None:
    with pytest.raises(Conflict, match="own_account"):
        leave(house, "admin1")


def test_a_sweep_finds_tasks_of_accounts_that_were_shut_without_a_word(house: Desk) -> None:
    house.flow(flow({"members": ids(house, "worker3")}))
    job = house.job()
    with house.work() as session:
        disable_person(session, house.people["worker3"].id)
    assert house.flows.seating.sweep() == 1
    assert asked(house, job) == ["boss2"]
    assert house.flows.seating.sweep() == 0
    house.verify()


def test_a_run_that_cannot_be_moved_keeps_no_other_from_it(house: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    house.flow(flow({"members": ids(house, "worker3")}))
    first, second = house.job(), house.job()
    with house.work() as session:
        disable_person(session, house.people["worker3"].id)
    happen, busy = start.happen, [first]

    def sometimes(session: Any, catalogue: Any, run: Any, *told: Any, **more: Any) -> None:
        if run.record_id in busy:
            raise Conflict("run_busy")
        happen(session, catalogue, run, *told, **more)

    monkeypatch.setattr(start, "happen", sometimes)
    assert house.flows.seating.sweep() == 1
    assert (asked(house, first), asked(house, second)) == (["worker3"], ["boss2"])
    busy.clear()
    assert house.flows.seating.sweep() == 1
    assert asked(house, first) == ["boss2"]
    house.verify()


def test_a_returned_request_of_somebody_who_left_is_their_managers(house: Desk) -> None:
    house.flow(flow({"role": "dispatcher"}, step={"on_reject": {"return_to": {"initiator": True}}}))
    job = house.job(by="worker1")
    house.decide(job, "dispatcher1", "reject")
    assert house.asked(job) == [("worker1", "resubmit")]
    leave(house, "worker1")
    assert house.asked(job) == [("boss1", "resubmit")]
    house.decide(job, "boss1", "resubmit")
    assert asked(house, job) == ["dispatcher1"]
    house.verify()


def urge(house: Desk, job: int, who: str) -> int:
    with house.work() as session:
        run = session.execute(text("SELECT id FROM run WHERE record_id = :record"), {"record": job}).scalar_one()
        return house.flows.seating.urge(session, run, house.actor(who))


def test_urging_once_an_hour_a_task(house: Desk, clock: WorkspaceClock) -> None:
    house.flow(flow({"members": ids(house, "boss1", "boss2")}))
    job = house.job()
    assert urge(house, job, "agent") == 2
    with pytest.raises(Conflict, match="urged_already") as again:
        urge(house, job, "agent")
    assert datetime.fromisoformat(str(again.value.params["until"])).tzinfo is not None
    with pytest.raises(NotFound):
        urge(house, job, "worker1")
    clock.advance(hours=1, seconds=1)
    assert urge(house, job, "admin1") == 2
    house.decide(job, "boss1")
    with pytest.raises(NotFound):
        urge(house, job, "agent")


def test_stuck_visits_are_listed_taken_over_given_away_and_tried_again(house: Desk) -> None:
    house.flow(flow({"field": "team"}))
    first, second, third = house.job(), house.job(), house.job()
    with house.work() as session:
        page = house.flows.seating.stuck(session, limit=2)
        assert [(item.record, item.because, item.people_may) for item in page.items] == [
            (first, "nobody", True),
            (second, "nobody", True),
        ]
        rest = house.flows.seating.stuck(session, after=page.next or 0)
        visits = [*page.items, *rest.items]
    admin = house.actor("admin1")
    with house.work() as session:
        house.flows.seating.step_in(session, visits[0].run, visits[0].visit, admin, "take_over")
        house.flows.seating.step_in(session, visits[1].run, visits[1].visit, admin, "reassign", ids(house, "worker1"))
    assert house.asked(first) == [("admin1", "step")]
    task = next(row for row in house.tasks(first) if row["kind"] == "step")
    assert task["because"] == {"act": "take_over", "by": admin.person_id}
    house.decide(first, "admin1")
    assert house.asked(second) == [("worker1", "step")]
    with house.work() as session:
        house.flows.seating.step_in(session, visits[1].run, 2, admin, "reassign", ids(house, "worker2"))
    assert house.asked(second) == [("worker2", "step")]
    house.decide(third, "admin1", "retry")
    assert house.asked(third) == [("admin1", "stuck")]
    with house.work() as session:
        assert [item.record for item in house.flows.seating.stuck(session).items] == [third]
    house.verify()


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("pass", []), ("admins", [("admin1", "step")]), ("stuck", [("admin1", "stuck")]), ("boss", [("boss1", "step")])],
)
def test_what_happens_when_nobody_is_there(house: Desk, policy: str, expected: list[tuple[str, str]]) -> None:
    named = {"members": ids(house, "boss1")} if policy == "boss" else policy
    house.flow(flow({"field": "team"}, step={"if_nobody": named}))
    assert house.asked(house.job()) == expected


def test_a_return_to_the_step_before_and_straight_back(house: Desk) -> None:
    steps = [
        {"key": "one", "type": "approve", "by": {"members": ids(house, "boss1")}},
        {"key": "two", "type": "approve", "by": {"members": ids(house, "boss2")}},
        {
            "key": "three",
            "type": "approve",
            "by": {"members": ids(house, "boss3")},
            "returns": [
                {"return_to": {"before": True}},
                {"return_to": {"step": "one", "resume": "straight"}},
                {"return_to": {"initiator": True, "resume": "straight"}},
            ],
        },
    ]
    house.flow({**flow({"role": "boss"}), "steps": steps})
    job = house.job()
    for name in ("boss1", "boss2"):
        house.decide(job, name)
    house.decide(job, "boss3", "return", to_step="two")
    assert asked(house, job) == ["boss2"]
    house.decide(job, "boss2")
    house.decide(job, "boss3", "return", to_step="one")
    assert asked(house, job) == ["boss1"]
    house.decide(job, "boss1")
    assert asked(house, job) == ["boss3"]  # straight back, not through the second
    house.decide(job, "boss3", "return", to_step="initiator")
    assert house.asked(job) == [("agent1", "resubmit")]
    house.decide(job, "agent1", "resubmit")
    assert asked(house, job) == ["boss3"]
    house.decide(job, "boss3")
    assert asked(house, job) == []
    house.verify()

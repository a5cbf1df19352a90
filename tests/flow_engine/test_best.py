"""The best of several: ROUTE-1 and ROUTE-2 through a running engine, and four hundred jobs of a real month."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from formloom.db.engine import Databases
from formloom.errors import InvalidDefinition
from formloom.models import Person

from flow_engine.elements.who import Best, parse_people
from flow_engine.service import start as starting
from form_engine.records.actor import SYSTEM, Actor
from tests.flow_engine.routing import DATA, JOB, NEAREST, OFFER, Desk, desk, dispatch

FIVE = [
    ("worker1", "31.231", "121.474", [1], 0, 5, "4.9", True),
    ("worker2", "31.2404", "121.4837", [0, 1], 5, 5, "4.8", True),
    ("worker3", "31.26", "121.5", [0], 2, 5, "4.2", True),
    ("worker4", "31.26", "121.5001", [0], 1, 5, "4.0", True),
    ("worker5", "31.2305", "121.4738", [0], 0, 5, "5.0", False),
]


@pytest.fixture
def five(databases: Databases, workspace: int, make_person: Callable[..., Person]) -> Desk:
    names = ["agent1", "dispatcher1", "admin1", *(f"worker{n}" for n in range(1, 6))]
    found = desk(databases, workspace, make_person, names)
    for one in FIVE:
        found.worker(*one)
    return found


def test_of_two_as_near_the_one_with_less_to_do_is_best_and_the_reason_is_kept(five: Desk) -> None:
    five.flow(dispatch({"best": NEAREST}))
    job = five.job(skill=0)
    assert five.asked(job) == [("worker4", "step")]
    (task,) = five.tasks(job)
    assert task["because"] == {
        "best": [
            {"by": "nearest", "value": "4.1"},
            {"by": "least", "value": "1", "label": "load"},
            {"by": "most", "value": "4.0", "label": "Rating"},
        ],
        "place": 1,
        "among": 2,
    }
    five.decide(job, "worker4", "submit", changes={"done": "yes"})
    five.verify()


def test_with_no_candidate_the_dispatchers_are_asked(five: Desk) -> None:
    five.flow(dispatch({"best": {**NEAREST, "offer": OFFER}}))
    job = five.job(skill=3)
    assert five.asked(job) == [("dispatcher1", "step")]
    five.verify()


def test_an_offer_goes_on_when_declined_or_unanswered_and_ends_with_the_dispatchers(five: Desk) -> None:
    five.flow(dispatch({"best": {**NEAREST, "offer": OFFER}}))
    job = five.job(skill=0)
    assert five.asked(job) == [("worker4", "offer")]
    with pytest.raises(Exception, match="invalid_input"):
        five.decide(job, "worker4", "decline")
    five.decide(job, "worker4", "decline", comment="Too far")
    assert five.asked(job) == [("worker3", "offer")]
    (offer,) = five.tasks(job)
    assert (offer["due_at"] - offer["opened_at"]).total_seconds() == 900
    five.fire(job)
    assert five.asked(job) == [("dispatcher1", "step")]
    five.decide(job, "dispatcher1", "submit", changes={"done": "myself"})
    five.verify()


def test_who_accepts_does_the_work(five: Desk) -> None:
    five.flow(dispatch({"best": {**NEAREST, "offer": {"for": "PT15M", "reasons": ["far", "ill"]}}}))
    job = five.job(skill=0)
    with pytest.raises(Exception, match="invalid_input"):
        five.decide(job, "worker4", "decline", reason="no")
    five.decide(job, "worker4", "decline", reason="far")
    five.decide(job, "worker3", "accept")
    assert five.asked(job) == [("worker3", "step")]
    assert five.tasks(job)[0]["because"]["best"][0] == {"by": "nearest", "value": "4.1"}
    five.decide(job, "worker3", "submit", changes={"done": "yes"})
    five.verify()


def test_an_offer_that_nobody_takes_is_stuck_where_nobody_else_is_named(five: Desk) -> None:
    five.flow(dispatch({"best": {**NEAREST, "offer": {"for": "PT15M"}}}))
    job = five.job(skill=0)
    five.fire(job)
    five.fire(job)
    assert five.asked(job) == [("admin1", "stuck")]
    five.decide(job, "admin1", "retry")  # from the beginning
    assert five.asked(job) == [("worker4", "offer")]
    five.verify()


def test_turns_go_round_and_open_tasks_count(five: Desk) -> None:
    among = {"members": [five.people[f"worker{n}"].id for n in (3, 1, 2)]}
    five.flow(dispatch({"best": {"from": among, "order": ["round_robin"]}}))
    turns = [five.asked(five.job())[0][0] for _ in range(5)]
    assert turns == ["worker1", "worker2", "worker3", "worker1", "worker2"]
    five.flow(dispatch({"best": {"from": among, "order": [{"least": "open_tasks"}]}}))
    job = five.job()
    assert five.asked(job) == [("worker3", "step")]
    assert five.tasks(job)[0]["because"]["best"] == [{"by": "open_tasks", "value": "1"}]


def test_whoever_must_stay_separate_is_passed_by_for_the_next_best(five: Desk) -> None:
    among = {"members": [five.people[f"worker{n}"].id for n in (1, 2)]}
    five.flow(
        {**dispatch({"best": {"from": among, "order": [{"least": "open_tasks"}]}}), "separate": ["initiator", "work"]}
    )
    five.people["worker"] = five.people["worker1"]
    assert five.asked(five.job(by="worker1")) == [("worker2", "step")]


def test_four_hundred_jobs_of_a_month(databases: Databases, workspace: int, make_person: Callable[..., Person]) -> None:
    """Each goes to whom the key of the data names, as the shell would find them for a run."""
    names = [f"worker{number}" for number in range(1, len(DATA["technicians"]) + 1)]
    found = desk(databases, workspace, make_person, ["agent1", "admin1", *names])
    for name, (_, lat, lon, skills, load, most, rating, on_duty) in zip(names, DATA["technicians"], strict=True):
        found.worker(name, lat, lon, skills, load, most, rating, on_duty)
    found.flow(dispatch({"best": NEAREST}))
    job = found.job()
    code_of = {found.people[name].id: one[0] for name, one in zip(names, DATA["technicians"], strict=True)}
    best = parse_people({"best": NEAREST})[0]
    assert isinstance(best, Best)
    wrong: list[Any] = []
    with found.work() as session:
        catalogue = found.flows._catalogue
        stage = starting.probe(session, catalogue, catalogue.live(session, "dispatch"), job, Actor.flow("dispatch"))
        for site, category, expected in DATA["tickets"]:
            _, lat, lon = DATA["sites"][site]
            values: dict[str, Any] = {"place": {"lat": lat, "lon": lon, "crs": "wgs84"}, "skill": f"s{category}"}
            stage.record = replace(stage.record, data=values)
            chosen = stage.best_of(best, None)  # type: ignore[arg-type]
            name = code_of[int(chosen[0].partition(":")[2])] if chosen else "NO_CANDIDATE"
            if name != expected:
                wrong.append((site, category, expected, name))
    assert not wrong


TAKEN = {**NEAREST, "into": "worker", "offer": {**OFFER, "accepted": "passes"}}


def with_worker(five: Desk, best: dict[str, Any]) -> None:
    """Jobs keep which worker has them."""
    field = {"key": "worker", "type": "link", "form": "worker", "label": "Worker"}
    with five.work() as session:
        form = {**JOB, "fields": [*JOB["fields"], field]}
        five.forms.publish_together(session, {"job": form}, SYSTEM)
    five.flow(dispatch({"best": best}, on_submit={"set": {"done": "sent"}}))


def test_accepting_can_be_all_there_is_to_do_and_the_candidate_is_kept(five: Desk) -> None:
    with_worker(five, TAKEN)
    job = five.job(skill=0)
    five.decide(job, "worker4", "decline", comment="Too far")
    five.decide(job, "worker3", "accept")
    assert five.asked(job) == []
    with five.work() as session:
        seen = five.records.get(session, five.forms, job, SYSTEM).data
        assert seen["done"] == "sent"
        assert five.records.get(session, five.forms, cast("int", seen["worker"]), SYSTEM).data["code"] == "worker3"
    five.verify()


def test_where_nobody_accepts_whoever_comes_then_fills_it(five: Desk) -> None:
    with_worker(five, TAKEN)
    job = five.job(skill=3)
    assert five.asked(job) == [("dispatcher1", "step")]
    five.decide(job, "dispatcher1", "submit")
    assert five.asked(job) == []
    five.verify()


@pytest.mark.parametrize(("into", "code"), [("nowhere", "unknown_field"), ("what", "not_a_link_to")])
def test_what_keeps_the_candidate_must_be_a_link_to_them(five: Desk, into: str, code: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        five.flow(dispatch({"best": {**TAKEN, "into": into}}))
    assert {(issue.pointer, issue.code) for issue in caught.value.issues} == {("/dispatch/steps/0/by/best/into", code)}

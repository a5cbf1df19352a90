"""Runs that began by themselves have no initiator whom one could ask."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from form_engine.records.actor import Actor
from tests.flow_engine.triggers.conftest import House, flow

NIGHTLY = {"on": "schedule", "cron": "30 2 * * *", "create": {"set": {"name": "R"}}}


def begin(house: House, *steps: dict[str, Any]) -> None:
    house.publish(flow("nightly", NIGHTLY, *steps))
    house.at("2026-11-03T02:31:00+08:00")
    house.tick()


def tasks(house: House) -> list[tuple[int, str, int]]:
    statement = text("SELECT id, kind, person_id FROM task WHERE status = 'open' ORDER BY id")
    with house.work() as session:
        return [tuple(row) for row in session.execute(statement)]


def status(house: House) -> str:
    (run,) = house.runs()
    found: str = run["status"]
    return found


@pytest.mark.parametrize(("if_nobody", "expected"), [("admins", ("running", "step")), ("stuck", ("stuck", "stuck"))])
def test_a_step_for_the_initiator_is_one_for_nobody(
    house: House, make_person: Callable[..., Any], if_nobody: str, expected: tuple[str, str]
) -> None:
    boss = make_person("boss", "admin")
    begin(house, {"key": "look", "type": "approve", "by": {"initiator": True}, "if_nobody": if_nobody})
    ((_, kind, person),) = tasks(house)
    assert (status(house), kind, person) == (*expected, boss.id)
    house.verify()


def test_a_return_to_the_initiator_goes_to_the_administrators(house: House, make_person: Callable[..., Any]) -> None:
    boss = make_person("boss", "admin")
    back = {"return_to": {"initiator": True}}
    begin(house, {"key": "look", "type": "approve", "by": {"role": "agent"}, "on_reject": back})
    ((task, _, _),) = tasks(house)
    house.flows.decide(house.workspace, task, house.agent, "reject")
    ((task, kind, person),) = tasks(house)
    assert (status(house), kind, person) == ("running", "resubmit", boss.id)
    house.flows.decide(house.workspace, task, Actor.person(boss.id, frozenset({"admin"}), "boss"), "resubmit")
    ((_, kind, person),) = tasks(house)
    assert (kind, person) == ("step", house.agent.person_id)
    house.verify()

"""A step that asks a guest is given to somebody else: the guest is not asked any more, their link opens nothing."""

from typing import Any

import pytest
from formloom import guests
from formloom.errors import Conflict
from formloom.settings import Settings
from formloom.timers import Clock

from flow_engine.service import timer_handlers
from form_engine.records.actor import SYSTEM, Actor
from tests.flow_engine.conftest import World
from tests.flow_engine.flows import CONFIRMATION


def invited(world: World, settings: Settings) -> tuple[int, dict[str, Any], str]:
    """A payment whose payer is asked: the record, the task's row, the token of the link."""
    payment = world.pay()
    (row,) = world.tasks(payment)
    with world.work() as session:
        token = guests.token(settings, guests.get(session, row["guest_link_id"]))
    assert guests.resolve(world.databases, settings, token) == (world.workspace, row["guest_link_id"])
    return payment, row, token


def shut(world: World, settings: Settings, row: dict[str, Any], token: str) -> None:
    """Nothing is left that the guest could do."""
    assert guests.resolve(world.databases, settings, token) is None, "the link opens nothing"
    with pytest.raises(Conflict, match="task_closed"):
        world.flows.decide(world.workspace, row["id"], Actor.guest(row["guest_link_id"], "Wang"), "approve")
    world.verify()


@pytest.mark.parametrize("act", ["take_over", "reassign"])
def test_an_administrator_steps_in_for_a_guest(world: World, settings: Settings, act: str) -> None:
    payment, row, token = invited(world, settings)
    name = "admin1" if act == "take_over" else "finance1"
    with world.work() as session:
        people = () if act == "take_over" else (world.people[name].id,)
        world.flows.seating.step_in(session, row["run_id"], row["visit"], world.actor("admin1"), act, people)
    assert [task["person_id"] for task in world.tasks(payment)] == [world.people[name].id]
    shut(world, settings, row, token)
    world.decide(payment, name)
    world.verify()


def test_in_time_a_guest_is_asked_no_more_but_somebody_else(world: World, settings: Settings, clock: Any) -> None:
    first, *others = CONFIRMATION["steps"]
    due = {"in": "PT8H", "then": [{"at": "1", "do": "transfer", "to": {"role": "supervisor"}}]}
    changed = {**CONFIRMATION, "steps": [{**first, "due": due}, *others]}
    with world.work() as session:
        world.flows.definitions.publish_together(session, {"confirmation": changed}, SYSTEM)
    payment, row, token = invited(world, settings)
    clock.advance(hours=9)
    Clock(world.databases, timer_handlers(world.flows)).tick()
    asked = {task["person_id"] for task in world.tasks(payment)}
    assert asked == {world.people["supervisor1"].id, world.people["supervisor2"].id}
    shut(world, settings, row, token)

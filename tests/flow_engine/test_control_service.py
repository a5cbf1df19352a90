"""Control steps on a real database: rows are read, timers wake, branches decided at the same moment join once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from formloom.errors import InvalidDefinition
from formloom.timers import Clock

from flow_engine.service import timer_handlers
from form_engine.records.actor import SYSTEM
from tests.flow_engine.conftest import World


def install(world: World, *steps: dict[str, Any]) -> None:
    """The payment's flow is this one from now on."""
    body = {"kind": "flow", "key": "confirmation", "title": "Probe", "form": "payment", "trigger": {"on": "submit"}}
    with world.work() as session:
        world.flows.definitions.publish_together(session, {"confirmation": {**body, "steps": list(steps)}}, SYSTEM)


def ask(key: str, role: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": "approve", "by": {"role": role}, **more}


def lines(world: World, *amounts: str) -> list[dict[str, Any]]:
    return [{"bill": world.bill(), "applied": amount} for amount in amounts]


def test_each_row_takes_its_own_way(world: World) -> None:
    large = {"key": "large", "when": "row.applied > 50", "steps": [ask("check", "finance")]}
    note = {
        "key": "note",
        "type": "update",
        "set": {"note": {"=": 'note & row.bill.code & TEXT(row.applied, "0") & ";"'}},
    }
    install(
        world,
        {
            "key": "rows",
            "type": "loop",
            "each": "lines",
            "steps": [{"key": "size", "type": "branch", "cases": [large]}, note],
        },
        ask("last", "supervisor"),
    )
    payment = world.pay(lines=lines(world, "10.00", "60.00", "20.00"))
    assert world.value(payment, "note") == "B110;"
    world.decide(payment, "finance1")
    assert world.value(payment, "note") == "B110;B160;B120;"
    assert world.decide(payment, "supervisor1").status == "approved"
    world.verify()


def test_a_wait_ends_by_the_clock_and_a_lost_race_sets_nothing_off(world: World, clock: Any) -> None:
    hurry = [{"key": "nap", "type": "wait", "for": "P1D"}, {"key": "late", "type": "update", "set": {"note": "late"}}]
    race = {
        "key": "race",
        "type": "race",
        "branches": [{"key": "asked", "steps": [ask("check", "finance")]}, {"key": "time", "steps": hurry}],
    }
    install(world, race, ask("last", "supervisor"))
    slow, quick = world.pay(), world.pay()
    world.decide(quick, "finance1")
    ticker = Clock(world.databases, timer_handlers(world.flows))
    clock.advance(hours=25)
    assert ticker.tick() == 1
    assert (world.value(slow, "note"), world.value(quick, "note")) == ("late", None)
    assert {row["step"] for payment in (slow, quick) for row in world.tasks(payment)} == {"last"}
    world.verify()


def test_two_branches_decided_at_the_same_moment_join_once(world: World) -> None:
    both = {
        "key": "both",
        "type": "parallel",
        "branches": [
            {"key": "left", "steps": [ask("check", "finance")]},
            {"key": "right", "steps": [ask("look", "agent")]},
        ],
    }
    install(world, both, ask("last", "supervisor"))
    for _ in range(5):
        payment = world.pay()
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda name, at=payment: world.decide(at, name), ["finance1", "agent1"]))
        assert {answer.status for answer in answers} == {"running"}
        assert sorted(row["step"] for row in world.tasks(payment)) == ["last", "last"], "one visit, two supervisors"
        assert len({row["visit"] for row in world.tasks(payment)}) == 1
    world.verify()


@pytest.mark.parametrize(
    ("step", "pointer", "code"),
    [
        ({"type": "loop", "each": "payer", "steps": [{"key": "x", "type": "stop"}]}, "/steps/0/each", "not_a_table"),
        (
            {"type": "loop", "until": "amount", "steps": [{"key": "x", "type": "stop"}]},
            "/steps/0/until",
            "formula_gives",
        ),
        ({"type": "wait", "until": "amount"}, "/steps/0/until", "formula_gives"),
        ({"type": "wait", "for": "P1X"}, "/steps/0/for", "bad_value"),
        ({"type": "wait"}, "/steps/0", "bad_value"),
        ({"type": "loop", "steps": []}, "/steps/0/steps", "bad_value"),
        (
            {"type": "branch", "cases": [{"key": "a", "when": "row.applied > 1", "steps": []}]},
            "/steps/0/cases/0/when",
            "formula_error",
        ),
    ],
)
def test_what_cannot_work_is_refused_at_publish(world: World, step: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        install(world, {"key": "probe", **step})
    assert (pointer, code) in [
        (issue.pointer.partition("/confirmation")[2] or issue.pointer, issue.code) for issue in refused.value.issues
    ]

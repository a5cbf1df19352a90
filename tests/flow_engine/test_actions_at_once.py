"""Steps that write beside their record, inside splits and races, and many of them at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from formloom.errors import Conflict, InvalidDefinition
from formloom.timers import Clock

from flow_engine.service import timer_handlers
from tests.flow_engine.actions import SERIES, add, agree, button, change, charges, history, install, make, press
from tests.flow_engine.conftest import World
from tests.flow_engine.test_control_service import ask

CREATE: dict[str, Any] = {
    "key": "bill",
    "type": "create",
    "form": "charge",
    "set": {"agreement": {"=": "id"}, "amount": "1.00", "note": {"=": 'TEXT(asked, "0")'}},
}


def test_branches_at_the_same_time_each_act_once(world: World) -> None:
    branches = [
        {"key": name, "steps": [ask(f"ask_{name}", role), {**CREATE, "key": f"make_{name}"}]}
        for name, role in (("left", "finance"), ("right", "agent"))
    ]
    for _ in range(3):
        install(world, {"key": "both", "type": "parallel", "branches": branches}, ask("last", "supervisor"))
        agreement = agree(world)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda name, at=agreement: world.decide(at, name), ["finance1", "agent1"]))
        # Whoever came second saw what the first had made.
        assert sorted(one.data["note"] for one in charges(world, agreement)) == ["0", "1"]
        assert [row["step"] for row in world.tasks(agreement)] == ["last", "last"]
    world.verify()


def test_the_loser_of_a_race_makes_nothing(world: World, clock: Any) -> None:
    late = [{"key": "nap", "type": "wait", "for": "P1D"}, {**CREATE, "key": "late"}]
    race = {
        "key": "race",
        "type": "race",
        "branches": [
            {"key": "asked", "steps": [ask("check", "finance"), CREATE]},
            {"key": "time", "steps": late},
        ],
    }
    install(world, race, ask("last", "supervisor"))
    quick, slow = agree(world), agree(world)
    world.decide(quick, "finance1")
    clock.advance(hours=25)
    Clock(world.databases, timer_handlers(world.flows)).tick()
    assert [len(charges(world, one)) for one in (quick, slow)] == [1, 1]
    assert {row["step"] for one in (quick, slow) for row in world.tasks(one)} == {"last"}
    world.verify()


def test_what_was_made_is_kept_or_made_again_after_a_return(world: World) -> None:
    back = {"returns": [{"return_to": {"step": "check"}}]}
    for when, count in (("keep", 1), ("repeat", 2)):
        install(world, ask("check", "finance"), {**CREATE, "when_returned": when}, ask("last", "supervisor", **back))
        agreement = agree(world)
        world.decide(agreement, "finance1")
        world.decide(agreement, "supervisor1", "return", to_step="check")
        world.decide(agreement, "finance1")
        assert len(charges(world, agreement)) == count
        assert world.decide(agreement, "supervisor1").status == "approved"
    world.verify()


def test_many_runs_write_one_parent_and_none_is_lost(world: World) -> None:
    """Each run makes a charge of the same agreement and counts what is asked by then into its note."""
    more = {
        "key": "more",
        "type": "update",
        "record": "row",
        "set": {"note": {"=": 'target.note & "x"'}, "rate": {"=": "target.rate + 1"}},
    }
    loop = {
        "key": "other",
        "type": "each",
        "over": {"form": "agreement", "where": 'target.name = "shared"'},
        "do": [more],
    }
    install(world)
    shared = agree(world, name="shared", rate="0.00")
    install(world, ask("check", "finance"), loop)
    runs = [agree(world, name=f"n{number}") for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda at: world.decide(at, "finance1"), runs))
    assert {answer.status for answer in answers} == {"approved"}
    assert world.value(shared, "note") == "x" * 8
    assert world.value(shared, "rate") == "8.00"
    world.verify()


def test_two_that_write_the_same_two_records_never_wait_in_a_ring(world: World) -> None:
    def both(key: str, sort: str) -> dict[str, Any]:
        step = {"key": f"{key}_note", "type": "update", "record": "row", "set": {"note": {"=": 'target.note & "x"'}}}
        loop = {"form": "charge", "where": "target.no >= 1", "sort": [sort]}
        return button(key, {"key": key, "type": "loop", "each": loop, "steps": [step]})

    install(world)
    add(world, both("up", "no"), both("down", "-no"))
    parent = agree(world)
    for number in range(1, 5):
        make(world, "charge", agreement=parent, amount="1.00", no=str(number))
    pressing = [(key, agree(world)) for key in ("up", "down") * 5]

    def go(pair: tuple[str, int]) -> None:
        for _ in range(20):
            try:
                press(world, *pair)
            except Conflict:  # the ring was broken by the database: the press was refused, whole
                continue
            return
        raise AssertionError("never came through")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(go, pressing))
    assert [one.data["note"] for one in charges(world, parent)] == ["x" * 10] * 4
    world.verify()


def test_the_same_decision_twice_makes_one(world: World) -> None:
    install(world, ask("check", "finance"), CREATE, ask("last", "supervisor"))
    agreement = agree(world)
    task = world.task(agreement, "finance1")

    def decide(_: int) -> Any:
        return world.flows.decide(world.workspace, task, world.actor("finance1"), "approve", idempotency_key="k")

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(decide, range(4)))
    assert sum(not answer.repeated for answer in answers) == 1
    assert len(charges(world, agreement)) == 1
    world.verify()


def test_what_cannot_be_made_is_an_incident_that_loses_nothing(world: World) -> None:
    """A step that fails after another has written takes back what that one wrote; retried, both write once."""
    fails = {"key": "sum", "type": "update", "set": {"rate": {"=": "100 / rise_every"}}}
    install(world, ask("check", "finance", on_approve={"set": {"state": "running"}}), CREATE, fails)
    agreement = agree(world)
    assert world.decide(agreement, "finance1").status == "stuck"
    assert charges(world, agreement) == []
    assert [row["kind"] for row in world.tasks(agreement)] == ["incident"]
    from sqlalchemy import text

    with world.work() as session:
        session.execute(text("UPDATE record SET run_id = NULL WHERE id = :id"), {"id": agreement})
    change(world, agreement, rise_every="2")
    world.decide(agreement, "admin1", "retry")
    assert [one.data["amount"] for one in charges(world, agreement)] == ["1.00"]
    assert world.value(agreement, "rate") == "50.00"
    world.verify()


def test_a_series_is_revised_while_others_read_and_pay(world: World) -> None:
    install(world)
    add(world, button("plan", SERIES))
    agreements = []
    for _ in range(4):
        agreement = agree(world, start="2026-01-01", end="2026-12-31", every="1", rate="100.00")
        press(world, "plan", agreement)
        agreements.append(agreement)
        change(world, agreement, versions=[{"from": "2026-07-01", "rate": "90.00"}], effective="2026-07-01")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda at: press(world, "plan", at), agreements))
    for agreement in agreements:
        live = [one.data["amount"] for one in charges(world, agreement) if one.data["state"] == "open"]
        assert live == ["100.00"] * 6 + ["90.00"] * 6
    numbers = [one.number for agreement in agreements for one in charges(world, agreement)]
    assert len(set(numbers)) == len(numbers) == 4 * 18
    assert {entry[0] for one in charges(world, agreements[0]) for entry in history(world, one.id)} == {"flow:plan"}
    world.verify()


WHERE = {"form": "charge", "via": "agreement"}


@pytest.mark.parametrize(
    ("step", "pointer", "code"),
    [
        ({"type": "create", "form": "nothing", "set": {}}, "/form", "unknown_form"),
        ({"type": "create", "form": "charge", "set": {"agreement": {"=": "id"}}}, "/set", "missing_required"),
        ({"type": "create", "form": "charge", "set": {"state": "paid"}}, "/set/state", "no_start"),
        ({"type": "create", "form": "charge", "set": {"adjusted": "1"}}, "/set/adjusted", "computed_field"),
        ({"type": "create", "form": "charge", "set": {"elsewhere": "1"}}, "/set/elsewhere", "unknown_field"),
        ({"type": "create", "form": "charge", "set": {"amount": {"=": "name"}}}, "/set/amount", "formula_gives"),
        ({"type": "create", "form": "charge", "set": {"agreement": {"=": "rate"}}}, "/set/agreement", "formula_gives"),
        ({"type": "create", "form": "charge", "set": {"state": "elsewhere"}}, "/set/state", "not_an_option"),
        ({"type": "create", "form": "charge", "set": {}, "into": "name"}, "/into", "not_this_link"),
        ({"type": "update", "record": "name", "set": {}}, "/record", "formula_gives"),
        ({"type": "update", "record": "first", "set": {"rate": "1"}}, "/set/rate", "unknown_field"),
        ({"type": "update", "record": "first", "set": {"note": {"=": "target.x"}}}, "/set/note", "formula_error"),
        ({"type": "update", "where": {**WHERE, "via": "note"}, "set": {}}, "/where/via", "not_this_link"),
        ({"type": "update", "where": {**WHERE, "where": "target.x = 1"}, "set": {}}, "/where/where", "formula_error"),
        ({"type": "update", "where": {**WHERE, "where": "target.amount"}, "set": {}}, "/where/where", "formula_gives"),
        (
            {"type": "update", "where": {**WHERE, "where": "UPPER(target.note) = name"}, "set": {}},
            "/where/where",
            "where_not_in_sql",
        ),
        ({"type": "update", "where": {**WHERE, "sort": ["x"]}, "set": {}}, "/where/sort/0", "unknown_field"),
        ({"type": "delete", "where": {"form": "nothing"}}, "/where/form", "unknown_form"),
        ({"type": "assign", "field": "name", "to": {"initiator": True}}, "/field", "not_a_member"),
        ({"type": "each", "over": "name", "do": [{"key": "x", "type": "delete"}]}, "/over", "not_a_table"),
        (
            {"type": "each", "over": "items", "do": [{"key": "x", "type": "approve", "by": {"role": "admin"}}]},
            "/do/0/type",
            "not_an_option",
        ),
        (
            {**SERIES, "terms": {**SERIES["terms"], "rate": {"=": "name"}}},
            "/terms/rate",
            "formula_gives",
        ),
        (
            {**SERIES, "lines": {"field": "note", "set": {}}},
            "/lines/field",
            "not_a_table",
        ),
        (
            {**SERIES, "set": {**SERIES["set"], "from": {"=": "row.start + 0"}}},
            "/set",
            "series_not_plain",
        ),
        (
            {**SERIES, "lines": {"field": "lines", "set": {"amount": {"=": "row.nothing"}}}},
            "/lines/set/amount",
            "formula_error",
        ),
    ],
)
def test_what_cannot_work_is_refused_at_publish(world: World, step: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(InvalidDefinition) as refused:
        install(world, {**step, "key": "probe"})
    found = [(issue.pointer.partition("/go/steps/0")[2], issue.code) for issue in refused.value.issues]
    assert (pointer, code) in found, found

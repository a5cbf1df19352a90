"""Who decides, on a real database: tasks, rights and the course follow the seats; at the same moment one wins."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from formloom.errors import FormloomError, IllegalTransition, InvalidInput
from formloom.models import Person
from sqlalchemy import text

from form_engine.records.actor import SYSTEM
from tests.flow_engine.conftest import World


def install(world: World, *steps: dict[str, Any], **more: Any) -> None:
    """The payment's flow is this one from now on."""
    body = {"kind": "flow", "key": "confirmation", "title": "Probe", "form": "payment", "trigger": {"on": "submit"}}
    with world.work() as session:
        world.flows.definitions.publish_together(
            session, {"confirmation": {**body, "steps": list(steps), **more}}, SYSTEM
        )


def ask(key: str, role: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": "approve", "by": {"role": role}, **more}


def ids(world: World, *names: str) -> list[int]:
    return [world.people[name].id for name in names]


def asked(world: World, payment: int) -> list[str]:
    names = {person.id: name for name, person in world.people.items() if name != "agent"}
    return sorted(names[row["person_id"]] for row in world.tasks(payment))


def may_read(world: World, payment: int, name: str) -> bool:
    """By a right that was given for a task."""
    with world.work() as session:
        statement = text("SELECT count(*) FROM access_grant WHERE record_id = :record AND person_id = :person")
        person = world.people[name].id
        return bool(session.execute(statement, {"record": payment, "person": person}).scalar_one())


def test_a_transfer_moves_the_task_and_the_one_who_handed_over_may_still_look(world: World) -> None:
    install(world, ask("check", "finance", mode="all"))
    payment = world.pay()
    world.decide(payment, "finance1", "transfer", people=ids(world, "supervisor1"), comment="On leave")
    assert asked(world, payment) == ["finance2", "supervisor1"]
    assert may_read(world, payment, "finance1")
    handed = [row for row in world.tasks(payment, "done") if row["decision"] == "transfer"]
    assert [row["comment"] for row in handed] == ["On leave"]
    world.decide(payment, "supervisor1")
    assert world.decide(payment, "finance2").status == "approved"
    world.verify()


def test_a_delegate_reads_and_advises_and_it_comes_back(world: World) -> None:
    install(world, ask("check", "finance", fields={"lines": "write", "*": "read"}))
    payment = world.pay()
    world.decide(payment, "finance1", "delegate", people=ids(world, "supervisor2"))
    assert asked(world, payment) == ["finance2", "supervisor2"]
    with world.work() as session:
        view = world.flows.task(session, world.task(payment, "supervisor2"), world.actor("supervisor2"))
    assert (view.decisions, view.acts) == (("advise",), ())
    assert not view.fields.may_write("lines")
    world.decide(payment, "supervisor2", "advise", comment="Fine")
    assert asked(world, payment) == ["finance1", "finance2"]
    assert world.decide(payment, "finance1").status == "approved"
    world.verify()


def test_signers_before_beside_and_after_and_off_again(world: World) -> None:
    install(world, ask("check", "agent"))
    payment = world.pay(by="finance1")
    world.decide(payment, "agent1", "add_before", people=ids(world, "finance2"))
    assert asked(world, payment) == ["finance2"]
    world.decide(payment, "finance2")
    assert asked(world, payment) == ["agent1"]
    world.decide(payment, "agent1", "add_beside", people=ids(world, "supervisor1", "supervisor2"))
    assert asked(world, payment) == ["agent1", "supervisor1", "supervisor2"]
    with world.work() as session:
        view = world.flows.task(session, world.task(payment, "agent1"), world.actor("agent1"))
    assert sorted(view.added) == sorted(ids(world, "supervisor1", "supervisor2"))
    assert "take_off" in view.acts
    world.decide(payment, "agent1", "take_off", people=ids(world, "supervisor1"))
    assert asked(world, payment) == ["agent1", "supervisor2"]
    assert not may_read(world, payment, "supervisor1")
    world.decide(payment, "agent1", "add_after", people=ids(world, "supervisor1"))
    world.decide(payment, "agent1")
    assert asked(world, payment) == ["supervisor1", "supervisor2"]
    assert world.decide(payment, "supervisor1").status == "approved"
    assert world.tasks(payment) == []
    world.verify()


def test_taking_back_reopens_the_step_and_closes_the_next(world: World) -> None:
    to_finance = {"on_approve": {"set": {"status": "pending_finance"}}, "on_take_back": {"set": {"note": "taken back"}}}
    install(world, ask("check", "agent", **to_finance), ask("last", "supervisor"))
    payment = world.pay(by="finance1")
    task = world.task(payment, "agent1")
    world.decide(payment, "agent1")
    assert asked(world, payment) == ["supervisor1", "supervisor2"]
    with world.work() as session:
        assert world.flows.task(session, task, world.actor("agent1")).may_take_back
    world.flows.decide(world.workspace, task, world.actor("agent1"), "take_back", comment="Wrong one")
    assert asked(world, payment) == ["agent1"]
    assert world.value(payment, "note") == "taken back"
    world.decide(payment, "agent1")
    world.decide(payment, "supervisor1")
    with pytest.raises(FormloomError):
        world.flows.decide(world.workspace, task, world.actor("agent1"), "take_back")
    world.verify()


def test_who_is_passed_over_shows_in_the_course(world: World) -> None:
    install(world, ask("check", "finance"), ask("again", "finance"), ask("last", "supervisor"), same_approver="skip")
    payment = world.pay()
    world.decide(payment, "finance1")
    assert asked(world, payment) == ["supervisor1", "supervisor2"]
    skipped = [row for row in world.tasks(payment, "done") if row["decision"] == "skip"]
    assert [(row["step"], row["reason"]) for row in skipped] == [("again", "same")]
    world.verify()


@pytest.mark.parametrize(
    ("decision", "people", "error"),
    [
        ("transfer", [], InvalidInput),
        ("transfer", [2**40], InvalidInput),
        ("approve", [1], InvalidInput),
        ("fly", [], InvalidInput),
        ("advise", [], IllegalTransition),
        ("take_back", [], FormloomError),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    world: World, decision: str, people: list[int], error: type[Exception]
) -> None:
    install(world, ask("check", "finance"))
    payment = world.pay()
    with pytest.raises(error):
        world.decide(payment, "finance1", decision, people=people)
    assert asked(world, payment) == ["finance1", "finance2"]
    world.verify()


def test_people_who_left_are_not_asked(world: World, make_person: Callable[..., Person]) -> None:
    install(world, ask("check", "finance"))
    payment = world.pay()
    gone = make_person("gone", "supervisor")
    with world.work() as session:
        session.execute(text("UPDATE person SET disabled_at = now() WHERE id = :id"), {"id": gone.id})
    with pytest.raises(InvalidInput) as refused:
        world.decide(payment, "finance1", "transfer", people=[gone.id])
    assert [(issue.pointer, issue.code) for issue in refused.value.issues] == [("/people/0", "unknown_person")]


@pytest.mark.parametrize("other", ["approve", "transfer", "add_beside", "withdraw"])
def test_at_the_same_moment_the_result_is_one_of_the_orders(world: World, other: str) -> None:
    """A transfer against whatever else can happen: every journal replays, nobody is asked twice."""
    install(world, ask("check", "finance", mode="all"), on_withdraw={"set": {"note": "withdrawn"}})
    for _ in range(4):
        payment = world.pay()
        task, run = world.task(payment, "finance1"), world.tasks(payment)[0]["run_id"]

        def transfer(task: int = task) -> None:
            people = ids(world, "supervisor1")
            world.flows.decide(world.workspace, task, world.actor("finance1"), "transfer", people=people)

        def rival(payment: int = payment, run: int = run, task: int = task) -> None:
            if other == "withdraw":
                with world.work() as session:
                    world.flows.withdraw(session, run, world.actor("agent"))
                return
            people = () if other == "approve" else ids(world, "supervisor1" if other == "transfer" else "supervisor2")
            world.flows.decide(world.workspace, task, world.actor("finance1"), other, people=people)

        with ThreadPoolExecutor(2) as pool:
            done = [_settled(pool.submit(each)) for each in (transfer, rival)]
        assert any(done)
        open_now = asked(world, payment)
        assert len(open_now) == len(set(open_now))
    world.verify()


def _settled(future: Any) -> bool:
    try:
        future.result()
    except FormloomError:
        return False
    return True

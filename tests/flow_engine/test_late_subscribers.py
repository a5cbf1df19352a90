"""Who wants to hear of what steps write hears it, once the decision is in; nobody else pays for it."""

from itertools import pairwise
from typing import Any

from formloom.outbox import Relay, Runner
from sqlalchemy import text

from form_engine.records import late
from form_engine.records.changed import LateSubscriber, RecordChanged
from tests.platform.backends import Inline


def heard_of(world: Any, form: str) -> tuple[list[RecordChanged], Relay]:
    """A flow listens to this form."""
    told: list[RecordChanged] = []
    subscribers = (LateSubscriber(lambda session, change: told.append(change), lambda session, batch: batch.records),)
    listening = text("UPDATE definition SET hears = ARRAY[:form] WHERE kind = 'flow' AND key = 'reversal'")
    with world.work() as session:
        session.execute(listening, {"form": form})
    runner = Runner(world.databases, {late.KIND: late.Late(world.forms, subscribers)})
    return told, Relay(world.databases, Inline(runner))


def rows(world: Any) -> int:
    with world.work() as session:
        found = session.scalar(text("SELECT count(*) FROM outbox WHERE kind = :kind"), {"kind": late.KIND})
        return int(found or 0)


def run_of(world: Any) -> int:
    with world.work() as session:
        return int(session.scalar(text("SELECT max(id) FROM run")))


def test_a_decision_is_heard_with_what_was_before(world: Any) -> None:
    told, relay = heard_of(world, "payment")
    record = world.pay()
    world.decide(record, "guest")
    assert told == [], "not before the decision is in"
    while relay.run_once():
        pass
    change = told[-1]
    assert (change.after.id, change.action) == (record, "updated")
    assert change.before is not None
    assert change.before.version == change.after.version - 1
    assert change.before.data["status"] != change.after.data["status"]
    assert [each.after.version for each in told] == sorted({each.after.version for each in told}), "each write once"


def test_a_form_of_which_nobody_wants_to_hear_puts_nothing_into_the_outbox(world: Any) -> None:
    heard_of(world, "bill")
    record = world.pay()
    world.decide(record, "guest")
    assert rows(world) == 0


def test_each_write_is_told_as_it_was_then(world: Any) -> None:
    told, relay = heard_of(world, "payment")
    bill, record = world.bill(), world.pay()
    world.decide(record, "guest")
    world.decide(record, "finance1", changes={"lines": [{"bill": bill, "applied": "100.00"}]})
    while relay.run_once():
        pass
    statuses = [change.after.data["status"] for change in told]
    assert [change.action for change in told[:2]] == ["created", "updated"], "what a person writes as well"
    assert statuses[:2] == ["pending_customer", "pending_finance"]
    assert statuses[-1] == world.value(record, "status") == "pending_supervisor"
    rows = [change.after.data.get("lines") for change in told]
    lines = [len(each) if isinstance(each, list) else 0 for each in rows]
    assert (lines[0], lines[-1]) == (0, 1)
    assert {change.via for change in told[1:]} == {f"run:{run_of(world)}"}
    for earlier, change in pairwise(told):
        assert change.before is not None
        assert change.before.data == earlier.after.data, "nothing is told twice and nothing is left out"

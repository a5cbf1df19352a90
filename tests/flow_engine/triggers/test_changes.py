"""Records that are made, changed or deleted start runs, a moment later; chains of them end."""

from typing import Any

import pytest
from formloom.errors import InvalidDefinition

from form_engine.records.actor import SYSTEM
from tests.flow_engine.triggers.conftest import House, flow


def touch(key: str, on: str, field: str = "amount", **more: Any) -> dict[str, Any]:
    """A flow that writes a field each time."""
    step = {"key": "add", "type": "update", "set": {field: {"=": f"COALESCE({field}, 0) + 1"}}}
    return flow(key, {"on": on, **more}, step)


def test_created_starts_a_moment_later_for_records_and_submitted_drafts(house: House) -> None:
    house.publish(flow("born", {"on": "created", "when": "amount > 5"}))
    small, large = house.make(amount="1"), house.make(amount="9")
    with house.work() as session:
        values = {"name": "D", "amount": "9"}
        draft = house.records.create(session, house.forms, "paper", values, house.agent, draft=True).id
    assert house.runs() == []
    house.settle()
    assert [run["record_id"] for run in house.runs()] == [large]
    with house.work() as session:
        house.records.submit(session, house.forms, draft, {}, house.agent)
    house.settle()
    assert [house.fired(record) for record in (small, large, draft)] == ["", "born;", "born;"]
    first = house.runs()[0]
    assert (first["started_by"], first["holds"], first["depth"]) == ("created", False, 0)
    assert first["initiator_id"] == house.agent.person_id
    house.verify()


def test_updated_sees_the_old_and_the_new_values(house: House) -> None:
    house.publish(flow("rise", {"on": "updated", "when": "amount > old.amount"}))
    record = house.make(amount="5")
    for amount in ("3", "7", "7", "2"):
        house.change(record, amount=amount)
    house.settle()
    assert house.fired(record) == "rise;", "only where it rose, though it has fallen since"


def test_updated_may_name_the_fields_that_matter(house: House) -> None:
    house.publish(flow("named", {"on": "updated", "fields": ["state"]}))
    record = house.make(amount="5")
    house.change(record, amount="6")
    house.settle()
    assert house.runs() == []
    house.change(record, state="shut")
    house.settle()
    assert len(house.runs()) == 1


def test_deleted_runs_on_what_is_in_the_bin(house: House) -> None:
    tell = {"key": "tell", "type": "notify", "to": [{"role": "agent"}], "text": {"en": "Gone."}}
    house.publish(flow("gone", {"on": "deleted", "when": 'state = "open" AND old.amount = 5'}, tell))
    record = house.make(amount="5")
    house.settle()
    house.delete(record)
    house.settle()
    (run,) = house.runs()
    assert (run["record_id"], run["status"]) == (record, "approved")


def test_a_trigger_never_refuses_a_persons_write(house: House) -> None:
    step = {"key": "bad", "type": "update", "set": {"amount": {"=": "1 / 0"}}}
    house.publish(flow("broken", {"on": "created"}, step))
    record = house.make(amount="5")
    house.settle()
    assert house.fact(record).data["amount"] == "5.00"


def test_a_held_record_is_reported_not_lost(house: House) -> None:
    hold = {"key": "hold", "type": "wait", "for": "P1D"}
    house.publish(
        flow("first", {"on": "created"}, hold, holds=True), flow("second", {"on": "created"}, hold, holds=True)
    )
    record = house.make()
    house.settle()
    assert [run["flow"] for run in house.runs()] == ["first"]
    (told,) = house.reports()
    assert (told["code"], told["flow"], told["record_id"]) == ("trigger_refused", "second", record)
    assert told["params"]["why"] == "record_in_run"


def test_runs_that_do_not_hold_leave_the_record_to_people(house: House) -> None:
    house.publish(flow("slow", {"on": "created"}, {"key": "hold", "type": "wait", "for": "P1D"}))
    record = house.make()
    house.settle()
    assert [run["status"] for run in house.runs()] == ["running"]
    house.change(record, amount="3")
    assert house.fact(record).run_id is None


def test_flows_that_trigger_each_other_end_and_are_reported(house: House) -> None:
    house.publish(
        touch("a", "updated", fields=["amount"]) | {"key": "a"},
        flow("b", {"on": "updated", "fields": ["amount"]}, {"key": "x", "type": "stop"}),
    )
    record = house.make(amount="0")
    house.change(record, amount="1")
    house.settle()
    assert [run["depth"] for run in house.runs("a")] == list(range(9))
    told = [each for each in house.reports() if each["code"] == "chain_too_long"]
    assert {each["flow"] for each in told} == {"a", "b"}
    (chain,) = [each["params"]["chain"] for each in told if each["flow"] == "a"]
    assert [link["flow"] for link in chain] == ["a"] * 9
    assert house.fact(record).data["amount"] == "10.00"
    house.verify()


def test_two_flows_in_a_ring(house: House) -> None:
    one = flow(
        "one",
        {"on": "updated", "fields": ["amount"]},
        {"key": "w", "type": "update", "set": {"name": {"=": 'CONCAT(name, ".")'}}},
    )
    two = flow(
        "two",
        {"on": "updated", "fields": ["name"]},
        {"key": "w", "type": "update", "set": {"amount": {"=": "amount + 1"}}},
    )
    house.publish(one, two)
    record = house.make(amount="0")
    house.change(record, amount="1")
    house.settle()
    assert [(run["flow"], run["depth"]) for run in house.runs()] == [
        ("one" if depth % 2 == 0 else "two", depth) for depth in range(9)
    ]
    (told,) = house.reports()
    assert [link["flow"] for link in told["params"]["chain"]] == ["one", "two"] * 4 + ["one"]


def test_a_person_begins_a_chain_anew(house: House) -> None:
    house.publish(touch("a", "updated", fields=["state"]))
    record = house.make()
    for state in ("shut", "open") * 6:
        house.change(record, state=state)
        house.settle()
    assert {run["depth"] for run in house.runs()} == {0}
    assert house.reports() == []


@pytest.mark.parametrize(("imports", "runs"), [({}, 0), ({"imports": True}, 3)])
def test_imports_start_runs_only_where_a_trigger_says_so(house: House, imports: dict[str, bool], runs: int) -> None:
    house.publish(flow("born", {"on": "created", **imports}))
    with house.work() as session:
        rows = [{"name": f"I{n}"} for n in range(3)]
        house.records.import_rows(session, house.forms, "paper", rows, SYSTEM, via="import:1")
    house.settle()
    assert len(house.runs()) == runs


def test_forms_to_which_nobody_listens_cost_nothing(house: House) -> None:
    house.make()
    house.publish(flow("born", {"on": "created"}))
    house.publish(flow("born", {"on": "flow"}))
    house.make()
    with house.work() as session:
        from sqlalchemy import text

        assert session.scalar(text("SELECT count(*) FROM outbox WHERE kind = 'records.changed'")) == 0


@pytest.mark.parametrize(
    ("trigger", "pointer", "code"),
    [
        ({"on": "updated", "when": "old.nothing = 1"}, "/wrong/trigger/when", "formula_error"),
        ({"on": "updated", "when": "old.amount"}, "/wrong/trigger/when", "formula_gives"),
        ({"on": "updated", "fields": ["nothing"]}, "/wrong/trigger/fields/nothing", "unknown_field"),
        ({"on": "created", "cron": "* * * * *"}, "/wrong/trigger/cron", "unknown_key"),
        ({"on": "sometimes"}, "/wrong/trigger/on", "not_an_option"),
    ],
)
def test_what_is_wrong_is_told_at_publish(house: House, trigger: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        house.publish(flow("wrong", trigger))
    assert (pointer, code) in [(issue.pointer, issue.code) for issue in caught.value.issues]

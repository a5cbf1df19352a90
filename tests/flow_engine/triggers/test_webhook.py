"""Other systems start runs: what they send becomes a record, or changes one."""

from typing import Any

import pytest
from formloom.errors import Conflict, InvalidDefinition, InvalidInput, NotFound

from tests.flow_engine.triggers.conftest import House, flow

SENT = {"order": {"title": "Chairs", "sum": "1,200.50", "ends": "2026/12/31", "lines": [{"n": 1}]}, "a/b": {"~": 7}}
MAPPING = {
    "name": {"pointer": "/order/title"},
    "amount": {"pointer": "/order/sum"},
    "end": {"pointer": "/order/ends"},
    "state": "open",
    "fired": {"=": 'CONCAT("h", ";")'},
}


def hook(**trigger: Any) -> dict[str, Any]:
    return flow("hook", {"on": "webhook", **trigger})


def send(house: House, payload: Any = SENT, key: str = "hook") -> list[int]:
    with house.work() as session:
        return house.flows.hooked(session, key, "msg_1", payload)


def test_what_was_sent_becomes_a_record_through_the_fields_coercers(house: House) -> None:
    house.publish(hook(create={"set": MAPPING}))
    assert len(send(house)) == 1
    (run,) = house.runs()
    made = house.fact(run["record_id"])
    assert (run["started_by"], run["holds"]) == ("webhook", False)
    assert {name: made.data[name] for name in ("name", "amount", "end")} == {
        "name": "Chairs",
        "amount": "1200.50",
        "end": "2026-12-31",
    }
    assert house.fired(made.id) == "h;hook;"
    house.verify()


def test_what_does_not_map_is_told_and_nothing_is_kept(house: House) -> None:
    house.publish(hook(create={"set": MAPPING}))
    with pytest.raises(InvalidInput) as caught:
        send(house, {"order": {"sum": "many", "ends": "2026-12-31"}})
    assert ("/amount", "not_a_decimal") in [(issue.pointer, issue.code) for issue in caught.value.issues]
    with pytest.raises(InvalidInput) as caught:
        send(house, {"order": {"sum": 3}})
    assert ("/name", "required") in [(issue.pointer, issue.code) for issue in caught.value.issues]
    assert house.runs() == []


def test_the_condition_sees_what_the_record_would_be(house: House) -> None:
    house.publish(hook(create={"set": MAPPING}, when="amount > 2000"))
    assert send(house) == []
    with house.work() as session:
        from sqlalchemy import text

        assert session.scalar(text("SELECT count(*) FROM record")) == 0


def test_a_record_is_found_by_what_was_sent_and_changed(house: House) -> None:
    by = {"by": {"name": {"pointer": "/order/title"}}, "set": {"amount": {"pointer": "/order/sum"}}}
    house.publish(hook(find=by))
    with pytest.raises(InvalidInput, match="hook_finds_none"):
        send(house)
    record = house.make(name="Chairs", amount="1")
    house.make(name="Tables")
    send(house)
    assert (house.fact(record).data["amount"], house.fired(record)) == ("1200.50", "hook;")
    house.make(name="Chairs")
    with pytest.raises(Conflict, match="hook_finds_several"):
        send(house)


def test_found_or_made(house: House) -> None:
    house.publish(hook(find={"by": {"name": {"pointer": "/order/title"}}}, create={"set": MAPPING}))
    (first,), (second,) = send(house), send(house)
    assert len({run["record_id"] for run in house.runs() if run["id"] in (first, second)}) == 1


def test_a_run_for_each_record_of_a_filter(house: House) -> None:
    house.publish(hook(where="amount > 5"))
    some, other = house.make(amount="9"), house.make(amount="1")
    send(house)
    assert (house.fired(some), house.fired(other)) == ("hook;", "")


def test_pointers_go_through_lists_and_escapes(house: House) -> None:
    mapping = {"name": {"pointer": "/order/lines/0/n"}, "amount": {"pointer": "/a~1b/~0"}}
    house.publish(hook(create={"set": mapping}))
    send(house)
    made = house.fact(house.runs()[0]["record_id"])
    assert (made.data["name"], made.data["amount"]) == ("1", "7.00")


def test_other_flows_have_no_door(house: House) -> None:
    house.publish(flow("born", {"on": "created"}))
    for key in ("born", "nothing"):
        with pytest.raises(NotFound, match="unknown_flow"):
            send(house, key=key)


@pytest.mark.parametrize(
    ("trigger", "pointer", "code"),
    [
        ({}, "/hook/trigger/create", "missing_key"),
        ({"create": {"set": {"nothing": {"pointer": "/a"}}}}, "/hook/trigger/create/set/nothing", "unknown_field"),
        ({"create": {"set": {"due_on": {"pointer": "/a"}}}}, "/hook/trigger/create/set/due_on", "computed_field"),
        ({"create": {"set": {"name": {"pointer": "a"}}}}, "/hook/trigger/create/set/name/pointer", "bad_pointer"),
        ({"find": {"by": {"nothing": {"pointer": "/a"}}}}, "/hook/trigger/find/by/nothing", "unknown_field"),
        ({"create": {"set": {"state": "lost"}}}, "/hook/trigger/create/set/state", "not_an_option"),
    ],
)
def test_what_is_wrong_is_told_at_publish(house: House, trigger: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        house.publish(hook(**trigger))
    assert (pointer, code) in [(issue.pointer, issue.code) for issue in caught.value.issues]

"""What whoever submits can mend is refused, and nothing has happened; what is the flow's own mistake is an incident."""

from typing import Any

import pytest
from formloom.errors import InvalidInput

from flow_engine.machine.events import Failed
from flow_engine.service.origin import BUTTON, SUBMIT, Origin
from flow_engine.service.refusing import refusal
from form_engine.definition import compile_form, parse_form
from form_engine.records.actor import SYSTEM
from tests.flow_engine.conftest import World
from tests.flow_engine.test_control_service import ask

STAY: dict[str, Any] = {
    "kind": "form",
    "key": "stay",
    "title": "Stay",
    "number": "S-{seq:4}",
    "fields": [
        {"key": "room", "type": "text", "label": "Room"},
        {"key": "from", "type": "date", "label": "From"},
        {"key": "to", "type": "date", "label": "To"},
        {"key": "guests", "type": "number", "label": "Guests", "decimals": 0},
        {
            "key": "state",
            "type": "choice",
            "label": "State",
            "options": ["wish", "asked", "given"],
            "start": "wish",
            "transitions": [["wish", "asked"], ["asked", "given"]],
        },
    ],
    "rules": [{"assert": 'state = "wish" OR guests > 0', "message": {"en": "Say for how many"}}],
    "no_overlap": [
        {
            "key": ["room"],
            "from": "from",
            "to": "to",
            "when": 'state <> "wish"',
            "message": {"en": "The room is taken"},
        }
    ],
    "access": [
        {"role": role, "may": ["create", "read", "update"]} for role in ("agent", "finance", "supervisor", "admin")
    ],
}
SEND = {"key": "send", "type": "update", "set": {"state": "asked"}}


def install(world: World, *steps: dict[str, Any], **more: Any) -> None:
    flow = {
        "kind": "flow",
        "key": "go",
        "title": "Go",
        "form": "stay",
        "trigger": {"on": "submit"},
        "steps": list(steps),
        **more,
    }
    with world.work() as session:
        world.forms.publish_together(session, {"stay": STAY}, SYSTEM)
        world.flows.definitions.publish_together(session, {"go": flow}, SYSTEM)


def stay(world: World, **values: Any) -> int:
    whole = {"room": "101", "from": "2026-03-01", "to": "2026-03-05", "guests": "2", **values}
    with world.work() as session:
        return world.records.create(session, world.forms, "stay", whole, world.actor("agent")).id


def refused(world: World, **values: Any) -> list[tuple[str, str, Any]]:
    with pytest.raises(InvalidInput) as caught:
        stay(world, **values)
    return [(issue.pointer, issue.code, issue.params.get("message")) for issue in caught.value.issues]


def count(world: World, table: str) -> int:
    from sqlalchemy import text

    with world.work() as session:
        return int(session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def test_a_range_that_overlaps_from_the_first_step_on_is_the_submitters_to_mend(world: World) -> None:
    install(world, SEND, ask("check", "finance"))
    assert world.value(stay(world), "state") == "asked"
    before = [count(world, table) for table in ("record", "run", "task")]
    taken = {"en": "The room is taken"}
    assert refused(world) == [("/from", "overlaps_hidden", taken), ("/to", "overlaps_hidden", taken)]
    assert [count(world, table) for table in ("record", "run", "task")] == before, "nothing has happened"
    after = stay(world, room="102")
    with world.work() as session:
        assert world.records.view(session, world.forms, after, SYSTEM).record.number == "S-0002", "no number was lost"


def test_a_rule_that_holds_from_the_first_step_on_is_the_submitters_to_mend(world: World) -> None:
    install(world, SEND, ask("check", "finance"))
    assert refused(world, guests=None) == [("", "rule_failed", {"en": "Say for how many"})]


def test_a_button_is_refused_in_the_same_way(world: World) -> None:
    trigger = {"on": "button", "label": "Send", "by": {"role": "agent"}}
    install(world, SEND, ask("check", "finance"), trigger=trigger)
    one, other = stay(world), stay(world)
    with world.work() as session:
        world.flows.press(session, "go", one, world.actor("agent"))
    with world.work() as session, pytest.raises(InvalidInput):
        world.flows.press(session, "go", other, world.actor("agent"))
    assert world.value(other, "state") == "wish"


def test_what_is_the_flows_own_mistake_keeps_nobody_from_submitting(world: World) -> None:
    install(world, {"key": "send", "type": "update", "set": {"state": "given"}})
    assert [row["kind"] for row in world.tasks(stay(world))] == ["incident"]


def test_what_fails_after_somebody_was_asked_is_an_incident(world: World) -> None:
    install(world, ask("check", "finance"), SEND)
    first, second = stay(world), stay(world)
    assert world.decide(first, "finance1").status == "approved"
    assert world.decide(second, "finance1").status == "stuck"


def test_only_a_person_who_begins_is_refused() -> None:
    form = parse_form(STAY)
    compiled = compile_form(form, {"stay": form}, version=1)
    failed = Failed(
        "invalid_input", {"issues": [{"pointer": "", "code": "rule_failed", "params": {}}]}, {}, "SetFields"
    )
    assert [refusal(failed, compiled, origin) is not None for origin in (SUBMIT, BUTTON, Origin("date"))] == [
        True,
        True,
        False,
    ]
    elsewhere = Failed(failed.code, failed.params, {}, "ActNow")
    assert refusal(elsewhere, compiled, SUBMIT) is None

"""Flows as BPMN: valid for BPMN's own reader, drawn whole, and the same walk in another engine."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_engine.bpmn import to_bpmn
from flow_engine.definition import parse_flow
from flow_engine.machine import Decided
from form_engine.formula import Env, RecordValue, Type, TypeScope, check, compile, parse  # noqa: A004
from tests.flow_engine.bpmn.spiff import OtherEngine
from tests.flow_engine.flows import CONFIRMATION, Shell

ROOT = Path(__file__).parents[3]
TYPES = {"amount": Type("number"), "done": Type("logical"), "status": Type("text")}


def holds(formula: str, record: Mapping[str, Any]) -> bool:
    """Whether a condition of a document holds for this record and these decisions."""
    values: dict[str, Any] = {key: value for key, value in record.items() if isinstance(value, str | int | bool)}
    known = {**{key: Type("text") for key in values if key not in TYPES}, **TYPES}
    names = {part for part in formula.replace("(", " ").split() if part.startswith(("decision_", "to_"))}
    known |= {name: Type("text") for name in names}
    checked = check(parse(formula), TypeScope(own=known))
    return compile(checked)(Env(own=RecordValue("form", 1, values))) is True


def approve(key: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "type": "approve", "by": {"role": "someone"}, **more}


def flow(key: str, *steps: dict[str, Any]) -> dict[str, Any]:
    head = {"kind": "flow", "key": key, "title": key, "form": "form", "trigger": {"on": "submit"}}
    return {**head, "steps": list(steps)}


def ways(*lists: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"key": f"way_{number}", "steps": steps} for number, steps in enumerate(lists)]


TELL = {"key": "tell", "type": "notify", "to": [{"initiator": True}], "text": "done"}
FLOWS: dict[str, dict[str, Any]] = {
    one["key"]: one
    for one in (
        CONFIRMATION,
        flow("line", approve("one"), approve("two"), TELL),
        flow(
            "sizes",
            approve("one"),
            {
                "key": "size",
                "type": "branch",
                "cases": [
                    {"key": "large", "when": "amount >= 50000", "steps": [approve("boss")]},
                    {"key": "middle", "when": "amount > 100", "steps": [approve("head"), approve("second")]},
                    {"key": "other", "otherwise": True, "steps": []},
                ],
            },
            approve("last"),
        ),
        flow(
            "sent_back",
            approve("one", on_reject={"return_to": {"initiator": True}}),
            approve("two", on_reject={"return_to": {"step": "one"}}),
            approve("three", returns=[{"return_to": {"step": "one"}}, {"return_to": {"step": "two"}}]),
        ),
        flow(
            "side_by_side",
            {
                "key": "both",
                "type": "parallel",
                "branches": ways([approve("left"), approve("more")], [approve("right")]),
            },
            approve("after"),
        ),
        flow(
            "any_of_them",
            {
                "key": "first",
                "type": "parallel",
                "join": "any",
                "branches": ways([approve("left"), approve("more")], [approve("right")]),
            },
            approve("after"),
        ),
        flow(
            "race",
            {
                "key": "race",
                "type": "race",
                "branches": ways([approve("answer")], [{"key": "late", "type": "wait", "for": "P1D"}]),
            },
            approve("after"),
        ),
        flow(
            "several",
            {
                "key": "which",
                "type": "inclusive",
                "cases": [
                    {"key": "large", "when": "amount >= 50000", "steps": [approve("boss")]},
                    {"key": "middle", "when": "amount > 100", "steps": [approve("head")]},
                    {"key": "none", "otherwise": True, "steps": [approve("clerk")]},
                ],
            },
            approve("after"),
        ),
        flow(
            "again", {"key": "rounds", "type": "loop", "until": "done", "at_most": 9, "steps": [approve("look")]}, TELL
        ),
        flow(
            "nested",
            approve("one"),
            {
                "key": "outer",
                "type": "parallel",
                "branches": ways(
                    [approve("left", on_reject={"return_to": {"step": "one"}})],
                    [
                        {
                            "key": "inner",
                            "type": "race",
                            "branches": ways(
                                [approve("deep", on_reject={"return_to": {"step": "one"}})], [approve("other")]
                            ),
                        },
                        approve("right"),
                    ],
                ),
            },
            approve("after"),
        ),
        flow(
            "stops",
            approve("one"),
            {
                "key": "small",
                "type": "branch",
                "cases": [
                    {"key": "yes", "when": "amount < 10", "steps": [{"key": "halt", "type": "stop"}]},
                    {"key": "no", "otherwise": True, "steps": [approve("two")]},
                ],
            },
        ),
        flow(
            "handed_in",
            {"key": "fill", "type": "fill", "by": {"role": "someone"}, "fields": {"*": "write"}},
            approve("one", on_reject={"return_to": {"step": "fill"}}),
        ),
    )
}


@pytest.mark.parametrize("key", FLOWS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_another_engine_asks_for_the_same_in_the_same_order(key: str, data: st.DataObject) -> None:
    """Both are told the same decisions; after each they wait for the same people, and they end together."""
    definition = parse_flow(FLOWS[key])
    record = {"amount": data.draw(st.sampled_from([5, 500, 70_000])), "done": False}
    roles = dict.fromkeys(("someone", "finance", "supervisor", "agent"), ("person:7", "person:8"))
    ours = Shell(definition, roles=roles, truths=holds, record=dict(record)).start()
    other = OtherEngine(definition, holds, record)
    for number in range(8):
        assert asked(ours) == other.at()
        if ours.state is None or ours.state.ended:
            break
        ways_on = [(step, *way) for step in asked(ours) for way in offered(definition, step)]
        step, decision, to = data.draw(st.sampled_from(ways_on), label="decision")
        plain, kind = step.removesuffix("/resubmit"), "resubmit" if step.endswith("/resubmit") else "step"
        visit = ours.visit(plain, kind)
        by = next(ref for ref in visit.asked if plain != "supervisor" or ref == "person:8")
        reason = "amount" if (plain, decision) == ("finance", "reject") else None
        if number == 6:
            ours.record["done"] = True
            other.know("done", True)
        ours.tell(Decided(visit.id, by, cast("Any", decision), reason=reason, to=to))
        other.decide(step, decision, to)
    assert ours.state is not None
    assert ours.state.ended == other.ended


def asked(shell: Shell) -> list[str]:
    """The visits where people are asked."""
    assert shell.state is not None
    named = [(visit, visit.step + ("" if visit.kind == "step" else f"/{visit.kind}")) for visit in shell.state.open]
    return sorted(name for visit, name in named if visit.asked and visit.kind != "exception")


def offered(definition: Any, step: str) -> list[tuple[str, str | None]]:
    """What can be decided there."""
    if step.endswith("/resubmit"):
        return [("resubmit", None)]
    found = definition.step(step)
    targets = [outcome.return_to for outcome in getattr(found, "returns", ())]
    plain = [(decision, None) for decision in found.decisions if decision != "return"]
    return [*plain, *(("return", target) for target in targets)]


NOT_WALKED: dict[str, dict[str, Any]] = {
    one["key"]: one
    for one in (
        flow(
            "outside",
            {"key": "until", "type": "wait", "until": "NOW()"},
            {"key": "told", "type": "wait", "event": "delivered"},
            {"key": "full", "type": "wait", "when": "amount > 5"},
            {"key": "other", "type": "call", "flow": "line", "on": {"rejected": [approve("sorry")], "none": []}},
            {"key": "lines", "type": "loop", "each": "lines", "at_once": True, "steps": [approve("line")]},
            {
                "key": "items",
                "type": "each",
                "over": "lines",
                "do": [{"key": "made", "type": "create", "form": "form", "set": {"amount": 1}}],
            },
        ),
        flow(
            "counted",
            {
                "key": "two",
                "type": "parallel",
                "join": 2,
                "branches": ways([approve("a", mode="all")], [approve("b", mode="sequence")], [approve("c")]),
            },
            approve("last", returns=[{"return_to": {"initiator": True, "resume": "straight"}}]),
        ),
    )
}
"""What SpiffWorkflow does not run, or only with more of its own."""
SHIPPED = {path.stem: json.loads(path.read_text("utf-8")) for path in (ROOT / "apps").glob("*/flows/*.json")}


@pytest.mark.parametrize("key", [*FLOWS, *NOT_WALKED, *SHIPPED])
def test_its_own_reader_finds_nothing_wrong_and_everything_drawn(key: str) -> None:
    definition = parse_flow({**FLOWS, **NOT_WALKED, **SHIPPED}[key])
    told = subprocess.run(
        ["node", "tests/flow_engine/bpmn/moddle.mjs"],
        cwd=ROOT,
        input=to_bpmn(definition, "en"),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(told.stdout)
    assert found["warnings"] == []
    assert [each["id"] for each in found["elements"] if not each["drawn"] and each["type"] != "bpmn:DataObject"] == []
    assert {f"step_{step.key}" for step in definition.walk()} <= {each["id"] for each in found["elements"]}

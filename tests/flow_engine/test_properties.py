"""Whatever people decide in whatever order, a run keeps its invariants."""

from typing import Any

import pytest
from formloom.errors import FormloomError, InvalidDefinition
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_engine.definition import parse_flow
from flow_engine.machine import Decided, Event, Reseated, RunState, TakenBack, TimerFired, Visit, Withdrawn
from flow_engine.machine.effects import EndRun
from flow_engine.machine.events import ACTS, DECISIONS
from tests.flow_engine.flows import CONFIRMATION, Shell, approve, flow_of

PEOPLE = [f"person:{number}" for number in range(1, 7)]
ROLES = ("finance", "supervisor", "admin", "director")
BRANCHED = flow_of(
    {"key": "fill_in", "type": "fill", "by": {"initiator": True}, "fields": {"*": "write"}},
    {
        "key": "size",
        "type": "branch",
        "cases": [
            {"key": "large", "when": "amount > 1", "steps": [approve("director", "director", mode="all")]},
            {"key": "odd", "when": "amount > 2", "steps": [{"key": "end", "type": "stop", "as": "rejected"}]},
        ],
    },
    approve(
        "check",
        "finance",
        on_reject={"return_to": {"initiator": True}, "again": {"after": 1, "do": "exception", "to": {"role": "admin"}}},
        returns=[{"return_to": {"step": "fill_in"}}],
    ),
    {"key": "mark", "type": "update", "set": {"status": "checked"}},
    {"key": "tell", "type": "notify", "to": [{"initiator": True}], "text": "checked"},
    separate=["check", "director"],
    on_withdraw={"set": {"status": "withdrawn"}},
)
NESTED = flow_of(
    approve("fill_in", "director"),
    {
        "key": "outer",
        "type": "parallel",
        "join": "any",
        "others": "go_on",
        "branches": [
            {
                "key": "left",
                "steps": [{"key": "nap", "type": "wait", "for": "P1D"}, approve("late", "finance", on_take_back={})],
            },
            {
                "key": "right",
                "steps": [
                    {
                        "key": "rows",
                        "type": "loop",
                        "each": "lines",
                        "at_once": True,
                        "steps": [
                            approve("check", "finance", on_take_back={}, on_reject={"return_to": {"initiator": True}}),
                            {"key": "mark", "type": "update", "set": {"status": "seen"}, "when_returned": "keep"},
                            approve("second", "director", on_take_back={}, on_reject={"return_to": {"step": "check"}}),
                        ],
                    }
                ],
            },
        ],
    },
    {
        "key": "race",
        "type": "race",
        "branches": [
            {
                "key": "asked",
                "steps": [
                    {
                        "key": "again",
                        "type": "loop",
                        "until": "amount > 1",
                        "at_most": 3,
                        "steps": [approve("round", "supervisor", returns=[{"return_to": {"step": "fill_in"}}])],
                    }
                ],
            },
            {
                "key": "which",
                "steps": [
                    {
                        "key": "some",
                        "type": "inclusive",
                        "cases": [
                            {"key": "one", "when": "amount > 2", "steps": [approve("one", "finance")]},
                            {"key": "two", "when": "amount > 3", "steps": [approve("two", "director")]},
                        ],
                    },
                    {"key": "doze", "type": "wait", "for": "PT1H"},
                ],
            },
        ],
    },
    on_withdraw={"set": {"status": "withdrawn"}},
)
VOICES = flow_of(
    approve("check", "finance", mode="sequence", on_take_back={"set": {"status": "new"}}),
    approve("vote", "supervisor", mode={"share": "0.5"}, on_take_back={}, if_nobody="pass"),
    approve("second", "finance", mode="all", on_take_back={}, returns=[{"return_to": {"step": "vote"}}]),
    approve("end", "director", on_reject={"return_to": {"initiator": True}}),
    same_approver="skip",
    own_request="skip",
)
FLOWS = [parse_flow(CONFIRMATION), BRANCHED, NESTED, VOICES]

moves = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(DECISIONS),
        st.integers(0, 6),
        st.sampled_from(["timer", "decide", "decide", "reseat", "take_back", "withdraw"]),
    ),
    max_size=40,
)
holders = st.fixed_dictionaries({role: st.lists(st.sampled_from(PEOPLE), max_size=4) for role in ROLES})
truths = st.lists(st.sampled_from([True, False, {"error": "#DIV/0!"}]), min_size=1, max_size=5)


@settings(max_examples=150, deadline=None)
@given(flow=st.sampled_from(FLOWS), moves=moves, roles=holders, truths=truths)
def test_invariants(flow: Any, moves: list[Any], roles: dict[str, list[str]], truths: list[Any]) -> None:
    answers = iter(truths * 100)
    run = Shell(flow, roles, truths=lambda *_: next(answers), rows=["r1", "r2"]).start("person:1")
    _hold(run)
    for index, decision, who, what in moves:
        state = run.state
        assert state is not None
        visit = state.open[index % len(state.open)] if state.open else None
        number = visit.id if visit else index
        asked = visit.asked[who % len(visit.asked)] if visit and visit.asked else PEOPLE[who % len(PEOPLE)]
        before = run.state
        events: dict[str, Event] = {
            "timer": TimerFired(number, index % 2),
            "withdraw": Withdrawn("person:1"),
            "reseat": Reseated(number, asked, ACTS[index % len(ACTS)], tuple(PEOPLE[who : who + 1 + index % 2])),
            "take_back": TakenBack(
                state.last.visit.id if state.last else number, state.last.by if state.last else asked
            ),
            "decide": Decided(number, asked, decision, reason="payer", to="fill_in"),
        }
        try:
            run.tell(events[what])
        except FormloomError:
            assert run.state == before
        _hold(run)


def _hold(run: Shell) -> None:
    """Open means that somebody is asked or the run says it is stuck; ended means that nothing is open."""
    state = run.state
    assert isinstance(state, RunState)
    assert not state.entering
    ids = [visit.id for visit in state.open]
    assert len(ids) == len(set(ids))
    assert all(number <= state.visits for number in ids)
    if state.ended:
        assert not state.open
        assert sum(isinstance(effect, EndRun) for effect in run.effects) == 1
    else:
        main = [visit for visit in state.open if visit.kind != "exception"]
        assert main, "nothing waits for anybody, and nobody was told"
        assert len(main) == 1 or state.lanes
        timed = {step.key for step in run.flow.walk() if step.timers and not step.decisions}
        assert all(visit.asked or visit.kind == "stuck" or visit.step in timed for visit in main)
        assert (state.status == "stuck") is any(visit.kind == "stuck" for visit in main)
    _lanes(state)
    for visit in state.open:
        _seated(visit)
    _separate(run, state)
    assert run.replayed() == state


def _seated(visit: Visit) -> None:
    """Nobody sits twice; whoever waits, waits for somebody who has not agreed."""
    sitting = [seat.ref for seat in visit.seats if seat.state in ("asked", "waiting")]
    assert len(sitting) == len(set(sitting))
    for seat in visit.seats:
        before = [visit.seats[number].state for number in seat.after]
        if seat.state == "waiting":
            assert {"asked", "waiting", "against"} & set(before)
        if seat.state == "asked":
            assert set(before) <= {"agreed", "off"}


def _lanes(state: RunState) -> None:
    """Whoever walks, walks in a lane that is open; every open lane is walked; a fork counts its lanes."""
    lanes = {lane.id: lane for lane in state.lanes}
    forks = {fork.id: fork for fork in state.forks}
    assert {lane.fork for lane in state.lanes} <= set(forks)
    assert {visit.lane for visit in state.open} <= {0, *lanes}
    assert {fork.lane for fork in state.forks} <= {0, *lanes}
    walked = {visit.lane for visit in state.open} | {fork.lane for fork in state.forks}
    assert set(lanes) <= walked
    for fork in state.forks:
        mine = [lane for lane in state.lanes if lane.fork == fork.id]
        assert len(mine) + fork.ended == fork.lanes
        assert mine or any(visit.kind == "stuck" and visit.step == fork.step for visit in state.open)


def _separate(run: Shell, state: RunState) -> None:
    """Nobody has acted for two of the steps that must be kept separate."""
    actors = [set(state.deciders.get(step, ())) for step in run.flow.separate if step != "initiator"]
    if "initiator" in run.flow.separate:
        actors.append({state.initiator})
    for number, one in enumerate(actors):
        assert not any(one & other for other in actors[number + 1 :])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(key=st.sampled_from(["steps", "trigger", "separate", "form", "title", "x"]), value=json_values)
def test_any_json_is_a_flow_or_refused_with_pointers(key: str, value: Any) -> None:
    _parse_or_refuse({**CONFIRMATION, key: value})


@settings(max_examples=150, deadline=None)
@given(
    step=st.integers(0, 2), key=st.sampled_from(["by", "due", "on_reject", "type", "fields", "x"]), value=json_values
)
def test_any_json_inside_a_step(step: int, key: str, value: Any) -> None:
    steps = [{**one, key: value} if number == step else one for number, one in enumerate(CONFIRMATION["steps"])]
    _parse_or_refuse({**CONFIRMATION, "steps": steps})


def _parse_or_refuse(raw: dict[str, Any]) -> None:
    try:
        parse_flow(raw)
    except InvalidDefinition as refused:
        if not refused.issues:
            raise


def test_depth_is_bounded() -> None:
    deep: Any = []
    for _ in range(200_000):
        deep = [deep]
    with pytest.raises(InvalidDefinition, match="too_deep"):
        parse_flow({**CONFIRMATION, "steps": deep})

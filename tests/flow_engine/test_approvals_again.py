"""What is taken back, skipped, or passes without anybody; saved and restored between all events."""

from typing import Any

import pytest
from formloom.errors import Conflict, IllegalTransition

from flow_engine.machine import RunState, TakenBack, TimerFired
from flow_engine.machine.effects import PassOver
from tests.flow_engine.flows import Shell, approve, flow_of
from tests.flow_engine.voices import ME, A, B, C, D, E, asked, decide, reseat, run_of, settled, status

# -- back again -------------------------------------------------------------------------------------------------------


def test_taking_back_while_others_still_decide() -> None:
    """拿回."""
    run = run_of(approve("check", "team", mode="all"))
    decide(run, A)
    run.tell(TakenBack(run.visit("check").id, A))
    assert asked(run) == (A, B, C)
    settled(run)
    for who in (A, B, C):
        decide(run, who)
    assert status(run) == "approved"


def test_taking_back_in_a_sequence_until_the_next_has_spoken() -> None:
    run = run_of(approve("check", "team", mode="sequence"))
    decide(run, A)
    run.tell(TakenBack(run.visit("check").id, A))
    assert asked(run) == (A,)
    settled(run)
    decide(run, A)
    decide(run, B)
    with pytest.raises(Conflict, match="already_acted_on"):
        run.tell(TakenBack(run.visit("check").id, A))


def test_taking_back_after_the_run_went_on() -> None:
    back = {"on_approve": {"set": {"status": "checked"}}, "on_take_back": {"set": {"status": "new"}}}
    run = run_of(approve("check", "team", **back), approve("last", "boss"))
    first = run.visit("check").id
    decide(run, A)
    with pytest.raises(Conflict, match="already_acted_on"):
        run.tell(TakenBack(first, B))
    run.tell(TakenBack(first, A))
    assert (run.at(), asked(run), run.record["status"]) == (["check"], (A, B, C), "new")
    settled(run)
    assert isinstance(run.state, RunState)
    assert run.state.deciders["check"] == ()
    decide(run, B)
    decide(run, E, step="last")
    assert status(run) == "approved"


def test_what_somebody_has_acted_on_or_what_acted_is_not_taken_back() -> None:
    back: dict[str, Any] = {"on_take_back": {}}
    run = run_of(approve("check", "team", **back), approve("last", "boss"))
    first = run.visit("check").id
    decide(run, A)
    reseat(run, E, "transfer", D, step="last")
    with pytest.raises(Conflict, match="already_acted_on"):
        run.tell(TakenBack(first, A))
    mark = {"key": "mark", "type": "update", "set": {"status": "seen"}}
    run = run_of(approve("check", "team", **back), mark, approve("last", "boss"))
    first = run.visit("check").id
    decide(run, A)
    with pytest.raises(Conflict, match="already_acted_on"):
        run.tell(TakenBack(first, A))
    run = run_of(approve("check", "team"), approve("last", "boss"))
    first = run.visit("check").id
    decide(run, A)
    with pytest.raises(IllegalTransition, match="decision_not_offered"):
        run.tell(TakenBack(first, A))


def test_another_branch_is_not_touched_by_taking_back() -> None:
    left = [approve("check", "team", on_take_back={}), approve("second", "boss")]
    right = [{"key": "nap", "type": "wait", "for": "P1D"}, approve("late", "team")]
    both = {"key": "both", "type": "parallel", "branches": [{"key": "a", "steps": left}, {"key": "b", "steps": right}]}
    run = run_of(both, asked=[A])
    first = run.visit("check").id
    decide(run, A)
    run.tell(TimerFired(run.visit("nap").id, 0))
    assert sorted(run.at()) == ["late", "second"]
    with pytest.raises(Conflict, match="already_acted_on"):
        run.tell(TakenBack(first, A))
    decide(run, E, step="second")
    decide(run, A, step="late")
    assert status(run) == "approved"


# -- the same person, one's own request, nobody -----------------------------------------------------------------------


@pytest.mark.parametrize(("policy", "third"), [("ask", ["last"]), ("skip", []), ("skip_adjacent", ["last"])])
def test_the_same_approver_again(policy: str, third: list[str]) -> None:
    """去重."""
    steps = approve("check", "team"), approve("middle", "boss"), approve("last", "team")
    run = run_of(*steps, asked=[A], same_approver=policy)
    decide(run, A)
    decide(run, E, step="middle")
    assert run.at() == third
    passed = [(effect.step, effect.ref, effect.because) for effect in run.effects if isinstance(effect, PassOver)]
    assert passed == ([] if third else [("last", A, "same")])
    settled(run)


def test_adjacent_steps_of_one_person_are_one_decision_until_it_is_sent_back() -> None:
    last = approve("end", "boss", on_reject={"return_to": {"step": "check"}})
    run = run_of(approve("check", "team"), approve("second", "team"), last, asked=[A], same_approver="skip_adjacent")
    decide(run, A)
    assert run.at() == ["end"]
    decide(run, E, "reject", step="end")
    assert run.at() == ["check"], "what was sent back is decided anew"
    decide(run, A)
    assert run.at() == ["end"]


def test_all_but_those_who_agreed_before_are_asked() -> None:
    run = run_of(approve("check", "team"), approve("last", "team", mode="all"), asked=[A, B], same_approver="skip")
    decide(run, A)
    assert asked(run, "last") == (B,)
    decide(run, B, step="last")
    assert status(run) == "approved"


@pytest.mark.parametrize(
    ("policy", "team", "expected"),
    [
        ("ask", [ME, A], (ME, A)),
        ("skip", [ME, A], (A,)),
        ("manager", [ME, A], (E, A)),
        ("manager", [ME], (E,)),
    ],
)
def test_ones_own_request(policy: str, team: list[str], expected: tuple[str, ...]) -> None:
    flow = flow_of(approve("check", "team", mode="all"), own_request=policy)
    run = Shell(flow, {"team": team, "manager/1": [E]}).start(ME)
    assert asked(run) == expected


def test_ones_own_request_alone_passes_where_it_is_skipped() -> None:
    run = run_of(approve("check", "team"), approve("last", "boss"), asked=[ME], own_request="skip")
    assert run.at() == ["last"]
    assert [effect.because for effect in run.effects if isinstance(effect, PassOver)] == ["own"]
    settled(run)


def test_nobody_to_ask_may_pass() -> None:
    run = run_of(approve("check", "team", if_nobody="pass", on_approve={"set": {"status": "ok"}}), asked=[])
    assert (status(run), run.record["status"]) == ("approved", "ok")
    stuck = run_of(approve("check", "team", if_nobody="stuck"), asked=[])
    assert status(stuck) == "stuck"


def test_a_state_of_the_first_release_is_read() -> None:
    """A frozen document: two of three have to agree still."""
    old = {
        "initiator": ME,
        "status": "running",
        "visits": 2,
        "open": [{"id": 2, "step": "check", "kind": "step", "asked": [A, B, C], "agreed": [B]}],
        "entering": [],
        "deciders": {"check": [B]},
        "rejections": {},
        "done": [],
    }
    run = run_of(approve("check", "team", mode="all"))
    run.state = RunState.from_json(old)
    assert asked(run) == (A, C)
    decide(run, A)
    decide(run, C)
    assert run.state is not None
    assert run.state.status == "approved"

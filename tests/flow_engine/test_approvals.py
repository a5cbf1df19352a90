"""Who decides, and how they decide together: each by its trade name, saved and restored between all events."""

from collections.abc import Sequence
from typing import Any

import pytest
from formloom.errors import Conflict, IllegalTransition, InvalidInput

from flow_engine.machine import Decided, Reseated, RunState, TakenBack, TimerFired
from flow_engine.machine.effects import CloseTask, FinishTask, OpenTasks, PassOver
from flow_engine.machine.events import Act, Decision
from tests.flow_engine.flows import Shell, approve, flow_of

A, B, C, D, E = (f"person:{number}" for number in range(11, 16))
ME = "person:1"


def run_of(*steps: dict[str, Any], asked: Sequence[str] = (A, B, C), **more: Any) -> Shell:
    """A run of these steps; the role `team` is A, B and C, `boss` is E."""
    return Shell(flow_of(*steps, **more), {"team": list(asked), "boss": [E], "admin": [E]}).start(ME)


def decide(run: Shell, by: str, decision: Decision = "approve", step: str = "check", **more: str) -> None:
    run.tell(Decided(run.visit(step).id, by, decision, **more))


def reseat(run: Shell, by: str, act: Act, *people: str, step: str = "check") -> None:
    run.tell(Reseated(run.visit(step).id, by, act, people))


def asked(run: Shell, step: str = "check") -> tuple[str, ...]:
    found: tuple[str, ...] = run.visit(step).asked
    return found


def status(run: Shell) -> str:
    assert run.state is not None
    assert run.replayed() == run.state
    return run.state.status


def tasks(run: Shell) -> dict[tuple[int, str], str]:
    """Who has an open task, as the shell would hold them: by visit and person, with the task's kind."""
    held: dict[tuple[int, str], str] = {}
    for effect in run.effects:
        match effect:
            case OpenTasks():
                held |= {(effect.visit, ref): effect.kind for ref in effect.asked}
            case FinishTask():
                held.pop((effect.visit, effect.by))
            case CloseTask():
                held.pop((effect.visit, effect.ref))
            case _ if hasattr(effect, "visit") and type(effect).__name__ == "CloseVisit":
                held = {key: kind for key, kind in held.items() if key[0] != effect.visit}
    return held


def settled(run: Shell) -> None:
    """The tasks that effects opened are those that the state asks."""
    assert run.state is not None
    assert set(tasks(run)) == {(visit.id, ref) for visit in run.state.open for ref in visit.asked}


# -- together ---------------------------------------------------------------------------------------------------------


def test_one_after_another() -> None:
    """依次: the next is asked when the one before has agreed."""
    run = run_of(approve("check", "team", mode="sequence"))
    for who in (A, B, C):
        assert asked(run) == (who,)
        settled(run)
        decide(run, who)
    assert status(run) == "approved"


def test_a_rejection_ends_a_sequence() -> None:
    run = run_of(approve("check", "team", mode="sequence"))
    decide(run, A)
    decide(run, B, "reject")
    assert status(run) == "rejected"
    settled(run)


def test_a_share_of_the_voices() -> None:
    """票签: enough agree, or enough do not that it can no longer be."""
    run = run_of(approve("check", "team", mode={"share": "0.6"}))
    decide(run, A, "reject")
    assert status(run) == "running"
    decide(run, B)
    decide(run, C)
    assert status(run) == "approved"
    lost = run_of(approve("check", "team", mode={"share": "0.6"}))
    decide(lost, A, "reject")
    decide(lost, B, "reject")
    assert status(lost) == "rejected"


def test_voices_with_weight() -> None:
    by = [{"role": "team"}, {"role": "boss"}]
    step = {"key": "check", "type": "approve", "by": by, "weights": [1, 3], "mode": {"share": "0.5"}}
    run = run_of(step)
    decide(run, A)
    assert status(run) == "running"
    decide(run, E)
    assert status(run) == "approved"
    lost = run_of(step)
    decide(lost, E, "reject")
    assert status(lost) == "running", "three of six are still enough"
    decide(lost, C, "reject")
    assert status(lost) == "rejected"


# -- instead and as well ----------------------------------------------------------------------------------------------


def test_a_transfer_goes_for_good() -> None:
    """转交."""
    run = run_of(approve("check", "team", mode="all"))
    reseat(run, A, "transfer", D)
    assert asked(run) == (D, B, C)
    settled(run)
    with pytest.raises(IllegalTransition, match="not_asked"):
        decide(run, A)
    for who in (B, D, C):
        decide(run, who)
    assert status(run) == "approved"


def test_nobody_is_asked_twice_by_a_transfer() -> None:
    run = run_of(approve("check", "team", mode="all"))
    with pytest.raises(Conflict, match="already_asked"):
        reseat(run, A, "transfer", B)
    reseat(run, A, "transfer", D)
    with pytest.raises(IllegalTransition, match="not_asked"):
        reseat(run, A, "transfer", E)
    assert asked(run) == (D, B, C)


def test_a_delegate_advises_and_it_comes_back() -> None:
    """委派."""
    run = run_of(approve("check", "team"), asked=[A])
    reseat(run, A, "delegate", D)
    assert asked(run) == (D,)
    assert list(tasks(run).values()) == ["advice"]
    for decision in ("approve", "reject"):
        with pytest.raises(IllegalTransition, match="decision_not_offered"):
            decide(run, D, decision)
    with pytest.raises(IllegalTransition, match="decision_not_offered"):
        reseat(run, D, "delegate", E)
    decide(run, D, "advise", comment="Looks right to me.")
    assert asked(run) == (A,)
    settled(run)
    decide(run, A)
    assert status(run) == "approved"


def test_a_signer_before() -> None:
    """前加签: one's own turn comes when they have agreed."""
    run = run_of(approve("check", "team"), asked=[A])
    reseat(run, A, "add_before", D, E)
    assert asked(run) == (D, E)
    settled(run)
    decide(run, D)
    assert status(run) == "running", "any one of the team, and of the others all"
    decide(run, E)
    assert asked(run) == (A,)
    decide(run, A)
    assert status(run) == "approved"


def test_a_signer_beside() -> None:
    """并加签."""
    run = run_of(approve("check", "team", mode="all"), asked=[A])
    reseat(run, A, "add_beside", D)
    assert asked(run) == (A, D)
    decide(run, A)
    assert status(run) == "running"
    decide(run, D)
    assert status(run) == "approved"


def test_a_signer_after_is_needed_whatever_the_mode() -> None:
    """后加签."""
    for mode in ("any", "all", "sequence", {"share": "0.5"}):
        run = run_of(approve("check", "team", mode=mode), asked=[A])
        reseat(run, A, "add_after", D)
        assert asked(run) == (A,), mode
        decide(run, A)
        assert (status(run), asked(run)) == ("running", (D,)), mode
        settled(run)
        decide(run, D)
        assert status(run) == "approved", mode


def test_only_whoever_added_them_takes_them_off() -> None:
    """减签."""
    run = run_of(approve("check", "team", mode="all"), asked=[A, B])
    reseat(run, A, "add_beside", D, E)
    with pytest.raises(Conflict, match="not_added_by_you"):
        reseat(run, B, "take_off", D)
    with pytest.raises(Conflict, match="not_added_by_you"):
        reseat(run, A, "take_off", B)
    reseat(run, A, "take_off", D)
    assert asked(run) == (A, B, E)
    settled(run)
    decide(run, E)
    with pytest.raises(Conflict, match="not_added_by_you"):
        reseat(run, A, "take_off", E)
    decide(run, A)
    decide(run, B)
    assert status(run) == "approved"


def test_taking_off_the_last_who_was_missing_decides() -> None:
    run = run_of(approve("check", "team", mode={"share": "0.5"}), asked=[A, B])
    reseat(run, A, "add_beside", C, D, E)
    decide(run, B)
    assert status(run) == "running"
    reseat(run, A, "take_off", C, D, E)
    assert status(run) == "approved"


def test_a_step_may_forbid_it_and_people_are_counted() -> None:
    run = run_of(approve("check", "team", may=["transfer"]))
    with pytest.raises(IllegalTransition, match="decision_not_offered"):
        reseat(run, A, "add_beside", D)
    for people in ((), (D, E), (D, D)):
        with pytest.raises(InvalidInput) as refused:
            reseat(run, A, "transfer", *people)
        assert refused.value.issues[0].code == "wrong_number"


def test_a_transfer_does_not_get_around_separate_duties() -> None:
    run = run_of(approve("first", "team"), approve("check", "boss"), separate=["first", "check"])
    decide(run, A, step="first")
    with pytest.raises(Conflict, match="took_part"):
        reseat(run, E, "transfer", A)


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

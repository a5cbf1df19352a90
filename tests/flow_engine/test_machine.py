"""The machine by itself: scenarios saved and restored between all steps."""

from typing import Any

import pytest
from formloom.errors import Conflict, IllegalTransition, InvalidInput

from flow_engine.definition import parse_flow
from flow_engine.elements.due import Length, Part
from flow_engine.machine import Decided, RunState, TimerFired
from flow_engine.machine.effects import CloseVisit, Copy, EndRun, FinishTask, OpenTasks, SetTimer, Tell
from flow_engine.machine.events import Decision, Withdrawn
from tests.flow_engine.flows import CONFIRMATION, Shell, approve, flow_of

ROLES = {"finance": ["person:2", "person:5"], "supervisor": ["person:3", "person:2"], "admin": ["person:9"]}


@pytest.fixture
def run() -> Shell:
    return Shell(parse_flow(CONFIRMATION), ROLES).start()


def decide(
    run: Shell, step: str, by: str | None = None, decision: Decision = "approve", kind: str = "step", **more: str
) -> None:
    visit = run.visit(step, kind)
    run.tell(Decided(visit.id, by or visit.asked[0], decision, **more))


def test_one_approval_opens_the_next_step_and_closes_the_siblings(run: Shell) -> None:
    decide(run, "customer")
    run.effects.clear()
    decide(run, "finance", "person:5")
    kinds = [type(effect) for effect in run.effects]
    assert kinds.index(FinishTask) < kinds.index(CloseVisit) < kinds.index(OpenTasks)
    assert run.at() == ["supervisor"]
    assert run.statuses == ["pending_finance", "pending_supervisor"]
    assert run.replayed() == run.state


def test_whoever_decided_a_separate_step_is_not_asked_and_not_heard(run: Shell) -> None:
    decide(run, "customer")
    decide(run, "finance", "person:2")
    assert run.visit("supervisor").asked == ("person:3",)
    with pytest.raises(Conflict, match="same_person"):
        decide(run, "supervisor", "person:2")


def test_the_initiator_is_kept_out_and_the_fallback_is_asked() -> None:
    run = Shell(parse_flow(CONFIRMATION), {**ROLES, "supervisor": ["person:1"]}).start("person:1")
    decide(run, "customer")
    decide(run, "finance", "person:2")
    assert run.visit("supervisor").asked == ("person:9",)


def test_nobody_to_ask_makes_the_run_stuck_until_an_administrator_retries() -> None:
    roles = {"admin": ["person:9"]}
    run = Shell(flow_of(approve("check", "clerk")), roles).start()
    assert run.state is not None
    assert (run.state.status, run.at()) == ("stuck", ["check/stuck"])
    assert run.visit("check", "stuck").because == "nobody"
    run.roles = {**roles, "clerk": ["person:4"]}
    decide(run, "check", "person:9", "retry", kind="stuck")
    assert (run.state.status, run.at()) == ("running", ["check"])


def test_two_rejections_raise_an_exception_beside_the_return(run: Shell) -> None:
    decide(run, "customer")
    for _ in range(2):
        decide(run, "finance", "person:2")
        decide(run, "supervisor", "person:3", "reject")
    assert sorted(run.at()) == ["finance", "supervisor/exception"]
    decide(run, "supervisor", "person:9", "acknowledge", kind="exception")
    assert run.at() == ["finance"]


def test_rejection_to_the_initiator_then_resubmission_walks_again(run: Shell) -> None:
    decide(run, "customer", decision="reject")
    assert (run.at(), run.record["status"]) == (["customer/resubmit"], "disputed")
    decide(run, "customer", "person:1", "resubmit", kind="resubmit")
    assert (run.at(), run.record["status"]) == (["customer"], "pending_customer")


def test_the_initiator_may_withdraw_instead(run: Shell) -> None:
    decide(run, "customer", decision="reject")
    decide(run, "customer", "person:1", "withdraw", kind="resubmit")
    assert run.state is not None
    assert (run.state.status, run.record["status"], run.at()) == ("withdrawn", "void", [])
    with pytest.raises(IllegalTransition, match="run_ended"):
        run.tell(Withdrawn("person:1"))


def test_a_reason_is_obligatory_where_there_are_some(run: Shell) -> None:
    decide(run, "customer")
    for reason, code in ((None, "required"), ("weather", "not_an_option")):
        with pytest.raises(InvalidInput) as refused:
            run.tell(Decided(run.visit("finance").id, "person:2", "reject", reason=reason))
        assert [(issue.pointer, issue.code) for issue in refused.value.issues] == [("/reason", code)]
    decide(run, "finance", "person:2", "reject", reason="payer")
    assert run.at() == ["customer"]


def test_a_rejection_without_return_ends_the_run() -> None:
    run = Shell(flow_of(approve("check", "finance")), ROLES).start()
    decide(run, "check", decision="reject")
    assert run.state is not None
    assert run.state.status == "rejected"
    assert run.effects[-1] == EndRun("rejected")


def test_all_must_agree_and_nobody_twice() -> None:
    run = Shell(flow_of(approve("check", "finance", mode="all")), ROLES).start()
    decide(run, "check", "person:5")
    assert run.at() == ["check"]
    with pytest.raises(IllegalTransition, match="not_asked"):
        decide(run, "check", "person:5")
    decide(run, "check", "person:2")
    assert run.state is not None
    assert run.state.status == "approved"


def test_a_return_to_a_chosen_earlier_step() -> None:
    returns = [{"return_to": {"step": "one"}, "set": {"status": "again"}}, {"return_to": {"initiator": True}}]
    steps = [approve("one", "finance"), approve("two", "finance"), approve("three", "finance", returns=returns)]
    run = Shell(flow_of(*steps), ROLES).start()
    decide(run, "one")
    decide(run, "two")
    with pytest.raises(InvalidInput, match="not_an_option"):
        decide(run, "three", decision="return", to="two")
    decide(run, "three", decision="return", to="one")
    assert (run.at(), run.record["status"]) == (["one"], "again")


def test_a_branch_takes_the_first_case_that_holds() -> None:
    cases = [
        {"key": "large", "when": "amount > 10", "steps": [approve("director", "director")]},
        {"key": "else", "otherwise": True, "steps": []},
    ]
    flow = flow_of({"key": "size", "type": "branch", "cases": cases}, approve("end", "finance"))
    for holds, expected in ((True, ["director"]), (False, ["end"]), ({"error": "#DIV/0!"}, ["size/stuck"])):
        run = Shell(flow, {**ROLES, "director": ["person:7"]}, truths=lambda *_, holds=holds: holds).start()
        assert run.at() == expected
    run = Shell(flow, {**ROLES, "director": ["person:7"]}, truths=lambda *_: True).start()
    decide(run, "director")
    assert run.at() == ["end"]


def test_an_update_writes_once_if_it_is_to_be_kept() -> None:
    def written(policy: str) -> int:
        update = {"key": "mark", "type": "update", "set": {"status": "marked"}, "when_returned": policy}
        reject = {"return_to": {"initiator": True}}
        run = Shell(flow_of(update, approve("check", "finance", on_reject=reject)), ROLES).start()
        decide(run, "check", decision="reject")
        decide(run, "check", "person:1", "resubmit", kind="resubmit")
        return run.statuses.count("marked")

    assert (written("keep"), written("repeat")) == (1, 2)


def test_timers_remind_and_escalate_only_while_open(run: Shell) -> None:
    customer = run.visit("customer")
    set_now = [effect.after for effect in run.effects if isinstance(effect, SetTimer)]
    assert set_now == [Part(Length("P1D")), Part(Length("PT72H"))]
    reminded = run.tell(TimerFired(customer.id, 0))
    assert [type(effect) for effect in reminded] == [Tell, SetTimer]
    escalated = run.tell(TimerFired(customer.id, 1))
    assert [type(effect) for effect in escalated] == [Copy]
    decide(run, "customer")
    assert run.tell(TimerFired(customer.id, 0)) == []


def test_notify_cc_and_stop_need_nobody() -> None:
    steps: list[dict[str, Any]] = [
        {"key": "tell", "type": "notify", "to": [{"initiator": True}], "text": "done"},
        {"key": "copy", "type": "cc", "to": {"role": "finance"}},
        {"key": "end", "type": "stop", "as": "rejected"},
        approve("never", "finance"),
    ]
    run = Shell(flow_of(*steps), ROLES).start()
    assert run.state is not None
    assert (run.state.status, run.at()) == ("rejected", [])


def test_a_decision_that_is_not_offered(run: Shell) -> None:
    with pytest.raises(IllegalTransition, match="decision_not_offered"):
        decide(run, "customer", decision="resubmit")


def test_the_state_stays_small_however_long_the_run(run: Shell) -> None:
    sizes = []
    for _ in range(20):
        decide(run, "customer", decision="reject")
        decide(run, "customer", "person:1", "resubmit", kind="resubmit")
        assert isinstance(run.state, RunState)
        sizes.append(len(str(run.state.to_json()).replace("guest:", "")))
    assert sizes[-1] < sizes[0] + 300

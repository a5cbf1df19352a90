"""What fails becomes an incident: nobody is refused, nothing is lost, administrators help. State saved and restored."""

from collections.abc import Callable
from typing import Any

import pytest
from formloom.errors import IllegalTransition, InvalidInput

from flow_engine.machine import Decided, Failed, Operated, Started, TakenBack, TimerFired, Withdrawn
from flow_engine.machine.effects import (
    AskPeople,
    AskTruth,
    CallFlow,
    MakeDocument,
    OpenTasks,
    SetFields,
    SetTimer,
    Tell,
)
from tests.flow_engine.flows import Shell, approve, flow_of
from tests.flow_engine.test_control import split
from tests.flow_engine.voices import settled

ADMIN, OWNER, ONE, TWO, THREE, ME = (f"person:{number}" for number in (9, 8, 2, 3, 4, 1))
ROLES = {"admin": [ADMIN], "keeper": [OWNER], "one": [ONE], "two": [TWO], "team": [ONE, TWO, THREE]}
UPDATE = {"key": "mark", "type": "update", "set": {"status": "seen"}}


class Broken:
    """Parts that fail until they are mended; by class, and by step where one is named."""

    def __init__(self, *parts: type, step: str | None = None) -> None:
        self.parts, self.step = parts, step

    def __call__(self, part: Any) -> bool:
        return isinstance(part, self.parts) and self.step in (None, getattr(part, "step", None))

    def mend(self) -> None:
        self.parts = ()


def run_of(*steps: dict[str, Any], fails: Callable[[Any], bool] = lambda part: False, **more: Any) -> Shell:
    return Shell(flow_of(*steps, **more), ROLES, fails=fails).start(ME)


def approves(run: Shell, by: str, step: str = "check") -> None:
    run.tell(Decided(run.visit(step).id, by, "approve"))


def mends(run: Shell, act: str = "retry", step: str = "mark", reason: str | None = "because", by: str = ADMIN) -> None:
    run.tell(Decided(run.visit(step, "incident").id, by, act, comment=reason))  # type: ignore[arg-type]


def status(run: Shell) -> str:
    assert run.state is not None
    assert run.replayed() == run.state
    settled(run)
    return run.state.status


def test_a_decision_whose_effect_fails_is_taken_and_the_run_waits_for_an_administrator() -> None:
    broken = Broken(SetFields)
    run = run_of(approve("check", "team"), UPDATE, approve("after", "two"), fails=broken)
    approves(run, TWO)
    assert (status(run), run.at()) == ("stuck", ["mark/incident"])
    assert run.visit("mark", "incident").asked == (ADMIN,)
    assert run.statuses == [], "nothing of the event has happened"
    held = run.visit("mark", "incident").trouble.held
    with pytest.raises(IllegalTransition, match="task_closed"):
        run.tell(Decided(held.id, ONE, "approve"))
    broken.mend()
    mends(run)
    assert (status(run), run.at(), run.statuses) == ("running", ["after"], ["seen"])


def test_retrying_what_still_fails_is_the_same_incident_again() -> None:
    broken = Broken(SetFields)
    run = run_of(approve("check", "team"), UPDATE, fails=broken)
    approves(run, TWO)
    mends(run)
    mends(run)
    assert (status(run), run.at()) == ("stuck", ["mark/incident"])
    trouble = run.visit("mark", "incident").trouble
    assert (trouble.event["by"], trouble.held.step) == (TWO, "check")
    broken.mend()
    mends(run)
    assert status(run) == "approved"


def test_skipping_leaves_out_what_failed_and_nothing_else() -> None:
    steps = approve("check", "team", on_approve={"set": {"status": "agreed"}}), UPDATE, approve("after", "two")
    run = run_of(*steps, fails=Broken(SetFields, step="mark"))
    approves(run, ONE)
    with pytest.raises(InvalidInput):
        mends(run, "skip", reason=" ")
    mends(run, "skip")
    assert (status(run), run.at(), run.statuses) == ("running", ["after"], ["agreed"])
    assert run.state is not None
    assert run.state.skips == ()


def test_skips_add_up_until_the_event_has_happened() -> None:
    steps = approve("check", "team"), UPDATE, {**UPDATE, "key": "again"}, {**UPDATE, "key": "third"}
    run = run_of(*steps, fails=Broken(SetFields))
    approves(run, ONE)
    for step in ("mark", "again", "third"):
        assert run.at() == [f"{step}/incident"]
        mends(run, "skip", step)
    assert (status(run), run.statuses) == ("approved", [])


def test_a_start_that_fails_begins_the_run_all_the_same() -> None:
    broken = Broken(SetFields)
    run = run_of(UPDATE, approve("check", "one"), fails=broken)
    assert (status(run), run.at()) == ("stuck", ["mark/incident"])
    assert run.state is not None
    assert run.state.initiator == ME
    broken.mend()
    mends(run)
    assert (status(run), run.at()) == ("running", ["check"])


def test_questions_fail_too_and_nobody_or_no_is_answered_when_they_are_skipped() -> None:
    case = {"key": "big", "when": "amount > 1", "steps": [approve("boss", "two")]}
    branch = {"key": "size", "type": "branch", "cases": [case]}
    run = run_of(approve("check", "team"), branch, approve("after", "one"), fails=Broken(AskTruth))
    approves(run, ONE)
    assert run.at() == ["size/incident"]
    mends(run, "skip", "size")
    assert (status(run), run.at()) == ("running", ["after"])


def test_people_who_cannot_be_found_may_be_skipped_and_then_nobody_is_there() -> None:
    def fails(part: Any) -> bool:
        return isinstance(part, AskPeople) and part.key == "after.by"

    run = run_of(approve("check", "team"), approve("after", "one", if_nobody="pass"), fails=fails)
    approves(run, ONE)
    assert run.at() == ["after/incident"]
    mends(run, "skip", "after")
    assert status(run) == "approved"


def test_others_of_the_visit_are_asked_again_where_it_goes_on_after_the_retry() -> None:
    broken = Broken(Tell)

    def fails(part: Any) -> bool:
        return broken(part) or (isinstance(part, SetFields) and bool(broken.parts))

    run = run_of(approve("check", "team", mode="all"), UPDATE, fails=fails)
    approves(run, ONE)
    assert status(run) == "running", "nothing fails as long as the step is open"
    approves(run, TWO)
    approves(run, THREE)
    assert run.at() == ["mark/incident"]
    broken.mend()
    mends(run)
    assert status(run) == "approved"


def test_a_timer_that_fails_leaves_the_people_asked() -> None:
    due = {"in": "P1D", "then": [{"at": "1", "do": "remind"}]}
    broken = Broken(Tell)
    run = run_of(approve("check", "team", due=due), fails=broken)
    run.tell(TimerFired(run.visit("check").id, 0))
    assert run.at() == ["check", "check/incident"]
    assert status(run) == "stuck"
    approves(run, ONE)
    assert status(run) == "approved", "the end closes the incident"


def test_the_flows_owner_is_asked_as_well() -> None:
    run = run_of(UPDATE, fails=Broken(SetFields), owner={"role": "keeper"})
    assert run.visit("mark", "incident").asked == (OWNER, ADMIN)


def test_several_incidents_in_lanes_at_once_are_mended_one_by_one() -> None:
    broken = Broken(SetFields)
    left = [approve("x", "one"), {**UPDATE, "key": "mark_x"}]
    right = [approve("y", "two"), {**UPDATE, "key": "mark_y"}]
    run = run_of(split("both", left, right), approve("after", "one"), fails=broken)
    approves(run, ONE, "x")
    assert (status(run), run.at()) == ("stuck", ["y", "mark_x/incident"])
    approves(run, TWO, "y")
    assert (status(run), run.at()) == ("stuck", ["mark_x/incident", "mark_y/incident"])
    mends(run, "skip", "mark_x")
    assert (status(run), run.at()) == ("stuck", ["mark_y/incident"])
    broken.mend()
    mends(run, "retry", "mark_y")
    assert (status(run), run.at(), run.statuses) == ("running", ["after"], ["seen"])


def test_a_lane_that_is_cancelled_takes_its_incident_along() -> None:
    broken = Broken(SetFields)
    left = [approve("x", "one"), {**UPDATE, "key": "mark_x"}, approve("x2", "one")]
    run = run_of(split("some", left, [approve("y", "two")], join="any"), approve("after", "one"), fails=broken)
    approves(run, ONE, "x")
    assert status(run) == "stuck"
    run.tell(Decided(run.visit("y").id, TWO, "approve"))
    assert run.at() == ["after"]
    assert run.state is not None
    assert run.state.status == "running"


def test_withdrawing_whose_words_fail_is_kept_as_well() -> None:
    broken = Broken(SetFields)
    run = run_of(approve("check", "team"), fails=broken, on_withdraw={"set": {"status": "gone"}})
    run.tell(Withdrawn(ME))
    assert status(run) == "stuck"
    mends(run, "skip", "check")
    assert status(run) == "withdrawn"


def test_work_outside_that_was_given_up_is_given_out_again_or_left_out() -> None:
    wait = {"key": "nap", "type": "wait", "for": "P1D"}
    for act, at in (("retry", ["nap"]), ("skip", ["after"])):
        run = run_of(wait, approve("after", "one"))
        visit = run.visit("nap").id
        run.tell(Failed("given_up", {"error": "500"}, visit=visit))
        assert run.at() == ["nap", "nap/incident"]
        mends(run, act, "nap")
        assert (run.at(), run.state.status if run.state else "") == (at, "running")


def test_an_administrator_who_is_not_asked_may_help_too() -> None:
    broken = Broken(SetFields)
    run = run_of(approve("check", "team"), UPDATE, approve("after", "two"), fails=broken)
    approves(run, ONE)
    broken.mend()
    run.tell(Operated("person:77", "retry", visit=run.visit("mark", "incident").id))
    assert (status(run), run.at()) == ("running", ["after"])


def test_jumping_closes_everything_and_goes_on_at_the_step() -> None:
    lists = [approve("x", "one")], [approve("y", "two")]
    run = run_of(approve("check", "team"), split("both", *lists), approve("after", "two"))
    approves(run, ONE)
    assert run.at() == ["x", "y"]
    with pytest.raises(IllegalTransition, match="inside_split"):
        run.tell(Operated(ADMIN, "jump", "why not", step="y"))
    with pytest.raises(IllegalTransition, match="unknown_step"):
        run.tell(Operated(ADMIN, "jump", "why not", step="nowhere"))
    with pytest.raises(InvalidInput):
        run.tell(Operated(ADMIN, "jump", step="after"))
    run.tell(Operated(ADMIN, "jump", "they are away", step="after"))
    assert (status(run), run.at()) == ("running", ["after"])
    assert run.state is not None
    assert (run.state.lanes, run.state.forks) == ((), ())
    run.tell(Operated(ADMIN, "jump", "once more", step="both"))
    assert (status(run), run.at()) == ("running", ["x", "y"])


def test_cancelling_ends_the_run_and_sets_what_the_flow_says() -> None:
    run = run_of(approve("check", "team"), on_cancel={"set": {"status": "void"}})
    run.tell(Operated(ADMIN, "cancel", "entered twice"))
    assert (status(run), run.statuses) == ("cancelled", ["void"])
    with pytest.raises(IllegalTransition, match="run_ended"):
        run.tell(Operated(ADMIN, "cancel", "again"))


def test_a_cancel_that_fails_is_skipped_into_a_cancel() -> None:
    run = run_of(approve("check", "team"), on_cancel={"set": {"status": "void"}}, fails=Broken(SetFields))
    run.tell(Operated(ADMIN, "cancel", "entered twice"))
    assert run.at() == ["check", "check/incident"]
    run.tell(Operated(ADMIN, "skip", "the record is gone", visit=run.visit("check", "incident").id))
    assert status(run) == "cancelled"


def test_taking_an_approval_back_does_not_hide_what_is_stuck_in_another_lane() -> None:
    left, right = [approve("a", "one", on_take_back={}), approve("b", "two")], [approve("c", "nobody")]
    run = run_of(split("both", left, right))
    assert (status(run), run.at()) == ("stuck", ["a", "c/stuck"])
    first = run.visit("a").id
    approves(run, ONE, "a")
    run.tell(TakenBack(first, ONE))
    assert (status(run), sorted(run.at())) == ("stuck", ["a", "c/stuck"])


def test_taking_back_what_led_into_a_stuck_step_has_the_run_go_on() -> None:
    run = run_of(approve("a", "one", on_take_back={}), approve("b", "nobody"))
    first = run.visit("a").id
    approves(run, ONE, "a")
    assert status(run) == "stuck"
    run.tell(TakenBack(first, ONE))
    assert (status(run), run.at()) == ("running", ["a"])


def test_a_start_that_fails_forgets_nobody_whom_the_initiator_picked() -> None:
    broken = Broken(SetFields)
    run = Shell(flow_of(UPDATE, approve("check", "one")), ROLES, fails=broken)
    run.tell(Started(ME, {"check": (TWO,)}, called=True))
    broken.mend()
    mends(run)
    assert run.state is not None
    assert (run.state.chosen, run.state.called, status(run)) == ({"check": (TWO,)}, True, "running")


@pytest.mark.parametrize(("owner", "asked"), [({}, (ADMIN,)), ({"owner": {"role": "keeper"}}, (OWNER,))])
def test_a_return_to_the_initiator_of_a_run_that_began_by_itself_reaches_somebody(
    owner: dict[str, Any], asked: tuple[str, ...]
) -> None:
    steps = approve("check", "one", on_reject={"return_to": {"initiator": True}})
    run = Shell(flow_of(steps, **owner), ROLES).start("system")
    run.tell(Decided(run.visit("check").id, ONE, "reject"))
    assert (status(run), run.at(), run.visit("check", "resubmit").asked) == ("running", ["check/resubmit"], asked)
    run.tell(Decided(run.visit("check", "resubmit").id, asked[0], "resubmit"))
    assert (status(run), run.at()) == ("running", ["check"])


def test_a_return_to_nobody_at_all_is_stuck() -> None:
    roles = {"one": [ONE]}
    run = Shell(flow_of(approve("check", "one", on_reject={"return_to": {"initiator": True}})), roles).start("system")
    run.tell(Decided(run.visit("check").id, ONE, "reject"))
    assert (status(run), run.at()) == ("stuck", ["check/stuck"])


# -- leaving out what a visit waits by ---------------------------------------------------------------------------------


WAITS: list[tuple[dict[str, Any], type]] = [
    (approve("mark", "two"), OpenTasks),
    ({"key": "mark", "type": "wait", "for": "P1D"}, SetTimer),
    ({"key": "mark", "type": "call", "flow": "other"}, CallFlow),
    ({"key": "mark", "type": "document", "template": "letter"}, MakeDocument),
]


@pytest.mark.parametrize(("step", "part"), WAITS, ids=lambda each: getattr(each, "__name__", None))
def test_leaving_out_what_a_step_waits_by_leaves_out_the_step(step: dict[str, Any], part: type) -> None:
    run = run_of(approve("check", "one"), step, approve("after", "two"), fails=Broken(part, step="mark"))
    if part is SetTimer:
        run = run_of(approve("check", "one"), step, approve("after", "two"), fails=Broken(part))
    approves(run, ONE)
    (at,) = run.at()
    mends(run, "skip", at.removesuffix("/incident"))
    assert (status(run), run.at()) == ("running", ["after"])


def test_leaving_out_what_a_step_in_a_lane_waits_by_ends_the_lane() -> None:
    left, right = [approve("x", "one"), approve("x2", "two")], [approve("y", "two")]
    run = run_of(split("both", left, right), approve("after", "one"), fails=Broken(OpenTasks, step="x2"))
    approves(run, ONE, "x")
    mends(run, "skip", "x2")
    assert (status(run), run.at()) == ("running", ["y"])
    approves(run, TWO, "y")
    assert (status(run), run.at()) == ("running", ["after"])


def test_nobody_reworks_what_nobody_is_asked_to() -> None:
    def fails(part: Any) -> bool:
        return isinstance(part, OpenTasks) and part.kind == "resubmit"

    run = run_of(approve("check", "one", on_reject={"return_to": {"initiator": True}}), fails=fails)
    run.tell(Decided(run.visit("check").id, ONE, "reject"))
    mends(run, "skip", "check")
    assert status(run) == "rejected"


def test_a_reminder_that_is_left_out_leaves_the_step_open() -> None:
    due = {"in": "P1D", "then": [{"at": "0.5", "do": "remind"}]}
    run = run_of(approve("check", "one"), approve("after", "two", due=due), fails=Broken(SetTimer))
    approves(run, ONE)
    mends(run, "skip", run.at()[0].removesuffix("/incident"))
    assert (status(run), run.at()) == ("running", ["after"])

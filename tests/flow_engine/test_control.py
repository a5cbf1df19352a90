"""Walks at the same time and walks again: parallel, inclusive, race, loop, wait, inside each other."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from flow_engine.elements.due import Length, Part
from flow_engine.machine import Decided, TimerFired
from flow_engine.machine.effects import AskPeople, SetAlarm, SetFields, SetTimer
from flow_engine.machine.events import Decision
from tests.flow_engine.flows import Shell, approve, flow_of

ROLES = {role: [f"person:{number}"] for number, role in enumerate(("a", "b", "c", "d", "admin"), 2)}


def ways(*several: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Branches with these steps."""
    return [{"key": f"way_{number}", "steps": steps} for number, steps in enumerate(several)]


def decide(run: Shell, step: str, decision: Decision = "approve", item: str = "", kind: str = "step") -> None:
    visit = run.visit(step, kind, item)
    run.tell(Decided(visit.id, visit.asked[0], decision))


def more_than(amount: int) -> Callable[[str, Mapping[str, Any]], Any]:
    """The truth of `amount > n`."""
    return lambda formula, _record: amount > int(formula[-1])


def status(run: Shell) -> str:
    assert run.state is not None
    assert run.replayed() == run.state
    return run.state.status


def split(key: str, *several: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A parallel with these branches."""
    return {"key": key, "type": "parallel", "branches": ways(*several), **more}


def test_all_branches_must_be_through() -> None:
    run = Shell(flow_of(split("both", [approve("x", "a")], [approve("y", "b")]), approve("z", "c")), ROLES).start()
    assert run.at() == ["x", "y"]
    decide(run, "y")
    assert run.at() == ["x"]
    decide(run, "x")
    assert run.at() == ["z"]
    assert run.state is not None
    assert (run.state.forks, run.state.lanes) == ((), ())
    decide(run, "z")
    assert status(run) == "approved"


def test_the_last_branch_of_a_flow_ends_it() -> None:
    run = Shell(flow_of(split("both", [approve("x", "a")], [approve("y", "b")])), ROLES).start()
    decide(run, "x")
    assert status(run) == "running"
    decide(run, "y")
    assert status(run) == "approved"


def test_one_of_several_is_enough_and_the_others_are_cancelled() -> None:
    lists = [approve("x", "a"), approve("x2", "a")], [approve("y", "b")], [approve("v", "d")]
    run = Shell(flow_of(split("some", *lists, join=2), approve("z", "c")), ROLES).start()
    decide(run, "y")
    assert run.at() == ["x", "v"]
    decide(run, "v")
    assert run.at() == ["z"]
    assert status(run) == "running"


def test_the_others_may_go_on_by_themselves() -> None:
    flow = flow_of(
        split("any", [approve("x", "a")], [approve("y", "b")], join="any", others="go_on"), approve("z", "c")
    )
    run = Shell(flow, ROLES).start()
    decide(run, "x")
    assert sorted(run.at()) == ["y", "z"]
    decide(run, "y")
    assert run.at() == ["z"], "who comes later changes nothing"
    assert run.state is not None
    assert run.state.forks == ()
    decide(run, "z")
    assert status(run) == "approved"


def test_a_race_has_one_winner() -> None:
    hurry = {"key": "nap", "type": "wait", "for": "P1D"}
    mark = {"key": "mark", "type": "update", "set": {"status": "late"}}
    race = {"key": "race", "type": "race", "branches": ways([approve("x", "a")], [hurry, mark])}
    run = Shell(flow_of(race, approve("z", "c")), ROLES).start()
    assert run.effects[-1] == SetTimer(run.visit("nap").id, 0, Part(Length("P1D")))
    run.tell(TimerFired(run.visit("nap").id, 0))
    assert (run.at(), run.record["status"]) == (["z"], "late")
    other = Shell(flow_of(race, approve("z", "c")), ROLES).start()
    nap = other.visit("nap").id
    decide(other, "x")
    other.tell(TimerFired(nap, 0))
    assert (other.at(), other.record) == (["z"], {}), "a timer of a lost branch means nothing"


def test_every_case_that_holds_is_walked() -> None:
    cases = [
        {"key": "one", "when": "amount > 1", "steps": [approve("x", "a")]},
        {"key": "two", "when": "amount > 2", "steps": [approve("y", "b")]},
        {"key": "three", "when": "amount > 3", "steps": [approve("v", "d")]},
        {"key": "none", "otherwise": True, "steps": [approve("w", "c")]},
    ]
    flow = flow_of({"key": "which", "type": "inclusive", "cases": cases})
    for amount, expected in ((3, ["x", "y"]), (9, ["x", "y", "v"]), (0, ["w"])):
        run = Shell(flow, ROLES, truths=more_than(amount)).start()
        assert run.at() == expected
        for step in expected:
            decide(run, step)
        assert status(run) == "approved"


def test_an_error_in_a_condition_makes_it_stuck_until_it_is_mended() -> None:
    cases = [{"key": "one", "when": "1 / amount > 1", "steps": [approve("x", "a")]}]
    answers = iter([{"error": "#DIV/0!"}, True])
    flow = flow_of({"key": "which", "type": "inclusive", "cases": cases})
    run = Shell(flow, ROLES, truths=lambda *_: next(answers)).start()
    assert (status(run), run.at()) == ("stuck", ["which/stuck"])
    decide(run, "which", "retry", kind="stuck")
    assert (status(run), run.at()) == ("running", ["x"])


def test_two_stuck_branches_are_mended_one_by_one() -> None:
    run = Shell(flow_of(split("both", [approve("x", "p")], [approve("y", "q")])), ROLES).start()
    run.roles = {**ROLES, "p": ["person:8"], "q": ["person:9"]}
    decide(run, "x", "retry", kind="stuck")
    assert (status(run), sorted(run.at())) == ("stuck", ["x", "y/stuck"])
    decide(run, "y", "retry", kind="stuck")
    assert (status(run), sorted(run.at())) == ("running", ["x", "y"])


def test_a_loop_until_it_is_enough() -> None:
    answers = iter([False, False, True])
    loop = {"key": "again", "type": "loop", "until": "amount > 2", "steps": [approve("x", "a"), approve("y", "b")]}
    run = Shell(flow_of(loop, approve("z", "c")), ROLES, truths=lambda *_: next(answers)).start()
    for _ in range(3):
        decide(run, "x")
        decide(run, "y")
    assert run.at() == ["z"]
    assert status(run) == "running"


def test_a_loop_that_does_not_end_is_told() -> None:
    loop = {"key": "again", "type": "loop", "until": "amount > 2", "at_most": 2, "steps": [approve("x", "a")]}
    run = Shell(flow_of(loop), ROLES).start()
    decide(run, "x")
    decide(run, "x")
    assert (status(run), run.at()) == ("stuck", ["again/stuck"])
    assert run.visit("again", "stuck").because == "too_many_rounds"


def test_the_state_of_a_long_loop_stays_small() -> None:
    mark = {"key": "mark", "type": "update", "set": {"status": "seen"}, "when_returned": "keep"}
    loop = {"key": "again", "type": "loop", "until": "amount > 2", "steps": [approve("x", "a"), mark]}
    run = Shell(flow_of(loop), ROLES).start()
    sizes = []
    for _ in range(300):
        decide(run, "x")
        assert run.state is not None
        sizes.append(len(str(run.state.to_json())))
    assert sizes[-1] - sizes[5] < 20, "only the digits of the counters grow"
    assert sum(isinstance(effect, SetFields) for effect in run.effects) == 300, "each round writes anew"


def test_each_row_one_after_another() -> None:
    loop = {"key": "rows", "type": "loop", "each": "lines", "steps": [approve("x", "a")]}
    run = Shell(flow_of(loop, approve("z", "c")), ROLES, rows=["r1", "r2", "r3"]).start()
    for row in ("r1", "r2", "r3"):
        assert run.at() == ["x"]
        decide(run, "x", item=row)
    assert run.at() == ["z"]
    assert status(run) == "running"


def test_each_row_at_once_and_no_row_at_all() -> None:
    loop = {"key": "rows", "type": "loop", "each": "lines", "at_once": True, "steps": [approve("x", "a")]}
    run = Shell(flow_of(loop, approve("z", "c")), ROLES, rows=["r1", "r2"]).start()
    assert run.at() == ["x", "x"]
    decide(run, "x", item="r2")
    decide(run, "x", item="r1")
    assert run.at() == ["z"]
    none = Shell(flow_of(loop, approve("z", "c")), ROLES).start()
    assert none.at() == ["z"]


def test_questions_inside_a_loop_know_the_row() -> None:
    asked: list[Any] = []

    class Listening(Shell):
        def answer(self, ask: Any, record: Any) -> Any:
            asked.append(ask)
            return super().answer(ask, record)

    loop = {"key": "rows", "type": "loop", "each": "lines", "at_once": True, "steps": [approve("x", "a")]}
    Listening(flow_of(loop), ROLES, rows=["r1", "r2"]).start()
    assert [ask.item for ask in asked if isinstance(ask, AskPeople)] == [("rows", "r1"), ("rows", "r2")]


def test_waiting_until_a_moment() -> None:
    moment = "2025-12-24T01:00:00+00:00"
    flow = flow_of({"key": "nap", "type": "wait", "until": "due"}, approve("z", "c"))
    run = Shell(flow, ROLES, truths=lambda *_: moment).start()
    assert run.effects[-1] == SetAlarm(1, datetime(2025, 12, 24, 1, tzinfo=UTC))
    run.tell(TimerFired(1, 0))
    assert run.at() == ["z"]
    assert Shell(flow, ROLES, truths=lambda *_: None).start().at() == ["z"], "a blank waits for nothing"


def test_a_return_out_of_a_branch_cancels_what_it_leaves() -> None:
    back = approve("y", "b", on_reject={"return_to": {"step": "w"}})
    inner = split("inner", [approve("p", "a")], [back])
    run = Shell(flow_of(approve("w", "d"), split("outer", [approve("x", "a")], [inner])), ROLES).start()
    decide(run, "w")
    assert run.at() == ["x", "p", "y"]
    decide(run, "y", "reject")
    assert run.at() == ["w"]
    assert run.state is not None
    assert (run.state.forks, run.state.lanes) == ((), ())
    decide(run, "w")
    assert run.at() == ["x", "p", "y"]
    assert status(run) == "running"


def test_a_return_within_a_branch_leaves_the_others_alone() -> None:
    back = approve("y", "b", on_reject={"return_to": {"step": "p"}})
    run = Shell(flow_of(split("both", [approve("x", "a")], [approve("p", "d"), back])), ROLES).start()
    decide(run, "p")
    decide(run, "y", "reject")
    assert sorted(run.at()) == ["p", "x"]
    assert status(run) == "running"


def test_a_return_to_the_initiator_leaves_every_branch() -> None:
    back = approve("y", "b", on_reject={"return_to": {"initiator": True}})
    run = Shell(flow_of(split("both", [approve("x", "a")], [back])), ROLES).start()
    decide(run, "y", "reject")
    assert run.at() == ["y/resubmit"]
    decide(run, "y", "resubmit", kind="resubmit")
    assert run.at() == ["x", "y"]
    assert status(run) == "running"


def test_a_rejection_in_a_branch_ends_the_run() -> None:
    run = Shell(flow_of(split("both", [approve("x", "a")], [approve("y", "b")])), ROLES).start()
    decide(run, "x", "reject")
    assert (status(run), run.at()) == ("rejected", [])

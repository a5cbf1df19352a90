"""Runs whose approvers are known, and what tests ask of them."""

from collections.abc import Sequence
from typing import Any

from flow_engine.machine import Decided, Reseated
from flow_engine.machine.effects import CloseTask, CloseVisit, FinishTask, OpenTasks
from flow_engine.machine.events import Act, Decision
from tests.flow_engine.flows import Shell, flow_of

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
            case CloseVisit():
                held = {key: kind for key, kind in held.items() if key[0] != effect.visit}
    return held


def settled(run: Shell) -> None:
    """The tasks that effects opened are those that the state asks."""
    assert run.state is not None
    assert set(tasks(run)) == {(visit.id, ref) for visit in run.state.open for ref in visit.asked}

"""Checks of a flow by itself: does every name lead somewhere, and never past something that must not be repeated
unthought?"""

from collections.abc import Iterator

from formloom.errors import Issue

from flow_engine.definition.flow import FlowDef
from flow_engine.elements.outcome import INITIATOR, Outcome
from flow_engine.elements.who import Decider, Guest, GuestAgain
from flow_engine.steps import Step
from flow_engine.steps.branch import Branch

CODES = (
    "unknown_step",
    "not_an_earlier_step",
    "asks_nobody",
    "return_past_action",
    "unreachable_case",
    "guest_needs_fields",
    "straight_into_split",
)


def check_structure(flow: FlowDef) -> Iterator[Issue]:
    """Every issue, in the order of the document."""
    steps = {step.key: step for step in flow.walk()}
    for number, name in enumerate(flow.separate):
        if name != INITIATOR and name not in steps:
            yield Issue(f"/separate/{number}", "unknown_step", {"step": name})
        elif name != INITIATOR and not steps[name].decisions:
            yield Issue(f"/separate/{number}", "asks_nobody", {"step": name})
    for step in steps.values():
        yield from _earlier(flow, step)
        for pointer, outcome in step.uses().targets:
            yield from _target(flow, steps, step, pointer, outcome)
        if not step.fields and any(
            isinstance(who, Guest | GuestAgain) for _, people in step.uses().people for who in people
        ):
            yield Issue(f"{step.pointer}/fields", "guest_needs_fields")
        if isinstance(step, Branch):
            for number, case in enumerate(step.cases[:-1]):
                if case.when is None:
                    yield Issue(f"{step.pointer}/cases/{number + 1}", "unreachable_case", {"after": case.key})


def _earlier(flow: FlowDef, step: Step) -> Iterator[Issue]:
    """Steps whose decider or guest is asked or told must have been passed before."""
    uses = step.uses()
    named = [(pointer, who.step) for pointer, people in uses.people for who in people if isinstance(who, Decider)]
    for pointer, key in (*named, *uses.earlier):
        if key not in flow.before(step.key):
            yield Issue(step.pointer + pointer, "not_an_earlier_step", {"step": key})


def _target(flow: FlowDef, steps: dict[str, Step], step: Step, pointer: str, outcome: Outcome) -> Iterator[Issue]:
    before, target = flow.before(step.key), flow.return_to(step.key, outcome.return_to or INITIATOR)
    if target != INITIATOR and target not in before:
        known = "not_an_earlier_step" if target in steps else "unknown_step"
        yield Issue(f"{step.pointer}{pointer}/step", known, {"step": target})
        return
    if outcome.straight:
        if flow.splits(step.key):
            yield Issue(f"{step.pointer}{pointer}/resume", "straight_into_split")
        places = [] if target == INITIATOR else [steps[target]]
    else:
        # Everything that can have acted since: the steps passed from the target on, with what stands inside them.
        passed = before if target == INITIATOR else before[: before.index(target) + 1]
        places = [steps[key] for key in passed] + [step]
    acting = [each for place in places for each in _inside(place) if each.acts]
    for each in acting:
        yield Issue(
            f"{step.pointer}{pointer}/step", "return_past_action", {"step": each.key, "choose": ["keep", "repeat"]}
        )


def _inside(step: Step) -> Iterator[Step]:
    yield step
    for nested in step.lists:
        for each in nested:
            yield from _inside(each)

"""What a visit lets somebody see, change and decide: read from the flow for a task, never stored with it."""

from collections.abc import Mapping
from dataclasses import dataclass

from formloom.errors import FormloomError

from flow_engine.definition.flow import FlowDef
from flow_engine.elements.outcome import INITIATOR, Outcome, Reason, Text
from flow_engine.machine import RunState, TakenBack, Visit, advance
from flow_engine.machine.effects import TaskKind
from flow_engine.machine.events import ACTS
from flow_engine.steps.approve import Approve
from flow_engine.steps.base import Step
from flow_engine.steps.people import PeopleStep

READ_ALL: Mapping[str, str] = {"*": "read"}
WRITE_ALL: Mapping[str, str] = {"*": "write"}

TAKES_CHANGES = frozenset({"approve", "submit", "resubmit", "retry", "skip"})
"""Decisions that may bring changes of the record along."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One decision that is offered: its words, the reasons to pick from, and for a return where it may go."""

    decision: str
    label: Text | None = None
    reasons: tuple[Reason, ...] = ()
    comment_required: bool = False
    to_steps: tuple[str, ...] = ()
    leads_to: str | None = None
    """A step key, `initiator`, or None: on (approve, submit) or to the end (reject, withdraw)."""


def fields_of(flow: FlowDef, step: str, kind: TaskKind, because: str = "") -> Mapping[str, str]:
    """The step's fields as a definition writes them; where it says nothing, everything may be read."""
    found = flow.step(step)
    match kind:
        case "step":
            return found.fields or READ_ALL
        case "advice" | "offer":
            return read_only(found.fields or READ_ALL)
        case "resubmit":
            returned = _returned(flow, found, because) if isinstance(found, Approve) else None
            return (returned.fields if returned else None) or WRITE_ALL
        case "incident":
            return WRITE_ALL
        case _:
            return READ_ALL


def required_of(flow: FlowDef, step: str, kind: TaskKind, decision: str) -> tuple[str, ...]:
    """The fields that must not be blank with this decision."""
    return flow.step(step).require if kind == "step" and decision in ("approve", "submit") else ()


def read_only(fields: Mapping[str, str]) -> dict[str, str]:
    """What is left of them after the decision."""
    return {name: "read" if level == "write" else level for name, level in fields.items()}


def writes(fields: Mapping[str, str]) -> bool:
    """Whether anything may be changed."""
    return "write" in fields.values()


def offers(flow: FlowDef, step: str, kind: TaskKind) -> tuple[Offer, ...]:
    """What the person who is asked may decide, in the order in which buttons stand."""
    found = flow.step(step)
    match kind:
        case "exception":
            return (Offer("acknowledge"),)
        case "stuck":
            return (Offer("retry"),)
        case "incident":
            return (Offer("retry"), Offer("skip", comment_required=True))
        case "advice":
            return (Offer("advise", comment_required=True),)
        case "offer":
            reasons = found.offer.reasons if isinstance(found, PeopleStep) and found.offer else ()
            return (Offer("accept"), Offer("decline", reasons=reasons, comment_required=not reasons))
        case "resubmit":
            withdraw = _outcome(found, "on_withdraw") or flow.on_withdraw or Outcome()
            resubmit = _outcome(found, "on_resubmit") or Outcome()
            return (_offer("resubmit", resubmit, leads_to=flow.first), _offer("withdraw", withdraw))
        case "step":
            return tuple(_step_offer(flow, found, decision) for decision in found.decisions)
        case "transfer":  # never has a task
            return ()


def acts(flow: FlowDef, visit: Visit, ref: str) -> tuple[str, ...]:
    """What somebody who is asked may do about who decides: transfer, delegate, add signers, take theirs off."""
    step = flow.step(visit.step)
    seat = next((seat for seat in visit.seats if seat.ref == ref and seat.state == "asked"), None)
    if visit.kind != "step" or not isinstance(step, Approve) or seat is None or seat.of or ref.startswith("guest:"):
        return ()
    return tuple(act for act in ACTS if act in step.may and (act != "take_off" or added(visit, ref)))


def added(visit: Visit, ref: str) -> tuple[str, ...]:
    """Whom they have asked as well, and who has not spoken: those can be taken off."""
    return tuple(seat.ref for seat in visit.seats if seat.by == ref and seat.state in ("asked", "waiting"))


def may_take_back(flow: FlowDef, state: RunState, visit: int, ref: str) -> bool:
    """Whether what they decided there can still be taken back."""
    try:
        advance(flow, state, TakenBack(visit, ref))
    except FormloomError:
        return False
    return True


def sent_back(flow: FlowDef, step: str, decision: str | None) -> bool:
    """Whether this decision sends the work back rather than on or to its end: people call that a return."""
    return decision == "return" or (decision == "reject" and _outcome_of(flow, step, decision).return_to is not None)


def _step_offer(flow: FlowDef, step: Step, decision: str) -> Offer:
    if decision == "return" and isinstance(step, Approve):
        targets = tuple(flow.return_to(step.key, outcome.return_to or INITIATOR) for outcome in step.returns)
        only = step.returns[0] if len(step.returns) == 1 else Outcome()
        reasons = {reason.key: reason for outcome in step.returns for reason in outcome.reasons}
        comment = any(outcome.comment_required for outcome in step.returns)
        return Offer(
            "return", only.label, tuple(reasons.values()), comment, targets, targets[0] if len(targets) == 1 else None
        )
    outcome = _outcome(step, f"on_{decision}") or Outcome()
    back = flow.return_to(step.key, outcome.return_to) if outcome.return_to else None
    return _offer(decision, outcome, leads_to=back or _next(flow, step, decision))


def _next(flow: FlowDef, step: Step, decision: str) -> str | None:
    """The people's step that one approval is enough to lead to; None where something else comes first."""
    if decision != "approve" or (isinstance(step, Approve) and step.mode == "all"):
        return None
    following = flow.following(step.key)
    if following is None and not flow.splits(step.key):
        following = flow.after(step.key)
    return following if following is not None and flow.step(following).decisions else None


def _offer(decision: str, outcome: Outcome, leads_to: str | None = None) -> Offer:
    return Offer(decision, outcome.label, outcome.reasons, outcome.comment_required, leads_to=leads_to)


def _outcome_of(flow: FlowDef, step: str, decision: str) -> Outcome:
    return _outcome(flow.step(step), f"on_{decision}") or Outcome()


def _outcome(step: object, name: str) -> Outcome | None:
    found = getattr(step, name, None)
    return found if isinstance(found, Outcome) else None


def _returned(flow: FlowDef, step: Approve, because: str) -> Outcome | None:
    """The outcome that sent it back: the rejection, or the return to the initiator."""
    if because == "return":
        several = (one for one in step.returns if one.return_to)
        return next((one for one in several if flow.return_to(step.key, one.return_to or "") == INITIATOR), None)
    return step.on_reject

"""What an administrator does to a run from outside of it: mend what is stuck, go on elsewhere, end it."""

from formloom.errors import IllegalTransition, InvalidInput, Issue
from formloom.frozen import replace

from flow_engine.machine.events import Decided, Operated
from flow_engine.machine.side import behaviour
from flow_engine.machine.state import MAIN
from flow_engine.machine.walk import Walk

CODES = ("unknown_step", "inside_split")


def operate(walk: Walk, event: Operated) -> None:
    """Retry, skip, jump or cancel. Whoever changes the course of a run says why.

    Raises IllegalTransition `task_closed`, `decision_not_offered`, `unknown_step`, `inside_split`; InvalidInput for a
    reason that is missing.
    """
    if event.act != "retry" and not (event.reason or "").strip():
        raise InvalidInput("invalid_input", issues=(Issue("/reason", "required"),))
    walk.state = replace(walk.state, last=None)
    match event.act:
        case "cancel":
            if walk.program.on_cancel is not None:
                walk.write("", walk.program.on_cancel)
            walk.end("cancelled")
        case "jump":
            _jump(walk, event.step or "")
        case "retry" | "skip":
            _mend(walk, event)


def _mend(walk: Walk, event: Operated) -> None:
    """As if they had been asked."""
    visit = walk.state.visit(event.visit or 0)
    if visit is None:
        raise IllegalTransition("task_closed", {"visit": event.visit or 0})
    walk.lane = visit.lane
    stuck = behaviour(walk, visit.step, visit.kind)
    if visit.kind not in ("stuck", "incident") or event.act not in stuck.decisions:
        raise IllegalTransition("decision_not_offered", {"decision": event.act, "offered": stuck.decisions})
    if event.by not in visit.asked:
        walk.spoken = (visit.id, event.by)
    decision = Decided(visit.id, event.by, event.act, comment=event.reason)  # type: ignore[arg-type]
    stuck.decide(walk, visit, decision)


def _jump(walk: Walk, target: str) -> None:
    """Close everything that is open, with all its lanes, and enter the step instead.

    A step inside of lanes or a loop has no place of its own: one goes to the step around it.
    """
    try:
        walk.program.step(target)
    except KeyError:
        raise IllegalTransition("unknown_step", {"step": target}) from None
    if walk.program.splits(target):
        raise IllegalTransition("inside_split", {"step": target})
    for visit in walk.state.open:
        walk.close_visit(visit)
    kept = tuple(done for done in walk.state.done if "@" not in done)
    walk.state = replace(walk.state, entering=(), forks=(), lanes=(), agreed={}, done=kept, straight={})
    walk.lane = MAIN
    walk.enter(target)

"""What failed is kept and mended: an incident.

Where an effect cannot be done, nothing of its event happens: the shell tells `Failed` instead. The run remembers the
event in a visit of kind `incident`; who decided has done their part, and nobody else can decide the same meanwhile
(their visit is held). Mended, the event happens as if it came now. Part of what it would have done may be left out.
"""

from formloom.errors import IllegalTransition
from formloom.frozen import replace

from flow_engine.machine.effects import FinishTask
from flow_engine.machine.events import Decided, Event, Failed, Operated, event_from_json
from flow_engine.machine.program import Program
from flow_engine.machine.state import MAIN, RunState, Trouble, Visit
from flow_engine.machine.walk import Walk


def unstarted(event: Failed) -> RunState:
    """The state of a run whose very first event failed."""
    begun = event_from_json(event.about or {"event": "started", "by": ""})
    return RunState(
        chosen=getattr(begun, "chosen", None) or {},
        initiator=getattr(begun, "by", ""),
        called=bool(getattr(begun, "called", False)),
    )


def fail(walk: Walk, event: Failed) -> None:
    """Put an incident in line; whoever decided has decided."""
    about = event_from_json(event.about) if event.about is not None else None
    visit = walk.state.visit(_about(event, about))
    walk.lane = visit.lane if visit is not None else MAIN
    walk.state = replace(walk.state, last=None)
    blamed = (event.effect, event.step, event.item)
    trouble = Trouble(event.code, event.params, blamed, event.about, waits=event.visit)
    if isinstance(about, Decided) and visit is not None:
        finish(walk, visit, about)
        trouble = _on(visit, about.decision == "skip", trouble)
    elif isinstance(about, Operated) and visit is not None:
        close_unasked(walk, visit, about)
        trouble = _on(visit, about.act == "skip", trouble)
    walk.enter(_place(walk.program, event, trouble, visit), "incident", event.code, trouble)


def mend(walk: Walk, visit: Visit, *, skip: bool) -> None:
    """The incident of this visit, which is closed by now: have its event come again; `skip`: without what failed."""
    trouble = visit.trouble
    if trouble is None:
        raise LookupError(visit.id)
    walk.state = replace(walk.state, skips=_skipped(trouble, skip))
    if trouble.event is None:
        _outside(walk, walk.state.visit(trouble.waits or 0), skip=skip)
        return
    if trouble.held is not None:
        opened = sorted((*walk.state.open, trouble.held), key=lambda each: each.id)
        walk.state = replace(walk.state, open=tuple(opened))
    walk.again = event_from_json(trouble.event)


def go_past_idle(walk: Walk) -> None:
    """What a visit waits by has been left out: so is its step. Nobody can rework what nobody is asked to: that is a
    rejection that leads nowhere."""
    while walk.idle:
        visit = walk.state.visit(walk.idle.pop(0))
        if visit is None:
            continue
        walk.lane = visit.lane
        walk.close_visit(visit)
        if visit.kind == "resubmit":
            walk.end("rejected")
        elif visit.kind != "exception":
            walk.go_on_after(visit.step)


def finish(walk: Walk, visit: Visit, event: Decided) -> None:
    """The decider's task is done and the visit over."""
    walk.do(FinishTask(visit.id, event.by, event.decision, event.reason, event.comment))
    walk.close_visit(visit)


def close_unasked(walk: Walk, visit: Visit, event: Operated) -> None:
    """An administrator has acted on the visit: theirs is done, where they were asked."""
    if event.by in visit.asked:
        walk.do(FinishTask(visit.id, event.by, event.act, None, event.reason))
    walk.close_visit(visit)


def _about(event: Failed, about: Event | None) -> int:
    """The number of the visit that it concerns; 0 for none."""
    number: int | None = getattr(about, "visit", None) if about is not None else event.visit
    return number or 0


def _on(visit: Visit, skip: bool, now: Trouble) -> Trouble:
    """The trouble of a decision that failed: a mended incident that fails again is still about its first event."""
    before = visit.trouble
    if before is None:
        return replace(now, held=visit)
    return replace(now, event=before.event, held=before.held, waits=before.waits, skips=_skipped(before, skip))


def _skipped(trouble: Trouble, skip: bool) -> tuple[tuple[str, str, str], ...]:
    return tuple(dict.fromkeys((*trouble.skips, trouble.blame))) if skip else trouble.skips


def _place(program: Program, event: Failed, trouble: Trouble, visit: Visit | None) -> str:
    """The step at which the incident is shown: the one that failed."""
    decided = trouble.held or visit
    step = event.step or (decided.step if decided else None) or program.first
    if step is None:
        raise IllegalTransition("run_ended")
    return step


def _outside(walk: Walk, waiting: Visit | None, *, skip: bool) -> None:
    """Work outside is given out once more, by entering its step; unless it came back meanwhile."""
    if waiting is None:
        return
    walk.lane = waiting.lane
    walk.close_visit(waiting)
    if skip:
        walk.go_on_after(waiting.step)
    else:
        walk.enter(waiting.step)

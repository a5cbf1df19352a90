"""`advance`: the whole of how a run moves. Read it from top to bottom."""

from formloom.errors import Conflict, IllegalTransition
from formloom.frozen import replace

from flow_engine.machine.events import (
    Answered,
    ClockReached,
    Decided,
    Event,
    Failed,
    Operated,
    Reseated,
    Resumed,
    Started,
    SteppedIn,
    TakenBack,
    TimerFired,
    Withdrawn,
)
from flow_engine.machine.incidents import fail, go_past_idle, unstarted
from flow_engine.machine.operate import operate
from flow_engine.machine.overdue import reached
from flow_engine.machine.program import Answers, Program
from flow_engine.machine.seats import seat_of, voices_of
from flow_engine.machine.side import behaviour
from flow_engine.machine.state import Last, RunState, Visit
from flow_engine.machine.stepping_in import step_in
from flow_engine.machine.walk import Transition, Walk

CODES = ("run_ended", "not_asked", "same_person", "task_closed", "decision_not_offered", "already_acted_on")


def advance(program: Program, state: RunState | None, event: Event) -> Transition:
    """What this event makes of the run.

    `state` is None only for `Started`, also one that failed. Where the transition has asks, nothing is to be stored
    yet: do its effects,
    answer with `Answered` and the state it gave, until there are none. Raises IllegalTransition for an event that the
    state does not allow, Conflict `same_person` where duties must stay separate.
    """
    if isinstance(event, Started):
        state = RunState(chosen=event.chosen or {}, initiator=event.by, called=bool(event.called))
    elif state is None and isinstance(event, Failed):
        state = unstarted(event)
    if state is None or state.ended:
        raise IllegalTransition("run_ended")
    walk = Walk(program, state)
    if isinstance(event, Answered):
        return _settle(walk, event.answers)
    _happen(walk, event)
    if walk.again is not None:
        _happen_again(walk, walk.again)
    go_past_idle(walk)
    return _settle(walk, {})


def _happen(walk: Walk, event: Event) -> None:
    match event:
        case Started():
            _start(walk)
        case Decided():
            _decide(walk, event)
        case TimerFired():
            _fire(walk, event)
        case Resumed():
            _resume(walk, event)
        case ClockReached(clock, nth):
            reached(walk, clock, nth)
        case Reseated():
            _reseat(walk, event)
        case SteppedIn():
            step_in(walk, event)
        case TakenBack():
            _take_back(walk, event)
        case Withdrawn():
            _withdraw(walk, event)
        case Failed():
            fail(walk, event)
        case Operated():
            operate(walk, event)


def _happen_again(walk: Walk, event: Event) -> None:
    """What an incident had kept. A decision was checked when it was taken, and its task is done."""
    visit = walk.state.visit(event.visit) if isinstance(event, Decided) else None
    if not isinstance(event, Decided) or visit is None:
        _happen(walk, event)
        return
    walk.lane, walk.spoken = visit.lane, (visit.id, event.by)
    asked = behaviour(walk, visit.step, visit.kind)
    asked.decide(walk, visit, event)
    still = walk.state.visit(visit.id)
    if still is not None:
        walk.reopen(still, asked.due_actions())


def _settle(walk: Walk, answers: Answers) -> Transition:
    """Enter what stands in line, until somebody must be waited for or the machine needs to know something.

    Steps stand in a tree, only decisions lead back and loops are bounded, so this ends.
    """
    while walk.state.entering:
        entry = walk.state.entering[0]
        walk.lane = entry.lane
        entered = behaviour(walk, entry.step, entry.kind, entry.because)
        asks = tuple(ask for ask in entered.asks(walk) if ask.key not in answers)
        if asks:
            return Transition(walk.state, tuple(walk.effects), asks)
        walk.state = replace(walk.state, entering=walk.state.entering[1:])
        if entry.kind == "step":
            walk.reach(entry.step, "opened")
        entered.enter(walk, entry, answers)
        go_past_idle(walk)
        # An answer was true for the record at that moment; only who the administrators are stays so.
        answers = {key: answer for key, answer in answers.items() if key == "admin"}
    if walk.state.skips:
        walk.state = replace(walk.state, skips=())
    return Transition(walk.state, tuple(walk.effects))


def _start(walk: Walk) -> None:
    if walk.program.first is None:
        walk.end("approved")
    else:
        walk.enter(walk.program.first)


def _decide(walk: Walk, event: Decided) -> None:
    visit = _asked(walk, event.visit, event.by)
    asked = behaviour(walk, visit.step, visit.kind)
    seat = visit.seats[seat_of(visit.seats, event.by, "asked") or 0]
    offered = ("advise",) if seat.of else asked.decisions
    if event.decision not in offered:
        raise IllegalTransition("decision_not_offered", {"decision": event.decision, "offered": offered})
    last = Last(event.by, visit, walk.state.visits) if event.decision == "approve" else None
    walk.state = replace(walk.state, last=last)
    asked.decide(walk, visit, event)
    if walk.state.visit(visit.id) is not None:  # it is still open: there is nothing yet that has come of it
        walk.state = replace(walk.state, last=None)


def _reseat(walk: Walk, event: Reseated) -> None:
    visit = _asked(walk, event.visit, event.by)
    walk.state = replace(walk.state, last=None)
    behaviour(walk, visit.step, visit.kind).reseat(walk, visit, event)


def _take_back(walk: Walk, event: TakenBack) -> None:
    visit, last = walk.state.visit(event.visit), walk.state.last
    if visit is None and (last is None or (last.visit.id, last.by) != (event.visit, event.by)):
        raise Conflict("already_acted_on")
    found = visit or walk.state.last.visit  # type: ignore[union-attr]
    walk.lane = found.lane
    behaviour(walk, found.step, found.kind).take_back(walk, found, event)
    walk.state = replace(walk.state, last=None)


def _asked(walk: Walk, number: int, by: str) -> Visit:
    """The open visit, in which `by` is asked."""
    visit = walk.state.visit(number)
    if visit is None:
        raise IllegalTransition("task_closed", {"visit": number})
    walk.lane = visit.lane
    if visit.kind in ("step", "offer") and not walk.excluded(visit.step).isdisjoint(voices_of(visit.seats, by)):
        raise Conflict("same_person", {"step": visit.step})
    if by not in visit.asked:
        raise IllegalTransition("not_asked", {"step": visit.step})
    return visit


def _fire(walk: Walk, event: TimerFired) -> None:
    """A timer whose visit has closed meanwhile means nothing."""
    visit = walk.state.visit(event.visit)
    if visit is not None:
        walk.lane, before = visit.lane, (walk.state.open, walk.state.entering)
        behaviour(walk, visit.step, visit.kind).fire(walk, visit, event.action)
        if (walk.state.open, walk.state.entering) != before:  # the run has gone on: nothing can be taken back
            walk.state = replace(walk.state, last=None)


def _resume(walk: Walk, event: Resumed) -> None:
    """Whoever waited has gone on meanwhile: then it means nothing."""
    visit = walk.state.visit(event.visit)
    if visit is not None:
        walk.lane = visit.lane
        walk.state = replace(walk.state, last=None)
        behaviour(walk, visit.step, visit.kind).resume(walk, visit, event.outcome)


def _withdraw(walk: Walk, event: Withdrawn) -> None:
    if event.by != walk.state.initiator:
        raise IllegalTransition("not_asked")
    if walk.program.on_withdraw is None:
        raise IllegalTransition("decision_not_offered", {"decision": "withdraw", "offered": ()})
    walk.write("", walk.program.on_withdraw)
    walk.end("withdrawn")

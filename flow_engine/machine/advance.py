"""`advance`: the whole of how a run moves. Read it from top to bottom."""

from dataclasses import replace

from formloom.errors import Conflict, IllegalTransition

from flow_engine.machine.events import Answered, Decided, Event, Started, TimerFired, Withdrawn
from flow_engine.machine.side import behaviour
from flow_engine.machine.state import RunState
from flow_engine.machine.walk import Answers, Program, Transition, Walk

CODES = ("run_ended", "not_asked", "same_person", "task_closed", "decision_not_offered")


def advance(program: Program, state: RunState | None, event: Event) -> Transition:
    """What this event makes of the run.

    `state` is None only for `Started`. Where the transition has asks, nothing is to be stored yet: do its effects,
    answer with `Answered` and the state it gave, until there are none. Raises IllegalTransition for an event that the
    state does not allow, Conflict `same_person` where duties must stay separate.
    """
    if isinstance(event, Started):
        walk = Walk(program, RunState(initiator=event.by))
        if program.first is None:
            walk.end("approved")
        else:
            walk.enter(program.first)
        return _settle(walk, {})
    if state is None or state.ended:
        raise IllegalTransition("run_ended")
    walk = Walk(program, state)
    match event:
        case Answered(answers):
            return _settle(walk, answers)
        case Decided():
            _decide(walk, event)
        case TimerFired():
            _fire(walk, event)
        case Withdrawn():
            _withdraw(walk, event)
    return _settle(walk, {})


def _settle(walk: Walk, answers: Answers) -> Transition:
    """Enter what stands in line, until somebody must be waited for or the machine needs to know something.

    Steps stand in a tree, only decisions lead back and loops are bounded, so this ends.
    """
    while walk.state.entering:
        entry = walk.state.entering[0]
        walk.lane = entry.lane
        entered = behaviour(walk, entry.step, entry.kind)
        asks = tuple(ask for ask in entered.asks(walk) if ask.key not in answers)
        if asks:
            return Transition(walk.state, tuple(walk.effects), asks)
        walk.state = replace(walk.state, entering=walk.state.entering[1:])
        entered.enter(walk, entry, answers)
        # An answer was true for the record at that moment; only who the administrators are stays so.
        answers = {key: answer for key, answer in answers.items() if key == "admin"}
    return Transition(walk.state, tuple(walk.effects))


def _decide(walk: Walk, event: Decided) -> None:
    visit = walk.state.visit(event.visit)
    if visit is None:
        raise IllegalTransition("task_closed", {"visit": event.visit})
    walk.lane = visit.lane
    if visit.kind == "step" and event.by in walk.excluded(visit.step):
        raise Conflict("same_person", {"step": visit.step})
    if event.by not in visit.asked or event.by in visit.agreed:
        raise IllegalTransition("not_asked", {"step": visit.step})
    asked = behaviour(walk, visit.step, visit.kind)
    if event.decision not in asked.decisions:
        raise IllegalTransition("decision_not_offered", {"decision": event.decision, "offered": asked.decisions})
    asked.decide(walk, visit, event)


def _fire(walk: Walk, event: TimerFired) -> None:
    """A timer whose visit has closed meanwhile means nothing."""
    visit = walk.state.visit(event.visit)
    if visit is not None:
        walk.lane = visit.lane
        behaviour(walk, visit.step, visit.kind).fire(walk, visit, event.action)


def _withdraw(walk: Walk, event: Withdrawn) -> None:
    if event.by != walk.state.initiator:
        raise IllegalTransition("not_asked")
    if walk.program.on_withdraw is None:
        raise IllegalTransition("decision_not_offered", {"decision": "withdraw", "offered": ()})
    walk.write("", walk.program.on_withdraw)
    walk.end("withdrawn")

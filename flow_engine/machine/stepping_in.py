"""Somebody from outside changes who is asked: an administrator, whoever leaves, the proxy of somebody absent."""

from formloom.errors import Conflict, IllegalTransition, InvalidInput, Issue
from formloom.frozen import replace

from flow_engine.machine.effects import FinishTask
from flow_engine.machine.events import SteppedIn
from flow_engine.machine.overdue import hand_over
from flow_engine.machine.seats import Seats, put, seat_of, seated, settled
from flow_engine.machine.side import behaviour
from flow_engine.machine.state import Visit
from flow_engine.machine.walk import Walk

CODES = ("nobody_left",)


def step_in(walk: Walk, event: SteppedIn) -> None:
    """Others sit where somebody sat. Raises IllegalTransition `task_closed`, `not_asked`, `decision_not_offered`;
    Conflict `took_part`, `nobody_left`."""
    visit = walk.state.visit(event.visit)
    if visit is None:
        raise IllegalTransition("task_closed", {"visit": event.visit})
    walk.lane = visit.lane
    walk.state = replace(walk.state, last=None)
    _check(walk, visit, event)
    if visit.kind == "stuck" and event.of is None:
        _unstick(walk, visit, event)
    elif event.of is None:
        hand_over(walk, behaviour(walk, visit.step, visit.kind), visit, event.people)
    else:
        _instead(walk, visit, event, event.of)


def _check(walk: Walk, visit: Visit, event: SteppedIn) -> None:
    if not event.people and event.act != "hand_over":
        raise InvalidInput("invalid_input", issues=(Issue("/people", "wrong_number"),))
    work = visit.kind in ("step", "offer") or (visit.kind == "stuck" and event.of is None)
    for who in event.people:
        if work and who in walk.excluded(visit.step):
            raise Conflict("took_part", {"ref": who})


def _unstick(walk: Walk, visit: Visit, event: SteppedIn) -> None:
    """Nobody was there to ask: now these are asked."""
    step = walk.program.step(visit.step)
    if not step.decisions:
        raise IllegalTransition("decision_not_offered", {"decision": event.act, "offered": ("retry",)})
    if event.by in visit.asked:
        walk.do(FinishTask(visit.id, event.by, event.act, None, event.comment))
    walk.close_visit(visit)
    walk.look_up()
    seats = seated(event.people, getattr(step, "mode", "any"))
    seats = tuple(replace(seat, why={"act": event.act, "by": event.by}) for seat in seats)
    walk.open_visit(visit.step, "step", event.people, due=step.due_actions(), seats=seats)


def _instead(walk: Walk, visit: Visit, event: SteppedIn, of: str) -> None:
    """In the place of one of them."""
    number = seat_of(visit.seats, of, "asked")
    if number is None:
        raise IllegalTransition("not_asked", {"step": visit.step})
    speaks = behaviour(walk, visit.step, visit.kind)
    seat = visit.seats[number]
    people = (seat.of,) if seat.of and event.act == "hand_over" else event.people
    if not people:
        _nobody(walk, visit, of, number)
        return
    walk.do(FinishTask(visit.id, of, event.act, None, event.comment))
    seats = _seats(visit.seats, number, people[0], event)
    if any(one.state in ("asked", "agreed") for one in seats):
        walk.reseat(visit, seats, spoken=of, due=speaks.due_actions())
        if event.act == "stand_in":
            walk.show_absent(visit.step, of)
        return
    raise Conflict("nobody_left")


def _seats(seats: Seats, number: int, ref: str, event: SteppedIn) -> Seats:
    """Whoever sits there already has one voice; for somebody who has spoken it is a second one."""
    seat = seats[number]
    if seat_of(seats, ref, "asked", "waiting") is not None:
        return put(seats, number, state="off")
    if event.act == "stand_in":
        return put(seats, number, ref=ref, stands_for=seat.stands_for or seat.ref, why={})
    why = {"act": event.act, "by": event.by, "of": seat.ref}
    return put(seats, number, ref=ref, of="" if seat.of == ref else seat.of, why=why)


def _nobody(walk: Walk, visit: Visit, of: str, number: int) -> None:
    """Whoever leaves has no successor: the others decide, where one voice is enough; an offer goes to the next; else
    the step is stuck."""
    step = walk.program.step(visit.step)
    seat = visit.seats[number]
    others = any(one.state == "asked" and at != number for at, one in enumerate(visit.seats))
    if others and (visit.kind != "step" or getattr(step, "mode", "any") == "any") and not seat.must:
        walk.do(FinishTask(visit.id, of, "hand_over", None, None))
        seats = settled(put(visit.seats, number, state="off"))
        walk.reseat(visit, seats, spoken=of, due=step.due_actions())
        return
    if visit.kind not in ("step", "offer"):
        raise Conflict("nobody_left")
    walk.do(FinishTask(visit.id, of, "hand_over", None, None))
    walk.close_visit(visit)
    if visit.kind == "offer":
        walk.remember_offered(visit.step, of)
        walk.enter(visit.step, "offer")
    else:
        walk.enter(visit.step, "stuck", because="left")

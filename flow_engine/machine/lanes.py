"""Walks at the same time: a control step forks the walk into lanes, waits for enough of them, and goes on.

A lane is one walk through one list of a control step. Lanes nest as the document does; a visit, and a step that stands
in line, know their lane. Loops are forks too: each round, and each row, walks in a lane of its own.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from formloom.frozen import replace

from flow_engine.machine.state import MAIN, Fork, Lane

if TYPE_CHECKING:
    from flow_engine.machine.walk import Walk


def fork(walk: "Walk", step: str, lanes: Iterable[tuple[int, str]], items: tuple[str, ...] = ()) -> Fork:
    """Open a lane for each (number of a list, item) and return; `start` sends somebody into them."""
    walk.state = replace(walk.state, last=None)
    opened = Fork(walk.state.splits + 1, step, walk.lane, 0, items=items)
    walk.state = replace(walk.state, splits=opened.id, forks=(*walk.state.forks, opened))
    return open_lanes(walk, opened, lanes)


def open_lanes(walk: "Walk", at: Fork, lanes: Iterable[tuple[int, str]]) -> Fork:
    """A round of a fork: these lanes, none of them ended yet."""
    first = walk.state.splits + 1
    fresh = tuple(Lane(first + place, at.id, number, item) for place, (number, item) in enumerate(lanes))
    walk.state = replace(walk.state, splits=walk.state.splits + len(fresh), lanes=(*walk.state.lanes, *fresh))
    return _kept(walk, replace(at, lanes=len(fresh), ended=0))


def start(walk: "Walk", at: Fork, firsts: tuple[str, ...]) -> None:
    """Enter each open lane of the fork at the first step of its list; `firsts` by the lists' numbers."""
    here = walk.lane
    for lane in walk.state.lanes:
        if lane.fork == at.id:
            walk.lane = lane.id
            walk.enter(firsts[lane.number])
    walk.lane = here


def fork_here(walk: "Walk", step: str) -> Fork | None:
    """The fork that this control step has open in the lane in which it stands."""
    return next((each for each in walk.state.forks if (each.step, each.lane) == (step, walk.lane)), None)


def end_lane(walk: "Walk") -> Fork:
    """The lane that walks just now is through; the walk stands before its control step again."""
    walk.state = replace(walk.state, last=None)
    lane = walk.state.lane(walk.lane)
    if lane is None:
        raise LookupError(walk.lane)
    at = walk.state.fork(lane.fork)
    _close(walk, lane)
    walk.lane = at.lane
    at = _kept(walk, replace(at, ended=at.ended + 1))
    if at.joined and at.ended == at.lanes:
        _forget(walk, at)
    return at


def join(walk: "Walk", at: Fork, *, others_go_on: bool = False) -> None:
    """Enough lanes are through: go on after the control step. The others are cancelled, or walk on by themselves."""
    walk.lane = at.lane
    if others_go_on and at.ended < at.lanes:
        _kept(walk, replace(at, joined=True))
    else:
        cancel(walk, at)
    walk.go_on_after(at.step)


def cancel(walk: "Walk", at: Fork) -> None:
    """Whoever is asked in one of its lanes, however deep, is asked no more; the fork is forgotten."""
    for lane in [each for each in walk.state.lanes if each.fork == at.id]:
        for inner in [each for each in walk.state.forks if each.lane == lane.id]:
            cancel(walk, inner)
        for visit in [each for each in walk.state.open if each.lane == lane.id]:
            walk.close_visit(visit)
        waiting = tuple(each for each in walk.state.entering if each.lane != lane.id)
        walk.state = replace(walk.state, entering=waiting)
        _close(walk, lane)
    _forget(walk, at)


def leave_for(walk: "Walk", target: str | None) -> None:
    """Step out of every control step that does not hold the target; None leaves them all."""
    holding = set()
    here = walk.program.around(target) if target is not None else None
    while here is not None:
        holding.add(here)
        here = walk.program.around(here)
    while walk.lane != MAIN:
        lane = walk.state.lane(walk.lane)
        at = walk.state.fork(lane.fork) if lane is not None else None
        if at is None or at.step in holding:
            return
        walk.lane = at.lane
        cancel(walk, at)
    if target is None:
        for at in [each for each in walk.state.forks if each.lane == MAIN]:
            cancel(walk, at)


def done_in(step: str, lane: int) -> str:
    """How a state remembers that an action step has acted: in each lane by itself."""
    return step if lane == MAIN else f"{step}@{lane}"


def _close(walk: "Walk", lane: Lane) -> None:
    remaining = tuple(each for each in walk.state.lanes if each.id != lane.id)
    done = tuple(each for each in walk.state.done if not each.endswith(done_in("", lane.id)))
    walk.state = replace(walk.state, lanes=remaining, done=done)


def _kept(walk: "Walk", at: Fork) -> Fork:
    walk.state = replace(walk.state, forks=tuple(at if each.id == at.id else each for each in walk.state.forks))
    return at


def _forget(walk: "Walk", at: Fork) -> None:
    walk.state = replace(walk.state, forks=tuple(each for each in walk.state.forks if each.id != at.id))


def go_round(walk: "Walk", at: Fork, lanes: Iterable[tuple[int, str]], items: tuple[str, ...]) -> Fork:
    """The next round of a loop."""
    return open_lanes(walk, replace(at, rounds=at.rounds + 1, items=items), lanes)

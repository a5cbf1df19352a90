"""One advance under way: the state as it becomes, and the effects so far. Steps speak to the machine through it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from formloom.frozen import replace

from flow_engine.clocks.definition import StepMoment
from flow_engine.elements.due import Due, Length, Part
from flow_engine.elements.outcome import INITIATOR, Outcome
from flow_engine.elements.who import Member
from flow_engine.machine.effects import (
    ActLater,
    Ask,
    CallFlow,
    CloseTask,
    CloseVisit,
    Copy,
    Effect,
    EndRun,
    FinishTask,
    Item,
    MakeDocument,
    OpenTasks,
    PassOver,
    PostOut,
    Reached,
    SetAlarm,
    SetFields,
    SetTimer,
    TakeTurn,
    TaskKind,
    Tell,
)
from flow_engine.machine.events import Event
from flow_engine.machine.lanes import done_in, leave_for
from flow_engine.machine.program import Program
from flow_engine.machine.seats import Seats, seated
from flow_engine.machine.state import MAIN, Blame, Entry, Kind, RunState, Status, Trouble, Visit

MACHINE_VERSION = 1
"""Journalled with every event.

A change of what the machine does for an event raises it, after open runs have been snapshot.
"""


@dataclass(frozen=True, slots=True)
class Transition:
    """What `advance` gives back. With `asks`, the shell answers by `Answered` before anything is stored."""

    state: RunState
    effects: tuple[Effect, ...]
    asks: tuple[Ask, ...] = ()


_INSIDE = (OpenTasks, FinishTask, CloseTask, PassOver, CloseVisit, SetTimer, SetAlarm, TakeTurn, Reached)

_WAITED_FOR = (OpenTasks, ActLater, CallFlow, MakeDocument, PostOut)
"""Effects without which their visit would never end."""


PROXIED = "proxied"
"""Why somebody absent gets a copy."""


def _stays_inside(effect: Effect, step: str) -> bool:
    if isinstance(effect, Tell):
        return effect.kind == "reminder"
    if isinstance(effect, Copy):
        return effect.because == PROXIED
    return isinstance(effect, _INSIDE) or (isinstance(effect, SetFields) and effect.step == step)


def _asks_to_mend(effect: Effect) -> bool:
    return isinstance(effect, OpenTasks) and effect.kind in ("stuck", "incident")


def blame(part: Effect | Ask, step: str = "") -> Blame:
    """How an incident names an effect or a question."""
    item = getattr(part, "item", None)
    return type(part).__name__, getattr(part, "step", step), ":".join(item) if item else ""


class Walk:
    """The draft of a transition."""

    def __init__(self, program: Program, state: RunState) -> None:
        self.program = program
        self.state = state
        self.effects: list[Effect] = []
        self.lane = MAIN
        """The lane in which the step that acts just now stands."""
        self.again: Event | None = None
        """What comes once more, because an incident has been mended."""
        self.spoken: tuple[int, str] | None = None
        """The (visit, person) whose task is finished already, or never was."""
        self.idle: list[int] = []
        """Visits that nothing would ever end: what they wait by has been left out."""

    def do(self, effect: Effect, *, ends_visit: bool = False) -> None:
        """Have the shell do something. What reaches beyond the tasks themselves cannot be taken back.

        `ends_visit`: the effect's visit waits for nothing else.
        """
        if self.state.skips and blame(effect) in self.state.skips and not _asks_to_mend(effect):
            visit = effect.visit if ends_visit or isinstance(effect, _WAITED_FOR) else 0  # type: ignore[union-attr]
            self.idle += [visit] if visit else []
            return
        if isinstance(effect, FinishTask) and (effect.visit, effect.by) == self.spoken:
            return
        self.effects.append(effect)
        last = self.state.last
        if last is not None and not _stays_inside(effect, last.visit.step):
            self.state = replace(self.state, last=None)

    @property
    def item(self) -> Item:
        """The row at which the innermost loop around the acting step is."""
        return self.state.item(self.lane)

    def write(self, step: str, outcome: Outcome) -> None:
        """Have the record say what this outcome sets."""
        if outcome.set:
            self.do(SetFields(step, outcome.set, self.item))

    def enter(self, step: str, kind: Kind = "step", because: str = "", trouble: Trouble | None = None) -> None:
        """Enter a step next (it waits in line if the machine has questions)."""
        entry = Entry(step, kind, because, self.lane, trouble)
        self.state = replace(self.state, entering=(*self.state.entering, entry))

    def go_on_after(self, step: str) -> None:
        """Walk on; past the last step the run is approved."""
        left = {place: back for place, back in self.state.straight.items() if back != step}
        if left != self.state.straight:
            self.state = replace(self.state, straight=left)
        if step in left:
            self.enter(left[step])
            return
        self.reach(step, "passed")
        following, around = self.program.following(step), self.program.around(step)
        if following is not None:
            self.enter(following)
        elif around is not None:
            self.program.step(around).list_ended(self)
        else:
            self.end("approved")

    def go_back_to(self, target: str, from_step: str, because: str, *, straight: bool = False) -> None:
        """Return to the initiator, or to an earlier step and walk on from there; or come `straight` back from there.

        `because` is the decision that does it.
        """
        self.state = replace(self.state, agreed={}, straight={target: from_step} if straight else {})
        leave_for(self, None if target == INITIATOR else target)
        if target == INITIATOR:
            self.enter(from_step, "resubmit", because)
        else:
            self.enter(target)

    def open_visit(
        self,
        step: str,
        kind: Kind,
        refs: tuple[str, ...],
        *,
        due: Due | None = None,
        because: str = "",
        seats: Seats | None = None,
        trouble: Trouble | None = None,
    ) -> Visit:
        """Ask these people and wait for them; `seats` where they do not simply all decide."""
        places = seated(tuple(dict.fromkeys(refs))) if seats is None else seats
        visit = Visit(self.state.visits + 1, step, kind, places, because, self.lane, trouble)
        self.state = replace(self.state, visits=visit.id, open=(*self.state.open, visit))
        self._ask(visit, visit.seats, due.within if due else None)
        for number, action in enumerate(due.then if due else ()):
            self.set_timer(visit.id, number, action.part)
        for seat in visit.seats:
            if seat.stands_for and seat.twin is None:
                self.show_absent(step, seat.stands_for)
        return visit

    def show_absent(self, step: str, ref: str) -> None:
        """Whoever is away sees what their proxy is asked."""
        self.do(Copy(step, (Member(int(ref.partition(":")[2])),), because=PROXIED, item=self.item))

    def reseat(self, visit: Visit, seats: Seats, *, spoken: str = "", due: Due | None = None) -> Visit:
        """Others are asked now than before. `spoken` is whose task is finished already."""
        after = replace(visit, seats=seats)
        self.state = replace(self.state, open=tuple(after if v.id == visit.id else v for v in self.state.open))
        for ref in visit.asked:
            if ref not in after.asked and ref != spoken:
                self.do(CloseTask(visit.id, ref))
        fresh = tuple(seat for seat in seats if seat.state == "asked" and seat.ref not in visit.asked)
        again = tuple(seat for seat in seats if seat.state == "asked" and seat.ref == spoken)
        self._ask(after, (*fresh, *again), due.within if due else None)
        return after

    def quiet(self, visit: Visit, seats: Seats) -> Visit:
        """The same visit with some seats off: their tasks close, nobody new is asked."""
        return visit if seats == visit.seats else self.reseat(visit, seats)

    def reopen(self, visit: Visit, due: Due | None) -> None:
        """Ask once more who is still asked in a visit whose tasks had been closed."""
        new = {
            ref for each in self.effects if isinstance(each, OpenTasks) and each.visit == visit.id for ref in each.asked
        }
        still = tuple(seat for seat in visit.seats if seat.state == "asked" and seat.ref not in new)
        self._ask(visit, still, due.within if due else None)
        for number, action in enumerate(due.then if due else ()):
            self.set_timer(visit.id, number, action.part)

    def _ask(self, visit: Visit, seats: Seats, within: Length | None) -> None:
        deciding = tuple(seat.ref for seat in seats if seat.state == "asked" and not seat.of)
        advising = tuple(seat.ref for seat in seats if seat.state == "asked" and seat.of)
        several: tuple[tuple[TaskKind, tuple[str, ...]], ...] = ((visit.kind, deciding), ("advice", advising))
        for kind, refs in several:
            if refs:
                whys = {seat.ref: why for seat in seats if seat.ref in refs and (why := seat.told)}
                self.do(OpenTasks(visit.id, visit.step, kind, refs, within, visit.because, self.item, whys))

    def wait(self, step: str, until: timedelta | Part | datetime) -> None:
        """Open a visit that asks nobody and ends by its timer."""
        visit = Visit(self.state.visits + 1, step, "step", (), lane=self.lane)
        self.state = replace(self.state, visits=visit.id, open=(*self.state.open, visit))
        alarm = SetAlarm(visit.id, until) if isinstance(until, datetime) else SetTimer(visit.id, 0, until, self.item)
        self.do(alarm, ends_visit=True)

    def await_outside(self, step: str) -> Visit:
        """Open a visit that asks nobody and ends when the shell tells what has come of it (`Resumed`)."""
        visit = Visit(self.state.visits + 1, step, "step", (), lane=self.lane)
        self.state = replace(self.state, visits=visit.id, open=(*self.state.open, visit))
        return visit

    def set_timer(self, visit: int, action: int, after: timedelta | Part) -> None:
        """Wake the machine later."""
        self.do(SetTimer(visit, action, after, self.item))

    def close_visit(self, visit: Visit) -> None:
        """Ask nobody any more."""
        self.state = replace(self.state, open=tuple(v for v in self.state.open if v.id != visit.id))
        self.do(CloseVisit(visit.id))
        if visit.kind in ("stuck", "incident"):
            self.look_up()
        if visit.kind == "step":
            self.reach(visit.step, "closed")

    def reach(self, step: str, at: StepMoment) -> None:
        """Tell the clocks that look at this step."""
        if step in self.program.timed:
            self.do(Reached(step, at))

    def remember_offered(self, step: str, ref: str) -> None:
        """They did not take what they were offered."""
        key = done_in(step, self.lane)
        past = (*self.state.offered.get(key, ()), ref)
        self.state = replace(self.state, offered={**self.state.offered, key: past})

    def offered(self, step: str) -> tuple[str, ...]:
        """Who has been offered the step, in this lane, and has not taken it."""
        return self.state.offered.get(done_in(step, self.lane), ())

    def forget_offered(self, step: str) -> None:
        """It is offered from the beginning, or no more."""
        key = done_in(step, self.lane)
        if key in self.state.offered:
            left = {at: past for at, past in self.state.offered.items() if at != key}
            self.state = replace(self.state, offered=left)

    def remember_deciders(self, step: str, voices: tuple[str, ...]) -> None:
        """Whoever decided, and whom they did it for."""
        for ref in voices:
            self.remember_decider(step, ref)

    def remember_decider(self, step: str, ref: str) -> None:
        """For separation of duties, and for who is `decider` of a step."""
        others = tuple(known for known in self.state.deciders.get(step, ()) if known != ref)
        self.state = replace(self.state, deciders={**self.state.deciders, step: (*others, ref)})

    def remember_agreed(self, step: str, refs: tuple[str, ...]) -> None:
        """Who agreed to a step on this walk, the latest step last."""
        others = {key: who for key, who in self.state.agreed.items() if key != step}
        self.state = replace(self.state, agreed={**others, step: refs})

    def forget_decider(self, step: str, ref: str) -> None:
        """They have taken it back."""
        left = tuple(known for known in self.state.deciders.get(step, ()) if known != ref)
        self.state = replace(self.state, deciders={**self.state.deciders, step: left})

    def count_rejection(self, step: str) -> int:
        """One more; how many it are now."""
        count = self.state.rejections.get(step, 0) + 1
        self.state = replace(self.state, rejections={**self.state.rejections, step: count})
        return count

    def has_done(self, step: str) -> bool:
        """Whether an action step has acted already, in this lane."""
        return done_in(step, self.lane) in self.state.done

    def mark_done(self, step: str) -> None:
        """An action step has acted."""
        if not self.has_done(step):
            self.state = replace(self.state, done=(*self.state.done, done_in(step, self.lane)))

    def set_status(self, status: Status) -> None:
        """Running again, or stuck."""
        self.state = replace(self.state, status=status)

    def look_up(self) -> None:
        """Running again, unless something else is stuck still."""
        if all(visit.kind not in ("stuck", "incident") for visit in self.state.open):
            self.set_status("running")

    def end(self, status: Status) -> None:
        """The run is over: whatever is still open closes, whatever waited is forgotten."""
        for visit in self.state.open:
            self.close_visit(visit)
        self.state = replace(self.state, status=status, entering=(), forks=(), lanes=())
        self.do(EndRun(status))

    def excluded(self, step: str) -> frozenset[str]:
        """Who may not act for this step, because they acted for another that must be kept separate from it."""
        separate = self.program.separate
        if step not in separate:
            return frozenset()
        others = {ref for other in separate if other != step for ref in self.state.deciders.get(other, ())}
        if INITIATOR in separate:
            others.add(self.state.initiator)
        return frozenset(others)

"""Work that is offered to one after another: whoever accepts does it, whoever declines or says nothing does not."""

from dataclasses import dataclass
from typing import Protocol

from formloom.errors import InvalidInput, Issue

from flow_engine.elements.due import Due, Length, Part
from flow_engine.elements.who import Offer
from flow_engine.machine.beside import Beside
from flow_engine.machine.effects import Ask
from flow_engine.machine.events import Decided
from flow_engine.machine.found import Found
from flow_engine.machine.incidents import finish
from flow_engine.machine.program import Answers, Behaviour
from flow_engine.machine.seats import seated
from flow_engine.machine.state import Entry, Visit
from flow_engine.machine.walk import Walk


class Offered(Behaviour, Protocol):
    """A step that can be offered."""

    @property
    def offer(self) -> Offer | None:
        """How long each has, and what comes after the last."""

    def ask_next(self, walk: Walk, answers: Answers) -> None:
        """Offer it to the best who has not been offered it."""

    def taken(self, walk: Walk, by: Found) -> None:
        """They accepted it."""


@dataclass(frozen=True)
class Offering(Beside):
    """An offer of the step, to one person at a time."""

    of: Offered

    @property
    def key(self) -> str:
        """The step that is offered."""
        return self.of.key

    @property
    def decisions(self) -> tuple[str, ...]:
        """What can be decided."""
        return ("accept", "decline")

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """Who is best now, without those who did not take it."""
        return self.of.asks(walk)

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Offer it to the next."""
        self.of.ask_next(walk, answers)

    def decide(self, walk: Walk, visit: Visit, event: Decided) -> None:
        """Theirs now; or the next one's. Who declines says why."""
        if event.decision == "decline":
            self._check(event)
        finish(walk, visit, event)
        if event.decision == "accept":
            walk.forget_offered(self.key)
            seat = next(seat for seat in visit.seats if seat.ref == event.by)
            self.of.taken(walk, Found(event.by, seat.stands_for, why=seat.why))
        else:
            self._next(walk, event.by)

    def fire(self, walk: Walk, visit: Visit, action: int) -> None:
        """No answer in time."""
        walk.close_visit(visit)
        for ref in visit.asked:
            self._next(walk, ref)

    def due_actions(self) -> Due | None:
        """By when they must have answered."""
        return Due(Length(self.of.offer.within)) if self.of.offer else None

    def _next(self, walk: Walk, ref: str) -> None:
        walk.remember_offered(self.key, ref)
        walk.enter(self.key, "offer")

    def _check(self, event: Decided) -> None:
        known = {reason.key for reason in self.of.offer.reasons} if self.of.offer else set()
        if known and event.reason not in known:
            code = "required" if event.reason is None else "not_an_option"
            raise InvalidInput("invalid_input", issues=(Issue("/reason", code),))
        if not known and not (event.comment or "").strip():
            raise InvalidInput("invalid_input", issues=(Issue("/comment", "required"),))


def make_offer(walk: Walk, step: str, to: Found, within: str) -> None:
    """Ask one of them whether they take it."""
    length = Length(within)
    visit = walk.open_visit(step, "offer", (to.ref,), due=Due(length), seats=seated((to,)))
    walk.set_timer(visit.id, 0, Part(length))

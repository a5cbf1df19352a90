"""What steps that ask people share: whom they ask, what happens when nobody is there, and by when they want an
answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.elements.due import Due, calendars_in, lengths_in, parse_due, people_in
from flow_engine.elements.outcome import NOTHING, Outcome, parse_outcome
from flow_engine.elements.uses import Uses
from flow_engine.elements.value import Assignment, Literal
from flow_engine.elements.who import Best, Offer, Who, chosen_for, parse_people
from flow_engine.machine.effects import Ask, AskPeople, PassOver, SetFields, TakeTurn
from flow_engine.machine.found import Found, found_in, picked
from flow_engine.machine.offers import make_offer
from flow_engine.machine.program import Answers
from flow_engine.machine.seats import seated
from flow_engine.machine.side import ADMIN
from flow_engine.machine.state import Entry, Visit
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import Step, frame, ref

SCHEMA: Mapping[str, Any] = {
    "by": {"anyOf": [ref("people"), ref("guest")]},
    "if_nobody": {"anyOf": [ref("people"), {"enum": ["pass", "stuck", "admins"]}]},
    "fields": ref("fields"),
    "require": {"type": "array", "maxItems": 100, "items": ref("key")},
    "facts": {
        "description": "What whoever is asked sees first, in this order; the rest of the record is folded away.",
        "type": "array",
        "maxItems": 50,
        "items": ref("key"),
    },
    "due": ref("due"),
    "on_resubmit": ref("plain_outcome"),
    "on_withdraw": ref("plain_outcome"),
}


@dataclass(frozen=True, kw_only=True)
class PeopleStep(Step):
    """A step that waits for somebody.

    With nobody to ask, the fallback is asked; without one the run is stuck, or passes (`passes`).
    """

    by: tuple[Who, ...]
    if_nobody: tuple[Who, ...] = ()
    passes: bool = False
    due: Due | None = None
    on_resubmit: Outcome = NOTHING
    on_withdraw: Outcome | None = None

    @property
    def offer(self) -> Offer | None:
        """Where the work is offered to one after another, how."""
        return next((who.offer for who in self.by if isinstance(who, Best) and who.offer is not None), None)

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """Who they are at this moment."""
        past = walk.offered(self.key) if self.offer else ()
        groups = [(f"{self.key}.by", self.by), (f"{self.key}.if_nobody", self.if_nobody)]
        if self.offer is not None:
            groups.insert(1, (f"{self.key}.then", self.offer.then))
        return tuple(AskPeople(key, who, walk.item, to_act=True, past=past) for key, who in groups if who)

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Ask everybody who may act here, else the fallback."""
        walk.forget_offered(self.key)
        self.ask_next(walk, answers)

    def ask_next(self, walk: Walk, answers: Answers) -> None:
        """Ask whoever comes first and may: those meant, those who come after the last offer, the fallback."""
        excluded, past = walk.excluded(self.key), walk.offered(self.key)
        for group in ("by", "then", "if_nobody"):
            found = self.instead(walk, found_in(answers.get(f"{self.key}.{group}")), answers)
            asked = picked(tuple(one for one in found if excluded.isdisjoint(one.voices)))
            if self.offer is not None and group == "by":
                left = [one for one in asked if one.ref not in past]
                if left:
                    self._take_turn(walk, left[0])
                    make_offer(walk, self.key, left[0], self.offer.within)
                    return
            elif asked:
                walk.forget_offered(self.key)
                for one in asked:
                    self._take_turn(walk, one)
                    self._keep(walk, one)
                self.open(walk, asked, answers)
                return
        walk.forget_offered(self.key)
        if self.passes:
            self.on_passed(walk)
        else:
            walk.enter(self.key, "stuck", because="nobody")

    def _take_turn(self, walk: Walk, one: Found) -> None:
        if one.pick is not None and any(who.goes_round for who in self.by if isinstance(who, Best)):
            walk.do(TakeTurn(self.key, one.ref))

    def taken(self, walk: Walk, by: Found) -> None:
        """Somebody has accepted it: it is theirs to do, or done with that."""
        self._keep(walk, by)
        if self.offer is not None and self.offer.passes:
            walk.remember_deciders(self.key, by.voices)
            self.on_passed(walk)
        else:
            self.open(walk, (by,), {})

    def _keep(self, walk: Walk, one: Found) -> None:
        """Which record told of them stands in the run's record from now on."""
        into = next((who.into for who in self.by if isinstance(who, Best) and who.into), "")
        if into and "record" in one.why:
            walk.do(SetFields(self.key, (Assignment(into, Literal(one.why["record"])),), walk.item))

    def instead(self, walk: Walk, found: tuple[Found, ...], answers: Answers) -> tuple[Found, ...]:
        """Who is asked where these were found."""
        return found

    def open(self, walk: Walk, asked: tuple[Found, ...], answers: Answers) -> None:
        """Ask them."""
        walk.open_visit(self.key, "step", (), due=self.due, seats=seated(asked))

    def on_passed(self, walk: Walk) -> None:
        """Nobody was there, and nobody is needed."""
        walk.go_on_after(self.key)

    def timed_out(self, walk: Walk, visit: Visit, decides: str) -> None:
        """The time decides for those who have not: the step passes."""
        for who in visit.asked:
            walk.do(PassOver(visit.id, self.key, who, decides, "timeout"))
        walk.close_visit(visit)
        self.on_passed(walk)

    def due_actions(self) -> Due | None:
        """By when."""
        return self.due

    def uses(self) -> Uses:
        """The people, the fields it shows and demands, and what rework sets."""
        return Uses(
            people=(("/by", self.by), ("/if_nobody", self.if_nobody), *people_in(self.due)),
            lengths=tuple(lengths_in(self.due)),
            calendars=tuple(calendars_in(self.due)),
            fields=(("/fields", tuple(self.fields)), ("/require", self.require), ("/facts", self.facts)),
            writes=(
                ("/on_resubmit/set", self.on_resubmit.set),
                ("/on_withdraw/set", self.on_withdraw.set if self.on_withdraw else ()),
            ),
        )


def _if_nobody(raw: Any) -> tuple[Who, ...]:
    if raw == "admins":
        return (ADMIN,)
    return () if raw in ("pass", "stuck") else parse_people(raw)


def people_frame(raw: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    """The keyword arguments that every such step has."""
    return {
        **frame(raw, pointer),
        "by": chosen_for(parse_people(raw["by"]), raw["key"]),
        "if_nobody": _if_nobody(raw.get("if_nobody")),
        "passes": raw.get("if_nobody") == "pass",
        "due": parse_due(raw.get("due")),
        "on_resubmit": parse_outcome(raw.get("on_resubmit")),
        "on_withdraw": parse_outcome(raw["on_withdraw"]) if "on_withdraw" in raw else None,
    }

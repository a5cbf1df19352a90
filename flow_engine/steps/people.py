"""What steps that ask people share: whom they ask, what happens when nobody is there, and by when they want an
answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.elements.due import Due, Escalate, parse_due
from flow_engine.elements.outcome import NOTHING, Outcome, parse_outcome
from flow_engine.elements.uses import Uses
from flow_engine.elements.who import Who, parse_people
from flow_engine.machine.effects import Ask, AskPeople
from flow_engine.machine.state import Entry
from flow_engine.machine.walk import Answers, Walk
from flow_engine.steps.base import Step, frame, ref

SCHEMA: Mapping[str, Any] = {
    "by": {"anyOf": [ref("people"), ref("guest")]},
    "if_nobody": {"anyOf": [ref("people"), {"enum": ["pass", "stuck"]}]},
    "fields": ref("fields"),
    "require": {"type": "array", "maxItems": 100, "items": ref("key")},
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

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """Who they are at this moment."""
        asked: tuple[Ask, ...] = (AskPeople(f"{self.key}.by", self.by, walk.item),)
        return (*asked, AskPeople(f"{self.key}.if_nobody", self.if_nobody, walk.item)) if self.if_nobody else asked

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Ask everybody who may act here, else the fallback."""
        excluded = walk.excluded(self.key)
        for group in (f"{self.key}.by", f"{self.key}.if_nobody"):
            found = self.instead(walk, tuple(dict.fromkeys(answers.get(group, ()))), answers)
            asked = tuple(ref for ref in found if ref not in excluded)
            if asked:
                self.open(walk, asked, answers)
                return
        if self.passes:
            self.on_passed(walk)
        else:
            walk.enter(self.key, "stuck", because="nobody")

    def instead(self, walk: Walk, found: tuple[str, ...], answers: Answers) -> tuple[str, ...]:
        """Who is asked where these were found."""
        return found

    def open(self, walk: Walk, asked: tuple[str, ...], answers: Answers) -> None:
        """Ask them."""
        walk.open_visit(self.key, "step", asked, due=self.due)

    def on_passed(self, walk: Walk) -> None:
        """Nobody was there, and nobody is needed."""
        walk.go_on_after(self.key)

    def due_actions(self) -> Due | None:
        """By when."""
        return self.due

    def uses(self) -> Uses:
        """The people, the fields it shows and demands, and what rework sets."""
        escalations = tuple(
            (f"/due/then/{number}/to", action.do.to)
            for number, action in enumerate(self.due.then if self.due else ())
            if isinstance(action.do, Escalate)
        )
        return Uses(
            people=(("/by", self.by), ("/if_nobody", self.if_nobody), *escalations),
            fields=(("/fields", tuple(self.fields)), ("/require", self.require)),
            writes=(
                ("/on_resubmit/set", self.on_resubmit.set),
                ("/on_withdraw/set", self.on_withdraw.set if self.on_withdraw else ()),
            ),
        )


def people_frame(raw: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    """The keyword arguments that every such step has."""
    return {
        **frame(raw, pointer),
        "by": parse_people(raw["by"]),
        "if_nobody": () if raw.get("if_nobody") in ("pass", "stuck") else parse_people(raw.get("if_nobody")),
        "passes": raw.get("if_nobody") == "pass",
        "due": parse_due(raw.get("due")),
        "on_resubmit": parse_outcome(raw.get("on_resubmit")),
        "on_withdraw": parse_outcome(raw["on_withdraw"]) if "on_withdraw" in raw else None,
    }

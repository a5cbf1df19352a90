"""notify: tell people (and guests of earlier steps) something; nobody needs to answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.elements.outcome import Text
from flow_engine.elements.uses import Uses
from flow_engine.elements.who import GuestOf, Who, parse_people
from flow_engine.machine.effects import Tell
from flow_engine.machine.state import Entry
from flow_engine.machine.walk import Answers, Walk
from flow_engine.steps.base import ParseSteps, Step, StepType, frame, ref


@dataclass(frozen=True, kw_only=True)
class Notify(Step):
    """A line under the bell, and a message where there is an address."""

    to: tuple[Who, ...]
    text: Text
    subject: Text | None = None

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Tell them and go on."""
        walk.do(Tell("notice", self.key, to=self.to, subject=self.subject, text=self.text, item=walk.item))
        walk.go_on_after(self.key)

    def uses(self) -> Uses:
        """Whom it tells; a guest must have been asked by an earlier step."""
        guests = ((f"/to/{number}/guest", who.step) for number, who in enumerate(self.to) if isinstance(who, GuestOf))
        return Uses(people=(("/to", self.to),), earlier=tuple(guests))


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Notify:
    return Notify(**frame(raw, pointer), to=parse_people(raw["to"]), text=raw["text"], subject=raw.get("subject"))


TYPE = StepType(
    "notify",
    {"to": ref("audience"), "text": ref("text"), "subject": ref("text")},
    _parse,
    required=("to", "text"),
)

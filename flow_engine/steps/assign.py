"""assign: somebody is chosen and written to a field of people; nobody is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flow_engine.elements.uses import Reference, Uses
from flow_engine.elements.who import Who, parse_people
from flow_engine.machine.effects import Ask, AskPeople, SetPeople
from flow_engine.machine.found import found_in, picked
from flow_engine.machine.program import Answers
from flow_engine.machine.state import Entry
from flow_engine.machine.walk import Walk
from flow_engine.steps.acting import WHEN_RETURNED, ActingStep, acting_frame
from flow_engine.steps.base import ParseSteps, StepType, ref


@dataclass(frozen=True, kw_only=True)
class Assign(ActingStep):
    """A field of one person gets the first who is found. Without anybody the run is stuck, or the field left or made
    blank.
    """

    field: str
    to: tuple[Who, ...]
    if_nobody: Literal["stuck", "keep", "blank"] = "stuck"

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """Who they are now."""
        return (AskPeople(f"{self.key}.to", self.to, walk.item),)

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Write them, unless it did and is to keep it."""
        refs = tuple(found.ref for found in picked(found_in(answers[f"{self.key}.to"])))
        if self.when_returned == "keep" and walk.has_done(self.key):
            walk.go_on_after(self.key)
        elif not refs and self.if_nobody == "stuck":
            walk.enter(self.key, "stuck", because="nobody")
        else:
            if refs or self.if_nobody == "blank":
                walk.do(SetPeople(self.key, self.field, refs, walk.item))
            walk.mark_done(self.key)
            walk.go_on_after(self.key)

    def uses(self) -> Uses:
        """Whom, and where they are written."""
        return Uses(people=(("/to", self.to),), references=(Reference("/field", self.field),))


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Assign:
    return Assign(
        **acting_frame(raw, pointer),
        field=raw["field"],
        to=parse_people(raw["to"]),
        if_nobody=raw.get("if_nobody", "stuck"),
    )


TYPE = StepType(
    "assign",
    {
        "field": ref("key"),
        "to": ref("people"),
        "if_nobody": {"enum": ["stuck", "keep", "blank"]},
        "when_returned": WHEN_RETURNED,
    },
    _parse,
    required=("field", "to"),
)

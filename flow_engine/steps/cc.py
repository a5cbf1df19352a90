"""cc: show the record to people who need not answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.elements.uses import Uses
from flow_engine.elements.who import Who, parse_people
from flow_engine.machine.effects import Copy
from flow_engine.machine.program import Answers
from flow_engine.machine.state import Entry
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import ParseSteps, Step, StepType, frame, ref


@dataclass(frozen=True, kw_only=True)
class Cc(Step):
    """It appears under `copied to me`; `fields` say what they may read."""

    to: tuple[Who, ...]

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Show it and go on."""
        walk.do(Copy(self.key, self.to, item=walk.item))
        walk.go_on_after(self.key)

    def uses(self) -> Uses:
        """Whom it is shown to, and which fields."""
        return Uses(people=(("/to", self.to),), fields=(("/fields", tuple(self.fields)),))


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Cc:
    return Cc(**frame(raw, pointer), to=parse_people(raw["to"]))


TYPE = StepType("cc", {"to": ref("people"), "fields": ref("fields")}, _parse, required=("to",))

"""fill: hand the record to somebody who completes it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flow_engine.elements.outcome import NOTHING, Outcome, parse_outcome
from flow_engine.elements.uses import Uses
from flow_engine.machine.events import Decided
from flow_engine.machine.incidents import finish
from flow_engine.machine.seats import voices_of
from flow_engine.machine.state import Visit
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import ParseSteps, StepType, ref
from flow_engine.steps.people import SCHEMA, PeopleStep, people_frame


@dataclass(frozen=True, kw_only=True)
class Fill(PeopleStep):
    """The first who submits has filled it for all who were asked."""

    on_submit: Outcome = NOTHING

    @property
    def decisions(self) -> tuple[str, ...]:
        """There is nothing to reject."""
        return ("submit",)

    def decide(self, walk: Walk, visit: Visit, event: Decided) -> None:
        """Filled: go on."""
        walk.remember_deciders(self.key, voices_of(visit.seats, event.by))
        finish(walk, visit, event)
        walk.write(self.key, self.on_submit)
        walk.go_on_after(self.key)

    def on_passed(self, walk: Walk) -> None:
        """As if it had been filled with nothing."""
        walk.write(self.key, self.on_submit)
        walk.go_on_after(self.key)

    def uses(self) -> Uses:
        """Besides what asking people uses: what submitting sets."""
        base = super().uses()
        return replace(base, writes=(*base.writes, ("/on_submit/set", self.on_submit.set)))


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Fill:
    return Fill(**people_frame(raw, pointer), on_submit=parse_outcome(raw.get("on_submit")))


TYPE = StepType("fill", {**SCHEMA, "on_submit": ref("plain_outcome")}, _parse, required=("by", "fields"))

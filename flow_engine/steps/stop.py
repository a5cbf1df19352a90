"""stop: the run ends here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flow_engine.elements.outcome import Outcome
from flow_engine.elements.uses import Uses
from flow_engine.elements.value import Assignment, parse_set
from flow_engine.machine.program import Answers
from flow_engine.machine.state import Entry
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import ParseSteps, Step, StepType, frame, ref


@dataclass(frozen=True, kw_only=True)
class Stop(Step):
    """`outcome` is how the run ends."""

    outcome: Literal["approved", "rejected", "stopped"]
    set: tuple[Assignment, ...] = ()

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Write what is to be written, and end."""
        walk.write(self.key, Outcome(set=self.set))
        walk.end(self.outcome)

    def uses(self) -> Uses:
        """What it writes."""
        return Uses(writes=(("/set", self.set),))


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Stop:
    return Stop(**frame(raw, pointer), outcome=raw.get("as", "stopped"), set=parse_set(raw.get("set")))


TYPE = StepType("stop", {"as": {"enum": ["approved", "rejected", "stopped"]}, "set": ref("set")}, _parse)

"""delete: records go to the bin, with what the links to them say; with its own record a run ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.elements.uses import Meant, Uses
from flow_engine.machine.effects import Act
from flow_engine.machine.program import Answers
from flow_engine.machine.state import Entry
from flow_engine.machine.walk import Walk
from flow_engine.steps.acting import OTHERS, OthersStep, others_frame
from flow_engine.steps.base import ParseSteps, StepType


@dataclass(frozen=True, kw_only=True)
class Delete(OthersStep):
    """`force` clears links that would ask."""

    force: bool = False

    @property
    def own(self) -> bool:
        """Whether it is the run's own record that goes."""
        return self.record is None and self.where is None

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Away with them. There is nothing left to walk on with where the own record goes."""
        if self.own:
            walk.do(Act(self.key, walk.item))
            walk.end("stopped")
        else:
            super().enter(walk, entry, answers)

    def uses(self) -> Uses:
        """Which records."""
        return Uses(
            searches=(("/where", self.where),) if self.where else (),
            meant=(Meant("/record", self.record),) if self.record else (),
        )


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Delete:
    return Delete(**others_frame(raw, pointer), force=raw.get("force", False))


TYPE = StepType("delete", {**OTHERS, "force": {"type": "boolean"}}, _parse)

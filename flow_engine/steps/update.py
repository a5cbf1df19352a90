"""update: the flow writes to its record, to another one, or to many."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.elements.uses import Meant, Uses, Written
from flow_engine.elements.value import Assignment, parse_set
from flow_engine.machine.effects import SetFields
from flow_engine.machine.program import Answers
from flow_engine.machine.state import Entry
from flow_engine.machine.walk import Walk
from flow_engine.steps.acting import OTHERS, OthersStep, others_frame
from flow_engine.steps.base import ParseSteps, StepType, ref


@dataclass(frozen=True, kw_only=True)
class Update(OthersStep):
    """What is set; formulas read the record that is written as `target.`, where it is not the run's own."""

    set: tuple[Assignment, ...]

    @property
    def own(self) -> bool:
        """Whether it writes to the run's own record."""
        return self.record is None and self.where is None

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Write, unless it did and is to keep it."""
        if not self.own:
            super().enter(walk, entry, answers)
            return
        if self.when_returned != "keep" or not walk.has_done(self.key):
            walk.do(SetFields(self.key, self.set, walk.item))
            walk.mark_done(self.key)
        walk.go_on_after(self.key)

    def uses(self) -> Uses:
        """What it writes, and to which records."""
        if self.where is not None:
            form = self.where.form
            return Uses(searches=(("/where", self.where),), written=(Written("/set", form, self.set, target=form),))
        if self.record is not None:
            return Uses(meant=(Meant("/record", self.record, "/set", self.set),))
        return Uses(writes=(("/set", self.set),))


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Update:
    return Update(**others_frame(raw, pointer), set=parse_set(raw["set"]))


TYPE = StepType("update", {**OTHERS, "set": ref("set")}, _parse, required=("set",))

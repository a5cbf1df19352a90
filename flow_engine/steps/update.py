"""update: the flow writes to the record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flow_engine.elements.uses import Uses
from flow_engine.elements.value import Assignment, parse_set
from flow_engine.machine.effects import SetFields
from flow_engine.machine.state import Entry
from flow_engine.machine.walk import Answers, Walk
from flow_engine.steps.base import ParseSteps, Step, StepType, frame, ref


@dataclass(frozen=True, kw_only=True)
class Update(Step):
    """Writes whenever the walk passes.

    Where a return can lead past it, `when_returned` says whether it writes again (`repeat`) or not (`keep`).
    """

    set: tuple[Assignment, ...]
    when_returned: Literal["keep", "repeat"] | None = None

    @property
    def acts(self) -> bool:
        """A return past it must have been thought about."""
        return self.when_returned is None

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Write, unless it did and is to keep it."""
        if self.when_returned != "keep" or not walk.has_done(self.key):
            walk.do(SetFields(self.key, self.set, walk.item))
            walk.mark_done(self.key)
        walk.go_on_after(self.key)

    def uses(self) -> Uses:
        """What it writes."""
        return Uses(writes=(("/set", self.set),))


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Update:
    return Update(**frame(raw, pointer), set=parse_set(raw["set"]), when_returned=raw.get("when_returned"))


TYPE = StepType("update", {"set": ref("set"), "when_returned": {"enum": ["keep", "repeat"]}}, _parse, required=("set",))

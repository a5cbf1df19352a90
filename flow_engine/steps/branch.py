"""branch: the first case that holds is walked; where none does, the run goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.machine.program import Answers
from flow_engine.machine.state import Entry
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import ParseSteps, StepType, frame
from flow_engine.steps.cases import CASES, CasesStep, parse_cases


@dataclass(frozen=True, kw_only=True)
class Branch(CasesStep):
    """One way of several."""

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Into the first case that holds, else on."""
        for _, case, holds in self.truths(answers):
            if isinstance(holds, Mapping):
                walk.enter(self.key, "stuck", because=str(holds["error"]))
                return
            if holds and case.steps:
                walk.enter(case.steps[0].key)
                return
            if holds:
                break
        walk.go_on_after(self.key)


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Branch:
    return Branch(**frame(raw, pointer), cases=parse_cases(raw, pointer, steps))


TYPE = StepType("branch", {"cases": CASES}, _parse, required=("cases",))

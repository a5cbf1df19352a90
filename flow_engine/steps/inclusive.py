"""inclusive: every case that holds is walked, all at the same time; the run goes on when all of them are through."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.machine.lanes import end_lane, fork, join, start
from flow_engine.machine.program import Answers
from flow_engine.machine.state import Entry
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import ParseSteps, StepType, frame
from flow_engine.steps.cases import CASES, CasesStep, parse_cases


@dataclass(frozen=True, kw_only=True)
class Inclusive(CasesStep):
    """Several ways of several. A case without a condition (`otherwise`) is walked where no other holds."""

    @property
    def splits(self) -> bool:
        """Yes."""
        return True

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Into every case that holds, else on."""
        truths = list(self.truths(answers))
        errors = [holds["error"] for _, _, holds in truths if isinstance(holds, Mapping)]
        if errors:
            walk.enter(self.key, "stuck", because=str(errors[0]))
            return
        chosen = [number for number, case, holds in truths if holds and case.when is not None]
        chosen = chosen or [number for number, case, _ in truths if case.when is None]
        walked = [number for number in chosen if self.cases[number].steps]
        if not walked:
            walk.go_on_after(self.key)
            return
        opened = fork(walk, self.key, ((number, "") for number in walked))
        start(walk, opened, tuple(case.steps[0].key if case.steps else "" for case in self.cases))

    def list_ended(self, walk: Walk) -> None:
        """Go on when all are through."""
        at = end_lane(walk)
        if at.ended == at.lanes:
            join(walk, at)


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Inclusive:
    return Inclusive(**frame(raw, pointer), cases=parse_cases(raw, pointer, steps))


TYPE = StepType("inclusive", {"cases": CASES}, _parse, required=("cases",))

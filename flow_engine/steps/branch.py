"""branch: the first case that holds is walked; where none does, the run goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.elements.outcome import Text
from flow_engine.elements.value import Formula
from flow_engine.machine.effects import Ask, AskTruth
from flow_engine.machine.state import Entry
from flow_engine.machine.walk import Answers, Walk
from flow_engine.steps.base import ParseSteps, Step, StepType, Uses, frame, ref


@dataclass(frozen=True, slots=True)
class Case:
    """A list of steps for when a condition holds; without a condition it always does."""

    key: str
    title: Text
    when: Formula | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class Branch(Step):
    """Cases in order.

    An error in a condition that must be known is no `false`: the run is stuck until somebody mends it.
    """

    cases: tuple[Case, ...]

    @property
    def lists(self) -> tuple[tuple[Step, ...], ...]:
        """Each case's steps."""
        return tuple(case.steps for case in self.cases)

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """Every condition, for the record as it is now."""
        return tuple(AskTruth(self._ask(case), case.when.text) for case in self.cases if case.when is not None)

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Into the first case that holds, else on."""
        for case in self.cases:
            holds = case.when is None or answers[self._ask(case)]
            if isinstance(holds, Mapping):
                walk.enter(self.key, "stuck", because=str(holds["error"]))
                return
            if holds and case.steps:
                walk.enter(case.steps[0].key)
                return
            if holds:
                break
        walk.go_on_after(self.key)

    def uses(self) -> Uses:
        """The conditions."""
        return Uses(
            conditions=tuple(
                (f"/cases/{number}/when", case.when) for number, case in enumerate(self.cases) if case.when
            )
        )

    def _ask(self, case: Case) -> str:
        return f"{self.key}.{case.key}"


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Branch:
    cases = tuple(
        Case(
            one["key"],
            one.get("title", one["key"]),
            Formula(one["when"]) if "when" in one else None,
            steps(one["steps"], f"{pointer}/cases/{number}/steps"),
        )
        for number, one in enumerate(raw["cases"])
    )
    return Branch(**frame(raw, pointer), cases=cases)


_CASE = {
    "type": "object",
    "required": ["key", "steps"],
    "additionalProperties": False,
    "oneOf": [{"required": ["when"]}, {"required": ["otherwise"]}],
    "properties": {
        "key": ref("key"),
        "title": ref("text"),
        "when": ref("formula"),
        "otherwise": {"const": True},
        "steps": ref("steps"),
    },
}

TYPE = StepType(
    "branch", {"cases": {"type": "array", "minItems": 1, "maxItems": 50, "items": _CASE}}, _parse, required=("cases",)
)

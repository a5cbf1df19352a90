"""What `branch` and `inclusive` share: cases, each with a condition and a list of steps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.elements.outcome import Text
from flow_engine.elements.uses import Uses
from flow_engine.elements.value import Formula
from flow_engine.machine.effects import Ask, AskTruth
from flow_engine.machine.program import Answers
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import ParseSteps, Step, ref


@dataclass(frozen=True, slots=True)
class Case:
    """A list of steps for when a condition holds; without a condition it always does."""

    key: str
    title: Text
    when: Formula | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class CasesStep(Step):
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
        return tuple(
            AskTruth(self._ask(case), case.when.text, walk.item) for case in self.cases if case.when is not None
        )

    def uses(self) -> Uses:
        """The conditions."""
        return Uses(
            conditions=tuple(
                (f"/cases/{number}/when", case.when) for number, case in enumerate(self.cases) if case.when
            )
        )

    def truths(self, answers: Answers) -> Iterator[tuple[int, Case, Any]]:
        """Each case with its number and whether it holds: true, false, or an error."""
        for number, case in enumerate(self.cases):
            yield number, case, case.when is None or answers[self._ask(case)]

    def _ask(self, case: Case) -> str:
        return f"{self.key}.{case.key}"


def parse_cases(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> tuple[Case, ...]:
    """The `cases` of a definition."""
    return tuple(
        Case(
            one["key"],
            one.get("title", one["key"]),
            Formula(one["when"]) if "when" in one else None,
            steps(one["steps"], f"{pointer}/cases/{number}/steps"),
        )
        for number, one in enumerate(raw["cases"])
    )


_CASE: Mapping[str, Any] = {
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
CASES: Mapping[str, Any] = {"type": "array", "minItems": 1, "maxItems": 50, "items": _CASE}

"""parallel: all branches are walked at the same time; the run goes on when all, one, or so many are through."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.elements.outcome import Text
from flow_engine.machine.lanes import end_lane, fork, join, start
from flow_engine.machine.program import Answers
from flow_engine.machine.state import Entry
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import ParseSteps, Step, StepType, frame, ref


@dataclass(frozen=True, slots=True)
class Way:
    """One of the branches."""

    key: str
    title: Text
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class Parallel(Step):
    """`needed`: how many branches must be through. The others are cancelled then, or go on by themselves."""

    branches: tuple[Way, ...]
    needed: int
    others_go_on: bool = False

    @property
    def splits(self) -> bool:
        """Yes."""
        return True

    @property
    def lists(self) -> tuple[tuple[Step, ...], ...]:
        """Each branch's steps."""
        return tuple(branch.steps for branch in self.branches)

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Into every branch."""
        opened = fork(walk, self.key, ((number, "") for number in range(len(self.branches))))
        start(walk, opened, tuple(branch.steps[0].key for branch in self.branches))

    def list_ended(self, walk: Walk) -> None:
        """Go on when enough are through; whoever comes later changes nothing."""
        at = end_lane(walk)
        if not at.joined and at.ended == self.needed:
            join(walk, at, others_go_on=self.others_go_on)


WAYS: Mapping[str, Any] = {
    "type": "array",
    "minItems": 2,
    "maxItems": 20,
    "items": {
        "type": "object",
        "required": ["key", "steps"],
        "additionalProperties": False,
        "properties": {
            "key": ref("key"),
            "title": ref("text"),
            "steps": {"allOf": [ref("steps"), {"minItems": 1}]},
        },
    },
}


def parse_ways(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> tuple[Way, ...]:
    """The `branches` of a definition."""
    return tuple(
        Way(one["key"], one.get("title", one["key"]), steps(one["steps"], f"{pointer}/branches/{number}/steps"))
        for number, one in enumerate(raw["branches"])
    )


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Parallel:
    branches, wanted = parse_ways(raw, pointer, steps), raw.get("join", "all")
    needed = {"all": len(branches), "any": 1}.get(wanted, wanted)
    return Parallel(
        **frame(raw, pointer),
        branches=branches,
        needed=min(needed, len(branches)),
        others_go_on=raw.get("others") == "go_on",
    )


TYPE = StepType(
    "parallel",
    {
        "branches": WAYS,
        "join": {"anyOf": [{"enum": ["all", "any"]}, {"type": "integer", "minimum": 1, "maximum": 20}]},
        "others": {"enum": ["cancel", "go_on"]},
    },
    _parse,
    required=("branches",),
)

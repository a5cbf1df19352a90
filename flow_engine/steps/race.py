"""race: branches at the same time; the first that is through wins, the others are cancelled."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.steps.base import ParseSteps, StepType, frame
from flow_engine.steps.parallel import WAYS, Parallel, parse_ways


@dataclass(frozen=True, kw_only=True)
class Race(Parallel):
    """A parallel that one branch is enough for: an answer against a deadline, an offer against the next."""

    needed: int = 1


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Race:
    return Race(**frame(raw, pointer), branches=parse_ways(raw, pointer, steps))


TYPE = StepType("race", {"branches": WAYS}, _parse, required=("branches",))

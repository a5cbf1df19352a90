"""create: the flow makes a record of another form (or of its own), and may keep it in a link."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.elements.uses import Reference, Uses, Written
from flow_engine.elements.value import Assignment, parse_set
from flow_engine.steps.acting import WHEN_RETURNED, ActingStep, acting_frame
from flow_engine.steps.base import ParseSteps, StepType, ref


@dataclass(frozen=True, kw_only=True)
class Create(ActingStep):
    """`into`: the link (or list of links) of the run's record that gets the new one; in a loop over the rows of a table
    also a column of it (`lines.order`). A `draft` may be unfinished.
    """

    form: str
    set: tuple[Assignment, ...]
    into: str | None = None
    draft: bool = False

    def uses(self) -> Uses:
        """What it writes, and where it keeps it."""
        return Uses(
            written=(Written("/set", self.form, self.set, new=not self.draft),),
            references=(Reference("/into", self.into, self.form),) if self.into else (),
        )


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Create:
    return Create(
        **acting_frame(raw, pointer),
        form=raw["form"],
        set=parse_set(raw["set"]),
        into=raw.get("into"),
        draft=raw.get("draft", False),
    )


TYPE = StepType(
    "create",
    {
        "form": ref("key"),
        "set": ref("set"),
        "into": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}([.][a-z][a-z0-9_]{0,62})?$"},
        "draft": {"type": "boolean"},
        "when_returned": WHEN_RETURNED,
    },
    _parse,
    required=("form", "set"),
)

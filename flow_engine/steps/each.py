"""each: what steps write, for each row of a table or each record that is found, in one go.

Unlike a loop it asks nobody inside, so that what one step writes for all items is one batch. More records than one
transaction takes are worked off by a job, chunk by chunk, which tells how far it is and can be cancelled.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flow_engine.elements.search import Search, parse_search
from flow_engine.elements.uses import Asked, Uses
from flow_engine.elements.value import Formula
from flow_engine.machine.effects import Act, ActLater, Ask, AskFound
from flow_engine.machine.program import Answers
from flow_engine.machine.state import Entry, Visit
from flow_engine.machine.walk import Walk
from flow_engine.steps.acting import MOST_AT_ONCE, WHEN_RETURNED, ActingStep, acting_frame
from flow_engine.steps.base import ParseSteps, Step, StepType, ref


@dataclass(frozen=True, kw_only=True)
class Each(ActingStep):
    """`do` sees each item as `row.`: all items pass the first of these steps, then all the second. `where` leaves out
    rows of a table.
    """

    over: str | Search
    do: tuple[Step, ...]
    where: Formula | None = None

    @property
    def lists(self) -> tuple[tuple[Step, ...], ...]:
        """What is done with each; never walked."""
        return (self.do,)

    @property
    def splits(self) -> bool:
        """The end of the list inside is not the way on."""
        return True

    @property
    def rows(self) -> str | None:
        """The table, or `@` and the form of the records."""
        return f"@{self.over.form}" if isinstance(self.over, Search) else self.over

    @property
    def search(self) -> Search | None:
        """Which records, where it goes over records."""
        return self.over if isinstance(self.over, Search) else None

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """Which items there are now."""
        table = "" if isinstance(self.over, Search) else self.over
        return (AskFound(f"{self.key}.items", self.search, MOST_AT_ONCE, walk.item, table, self.where),)

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Everything at once, or little by little while the run waits."""
        found = answers[f"{self.key}.items"]
        if self.when_returned == "keep" and walk.has_done(self.key):
            walk.go_on_after(self.key)
        elif isinstance(found, Mapping):
            walk.enter(self.key, "stuck", because=str(found["error"]))
        elif len(found or ()) > MOST_AT_ONCE:
            visit = walk.await_outside(self.key)
            walk.do(ActLater(visit.id, self.key, walk.item))
        else:
            for step in self.do if found else ():
                walk.do(Act(step.key, walk.item, self.key, tuple(found)))
            self._done(walk)

    def resume(self, walk: Walk, visit: Visit, outcome: Mapping[str, Any]) -> None:
        """All chunks are done, or somebody has cancelled what was left."""
        walk.close_visit(visit)
        self._done(walk)

    def uses(self) -> Uses:
        """The table or the search, and the condition."""
        if isinstance(self.over, Search):
            return Uses(searches=(("/over", self.over),))
        where = (Asked("/where", self.where, ("logical",), self.over),) if self.where else ()
        return Uses(tables=(("/over", self.over),), asked=where)

    def _done(self, walk: Walk) -> None:
        walk.mark_done(self.key)
        walk.go_on_after(self.key)


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Each:
    return Each(
        **acting_frame(raw, pointer),
        over=raw["over"] if isinstance(raw["over"], str) else parse_search(raw["over"]),
        # Whether these act again after a return is said once, for all of them.
        do=tuple(replace(step, when_returned="repeat") for step in steps(raw["do"], f"{pointer}/do")),  # type: ignore[call-arg]
        where=Formula(raw["where"]) if "where" in raw else None,
    )


TYPE = StepType(
    "each",
    {
        "over": {"anyOf": [ref("key"), ref("search")]},
        "where": ref("formula"),
        "do": {
            "allOf": [ref("steps")],
            "minItems": 1,
            "maxItems": 20,
            "items": {"type": "object", "properties": {"type": {"enum": ["create", "update", "delete"]}}},
        },
        "when_returned": WHEN_RETURNED,
    },
    _parse,
    required=("over", "do"),
)

"""call: another flow is run, on the own record, on one that the record links to, or on each of several."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flow_engine.elements.outcome import Outcome
from flow_engine.elements.search import Search, parse_search
from flow_engine.elements.uses import Asked, Uses
from flow_engine.elements.value import Assignment, Formula, Literal
from flow_engine.machine.effects import Ask, AskFound, AskRecords, CallFlow
from flow_engine.machine.program import Answers
from flow_engine.machine.state import Entry, Visit
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import ParseSteps, Step, StepType, frame, ref

ENDS: Final = ("approved", "rejected", "stopped", "withdrawn", "cancelled")
"""How a called run can end."""

OUTCOMES: Final = (*ENDS, "none")
"""How the calls of a step can end together; `none`: there was nothing to call."""

BLANK = "blank"
"""Why a run is stuck that was to call a flow for a record that is not named."""

MOST_CALLS: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Call(Step):
    """Runs `flow` on the own record; on the one that `record` names; or on each that `each` names.

    Waited for, the run goes on when all of them have ended: `into` gets how (`approved` when all are, else the worst),
    and the steps of `on` for that end are walked. Not waited for, the run goes on at once.
    """

    flow: str
    record: Formula | None = None
    each: Formula | Search | None = None
    wait: bool = True
    into: str | None = None
    on: Mapping[str, tuple[Step, ...]]

    @property
    def lists(self) -> tuple[tuple[Step, ...], ...]:
        """What follows each way of ending."""
        return tuple(self.on.values())

    @property
    def acts(self) -> bool:
        """What was called without waiting stays called."""
        return False

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """Which records, if it is not the own one."""
        key, named = f"{self.key}.records", self.record or self.each
        if isinstance(named, Search):
            return (AskFound(key, named, MOST_CALLS, walk.item),)
        return (AskRecords(key, named.text, walk.item),) if named is not None else ()

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Have the flow started, and wait for its end or not."""
        records = answers.get(f"{self.key}.records")
        if isinstance(records, Mapping):
            walk.enter(self.key, "stuck", because=str(records["error"]))
        elif self.record is not None and not records:
            walk.enter(self.key, "stuck", because=BLANK)
        elif records is not None and len(records) > MOST_CALLS:
            walk.enter(self.key, "stuck", because="too_many_records")
        elif records is not None and not records:
            self._ended(walk, "none")
        elif self.wait:
            visit = walk.await_outside(self.key)
            walk.do(CallFlow(self.key, self.flow, visit.id, _several(records), walk.item))
        else:
            walk.do(CallFlow(self.key, self.flow, 0, _several(records), walk.item))
            walk.go_on_after(self.key)

    def resume(self, walk: Walk, visit: Visit, outcome: Mapping[str, Any]) -> None:
        """All have ended, or could not be started."""
        walk.close_visit(visit)
        if "error" in outcome:
            walk.enter(self.key, "stuck", because=str(outcome["error"]))
        else:
            self._ended(walk, str(outcome["status"]))

    def uses(self) -> Uses:
        """The records. The flow, and the field for its end, are checked where all flows are (`check_calls`)."""
        return Uses(
            asked=tuple(
                Asked(at, named, ("record", "list"))
                for at, named in (("/record", self.record), ("/each", self.each))
                if isinstance(named, Formula)
            ),
            searches=(("/each", self.each),) if isinstance(self.each, Search) else (),
        )

    def _ended(self, walk: Walk, status: str) -> None:
        if self.into is not None:
            walk.write(self.key, Outcome(set=(Assignment(self.into, Literal(status)),)))
        steps = self.on.get(status, ())
        if steps:
            walk.enter(steps[0].key)
        else:
            walk.go_on_after(self.key)


def together(ends: list[str]) -> str:
    """How several ended: as approved only if all were; else as the first of these that one of them did."""
    worst = ("rejected", "cancelled", "withdrawn", "stopped")
    return next((end for end in worst if end in ends), "approved" if ends else "none")


def _several(records: Any) -> tuple[int, ...] | None:
    return tuple(int(each) for each in records)[:MOST_CALLS] if records is not None else None


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Call:
    return Call(
        **frame(raw, pointer),
        flow=raw["flow"],
        record=Formula(raw["record"]) if "record" in raw else None,
        each=_each(raw["each"]) if "each" in raw else None,
        wait=raw.get("wait", True),
        into=raw.get("into"),
        on={end: steps(found, f"{pointer}/on/{end}") for end, found in raw.get("on", {}).items()},
    )


def _each(raw: str | Mapping[str, Any]) -> Formula | Search:
    return Formula(raw) if isinstance(raw, str) else parse_search(raw)


TYPE = StepType(
    "call",
    {
        "flow": ref("key"),
        "record": ref("formula"),
        "each": {"anyOf": [ref("formula"), ref("search")]},
        "wait": {"type": "boolean"},
        "into": ref("key"),
        "on": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {end: ref("steps") for end in OUTCOMES},
        },
    },
    _parse,
    required=("flow",),
)

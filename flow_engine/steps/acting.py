"""What steps share that write records beside the run's own: which records, and whether they act again after a return.

What they write is worked out and stored by the shell (`flow_engine.service.plays.records`), which finds the step by its
key: the effect only says where and for which item.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from flow_engine.elements.search import Search, parse_search
from flow_engine.elements.value import Formula
from flow_engine.machine.effects import Act
from flow_engine.machine.program import Answers
from flow_engine.machine.state import Entry
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import Step, frame, ref

WHEN_RETURNED: Final[Mapping[str, Any]] = {"enum": ["keep", "repeat"]}
HELD: Final[Mapping[str, Any]] = {"enum": ["write", "skip", "refuse"]}

MOST_AT_ONCE: Final = 1_000
"""Records that one step writes in one transaction."""


@dataclass(frozen=True, kw_only=True)
class ActingStep(Step):
    """Acts whenever the walk passes.

    Where a return can lead past it, `when_returned` says whether it acts again (`repeat`) or not (`keep`).
    """

    when_returned: Literal["keep", "repeat"] | None = None

    @property
    def acts(self) -> bool:
        """A return past it must have been thought about."""
        return self.when_returned is None

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Act, unless it did and is to keep it."""
        if self.when_returned != "keep" or not walk.has_done(self.key):
            walk.do(Act(self.key, walk.item))
            walk.mark_done(self.key)
        walk.go_on_after(self.key)


@dataclass(frozen=True, kw_only=True)
class OthersStep(ActingStep):
    """Of which records: `record`, a formula that gives one, or all that `where` finds. Neither: the run's own.

    `held`: what becomes of records that another run holds.
    """

    record: Formula | None = None
    where: Search | None = None
    held: Literal["write", "skip", "refuse"] = "write"


def acting_frame(raw: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    """The keyword arguments that every such step has."""
    return {**frame(raw, pointer), "when_returned": raw.get("when_returned")}


def others_frame(raw: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    """The same, with which records it is about."""
    return {
        **acting_frame(raw, pointer),
        "record": Formula(raw["record"]) if "record" in raw else None,
        "where": parse_search(raw["where"]) if "where" in raw else None,
        "held": raw.get("held", "write"),
    }


OTHERS: Final[Mapping[str, Any]] = {
    "record": ref("formula"),
    "where": ref("search"),
    "held": HELD,
    "when_returned": WHEN_RETURNED,
}

"""loop: the same steps again, until a condition holds, for each row of a table, or for each record that is found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.elements.search import Search, parse_search
from flow_engine.elements.uses import Uses
from flow_engine.elements.value import Formula
from flow_engine.machine.effects import Ask, AskFound, AskRows, AskTruth
from flow_engine.machine.lanes import end_lane, fork, fork_here, go_round, join, start
from flow_engine.machine.program import Answers
from flow_engine.machine.state import Entry, Fork
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import ParseSteps, Step, StepType, frame, ref

MOST_ROUNDS = 1_000


@dataclass(frozen=True, kw_only=True)
class Loop(Step):
    """Either `until`: the steps are walked, then it is asked, `at_most` so many rounds. Or `each`: the steps are walked
    for each row of that table, or each record that this search finds at the beginning, one after another or `at_once`;
    formulas inside read the row or record as `row.`.
    """

    steps: tuple[Step, ...]
    until: Formula | None = None
    at_most: int = MOST_ROUNDS
    each: str | Search | None = None
    at_once: bool = False

    @property
    def lists(self) -> tuple[tuple[Step, ...], ...]:
        """What is walked again and again."""
        return (self.steps,)

    @property
    def splits(self) -> bool:
        """Yes."""
        return True

    @property
    def rows(self) -> str | None:
        """The table over whose rows it goes, or `@` and the form of the records."""
        return f"@{self.each.form}" if isinstance(self.each, Search) else self.each

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """Which rows, at the beginning; whether it is enough, after each round."""
        if isinstance(self.each, Search):
            return (AskFound(f"{self.key}.rows", self.each, MOST_ROUNDS, walk.item),)
        if self.each is not None:
            return (AskRows(f"{self.key}.rows", self.each),)
        if self.until is None or fork_here(walk, self.key) is None:
            return ()
        return (AskTruth(f"{self.key}.until", self.until.text, walk.item),)

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """The first round, or the question whether there is another."""
        at = fork_here(walk, self.key)
        if self.each is not None:
            self._through(walk, answers[f"{self.key}.rows"])
        elif at is None:
            self._walk(walk, fork(walk, self.key, ((0, ""),)))
        else:
            self._again(walk, at, answers[f"{self.key}.until"])

    def list_ended(self, walk: Walk) -> None:
        """A round is through."""
        at = end_lane(walk)
        if self.each is None:
            walk.enter(self.key)
        elif at.items:
            self._walk(walk, go_round(walk, at, ((0, at.items[0]),), at.items[1:]))
        elif at.ended == at.lanes:
            join(walk, at)

    def uses(self) -> Uses:
        """The condition, the table, the search."""
        return Uses(
            conditions=(("/until", self.until),) if self.until else (),
            tables=(("/each", self.each),) if isinstance(self.each, str) else (),
            searches=(("/each", self.each),) if isinstance(self.each, Search) else (),
        )

    def _through(self, walk: Walk, answer: Any) -> None:
        rows = () if isinstance(answer, Mapping) else tuple(answer)
        if isinstance(answer, Mapping):
            walk.enter(self.key, "stuck", because=str(answer["error"]))
        elif len(rows) > MOST_ROUNDS:
            walk.enter(self.key, "stuck", because="too_many_rounds")
        elif not rows:
            walk.go_on_after(self.key)
        elif self.at_once:
            self._walk(walk, fork(walk, self.key, ((0, row) for row in rows)))
        else:
            self._walk(walk, fork(walk, self.key, ((0, rows[0]),), rows[1:]))

    def _again(self, walk: Walk, at: Fork, enough: Any) -> None:
        if isinstance(enough, Mapping):
            walk.enter(self.key, "stuck", because=str(enough["error"]))
        elif enough:
            join(walk, at)
        elif at.rounds >= self.at_most:
            walk.enter(self.key, "stuck", because="too_many_rounds")
        else:
            self._walk(walk, go_round(walk, at, ((0, ""),), ()))

    def _walk(self, walk: Walk, at: Fork) -> None:
        start(walk, at, (self.steps[0].key,))


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Loop:
    return Loop(
        **frame(raw, pointer),
        steps=steps(raw["steps"], f"{pointer}/steps"),
        until=Formula(raw["until"]) if "until" in raw else None,
        at_most=raw.get("at_most", MOST_ROUNDS),
        each=parse_search(raw["each"]) if isinstance(raw.get("each"), Mapping) else raw.get("each"),
        at_once=raw.get("at_once", False),
    )


TYPE = StepType(
    "loop",
    {
        "steps": {"allOf": [ref("steps"), {"minItems": 1}]},
        "until": ref("formula"),
        "at_most": {"type": "integer", "minimum": 1, "maximum": MOST_ROUNDS},
        "each": {"anyOf": [ref("key"), ref("search")]},
        "at_once": {"type": "boolean"},
    },
    _parse,
    required=("steps",),
    one_of=(("until",), ("each",)),
)

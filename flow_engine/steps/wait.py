"""wait: nobody is asked; the run goes on after a while, at a moment that the record tells, when something is reported
from outside, or as soon as a condition holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from flow_engine.elements.due import Length, Part, parse_length
from flow_engine.elements.uses import Uses
from flow_engine.elements.value import Formula
from flow_engine.elements.who import Who, parse_people
from flow_engine.machine.effects import Ask, AskMoment, AskTruth
from flow_engine.machine.program import Answers
from flow_engine.machine.state import Entry, Visit
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import ParseSteps, Step, StepType, frame, ref

TIMEOUT = "timeout"
"""Why a run is stuck that has waited too long."""


@dataclass(frozen=True, kw_only=True)
class Wait(Step):
    """One of: so `long`; `until` a date or time (one that has passed, or a blank one, waits for nothing); for an
    `event` that one of `by` reports, or somebody who may change the record; `when` a condition holds, which is looked
    at again after each change of the record.

    An event and a condition may have a `timeout`, `then` the run goes on, is stuck, or stops.
    """

    long: Length | None = None
    until: Formula | None = None
    event: str | None = None
    by: tuple[Who, ...] = ()
    when: Formula | None = None
    timeout: Length | None = None
    then: Literal["go_on", "stuck", "stop"] = "go_on"

    @property
    def looks_again(self) -> bool:
        """For a condition."""
        return self.when is not None

    @property
    def timers(self) -> int:
        """The alarm, or the time-out."""
        return 1

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """The moment, or whether it holds, as the record is now."""
        if self.until is not None:
            return (AskMoment(f"{self.key}.until", self.until.text, walk.item),)
        return (AskTruth(f"{self.key}.when", self.when.text, walk.item),) if self.when is not None else ()

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Set the alarm, or wait to be told."""
        if self.long is not None:
            walk.wait(self.key, Part(self.long))
        elif self.until is not None:
            self._until(walk, answers[f"{self.key}.until"])
        elif self.when is not None:
            self._when(walk, answers[f"{self.key}.when"])
        else:
            self._outside(walk)

    def fire(self, walk: Walk, visit: Visit, action: int) -> None:
        """It is time; or nothing came in time."""
        walk.close_visit(visit)
        if self.timeout is None or self.then == "go_on":
            walk.go_on_after(self.key)
        elif self.then == "stop":
            walk.end("stopped")
        else:
            walk.enter(self.key, "stuck", because=TIMEOUT)

    def resume(self, walk: Walk, visit: Visit, outcome: Mapping[str, Any]) -> None:
        """It has been reported, or holds now."""
        walk.close_visit(visit)
        walk.go_on_after(self.key)

    def uses(self) -> Uses:
        """The moment, the condition, the lengths, and who may report."""
        lengths = (("/for", self.long), ("/timeout", self.timeout))
        named = [length.calendar for _, length in lengths if length is not None and length.calendar is not None]
        return Uses(
            moments=(("/until", self.until),) if self.until else (),
            conditions=(("/when", self.when),) if self.when else (),
            people=(("/by", self.by),) if self.by else (),
            lengths=tuple(
                (f"{at}/=" if isinstance(length.of, Formula) else at, length) for at, length in lengths if length
            ),
            calendars=tuple(("/calendar", calendar) for calendar in named),
        )

    def _until(self, walk: Walk, moment: Any) -> None:
        if isinstance(moment, Mapping):
            walk.enter(self.key, "stuck", because=str(moment["error"]))
        elif moment is None:
            walk.go_on_after(self.key)
        else:
            walk.wait(self.key, datetime.fromisoformat(moment))

    def _when(self, walk: Walk, holds: Any) -> None:
        if isinstance(holds, Mapping):
            walk.enter(self.key, "stuck", because=str(holds["error"]))
        elif holds:
            walk.go_on_after(self.key)
        else:
            self._outside(walk)

    def _outside(self, walk: Walk) -> None:
        visit = walk.await_outside(self.key)
        if self.timeout is not None:
            walk.set_timer(visit.id, 0, Part(self.timeout))


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Wait:
    calendar = raw.get("calendar")
    return Wait(
        **frame(raw, pointer),
        long=parse_length(raw["for"], calendar) if "for" in raw else None,
        until=Formula(raw["until"]) if "until" in raw else None,
        event=raw.get("event"),
        by=parse_people(raw.get("by")),
        when=Formula(raw["when"]) if "when" in raw else None,
        timeout=parse_length(raw["timeout"], calendar) if "timeout" in raw else None,
        then=raw.get("then", "go_on"),
    )


TYPE = StepType(
    "wait",
    {
        "for": ref("length"),
        "until": ref("formula"),
        "event": ref("key"),
        "by": ref("people"),
        "when": ref("formula"),
        "timeout": ref("length"),
        "then": {"enum": ["go_on", "stuck", "stop"]},
        "calendar": ref("key"),
    },
    _parse,
    one_of=(("for",), ("until",), ("event",), ("when",)),
)

"""wait: nobody is asked; the run goes on after a while, or at a moment that the record tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flow_engine.elements.duration import parse_duration
from flow_engine.elements.uses import Uses
from flow_engine.elements.value import Formula
from flow_engine.machine.effects import Ask, AskMoment
from flow_engine.machine.state import Entry, Visit
from flow_engine.machine.walk import Answers, Walk
from flow_engine.steps.base import ParseSteps, Step, StepType, frame, ref


@dataclass(frozen=True, kw_only=True)
class Wait(Step):
    """Either so `long`, or `until` a date or time; a moment that has passed, or a blank one, waits for nothing."""

    long: timedelta | None = None
    until: Formula | None = None

    @property
    def timers(self) -> int:
        """The alarm."""
        return 1

    def asks(self, walk: Walk) -> tuple[Ask, ...]:
        """The moment, as the record has it now."""
        return (AskMoment(f"{self.key}.until", self.until.text, walk.item),) if self.until else ()

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Set the alarm."""
        if self.long is not None:
            walk.wait(self.key, self.long)
            return
        moment = answers[f"{self.key}.until"]
        if isinstance(moment, Mapping):
            walk.enter(self.key, "stuck", because=str(moment["error"]))
        elif moment is None:
            walk.go_on_after(self.key)
        else:
            walk.wait(self.key, datetime.fromisoformat(moment))

    def fire(self, walk: Walk, visit: Visit, action: int) -> None:
        """It is time."""
        walk.close_visit(visit)
        walk.go_on_after(self.key)

    def uses(self) -> Uses:
        """The moment."""
        return Uses(moments=(("/until", self.until),) if self.until else ())


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Wait:
    return Wait(
        **frame(raw, pointer),
        long=parse_duration(raw["for"]) if "for" in raw else None,
        until=Formula(raw["until"]) if "until" in raw else None,
    )


TYPE = StepType("wait", {"for": ref("duration"), "until": ref("formula")}, _parse, one_of=(("for",), ("until",)))

"""webhook: tell a program outside something, signed (Standard Webhooks), and if need be wait for what it answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flow_engine.elements.outcome import Outcome
from flow_engine.elements.uses import Asked, Uses
from flow_engine.elements.value import Assignment, Formula, Literal
from flow_engine.machine.effects import PostOut
from flow_engine.machine.program import Answers
from flow_engine.machine.state import Entry, Visit
from flow_engine.machine.walk import Walk
from flow_engine.steps.base import ParseSteps, Step, StepType, frame, ref

MOST_DEPTH = 12


@dataclass(frozen=True, kw_only=True)
class Webhook(Step):
    """To a `connection` that an administrator made, or to a plain `url`.

    `body` is JSON in which `{"=": formula}` stands for a value; without one, what happened is told in a usual way. With
    `answer` (field → JSON pointer into what is answered) or `wait` the run goes on when the receiver has taken it.
    """

    connection: str | None = None
    url: str | None = None
    body: Any = None
    headers: Mapping[str, str]
    answer: Mapping[str, str]
    waits: bool = False

    @property
    def acts(self) -> bool:
        """Whoever received it is not told that the run went back."""
        return False

    def enter(self, walk: Walk, entry: Entry, answers: Answers) -> None:
        """Send it; wait, or go on at once."""
        visit = walk.await_outside(self.key).id if self.waits else 0
        walk.do(PostOut(self.key, visit, walk.item))
        if not self.waits:
            walk.go_on_after(self.key)

    def resume(self, walk: Walk, visit: Visit, outcome: Mapping[str, Any]) -> None:
        """It was taken, and this was answered."""
        walk.close_visit(visit)
        answered = outcome.get("answer", {})
        found = tuple(Assignment(field, Literal(answered[field])) for field in self.answer if field in answered)
        walk.write(self.key, Outcome(set=found))
        walk.go_on_after(self.key)

    def uses(self) -> Uses:
        """The formulas of the body; the fields that the answer sets (blank fits any of them)."""
        asked = tuple(Asked(f"/body{pointer}", formula) for pointer, formula in formulas_in_json(self.body))
        sets = tuple(Assignment(field, Literal(None)) for field in self.answer)
        return Uses(asked=asked, writes=(("/answer/set", sets),))


def formulas_in_json(told: Any, pointer: str = "") -> Iterator[tuple[str, Formula]]:
    """Every `{"=": formula}` with its pointer."""
    if is_formula(told):
        yield f"{pointer}/=", Formula(told["="])
    elif isinstance(told, Mapping):
        for key, value in told.items():
            yield from formulas_in_json(value, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(told, list):
        for at, value in enumerate(told):
            yield from formulas_in_json(value, f"{pointer}/{at}")


def is_formula(told: Any) -> bool:
    """Whether it stands for a value."""
    return isinstance(told, Mapping) and set(told) == {"="} and isinstance(told["="], str)


def _parse(raw: Mapping[str, Any], pointer: str, steps: ParseSteps) -> Webhook:
    answer = {field: found["pointer"] for field, found in raw.get("answer", {}).get("set", {}).items()}
    return Webhook(
        **frame(raw, pointer),
        connection=raw.get("connection"),
        url=raw.get("url"),
        body=raw.get("body"),
        headers=raw.get("headers", {}),
        answer=answer,
        waits=raw.get("wait", bool(answer)) or bool(answer),
    )


_NAME = {"type": "string", "pattern": "^X-[A-Za-z0-9-]{1,60}$"}
_POINTER = {"type": "string", "maxLength": 500, "pattern": "^(/([^~/]|~[01])*)*$"}

TYPE = StepType(
    "webhook",
    {
        "connection": ref("key"),
        "url": {"type": "string", "pattern": "^https?://[^\\s@]{3,1990}$"},
        "body": True,
        "headers": {
            "type": "object",
            "maxProperties": 20,
            "propertyNames": _NAME,
            "additionalProperties": {"type": "string", "maxLength": 1000, "pattern": "^[ -~]*$"},
        },
        "wait": {"type": "boolean"},
        "answer": {
            "type": "object",
            "required": ["set"],
            "additionalProperties": False,
            "properties": {
                "set": {
                    "type": "object",
                    "minProperties": 1,
                    "maxProperties": 50,
                    "propertyNames": ref("key"),
                    "additionalProperties": {
                        "type": "object",
                        "required": ["pointer"],
                        "additionalProperties": False,
                        "properties": {
                            "pointer": {"type": "string", "maxLength": 500, "pattern": "^(/([^~/]|~[01])*)*$"}
                        },
                    },
                }
            },
        },
    },
    _parse,
    one_of=(("connection",), ("url",)),
)

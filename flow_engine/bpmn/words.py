"""What BPMN has no shape for, in words: who is asked, what is written."""

from dataclasses import fields
from datetime import timedelta

from flow_engine.elements.duration import written
from flow_engine.elements.value import Assignment, Formula
from flow_engine.elements.who import Who
from flow_engine.steps import Step


def owners(several: tuple[Who, ...]) -> tuple[str, ...]:
    """Who is asked, each in a word and its parts: `role finance`, `manager 1`."""
    return tuple(_who(who) for who in several)


def described(step: Step) -> str:
    """What the step writes, and by when it is due; empty where there is nothing to say."""
    lines = [
        f"{assignment.field} = {_value(assignment)}"
        for _, assignments in step.uses().writes
        for assignment in assignments
    ]
    return "\n".join(lines)


def _who(who: Who) -> str:
    kind = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in type(who).__name__).strip()
    parts = [getattr(who, part.name) for part in fields(who)]
    return " ".join([kind, *(_part(part) for part in parts if part is not None)])


def _part(part: object) -> str:
    if isinstance(part, timedelta):
        return written(part)
    return part.text if isinstance(part, Formula) else str(part)


def _value(assignment: Assignment) -> str:
    value = assignment.value
    return value.text if isinstance(value, Formula) else repr(value.value)

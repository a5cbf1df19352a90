"""What the flow writes to its own record, as itself."""

from typing import TYPE_CHECKING, Any

from formloom.errors import InvalidInput, Issue

from flow_engine.elements.value import Literal
from flow_engine.machine import RunState
from flow_engine.machine.effects import SetFields
from form_engine.formula import ErrorValue, Value
from form_engine.records.actor import Actor
from form_engine.records.plan import plan_update

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

CODES = ("set_failed",)


def set_fields(stage: "Stage", effect: SetFields, state: RunState) -> None:
    """Literals were checked at publish; a formula that gives an error is refused, never written."""
    values, issues = {}, []
    for assignment in effect.assignments:
        if isinstance(assignment.value, Literal):
            values[assignment.field] = assignment.value.value
            continue
        found = stage.evaluate(assignment.value.text)
        if isinstance(found, ErrorValue):
            issues.append(Issue(f"/{assignment.field}", "set_failed", {"error": found.code}))
        else:
            values[assignment.field] = _stored(stage, assignment.field, found)
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))
    write = plan_update(stage.forms, stage.form, stage.record, values, stage.judging, writable=None, partial=True)
    stage.write(write, Actor.flow(stage.flow.key))


def _stored(stage: "Stage", name: str, value: Value) -> object:
    field = stage.form.by_path[name].definition
    return None if value is None else field.type.to_json(value, field.config)


PLAYS: dict[type, Any] = {SetFields: set_fields}

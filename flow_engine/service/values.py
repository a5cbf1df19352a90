"""What is set, as raw values for validation: literals as they stand, formulas as they come out here and now."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from formloom.errors import InvalidInput, Issue

from flow_engine.elements.value import Assignment, Literal
from form_engine.definition import CompiledField
from form_engine.formula import Env, ErrorValue, Value

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

CODES = ("set_failed",)
FieldOf = Callable[[str], CompiledField | None]


def values_of(
    stage: "Stage", field_of: FieldOf, assignments: Iterable[Assignment], scope: str, env: Env
) -> dict[str, Any]:
    """By field. Literals were checked at publish; a formula that gives an error is refused, never written: InvalidInput
    `set_failed` with every one of them.
    """
    values: dict[str, Any] = {}
    issues = []
    for assignment in assignments:
        if isinstance(assignment.value, Literal):
            values[assignment.field] = assignment.value.value
            continue
        found = stage.flow.evaluate(assignment.value.text, env, scope)
        if isinstance(found, ErrorValue):
            issues.append(Issue(f"/{assignment.field}", "set_failed", {"error": found.code}))
        else:
            values[assignment.field] = stored(field_of(assignment.field), found)
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))
    return values


def stored(field: CompiledField | None, value: Value) -> Any:
    """A value as raw JSON for the field's cleaner. A record's `id` is a number to formulas, and will do as a link."""
    if value is None or field is None:
        return None
    raw = field.definition.type.to_json(value, field.definition.config)
    return int(raw) if isinstance(raw, Decimal) and field.points_to is not None else raw

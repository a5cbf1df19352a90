"""Checks of a flow against the world it is published into: its form, the roles there are, and itself."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

from formloom.errors import InvalidDefinition, Issue

from flow_engine.definition.check_people import check_people
from flow_engine.definition.check_time import check_clocks, check_lengths, check_outcomes
from flow_engine.definition.compile import CompiledFlow, compile_flow, scope_with
from flow_engine.definition.flow import FlowDef
from flow_engine.definition.structure import check_structure
from flow_engine.elements.uses import Uses
from flow_engine.elements.value import Assignment, Formula, Literal
from flow_engine.elements.who import Who, roles_in
from form_engine.definition import CompiledField, CompiledForm
from form_engine.fields import ChoiceConfig
from form_engine.fields.base import Refused
from form_engine.formula import Type
from form_engine.formula.types import common

CODES = (
    "unknown_field",
    "unknown_role",
    "computed_field",
    "no_transition",
    "not_a_table",
    "wrong_value",
    "wrong_type_of_value",
    "other_form",
)


def check_flow(flow: FlowDef, form: CompiledForm, roles: Collection[str] | None = None) -> tuple[Issue, ...]:
    """All that is wrong, with pointers; empty means that it may be published.

    Without `roles`, roles are not checked.
    """
    issues = list(check_structure(flow))
    try:
        compiled = compile_flow(flow, form)
    except InvalidDefinition as error:
        return (*issues, *error.issues)
    issues += _conditions(compiled)
    issues += _fields(flow, form)
    issues += _tables(flow, form)
    issues += check_people(compiled, form)
    issues += check_lengths(flow)
    issues += [replace(issue, pointer=f"/trigger{issue.pointer}") for issue in flow.trigger.problems(form)]
    issues += check_outcomes(flow)
    issues += check_clocks(flow, form)
    for pointer, assignments, table in _writes(flow):
        for assignment in assignments:
            issues += check_assignment(compiled, form.field, f"{pointer}/{assignment.field}", assignment, table)
    if roles is not None:
        for pointer, people in _people(flow):
            issues += [
                Issue(pointer, "unknown_role", {"role": role})
                for role in roles_in(people)
                if role not in roles and role != "admin"
            ]
    return tuple(issues)


def _conditions(compiled: CompiledFlow) -> Iterator[Issue]:
    flow = compiled.definition
    wanted: list[tuple[str, Formula, str, tuple[str, ...]]] = []
    for at, uses, table in _users(flow):
        wanted += [(at + pointer, when, table, ("logical",)) for pointer, when in uses.conditions]
        wanted += [(at + pointer, moment, table, ("date", "datetime")) for pointer, moment in uses.moments]
        lengths = [(pointer, length.of) for pointer, length in uses.lengths if isinstance(length.of, Formula)]
        wanted += [(at + pointer, length, table, ("number", "duration", "text")) for pointer, length in lengths]
        wanted += [
            (at + one.pointer, one.formula, scope_with(table if one.row is None else one.row, one.target), one.kinds)
            for one in uses.asked
            if one.kinds
        ]
    for pointer, formula, table, kinds in wanted:
        given = compiled.formulas[table, formula.text].type
        if given.kind not in (*kinds, "any"):
            yield Issue(pointer, "formula_gives", {"type": str(given), "wanted": kinds[0]})


def _tables(flow: FlowDef, form: CompiledForm) -> Iterator[Issue]:
    for at, uses, _ in _users(flow):
        for pointer, table in uses.tables:
            field = form.field(table)
            if field is None or not field.columns:
                yield Issue(at + pointer, "not_a_table", {"field": table})


def _users(flow: FlowDef) -> Iterator[tuple[str, Uses, str]]:
    """The flow itself, its trigger and every step: where it stands, what it relies on, and the table whose rows it
    sees."""
    yield "", flow.uses(), ""
    yield "/trigger", flow.trigger.uses(), ""
    yield from ((clock.pointer, clock.uses(), "") for clock in flow.clocks)
    for step in flow.walk():
        yield step.pointer, step.uses(), flow.rows(step.key)


def _people(flow: FlowDef) -> Iterator[tuple[str, tuple[Who, ...]]]:
    return ((at + pointer, people) for at, uses, _ in _users(flow) for pointer, people in uses.people)


def _writes(flow: FlowDef) -> Iterator[tuple[str, tuple[Assignment, ...], str]]:
    for at, uses, table in _users(flow):
        yield from ((at + pointer, assignments, table) for pointer, assignments in uses.writes)


def _fields(flow: FlowDef, form: CompiledForm) -> Iterator[Issue]:
    for pointer, names in ((at + pointer, names) for at, uses, _ in _users(flow) for pointer, names in uses.fields):
        for number, name in enumerate(names):
            if name != "*" and form.field(name.removesuffix(".*")) is None:
                at = str(number) if pointer.endswith("/require") else name
                yield Issue(f"{pointer}/{at}", "unknown_field", {"field": name})


def check_assignment(
    compiled: CompiledFlow,
    field_of: Callable[[str], CompiledField | None],
    pointer: str,
    assignment: Assignment,
    scope: str,
) -> Iterator[Issue]:
    """What is wrong with setting a field so."""
    field = field_of(assignment.field)
    if field is None:
        yield Issue(pointer, "unknown_field", {"field": assignment.field})
    elif field.computed:
        yield Issue(pointer, "computed_field", {"field": assignment.field})
    elif isinstance(assignment.value, Literal):
        yield from _literal(field, pointer, assignment.value.value)
    else:
        text = assignment.value.text
        given = compiled.formulas[scope, text].type
        itself = field.points_to is not None and field.points_to == _form_of_id(compiled, text.strip(), scope)
        if not fits(given, field.type) and not itself:
            yield Issue(pointer, "formula_gives", {"type": str(given), "wanted": str(field.type)})


def _form_of_id(compiled: CompiledFlow, text: str, scope: str) -> str | None:
    """A record's own `id` is a number to formulas, and will do as a link to it: of which form is it?"""
    row, _, target = scope.partition(">")
    return {"id": compiled.definition.form, "row.id": row.removeprefix("@"), "target.id": target}.get(text)


def _literal(field: CompiledField, pointer: str, value: object) -> Iterator[Issue]:
    if value is None:
        return
    cleaned = field.clean(value)
    if isinstance(cleaned, Refused):
        yield from (Issue(pointer + issue.pointer, issue.code, issue.params) for issue in cleaned.issues)
        return
    config = field.definition.config
    if isinstance(config, ChoiceConfig) and config.transitions is not None:
        reachable = {new for _, new in config.transitions} | config.starts.keys()
        if cleaned not in reachable:
            yield Issue(pointer, "no_transition", {"to": str(cleaned)})


def fits(given: Type, wanted: Type) -> bool:
    """Whether what a formula gives can be stored in a field of this type."""
    return given.kind in ("any", "blank") or common(given, wanted) is not None

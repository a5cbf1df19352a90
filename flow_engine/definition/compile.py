"""A flow made ready: every formula in it checked against the form and turned into a closure."""

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from formloom.errors import InvalidDefinition, Issue

from flow_engine.definition.flow import FlowDef
from flow_engine.elements.terms import MADE_ROWS
from flow_engine.elements.uses import Uses
from flow_engine.elements.value import Assignment, Formula
from flow_engine.elements.who import formulas_in
from flow_engine.triggers.changes import OLD
from form_engine.definition import CompiledForm
from form_engine.formula import Env, FormulaError, Node, Type, TypeScope, Value, check, compile, parse  # noqa: A004 - the language's own word

CODES = ("formula_error", "formula_gives")


@dataclass(frozen=True, slots=True)
class CompiledFormula:
    """What a formula gives, the closure that gives it, and its tree."""

    type: Type
    run: Callable[[Env], Value]
    node: Node


@dataclass(frozen=True, slots=True)
class CompiledFlow:
    """A flow with its formulas by (scope, text): see `scope_with`; "" where a formula sees the record alone.

    `version` is the published one.
    """

    definition: FlowDef
    version: int
    formulas: Mapping[tuple[str, str], CompiledFormula]

    @property
    def key(self) -> str:
        """The flow's key."""
        return self.definition.key

    def evaluate(self, formula: str, env: Env, table: str = "") -> Value:
        """The value of one of the flow's formulas."""
        return self.formulas[table, formula].run(env)


def compile_flow(flow: FlowDef, form: CompiledForm, version: int = 0) -> CompiledFlow:
    """Ready to run. Raises InvalidDefinition with a pointer for each formula that does not fit the form."""
    formulas: dict[tuple[str, str], CompiledFormula] = {}
    issues: list[Issue] = []
    for pointer, formula, table in chain(formulas_of(flow), _of_meant(flow, formulas)):
        if (table, formula.text) in formulas:
            continue
        unknown = next((key for key in _forms_in(table) if key not in form.scope.forms), None)
        if unknown is not None:
            issues.append(Issue(pointer, "unknown_form", {"form": unknown}))
            continue
        try:
            checked = check(parse(formula.text), _scope(form, table))
            formulas[table, formula.text] = CompiledFormula(checked.type, compile(checked), checked.node)
        except FormulaError as error:
            issues.append(Issue(pointer, "formula_error", {**error.params, "reason": error.code}))
    if issues:
        raise InvalidDefinition("invalid_flow", issues=tuple(issues))
    return CompiledFlow(flow, version, formulas)


def _of_meant(flow: FlowDef, formulas: Mapping[tuple[str, str], CompiledFormula]) -> Iterator[tuple[str, Formula, str]]:
    """What is set in the records that formulas give: these are compiled by now, and their types tell of which form."""
    for step in flow.walk():
        for meant in step.uses().meant:
            table = flow.rows(step.key)
            found = formulas.get((table, meant.record.text))
            if found is not None and found.type.item.form is not None:
                scope = scope_with(table, found.type.item.form)
                at = step.pointer + meant.set_pointer
                yield from ((*each, scope) for each in of_assignments(at, meant.assignments))


def scope_with(table: str, target: str) -> str:
    """The name of a scope in which `row.` is of this table, and `target.` of this form ("": there is none).

    Instead of a table of the form, `@order` says that a row is a record of that form, `#period` that it is one of
    `MADE_ROWS`. `OLD` is that of a condition on a change: it may read the record as it was before.
    """
    return f"{table}>{target}" if target else table


def row_form(form: str, table: str) -> str:
    """What a row of this part of a scope is of, as types of the formula language name it."""
    return table[1:] if table.startswith("@") else table if table.startswith("#") else f"{form}.{table}"


def _scope(form: CompiledForm, name: str) -> TypeScope:
    if name == OLD:
        return replace(form.scope, old=True)
    table, _, target = name.partition(">")
    row = Type("record", form=row_form(form.key, table)) if table else None
    forms = ChainMap(MADE_ROWS, form.scope.forms) if table.startswith("#") else form.scope.forms  # type: ignore[arg-type]
    return replace(form.scope, forms=forms, row=row, target=Type("record", form=target) if target else None)


def _forms_in(scope: str) -> Iterator[str]:
    table, _, target = scope.partition(">")
    if table.startswith("@"):
        yield table[1:]
    if target:
        yield target


def formulas_of(flow: FlowDef) -> Iterator[tuple[str, Formula, str]]:
    """Every formula with its pointer, and the scope that it sees."""
    yield from _of_uses("/trigger", flow.trigger.uses(), "")
    for clock in flow.clocks:
        yield from _of_uses(clock.pointer, clock.uses(), "")
    yield from _of_uses("", flow.uses(), "")
    for step in flow.walk():
        yield from _of_uses(step.pointer, step.uses(), flow.rows(step.key))


def _of_uses(at: str, uses: Uses, table: str) -> Iterator[tuple[str, Formula, str]]:
    for pointer, people in uses.people:
        for found, formula, target in formulas_in(people, at + pointer):
            yield found, formula, scope_with(table, target)
    for pointer, formula in (*uses.conditions, *uses.moments):
        yield at + pointer, formula, table
    for pointer, length in uses.lengths:
        if isinstance(length.of, Formula):
            yield at + pointer, length.of, table
    for pointer, assignments in uses.writes:
        yield from ((*found, table) for found in of_assignments(at + pointer, assignments))
    for meant in uses.meant:
        yield at + meant.pointer, meant.record, table
    for each in uses.asked:
        yield at + each.pointer, each.formula, scope_with(table if each.row is None else each.row, each.target)
    for pointer, search in uses.searches:
        if search.where is not None:
            yield f"{at}{pointer}/where", search.where, scope_with(table, search.form)
    for written in uses.written:
        scope = scope_with(table if written.row is None else written.row, written.target)
        yield from ((*found, scope) for found in of_assignments(at + written.pointer, written.assignments))


def of_assignments(pointer: str, assignments: tuple[Assignment, ...]) -> Iterator[tuple[str, Formula]]:
    """The formulas among what is set."""
    for assignment in assignments:
        if isinstance(assignment.value, Formula):
            yield f"{pointer}/{assignment.field}", assignment.value

"""A flow made ready: every formula in it checked against the form and turned into a closure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from formloom.errors import InvalidDefinition, Issue

from flow_engine.definition.flow import FlowDef
from flow_engine.elements.uses import Uses
from flow_engine.elements.value import Assignment, Formula
from flow_engine.elements.who import formulas_in
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
    for pointer, formula, table in formulas_of(flow):
        if (table, formula.text) in formulas:
            continue
        target = table.partition(">")[2]
        if target and target not in form.scope.forms:
            issues.append(Issue(pointer, "unknown_form", {"form": target}))
            continue
        try:
            checked = check(parse(formula.text), _scope(form, table))
            formulas[table, formula.text] = CompiledFormula(checked.type, compile(checked), checked.node)
        except FormulaError as error:
            issues.append(Issue(pointer, "formula_error", {**error.params, "reason": error.code}))
    if issues:
        raise InvalidDefinition("invalid_flow", issues=tuple(issues))
    return CompiledFlow(flow, version, formulas)


def scope_with(table: str, target: str) -> str:
    """The name of a scope in which `row.` is of this table, and `target.` of this form ("": there is none)."""
    return f"{table}>{target}" if target else table


def _scope(form: CompiledForm, name: str) -> TypeScope:
    table, _, target = name.partition(">")
    row = Type("record", form=f"{form.key}.{table}") if table else None
    return replace(form.scope, row=row, target=Type("record", form=target) if target else None)


def formulas_of(flow: FlowDef) -> Iterator[tuple[str, Formula, str]]:
    """Every formula with its pointer, and the scope that it sees."""
    yield from _of_uses("/trigger", flow.trigger.uses(), "")
    yield from _of_uses("", flow.uses(), "")
    for step in flow.walk():
        yield from _of_uses(step.pointer, step.uses(), flow.rows(step.key))


def _of_uses(at: str, uses: Uses, table: str) -> Iterator[tuple[str, Formula, str]]:
    for pointer, people in uses.people:
        for found, formula, target in formulas_in(people, at + pointer):
            yield found, formula, scope_with(table, target)
    for pointer, formula in (*uses.conditions, *uses.moments, *uses.texts):
        yield at + pointer, formula, table
    for pointer, length in uses.lengths:
        if isinstance(length.of, Formula):
            yield at + pointer, length.of, table
    for pointer, assignments in uses.writes:
        yield from ((*found, table) for found in of_assignments(at + pointer, assignments))


def of_assignments(pointer: str, assignments: tuple[Assignment, ...]) -> Iterator[tuple[str, Formula]]:
    """The formulas among what is set."""
    for assignment in assignments:
        if isinstance(assignment.value, Formula):
            yield f"{pointer}/{assignment.field}", assignment.value

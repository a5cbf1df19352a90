"""A flow made ready: every formula in it checked against the form and turned into a closure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from formloom.errors import InvalidDefinition, Issue

from flow_engine.definition.flow import FlowDef
from flow_engine.elements.uses import Uses
from flow_engine.elements.value import Assignment, Formula
from flow_engine.elements.who import formulas_in
from form_engine.definition import CompiledForm
from form_engine.formula import Env, FormulaError, Type, Value, check, compile, parse  # noqa: A004 - the language's own word

CODES = ("formula_error", "formula_gives")


@dataclass(frozen=True, slots=True)
class CompiledFormula:
    """What a formula gives, and the closure that gives it."""

    type: Type
    run: Callable[[Env], Value]


@dataclass(frozen=True, slots=True)
class CompiledFlow:
    """A flow with its formulas by (table, text): the table whose rows `row.` means, "" where there is none.

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
        row = Type("record", form=f"{form.key}.{table}") if table else None
        try:
            checked = check(parse(formula.text), replace(form.scope, row=row))
            formulas[table, formula.text] = CompiledFormula(checked.type, compile(checked))
        except FormulaError as error:
            issues.append(Issue(pointer, "formula_error", {**error.params, "reason": error.code}))
    if issues:
        raise InvalidDefinition("invalid_flow", issues=tuple(issues))
    return CompiledFlow(flow, version, formulas)


def formulas_of(flow: FlowDef) -> Iterator[tuple[str, Formula, str]]:
    """Every formula with its pointer, and the table whose rows it sees."""
    yield from ((*found, "") for found in _of_uses("/trigger", flow.trigger.uses()))
    if flow.on_withdraw is not None:
        yield from ((*found, "") for found in of_assignments("/on_withdraw/set", flow.on_withdraw.set))
    for step in flow.walk():
        table = flow.rows(step.key)
        yield from ((*found, table) for found in _of_uses(step.pointer, step.uses()))


def _of_uses(at: str, uses: Uses) -> Iterator[tuple[str, Formula]]:
    for pointer, people in uses.people:
        yield from ((at + pointer, formula) for formula in formulas_in(people))
    for pointer, formula in (*uses.conditions, *uses.moments):
        yield at + pointer, formula
    for pointer, assignments in uses.writes:
        yield from of_assignments(at + pointer, assignments)


def of_assignments(pointer: str, assignments: tuple[Assignment, ...]) -> Iterator[tuple[str, Formula]]:
    """The formulas among what is set."""
    for assignment in assignments:
        if isinstance(assignment.value, Formula):
            yield f"{pointer}/{assignment.field}", assignment.value

"""What the store asks of a sound form besides: SQL can run its filters, children know what they contribute."""

from collections.abc import Iterator
from typing import Any

from formloom.errors import Issue

from form_engine.definition import CompiledField, CompiledForm, CompiledFormula
from form_engine.definition.compile import UNSETTLED_FUNCTIONS
from form_engine.fields import LinkConfig, RollupConfig
from form_engine.formula import NO_CONTEXT
from form_engine.query.columns import FormColumns
from form_engine.query.errors import NotInSql
from form_engine.query.evaluate import evaluator
from form_engine.query.formula_sql import Translator
from form_engine.recalculation.routes import CLOCK, Untraceable
from form_engine.records.forms import Forms


def outside_reach(forms: Forms, key: str) -> Iterator[Issue]:
    """Access rules and link filters that cannot be SQL; what is to be stored and nothing tells when it changes."""
    form = forms[key]
    for rule in form.access:
        if rule.where is not None:
            yield from _not_in_sql(forms, form, rule.where, "own", "access_not_in_sql")
    for _, field in form.walk():
        config = field.definition.config
        if isinstance(config, LinkConfig) and "filter" in field.formulas and config.form in forms:
            yield from _not_in_sql(forms, forms[config.form], field.formulas["filter"], "target", "filter_not_in_sql")
        if isinstance(config, RollupConfig) and config.form in forms:
            for formula in field.formulas.values():
                yield from _untold(forms, config, formula)
        if field.definition.index and field.computed and not field.definition.type.stored:
            yield from _not_kept(forms, form, field)


def _not_in_sql(forms: Forms, form: CompiledForm, formula: CompiledFormula, root: str, code: str) -> Iterator[Issue]:
    columns = FormColumns(forms, form, evaluator(NO_CONTEXT), root=root, blank_equals=code != "access_not_in_sql")
    try:
        Translator(columns, columns.evaluate, blank_equals=columns.blank_equals).condition(formula.checked.node)
    except NotInSql as error:
        place: dict[str, Any] = {"start": error.node.start, "end": error.node.end} if error.node is not None else {}
        yield Issue(formula.at, code, {"reason": error.code, **error.params, **place})


def _untold(forms: Forms, config: RollupConfig, formula: CompiledFormula) -> Iterator[Issue]:
    """A contribution is stored, so it may hang on records only: the clock tells nobody that it has moved on."""
    try:
        routes = forms.routes.of_formula(config.form, formula, config.table)
    except Untraceable as error:
        yield Issue(formula.at, "rollup_reads_elsewhere", {"field": str(error)})
        return
    if any(route.cause == CLOCK for route in routes):
        functions = sorted(formula.checked.functions & UNSETTLED_FUNCTIONS)
        yield Issue(formula.at, "rollup_reads_elsewhere", {"function": ", ".join(functions)})


def _not_kept(forms: Forms, form: CompiledForm, field: CompiledField) -> Iterator[Issue]:
    """The same of a computed field that is indexed."""
    try:
        untold = any(route.cause == CLOCK for route in forms.routes.of_field(form.key, field.key))
    except Untraceable:
        untold = True
    if untold or field.slot_kind is None:
        yield Issue(f"{field.definition.at}/index", "not_indexable", {"field": field.key})

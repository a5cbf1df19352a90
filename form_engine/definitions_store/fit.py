"""What the store asks of a sound form besides: SQL can run its filters, children know what they contribute."""

from collections.abc import Iterator
from typing import Any

from formloom.errors import Issue

from form_engine.definition import CompiledForm, CompiledFormula
from form_engine.fields import LinkConfig, RollupConfig
from form_engine.formula import NO_CONTEXT
from form_engine.formula.checked import CONTEXT_FUNCTIONS
from form_engine.query.columns import FormColumns
from form_engine.query.errors import NotInSql
from form_engine.query.evaluate import evaluator
from form_engine.query.formula_sql import Translator
from form_engine.records.forms import Forms


def outside_reach(forms: Forms, key: str) -> Iterator[Issue]:
    """Access rules and link filters that cannot be SQL; rollups that read more than the child that is written."""
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
                yield from _elsewhere(forms[config.form], config, formula)


def _not_in_sql(forms: Forms, form: CompiledForm, formula: CompiledFormula, root: str, code: str) -> Iterator[Issue]:
    columns = FormColumns(forms, form, evaluator(NO_CONTEXT), root=root, blank_equals=code != "access_not_in_sql")
    try:
        Translator(columns, columns.evaluate, blank_equals=columns.blank_equals).condition(formula.checked.node)
    except NotInSql as error:
        place: dict[str, Any] = {"start": error.node.start, "end": error.node.end} if error.node is not None else {}
        yield Issue(formula.at, code, {"reason": error.code, **error.params, **place})


def _elsewhere(child: CompiledForm, config: RollupConfig, formula: CompiledFormula) -> Iterator[Issue]:
    """A contribution is worked out when the child is written, so it may hang on the child's own document only."""
    reads = formula.checked.reads
    roots = [("", path) for path in reads.target] + [(f"{config.table}.", path) for path in reads.row if config.table]
    for prefix, path in roots:
        field = child.field(prefix + path[0]) if path else None
        if field is not None and (not field.settled or (len(path) > 1 and not field.columns)):
            yield Issue(formula.at, "rollup_reads_elsewhere", {"field": ".".join(path)})
    for function in sorted(formula.checked.functions & CONTEXT_FUNCTIONS):
        yield Issue(formula.at, "rollup_reads_elsewhere", {"function": function})

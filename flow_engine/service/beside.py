"""What publishing checks of steps that reach beyond their own form: forms, fields, searches that SQL can answer."""

from collections.abc import Callable, Iterator, Mapping

from formloom.errors import InvalidDefinition, InvalidInput, Issue

from flow_engine.definition import CompiledFlow, FlowDef, compile_flow
from flow_engine.definition.check import check_assignment
from flow_engine.definition.compile import scope_with
from flow_engine.elements.search import Search
from flow_engine.elements.uses import Asked, Meant, Reference, Written
from flow_engine.elements.value import Assignment, Literal
from flow_engine.service.schedules.made import plain
from flow_engine.steps import Step
from flow_engine.steps.series import Series
from form_engine.definition import CompiledField, CompiledForm
from form_engine.formula import NO_CONTEXT
from form_engine.models import record_index
from form_engine.query.columns import FormColumns
from form_engine.query.errors import NotInSql
from form_engine.query.evaluate import evaluator
from form_engine.query.formula_sql import Translator
from form_engine.query.order import read_sort
from form_engine.records.forms import Forms

CODES = (
    "unknown_form",
    "unknown_field",
    "not_this_link",
    "not_a_table",
    "not_a_member",
    "formula_gives",
    "where_not_in_sql",
    "missing_required",
    "no_start",
    "series_not_plain",
    "series_other_form",
    "series_alone",
)
FieldOf = Callable[[str], CompiledField | None]


def beside_issues(forms: Forms, flow: FlowDef, form: CompiledForm) -> Iterator[Issue]:
    """Every issue. A flow whose formulas do not even fit has been told so."""
    try:
        compiled = compile_flow(flow, form)
    except InvalidDefinition:
        return
    for step in flow.walk():
        yield from _of_step(forms, compiled, form, step)


def _of_step(forms: Forms, compiled: CompiledFlow, form: CompiledForm, step: Step) -> Iterator[Issue]:
    uses, table = step.uses(), compiled.definition.rows(step.key)
    for asked in uses.asked:
        yield from _gives(compiled, step, asked, table)
    for pointer, search in uses.searches:
        yield from _search(forms, compiled, step.pointer + pointer, search, table)
    for meant in uses.meant:
        yield from _meant(forms, compiled, form, step, meant, table)
    for written in uses.written:
        yield from _written(forms, compiled, form, step, written, table)
    for reference in uses.references:
        yield from _reference(form, step, reference, table)
    if isinstance(step, Series):
        yield from _series(step)


def _gives(compiled: CompiledFlow, step: Step, asked: Asked, table: str) -> Iterator[Issue]:
    scope = scope_with(table if asked.row is None else asked.row, asked.target)
    given = compiled.formulas[scope, asked.formula.text].type
    if asked.kinds and given.kind not in (*asked.kinds, "any", "blank"):
        yield Issue(step.pointer + asked.pointer, "formula_gives", {"type": str(given), "wanted": asked.kinds[0]})


def _search(forms: Forms, compiled: CompiledFlow, at: str, search: Search, table: str) -> Iterator[Issue]:
    form = forms.get(search.form)
    if form is None:
        yield Issue(f"{at}/form", "unknown_form", {"form": search.form})
        return
    if search.via is not None:
        link = form.field(search.via)
        if link is None:
            yield Issue(f"{at}/via", "unknown_field", {"field": search.via})
        elif link.type.is_list or link.points_to != compiled.definition.form:
            yield Issue(f"{at}/via", "not_this_link", {"field": search.via, "form": compiled.definition.form})
    columns = FormColumns(forms, form, evaluator(NO_CONTEXT), index=record_index.alias("slots"), root="target")
    if search.where is not None:
        formula = compiled.formulas[scope_with(table, search.form), search.where.text]
        if formula.type.kind not in ("logical", "any"):
            yield Issue(f"{at}/where", "formula_gives", {"type": str(formula.type), "wanted": "logical"})
            return
        try:
            Translator(columns, columns.evaluate).condition(formula.node)
        except NotInSql as error:
            place = {"start": error.node.start, "end": error.node.end} if error.node is not None else {}
            yield Issue(f"{at}/where", "where_not_in_sql", {"reason": error.code, **error.params, **place})
    for number, name in enumerate(search.sort):
        yield from _sorted(columns, f"{at}/sort/{number}", name)


def _sorted(columns: FormColumns, at: str, name: str) -> Iterator[Issue]:
    try:
        read_sort(columns, (name,), lambda form, path: True)
    except InvalidInput as error:
        yield from (Issue(at, issue.code, issue.params) for issue in error.issues)


def _meant(
    forms: Forms, compiled: CompiledFlow, form: CompiledForm, step: Step, meant: Meant, table: str
) -> Iterator[Issue]:
    given = compiled.formulas[table, meant.record.text].type
    if given.item.kind != "record" or given.item.form is None:
        yield Issue(step.pointer + meant.pointer, "formula_gives", {"type": str(given), "wanted": "record"})
        return
    key, _, rows = given.item.form.partition(".")
    if rows and (key != form.key or not meant.assignments):
        yield Issue(step.pointer + meant.pointer, "formula_gives", {"type": str(given), "wanted": "record"})
        return
    field_of = _fields(forms, form, key, rows)
    if field_of is not None:
        at, scope = step.pointer + meant.set_pointer, scope_with(table, given.item.form)
        yield from _assignments(compiled, field_of, at, meant.assignments, scope)


def _written(
    forms: Forms, compiled: CompiledFlow, form: CompiledForm, step: Step, written: Written, table: str
) -> Iterator[Issue]:
    at = step.pointer + written.pointer
    key = written.form or form.key
    if key not in forms:
        yield Issue(f"{step.pointer}/form", "unknown_form", {"form": key})
        return
    field_of = _fields(forms, form, key, written.table)
    if field_of is None:
        yield Issue(at.removesuffix("/set") + "/field", "not_a_table", {"field": written.table})
        return
    scope = scope_with(table if written.row is None else written.row, written.target)
    yield from _assignments(compiled, field_of, at, written.assignments, scope)
    if written.new and not written.table:
        yield from _lacking(forms[key], at, step, {each.field for each in written.assignments})
        yield from _starts(forms[key], at, written.assignments)


def _assignments(
    compiled: CompiledFlow, field_of: FieldOf, at: str, assignments: tuple[Assignment, ...], scope: str
) -> Iterator[Issue]:
    for each in assignments:
        yield from check_assignment(compiled, field_of, f"{at}/{each.field}", each, scope)


def _starts(form: CompiledForm, at: str, assignments: tuple[Assignment, ...]) -> Iterator[Issue]:
    """A new record begins at a start of its status."""
    for each in assignments:
        field = form.field(each.field)
        starts = field.definition.type.starts(field.definition.config) if field is not None else None
        value = each.value.value if isinstance(each.value, Literal) else None
        if starts is not None and value is not None and value not in starts:
            yield Issue(f"{at}/{each.field}", "no_start", {"to": str(value)})


def _lacking(form: CompiledForm, at: str, step: Step, given: set[str]) -> Iterator[Issue]:
    """What a new record must have and neither gets here nor has by itself."""
    if isinstance(step, Series):
        given |= {rows.field for rows in (step.lines, step.instalments and step.instalments.rows) if rows}
    for field in form.fields:
        by_itself = field.default is not None or field.definition.type.initial(field.definition.config) is not None
        if field.required is True and not field.computed and not by_itself and field.key not in given:
            yield Issue(at, "missing_required", {"field": field.key})


def _reference(form: CompiledForm, step: Step, told: Reference, table: str) -> Iterator[Issue]:
    at, field = step.pointer + told.pointer, form.field(told.field)
    rows, dot, _ = told.field.rpartition(".")
    if field is None or (dot and rows != table):
        yield Issue(at, "unknown_field", {"field": told.field})
    elif told.form and (field.points_to != told.form or field.computed):
        yield Issue(at, "not_this_link", {"field": told.field, "form": told.form})
    elif not told.form and field.type.item.kind != "person":
        yield Issue(at, "not_a_member", {"field": told.field})


def _series(step: Series) -> Iterator[Issue]:
    """Records can be revised only where they tell their period again."""
    if step.form is None:
        for name in ("lines", "instalments", "revise"):
            if getattr(step, name) is not None:
                yield Issue(f"{step.pointer}/{name}", "series_alone")
        return
    if step.revise is None:
        return
    if step.revise.existing.form != step.form:
        yield Issue(f"{step.pointer}/revise/existing/form", "series_other_form", {"form": step.form})
    told: Mapping[str, str] = plain(step.set)
    for name in ("start", "end", "amount"):
        if name not in told:
            yield Issue(f"{step.pointer}/set", "series_not_plain", {"needs": f"row.{name}"})


def _fields(forms: Forms, form: CompiledForm, key: str, table: str) -> FieldOf | None:
    """The fields of a form, or the columns of one of its tables."""
    of = form if key == form.key else forms.get(key)
    if of is None:
        return None
    if not table:
        return of.field
    found = of.field(table)
    return found.by_key.get if found is not None and found.columns else None

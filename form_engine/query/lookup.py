"""What a link may be set to: the candidates that its filter lets through, as the form stands on the screen, unsaved."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from form_engine.definition import CompiledField, CompiledForm
from form_engine.fields.base import Json, Refused
from form_engine.formula import RecordValue
from form_engine.permission.access import Access, access_for
from form_engine.query.errors import refuse
from form_engine.query.evaluate import evaluator
from form_engine.query.formula_sql import Translator
from form_engine.query.found import indexed_columns
from form_engine.query.listing import FEW, Page, page_of
from form_engine.query.search import candidates, contains, titled, words_of
from form_engine.records.facts import Fact, Facts, RowValues, record_value
from form_engine.records.facts_sql import facts_of


def lookup(
    session: Session,
    access: Access,
    path: str,
    *,
    values: Mapping[str, Any],
    row: Mapping[str, Any] | None = None,
    q: str = "",
    after: str | None = None,
    limit: int = 20,
    by_title: bool = False,
) -> Page:
    """Candidates for the link at `path` (`customer`, `lines.item`) of the form that `access` is to.

    `values` and `row` are what stands in the form now, unsaved and unchecked: what makes no sense counts as blank.
    Only records that the same actor may read in the linked form's own list are candidates. `by_title`: whoever asks
    sees their titles alone, so `q` looks at those and at numbers, not into what else stands in the records.
    """
    field = access.form.field(path)
    points_to = access.forms.get(field.points_to or "") if field is not None else None
    if field is None or points_to is None:
        raise refuse("/field", "unknown_field", field=path[:200])
    target = access_for(session, access.forms, points_to, access.actor)
    columns = indexed_columns(target, root="target")
    words = words_of(q)
    conditions = []
    if words != []:
        conditions = (
            [titled(words)] if by_title else [candidates(session, target, columns.id, words), contains(target, words)]
        )
    narrowed = field.formulas.get("filter")
    if narrowed is not None:
        facts = facts_of(session, access.forms, access.context)
        own, current = unsaved(access.form, path, values, row, facts, access)
        asked = Translator(columns, evaluator(access.context, own, current))
        conditions.append(asked.condition(narrowed.checked.node))
    return page_of(session, target, columns, conditions, after=after, limit=limit, count_to=FEW)


def unsaved(
    form: CompiledForm,
    path: str,
    values: Mapping[str, Any],
    row: Mapping[str, Any] | None,
    facts: Facts,
    access: Access,
) -> tuple[RecordValue, RecordValue | None]:
    """The record on the screen, and the row in which the link stands, as formulas read them."""
    own = record_value(
        facts, Fact(0, form.key, form.version, 0, 0, _cleaned(form.fields, values), created_by=access.actor.person_id)
    )
    table = form.field(path.partition(".")[0]) if "." in path else None
    if table is None:
        return own, None
    return own, RowValues(facts, own, table, _cleaned(table.columns, row or {})).record


def _cleaned(fields: tuple[CompiledField, ...], raw: Mapping[str, Any]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for field in fields:
        value = raw.get(field.key)
        if value is None or field.computed:
            continue
        if field.columns:
            rows = value if isinstance(value, list) else []
            found[field.key] = [_cleaned(field.columns, each) for each in rows if isinstance(each, dict)]
            continue
        clean = field.clean(value)
        if not isinstance(clean, Refused):
            found[field.key] = clean
    return found

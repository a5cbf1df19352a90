"""What a link must point to: a record of its form that is there, and that the link's filter lets through."""

from collections.abc import Mapping

from formloom.errors import InvalidInput, Issue

from form_engine.definition import CompiledForm
from form_engine.fields.base import Json
from form_engine.formula import Env, RecordValue
from form_engine.records.facts import Fact, Facts, record_value
from form_engine.records.named import NamedId, new_ids


def check_links(
    form: CompiledForm, data: Mapping[str, Json], before: Mapping[str, Json], facts: Facts, record: Fact
) -> None:
    """Raises InvalidInput for new links that lead nowhere, or to what their filter does not let through."""
    issues: list[Issue] = []
    own: RecordValue | None = None
    for link in new_ids(form, data, before, "record"):
        target = facts.fetch(link.form, link.id)
        if target is None:
            issues.append(Issue(link.pointer, "unknown_record", {"form": link.form}))
            continue
        narrowed = link.field.formulas.get("filter")
        if narrowed is None:
            continue
        if own is None:
            own = record_value(facts, Fact(record.id, form.key, form.version, 0, 0, data, created_by=record.created_by))
        env = Env(own=own, row=_row(own, link), target=target, context=facts.context)
        if narrowed.run(env) is not True:
            issues.append(Issue(link.pointer, "filtered_out", {"form": link.form}))
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))


def _row(own: RecordValue, link: NamedId) -> RecordValue | None:
    rows = own.values.get(link.field.path.partition(".")[0]) if link.row_id is not None else None
    found = (
        (row for row in rows if isinstance(row, RecordValue) and row.id == link.row_id)
        if isinstance(rows, tuple)
        else ()
    )
    return next(iter(found), None)

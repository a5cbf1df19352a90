"""What records are called, for those who meet their ids in links, lines of an inbox and letters (ADR 061)."""

from collections.abc import Collection, Mapping

from formloom.db.uow import workspace_of
from sqlalchemy import select
from sqlalchemy.orm import Session

from form_engine.definition.access import TITLE, FieldAccess
from form_engine.models import Record
from form_engine.permission.access import Access, accesses, rights_over
from form_engine.records.actor import Actor
from form_engine.records.context import context_for
from form_engine.records.derive import title_for
from form_engine.records.facts_sql import facts_of
from form_engine.records.forms import Forms


def titles(
    session: Session,
    forms: Forms,
    ids: Collection[int],
    actor: Actor,
    allowed: Mapping[str, Access] | None = None,
) -> dict[int, tuple[str, str | None]]:
    """By id: the form and the title, as far as this actor may read what it is made of.

    None for a record that they may not open. To a guest, who has no roles, the step that shows a link shows its title:
    whoever published the step chose so. `allowed` spares the question what the actor may do, where that is known.
    """
    if not ids:
        return {}
    statement = select(Record.id, Record.form, Record.title).where(
        Record.workspace_id == workspace_of(session), Record.id.in_(sorted(set(ids)))
    )
    found: dict[int, tuple[str, str | None]] = {
        number: (form, title) for number, form, title in session.execute(statement)
    }
    if actor.trusted or actor.kind == "guest":
        return found
    shown: dict[int, tuple[str, str | None]] = {number: (form, None) for number, (form, _) in found.items()}
    allowed = accesses(session, forms, actor) if allowed is None else allowed
    of_form: dict[str, list[int]] = {}
    for record_id, (form, _) in found.items():
        of_form.setdefault(form, []).append(record_id)
    rights = rights_over(session, [(allowed[form], ids) for form, ids in of_form.items() if form in allowed])
    shown |= {record_id: found[record_id] for record_id in rights}
    part = {record_id: right.fields for record_id, right in rights.items() if not right.fields.may_read(TITLE)}
    return shown | _parts(session, forms, part, actor)


def _parts(
    session: Session, forms: Forms, fields: dict[int, FieldAccess], actor: Actor
) -> dict[int, tuple[str, str | None]]:
    if not fields:
        return {}
    facts = facts_of(session, forms, context_for(session, actor))
    return {
        fact.id: (fact.form, title_for(forms[fact.form], fact.title, facts.value(fact), fields[fact.id]))
        for fact in facts.load(list(fields))
    }

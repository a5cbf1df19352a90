"""What records are called, for those who meet their ids in links, lines of an inbox and letters (ADR 061)."""

from collections.abc import Collection

from formloom.db.uow import workspace_of
from sqlalchemy import select
from sqlalchemy.orm import Session

from form_engine.definition.access import TITLE, FieldAccess
from form_engine.models import Record
from form_engine.permission import accesses
from form_engine.records.actor import Actor
from form_engine.records.context import context_for
from form_engine.records.derive import title_for
from form_engine.records.facts_sql import facts_of
from form_engine.records.forms import Forms


def titles(session: Session, forms: Forms, ids: Collection[int], actor: Actor) -> dict[int, tuple[str, str | None]]:
    """By id: the form and the title, as far as this actor may read what it is made of.

    None for a record that they may not open. To a guest, who has no roles, the step that shows a link shows its title:
    whoever published the step chose so.
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
    allowed = accesses(session, forms, actor)
    for key in dict.fromkeys(form for form, _ in found.values()):
        if key not in allowed:
            continue
        here = [record_id for record_id, (of, _) in found.items() if of == key]
        rights = allowed[key].rights(session, here)
        shown |= {record_id: found[record_id] for record_id in rights}
        part = {record_id: right.fields for record_id, right in rights.items() if not right.fields.may_read(TITLE)}
        shown |= _parts(session, forms, key, part, actor)
    return shown


def _parts(
    session: Session, forms: Forms, key: str, fields: dict[int, FieldAccess], actor: Actor
) -> dict[int, tuple[str, str]]:
    if not fields:
        return {}
    facts = facts_of(session, forms, context_for(session, actor))
    loaded = facts.load(list(fields))
    return {fact.id: (key, title_for(forms[key], fact.title, facts.value(fact), fields[fact.id])) for fact in loaded}

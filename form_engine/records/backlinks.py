"""The other side of links: which records point to one, as its reader may see them. Nothing is stored for it."""

from typing import Any

from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm, FieldAccess
from form_engine.fields.backlink import SHOWN, BacklinkConfig
from form_engine.permission import access_for
from form_engine.query.listing import list_records
from form_engine.records.actor import Actor
from form_engine.records.forms import Forms


def backlinks(
    session: Session, forms: Forms, form: CompiledForm, record_id: int, fields: FieldAccess, actor: Actor
) -> dict[str, list[int]]:
    """By key of the backlink field: the ids of the newest records whose link leads here, `SHOWN` at most. Empty for
    who may not read the other form or the link in it.
    """
    found: dict[str, list[int]] = {}
    for field in form.fields:
        config = field.definition.config
        if not isinstance(config, BacklinkConfig) or not fields.may_read(field.path):
            continue
        there = access_for(session, forms, forms[config.form], actor) if config.form in forms else None
        via = there.form.field(config.via) if there is not None and there.may("read") else None
        if there is None or via is None or not there.readable(config.form, via.path):
            found[field.key] = []
            continue
        several = via.type.is_list
        value: Any = [record_id] if several else record_id
        asked = {"field": config.via, "op": "has_any" if several else "eq", "value": value}
        page = list_records(session, there, filter=asked, limit=SHOWN, count_to=0)
        found[field.key] = [item.id for item in page.items]
    return found

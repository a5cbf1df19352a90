"""The records that link to a document's record, found as their reader could list them."""

from typing import Final

from sqlalchemy.orm import Session

from form_engine.documents.blocks.rows import Rows
from form_engine.documents.pen import Found, Pen
from form_engine.formula import RecordValue
from form_engine.permission import access_for
from form_engine.query.evaluate import evaluator
from form_engine.query.formula_sql import Translator
from form_engine.query.found import indexed_columns
from form_engine.query.listing import MAX_LIMIT, conditions_of, page_of
from form_engine.records.actor import Actor
from form_engine.records.facts import Facts
from form_engine.records.forms import Forms

COUNTED: Final = 10_000


def linked_rows(session: Session, pen: Pen, world: Forms, actor: Actor, facts: Facts) -> dict[str, Found]:
    """By the place of each block that shows such records. Absent where the reader may not know of them."""
    found: dict[str, Found] = {}
    for block in pen.document.definition.walk():
        if isinstance(block, Rows) and block.via is not None and block.source in world:
            rows = _rows(session, pen, block, world, actor, facts)
            if rows is not None:
                found[block.at] = rows
    return found


def _rows(session: Session, pen: Pen, block: Rows, world: Forms, actor: Actor, facts: Facts) -> Found | None:
    form = world[block.source]
    access = access_for(session, world, form, actor)
    via = form.field(block.via or "")
    if via is None or not access.may("read") or not access.readable(form.key, via.path):
        return None
    columns = indexed_columns(access, root="target")
    several = via.type.is_list
    value = [pen.record.id] if several else pen.record.id
    asked = {"field": via.path, "op": "has_any" if several else "eq", "value": value}
    conditions = conditions_of(session, access, columns, asked, None, "")
    if block.where is not None:
        reading = pen.document.readings[f">{block.scope}", block.where.text]
        if not pen.readable(reading):
            return None
        conditions.append(Translator(columns, evaluator(pen.context, pen.record)).condition(reading.node))
    ids: list[int] = []
    after, count = None, 0
    sort = tuple(key for key in block.sort if access.readable(form.key, key.removeprefix("-")))
    while len(ids) < block.limit:
        room = min(MAX_LIMIT, block.limit - len(ids))
        page = page_of(session, access, columns, conditions, sort=sort, after=after, limit=room, count_to=COUNTED)
        ids += [item.id for item in page.items]
        count, after = max(count, page.count), page.next
        if after is None:
            break
    facts.want(form.key, ids)
    values = (facts.fetch(form.key, ident) for ident in ids)
    shown = tuple(value for value in values if isinstance(value, RecordValue))
    return shown, max(0, count - len(shown))

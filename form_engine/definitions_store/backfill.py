"""Bringing older records up to date with what was just published: new slots, contributions to new rollups."""

from collections.abc import Iterator, Sequence
from typing import Final

import orjson
from formloom.db.uow import workspace_of
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from form_engine.formula import Context
from form_engine.models import Record, RollupPart, record_index
from form_engine.records.actor import SYSTEM
from form_engine.records.context import context_for
from form_engine.records.derive import slots_of
from form_engine.records.facts import Fact
from form_engine.records.facts_sql import facts_of
from form_engine.records.forms import Forms
from form_engine.rollups.parts import Feed, parts_of

BATCH: Final = 1_000


def fill_slots(session: Session, forms: Forms, key: str) -> None:
    """Write the typed slots of every live record of a form anew."""
    context = context_for(session, SYSTEM)
    for batch in _live(session, forms, key, context):
        session.execute(
            delete(record_index).where(
                record_index.c.workspace_id == workspace_of(session),
                record_index.c.record_id.in_([fact.id for fact in batch]),
            )
        )
        rows = [
            {
                "workspace_id": workspace_of(session),
                "record_id": fact.id,
                "form": key,
                "created_at": fact.created_at.isoformat() if fact.created_at else None,
                **slots_of(forms[key], forms.slots.get(key, {}), fact.data),
            }
            for fact in batch
        ]
        session.execute(_INDEX, {"rows": orjson.dumps(rows).decode()})


def fill_parts(session: Session, forms: Forms, child: str, feeds: Sequence[Feed]) -> None:
    """Work out what every live record of `child` adds to these rollups. The rollups count nothing else before."""
    context = context_for(session, SYSTEM)
    for feed in feeds:
        forget_parts(session, feed.name)
    for batch in _live(session, forms, child, context):
        facts = facts_of(session, forms, context)
        facts.add(batch)
        rows = [
            {
                "workspace_id": workspace_of(session),
                "child_id": fact.id,
                "rollup": part.rollup,
                "row_id": part.row_id,
                "parent_id": part.parent_id,
                "amount": part.amount,
            }
            for fact in batch
            for part in parts_of(facts.value(fact), feeds, context)
        ]
        if rows:
            session.execute(insert(RollupPart), rows)
            parents = {row["parent_id"] for row in rows}
            touched = update(Record).where(Record.workspace_id == workspace_of(session), Record.id.in_(parents))
            session.execute(touched.values(touched=Record.touched + 1).execution_options(synchronize_session=False))


def forget_parts(session: Session, rollup: str) -> None:
    """A rollup that is gone, or means something else now, has no parts."""
    gone = delete(RollupPart).where(RollupPart.workspace_id == workspace_of(session), RollupPart.rollup == rollup)
    session.execute(gone.execution_options(synchronize_session=False))


def _live(session: Session, forms: Forms, key: str, context: Context) -> Iterator[list[Fact]]:
    """Every record of a form that counts, in batches, held against other writers until this transaction ends."""
    facts = facts_of(session, forms, context)
    last = 0
    while True:
        ids = list(
            session.scalars(
                select(Record.id)
                .where(
                    Record.workspace_id == workspace_of(session),
                    Record.form == key,
                    Record.id > last,
                    Record.draft.is_(False),
                    Record.deleted_at.is_(None),
                )
                .order_by(Record.id)
                .limit(BATCH)
                .with_for_update(key_share=True)
            )
        )
        if not ids:
            return
        facts.want(key, ids)
        yield [fact for record_id in ids if (fact := facts.fact(key, record_id)) is not None]
        last = ids[-1]


_INDEX = text("""
    INSERT INTO record_index
    SELECT (jsonb_populate_record(NULL::record_index, row)).* FROM jsonb_array_elements(CAST(:rows AS jsonb)) row
""")

"""Bringing records up to date: everything that is stored beside their documents, from what the database says now."""

from collections.abc import Collection, Iterable
from typing import Any, Final

import orjson
from formloom.db.uow import workspace_of
from sqlalchemy import ARRAY, BigInteger, Text, bindparam, text
from sqlalchemy.orm import Session

from form_engine.records.actor import SYSTEM
from form_engine.records.context import context_for
from form_engine.records.derive import search_text, slots_of, title_of
from form_engine.records.facts import Fact
from form_engine.records.facts_sql import facts_of
from form_engine.records.forms import Forms
from form_engine.rollups.parts import parts_of

BATCH: Final = 200
"""Records of one transaction: it holds them, so nobody should wait long for it."""


def bring_up_to_date(session: Session, forms: Forms, ids: Collection[int], *, wait: bool = True) -> bool:
    """Make slots, contributions, titles and words of these records (at most a few hundred) what they should be.

    The records are held first and read afterwards, so whoever does this last has seen everything: it may be done at any
    time, by anybody, as often as one likes. Parents whose totals move are marked in turn. Without `wait`, False where
    somebody else holds one of them: nothing was done.
    """
    held = _held(session, forms, ids, wait)
    if not held and not wait:
        return False
    rows = list(_rows(session, forms, held))
    if rows:
        sent = {"rows": orjson.dumps(rows).decode(), "causes": sorted(forms.routes.causes)}
        session.execute(_REFRESH, sent)
    return True


def _held(session: Session, forms: Forms, ids: Collection[int], wait: bool) -> list[Fact]:
    """The records as they are, locked with their parents, those to be as well, in the order of ids."""
    feeds = (feed.config for feeds in forms.feeds.values() for feed in feeds)
    ways = {f"{feed.table}.{feed.via}" if feed.table else feed.via for feed in feeds}
    sent = {"ids": sorted(ids), "ways": sorted(ways), "wait": wait}
    return [Fact.read(raw) for raw in session.scalars(_HOLD, sent)]


def _rows(session: Session, forms: Forms, held: list[Fact]) -> Iterable[dict[str, Any]]:
    context = context_for(session, SYSTEM)
    facts = facts_of(session, forms, context)
    facts.add(held)
    for fact in held:
        form = forms.get(fact.form)
        if form is None:
            continue
        value = facts.value(fact)
        counts = not fact.draft and not fact.deleted
        parts = parts_of(value, forms.feeds.get(form.key, ()), context) if counts else ()
        yield {
            "id": fact.id,
            "form": form.key,
            "created_at": fact.created_at.isoformat() if fact.created_at else None,
            "slots": slots_of(form, forms.slots.get(form.key, {}), fact.data, value) if counts else None,
            "title": title_of(form, value, context),
            "search": search_text(form, fact.data, fact.number),
            "parts": [part.to_json() for part in parts],
        }


def mark(session: Session, marks: Collection[tuple[int, str]]) -> None:
    """These records, each for its cause, reach others: somebody is to look."""
    if marks:
        ids, causes = zip(*marks, strict=True)
        session.execute(_MARK, {"ws": workspace_of(session), "ids": list(ids), "causes": list(causes)})


_IDS: Final = bindparam("ids", type_=ARRAY(BigInteger))
_HOLD = text("SELECT hold_records(:ids, :ways, :wait)").bindparams(_IDS, bindparam("ways", type_=ARRAY(Text)))
_REFRESH = text("SELECT refresh_records(CAST(:rows AS jsonb), :causes)").bindparams(
    bindparam("causes", type_=ARRAY(Text))
)
_MARK = text("""
    INSERT INTO recalculation (workspace_id, record_id, cause)
    SELECT :ws, * FROM unnest(:ids, CAST(:causes AS text[]))
""").bindparams(_IDS)

__all__ = ["BATCH", "bring_up_to_date", "mark"]

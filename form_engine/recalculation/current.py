"""Bringing records up to date: everything that is stored beside their documents, from what the database says now."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from formloom.db.uow import workspace_of
from sqlalchemy import ARRAY, BigInteger, bindparam, text
from sqlalchemy.orm import Session

from form_engine.records.actor import SYSTEM
from form_engine.records.context import context_for
from form_engine.records.derive import search_text, slots_of, title_of
from form_engine.records.facts import Fact
from form_engine.records.facts_sql import facts_of
from form_engine.records.forms import Forms
from form_engine.records.write import Part
from form_engine.rollups.parts import parts_of
from form_engine.slots import SLOTS

BATCH: Final = 200
"""Records of one transaction: it holds them, so nobody should wait long for it."""


@dataclass(frozen=True, slots=True)
class Current:
    """What should stand beside a record. `slots` is None for one that counts nowhere."""

    fact: Fact
    slots: Mapping[str, str | int] | None
    parts: tuple[Part, ...]
    title: str
    search: str


def bring_up_to_date(session: Session, forms: Forms, ids: Collection[int]) -> None:
    """Make slots, contributions, titles and words of these records (at most a few hundred) what they should be.

    The records are held first and read afterwards, so whoever does this last has seen everything: it may be done at any
    time, by anybody, as often as one likes. Parents whose totals move are marked in turn.
    """
    found = _now(session, forms, _held(session, forms, ids))
    _write_parts(session, forms, found)
    _write_index(session, found)
    _write_words(session, found)


def _held(session: Session, forms: Forms, ids: Collection[int]) -> list[int]:
    """Lock the records and their parents, those to be as well, in the order of ids."""
    ways = {_way(feed.config.table, feed.config.via) for feeds in forms.feeds.values() for feed in feeds}
    session.execute(_HOLD, {"ws": workspace_of(session), "ids": sorted(ids), "ways": sorted(ways)})
    return sorted(ids)


def _way(table: str | None, via: str) -> str:
    return f"{table}.{via}" if table else via


def _now(session: Session, forms: Forms, ids: Iterable[int]) -> list[Current]:
    context = context_for(session, SYSTEM)
    facts = facts_of(session, forms, context)
    loaded = list(facts.load(list(ids)))
    facts.add(loaded)
    found = []
    for fact in loaded:
        form = forms.get(fact.form)
        if form is None:
            continue
        value = facts.value(fact)
        counts = not fact.draft and not fact.deleted
        found.append(
            Current(
                fact,
                slots_of(form, forms.slots.get(form.key, {}), fact.data, value) if counts else None,
                parts_of(value, forms.feeds.get(form.key, ()), context) if counts else (),
                title_of(form, value, context),
                search_text(form, fact.data, fact.number),
            )
        )
    return found


def _write_parts(session: Session, forms: Forms, found: list[Current]) -> None:
    stored: dict[int, set[Part]] = {}
    ids = [each.fact.id for each in found]
    for child, *part in session.execute(_PARTS, {"ws": workspace_of(session), "ids": ids}):
        stored.setdefault(child, set()).add(Part(*part))
    rows: list[dict[str, Any]] = []
    changed: list[int] = []
    moved: set[tuple[int, str]] = set()
    for each in found:
        difference = stored.get(each.fact.id, set()) ^ set(each.parts)
        if not difference:
            continue
        changed.append(each.fact.id)
        moved |= {(part.parent_id, part.rollup) for part in difference}
        rows += (
            {
                "child_id": each.fact.id,
                "rollup": part.rollup,
                "row_id": part.row_id,
                "parent_id": part.parent_id,
                "amount": f"{part.amount:f}",
            }
            for part in each.parts
        )
    if not changed:
        return
    ws = workspace_of(session)
    session.execute(_FORGET_PARTS, {"ws": ws, "ids": changed})
    session.execute(_ADD_PARTS, {"ws": ws, "rows": orjson.dumps(rows).decode()})
    session.execute(_TOUCH, {"ws": ws, "ids": sorted({parent for parent, _ in moved})})
    mark(session, [(parent, rollup) for parent, rollup in sorted(moved) if rollup in forms.routes.causes])


def _write_index(session: Session, found: list[Current]) -> None:
    ws = workspace_of(session)
    gone = [each.fact.id for each in found if each.slots is None]
    if gone:
        session.execute(_FORGET_INDEX, {"ws": ws, "ids": gone})
    rows = [
        {
            "workspace_id": ws,
            "record_id": each.fact.id,
            "form": each.fact.form,
            "created_at": each.fact.created_at.isoformat() if each.fact.created_at else None,
            **each.slots,
        }
        for each in found
        if each.slots is not None
    ]
    if rows:
        sent = {"ws": ws, "rows": orjson.dumps(rows).decode()}
        session.execute(_UPDATE_INDEX, sent)
        session.execute(_INSERT_INDEX, sent)


def _write_words(session: Session, found: list[Current]) -> None:
    rows = [{"id": each.fact.id, "title": each.title, "search": each.search} for each in found]
    session.execute(_WORDS, {"ws": workspace_of(session), "rows": orjson.dumps(rows).decode()})


def mark(session: Session, marks: Collection[tuple[int, str]]) -> None:
    """These records, each for its cause, reach others: somebody is to look."""
    if marks:
        ids, causes = zip(*marks, strict=True)
        session.execute(_MARK, {"ws": workspace_of(session), "ids": list(ids), "causes": list(causes)})


_IDS: Final = bindparam("ids", type_=ARRAY(BigInteger))
_HOLD = text("""
    SELECT 1 FROM record WHERE workspace_id = :ws AND id IN (
        SELECT unnest(:ids)
        UNION SELECT parent_id FROM rollup_part WHERE workspace_id = :ws AND child_id = ANY(:ids)
        UNION SELECT to_id FROM record_link WHERE workspace_id = :ws AND from_id = ANY(:ids) AND path = ANY(:ways))
    ORDER BY id FOR NO KEY UPDATE
""").bindparams(_IDS)
_PARTS = text("""
    SELECT child_id, rollup, row_id, parent_id, amount FROM rollup_part
    WHERE workspace_id = :ws AND child_id = ANY(:ids)
""").bindparams(_IDS)
_FORGET_PARTS = text("DELETE FROM rollup_part WHERE workspace_id = :ws AND child_id = ANY(:ids)").bindparams(_IDS)
_ADD_PARTS = text("""
    INSERT INTO rollup_part (workspace_id, child_id, rollup, row_id, parent_id, amount)
    SELECT :ws, child_id, rollup, row_id, parent_id, amount
    FROM jsonb_populate_recordset(NULL::rollup_part, CAST(:rows AS jsonb))
""")
_TOUCH = text("UPDATE record SET touched = touched + 1 WHERE workspace_id = :ws AND id = ANY(:ids)").bindparams(_IDS)
_FORGET_INDEX = text("DELETE FROM record_index WHERE workspace_id = :ws AND record_id = ANY(:ids)").bindparams(_IDS)
_COLUMNS: Final = [slot for slots in SLOTS.values() for slot in slots]
_HELD, _NEW = (", ".join(f"{row}.{slot}" for slot in _COLUMNS) for row in "iv")
_UPDATE_INDEX = text(f"""
    UPDATE record_index i SET ({", ".join(_COLUMNS)}) = ROW ({_NEW})
    FROM jsonb_populate_recordset(NULL::record_index, CAST(:rows AS jsonb)) v
    WHERE i.workspace_id = :ws AND i.record_id = v.record_id
      AND ({_HELD}) IS DISTINCT FROM ({_NEW})
""")  # noqa: S608  our own list of columns
_INSERT_INDEX = text("""
    INSERT INTO record_index
    SELECT v.* FROM jsonb_populate_recordset(NULL::record_index, CAST(:rows AS jsonb)) v
    WHERE NOT EXISTS (SELECT FROM record_index i WHERE i.workspace_id = :ws AND i.record_id = v.record_id)
""")
_WORDS = text("""
    UPDATE record r SET title = v.title, search = lower(v.search)
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) v (id bigint, title text, search text)
    WHERE r.workspace_id = :ws AND r.id = v.id AND (r.title, r.search) IS DISTINCT FROM (v.title, lower(v.search))
""")
_MARK = text("""
    INSERT INTO recalculation (workspace_id, record_id, cause)
    SELECT :ws, * FROM unnest(:ids, CAST(:causes AS text[]))
""").bindparams(_IDS)

__all__ = ["BATCH", "Current", "bring_up_to_date", "mark"]

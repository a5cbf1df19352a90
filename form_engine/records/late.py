"""Telling listeners of what was written, from the outbox, a moment later: whatever they do about it refuses nobody's
write (docs/decisions/070). History has what was before and what came of it. What was written many at a time is heard
many at a time, and what that leaves to do record by record, a few in a transaction (096).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final
from uuid import UUID

from formloom import outbox
from formloom.db.retry import retrying
from formloom.db.uow import workspace_of
from formloom.outbox import JobContext, LeaseLost
from formloom.people import roles_of
from sqlalchemy import ARRAY, BigInteger, bindparam, select, text
from sqlalchemy.orm import Session

from form_engine.definitions_store import FormStore
from form_engine.models import Record
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.changed import BatchChanged, LateSubscriber, RecordChanged
from form_engine.records.context import context_for
from form_engine.records.facts import Fact
from form_engine.records.facts_sql import facts_of
from form_engine.records.merge import undone

KIND: Final = "records.changed"
"""The kind of the outbox row that `tell_changes` puts: `{"record": 7, "version": 3}`, the version that the write made,
or `{"form": "order", "changes": [[7, 3]], "quiet": false}`; with `"to"` that listener hears of each."""

FEW: Final = 20
"""Records of which one transaction hears one by one: what they start holds its locks until all are through."""

MOST_ALONG: Final = 200
"""Single writes that are taken along when one is told."""

Pairs = Sequence[tuple[int, int]]

_ENTRIES = text("""
    SELECT h.record_id, h.version, h.at, h.actor, h.action, h.changes, h.via
    FROM unnest(:records, :versions) told(record, version)
    JOIN record_history h ON h.workspace_id = :workspace AND h.record_id = told.record AND h.version >= told.version
    ORDER BY h.id
""").bindparams(bindparam("records", type_=ARRAY(BigInteger)), bindparam("versions", type_=ARRAY(BigInteger)))


# Single writes of other records of the form that nobody has begun to tell.
_ALONG = text("""
    SELECT o.id, (o.payload ->> 'record')::bigint AS record, (o.payload ->> 'version')::bigint AS version
    FROM outbox o
    JOIN record r ON r.workspace_id = o.workspace_id AND r.id = (o.payload ->> 'record')::bigint AND r.form = :form
    WHERE o.workspace_id = :workspace AND o.lane = :lane AND o.kind = :kind AND o.done_at IS NULL AND o.dead_at IS NULL
      AND o.attempts = 0 AND o.payload ? 'record' AND r.id <> :record
    LIMIT :most FOR UPDATE OF o SKIP LOCKED
""")
_TOLD = text("UPDATE outbox SET done_at = now() WHERE workspace_id = :workspace AND id = ANY (:items)").bindparams(
    bindparam("items", type_=ARRAY(BigInteger))
)


class Late:
    """The handler of such rows. Whoever hears of one write takes along what waits of the same form: a flood of single
    writes is heard as one.
    """

    def __init__(self, forms: FormStore, listeners: Sequence[LateSubscriber]) -> None:
        self._forms, self._listeners = forms, tuple(listeners)

    def __call__(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        try:
            retrying(lambda: self._hear(context, payload))
        except LeaseLost:
            raise
        except Exception:
            # What one of them meets keeps back none of the others.
            if "record" in payload:
                self._hear(context, payload, alone=True)
            elif len(payload["changes"]) > 1:
                self._split(context, payload)
            else:
                raise

    def _hear(self, context: JobContext, payload: Mapping[str, Any], *, alone: bool = False) -> None:
        with context.unit_of_work() as session:
            batch = self._batch(session, payload, alone=alone)
            if batch is not None:
                self._tell(session, batch, payload.get("to"), outbox.SOON if "record" in payload else outbox.BULK)
            if not context.finish(session):
                raise LeaseLost(context.key)

    def _tell(self, session: Session, batch: BatchChanged, to: int | None, lane: int) -> None:
        """`to`: the place of the listener who asked to hear of each of them. `lane`: of what is left to do."""
        if to is not None:
            self._each(session, batch, self._listeners[to], set(batch.records))
            return
        for place, listener in enumerate(self._listeners):
            wanted = set(listener.hear_batch(session, batch))
            if len(wanted) > FEW:
                left = [(record, version) for record, version in batch.changes if record in wanted]
                _put(session, batch.form, left, FEW, {"quiet": batch.quiet, "to": place}, lane)
            else:
                self._each(session, batch, listener, wanted)

    def _each(self, session: Session, batch: BatchChanged, listener: LateSubscriber, wanted: Collection[int]) -> None:
        for change in batch.load() if wanted else ():
            if change.after.id in wanted:
                listener.hear(session, change)

    def _split(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        alone = {"quiet": payload["quiet"], "to": payload.get("to")}
        with context.unit_of_work() as session:
            _put(
                session,
                payload["form"],
                [(record, version) for record, version in payload["changes"]],
                1,
                alone,
                outbox.BULK,
            )
            if not context.finish(session):
                raise LeaseLost(context.key)

    def _batch(self, session: Session, payload: Mapping[str, Any], *, alone: bool) -> BatchChanged | None:
        """None for one record that was purged."""
        if "changes" in payload:
            form, pairs = payload["form"], [(record, version) for record, version in payload["changes"]]
        else:
            here = (Record.workspace_id == workspace_of(session), Record.id == payload["record"])
            form, pairs = session.scalar(select(Record.form).where(*here)), [(payload["record"], payload["version"])]
            pairs += [] if alone or form is None else _along(session, form, payload["record"])
        if form is None:
            return None
        load = cache(lambda: _writes(session, self._forms, pairs))
        return BatchChanged(form, pairs, payload.get("quiet", False), load)


def _along(session: Session, form: str, record: int) -> list[tuple[int, int]]:
    """What other records of the form were written one by one and waits to be told: it is told here, one write each."""
    here = {"workspace": workspace_of(session), "form": form, "record": record, "most": MOST_ALONG}
    found: dict[int, tuple[int, int]] = {}
    for row in session.execute(_ALONG, {**here, "kind": KIND, "lane": outbox.SOON}):
        known = found.get(row.record)
        if known is None or row.version < known[1]:
            found[row.record] = (row.id, row.version)
    if found:
        items = [item for item, _ in found.values()]
        session.execute(_TOLD, {"workspace": workspace_of(session), "items": items})
    return sorted((record, version) for record, (_, version) in found.items())


def _put(session: Session, form: str, pairs: Pairs, most: int, said: Mapping[str, Any], lane: int) -> None:
    stage = "all" if said["to"] is None else f"to{said['to']}"
    for at in range(0, len(pairs), most):
        part = pairs[at : at + most]
        record, version = part[0]
        told = {"form": form, "changes": part, **said}
        outbox.put(session, KIND, told, f"changed:{record}:{version}:{stage}:{len(part)}", lane=lane)


def _writes(session: Session, forms: FormStore, pairs: Pairs) -> list[RecordChanged]:
    """The writes as they were, whatever came after them, in the order of the ids; without those that were purged."""
    told = dict(pairs)
    facts = facts_of(session, forms.forms(session), context_for(session, SYSTEM))
    entries: dict[int, list[Any]] = {}
    asked = {"records": list(told), "versions": list(told.values()), "workspace": workspace_of(session)}
    for entry in session.execute(_ENTRIES, asked):
        entries.setdefault(entry.record_id, []).append(entry)
    actor = cache(lambda ref: _actor(session, ref))
    there = sorted((fact for fact in facts.load(told) if entries.get(fact.id)), key=lambda fact: fact.id)
    return [_write(fact, told[fact.id], entries[fact.id], actor) for fact in there]


def _write(fact: Fact, version: int, entries: Sequence[Any], actor: Callable[[str], Actor]) -> RecordChanged:
    """`entries` begin with the write."""
    entry, later = entries[0], [each.changes for each in entries[1:]]
    after = replace(fact, version=version, data=undone(fact.data, later), updated_at=entry.at)
    before = replace(after, version=version - 1, data=undone(after.data, [entry.changes]))
    # Gone by then is what the last removal up to then was not taken back of.
    gone = entry.action == "deleted" or (fact.deleted and not later)
    after = replace(after, deleted=gone)
    return RecordChanged(before if version > 1 else None, after, entry.action, actor(entry.actor), entry.via)


def _actor(session: Session, ref: str) -> Actor:
    kind, _, name = ref.partition(":")
    match kind:
        case "person":
            return Actor.person(int(name), roles_of(session, int(name)))
        case "guest":
            return Actor.guest(UUID(name))
        case "flow":
            return Actor.flow(name)
        case _:
            return SYSTEM

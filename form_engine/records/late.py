"""Telling listeners of what was written, from the outbox, a moment later: whatever they do about it refuses nobody's
write (docs/decisions/070). History has what was before and what came of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from formloom.db.uow import workspace_of
from formloom.outbox import JobContext, LeaseLost
from formloom.people import roles_of
from sqlalchemy import select
from sqlalchemy.orm import Session

from form_engine.definitions_store import FormStore
from form_engine.models import RecordHistory
from form_engine.records import trail
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.changed import BatchChanged, LateSubscriber, RecordChanged
from form_engine.records.context import context_for
from form_engine.records.facts_sql import facts_of
from form_engine.records.merge import undone
from form_engine.records.write import Action

KIND: Final = "records.changed"
"""The kind of the outbox row that `tell_changes` puts: `{"record": 7, "version": 3}`, the version that the write made,
or `{"form": "order", "changes": [[7, 3]]}`."""


class Late:
    """The handler of such rows."""

    def __init__(self, forms: FormStore, listeners: Sequence[LateSubscriber]) -> None:
        self._forms, self._listeners = forms, tuple(listeners)

    def __call__(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        with context.unit_of_work() as session:
            if "changes" in payload:
                batch = BatchChanged(payload["form"], [(record, version) for record, version in payload["changes"]])
                for listener in self._listeners:
                    listener.hear_batch(session, batch)
            elif (change := self._change(session, payload["record"], payload["version"])) is not None:
                for listener in self._listeners:
                    listener.hear(session, change)
            if not context.finish(session):
                raise LeaseLost(context.key)

    def _change(self, session: Session, record_id: int, version: int) -> RecordChanged | None:
        """The write as it was, whatever came after it; None once the record was purged."""
        facts = facts_of(session, self._forms.forms(session), context_for(session, SYSTEM)).load([record_id])
        fact, entry = next(iter(facts), None), _entry(session, record_id, version)
        if fact is None or entry is None:
            return None
        later = [changed for _, changed in trail.changes_since(session, record_id, version)]
        after = replace(fact, version=version, data=undone(fact.data, later), updated_at=entry.at)
        before = replace(after, version=version - 1, data=undone(after.data, [entry.changes]))
        action: Action = entry.action  # type: ignore[assignment]
        # Gone by then is what the last removal up to then was not taken back of.
        gone = action == "deleted" or (fact.deleted and not later)
        after = replace(after, deleted=gone)
        actor = _actor(session, entry.actor)
        return RecordChanged(before if version > 1 else None, after, action, actor, entry.via)


def _entry(session: Session, record_id: int, version: int) -> RecordHistory | None:
    mine = (RecordHistory.workspace_id == workspace_of(session), RecordHistory.record_id == record_id)
    return session.scalars(select(RecordHistory).where(*mine, RecordHistory.version == version)).first()


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

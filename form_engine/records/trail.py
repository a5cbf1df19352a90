"""Questions about a record's past and its surroundings: history, who links here, where a file stands."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from formloom.db.uow import workspace_of
from formloom.models import StoredFile
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm, FieldAccess
from form_engine.fields.base import Json
from form_engine.models import Record, RecordHistory, RecordLink
from form_engine.records.actor import Actor
from form_engine.records.view import readable_values


@dataclass(frozen=True, slots=True)
class Change:
    """One entry: `changes` maps field to (old, new)."""

    version: int
    at: datetime
    actor: str
    action: str
    changes: Mapping[str, tuple[Json, Json]]
    via: str | None


def history(session: Session, form: CompiledForm, record_id: int, fields: FieldAccess, limit: int) -> list[Change]:
    """The latest, oldest first, without what may not be read; an entry of which nothing is left stays."""
    rows = session.scalars(
        select(RecordHistory)
        .where(RecordHistory.workspace_id == workspace_of(session), RecordHistory.record_id == record_id)
        .order_by(RecordHistory.id.desc())
        .limit(limit)
    )
    return [
        Change(row.version, row.at, row.actor, row.action, _readable(form, row.changes, fields), row.via)
        for row in rows.all()[::-1]
    ]


def _readable(form: CompiledForm, changes: Mapping[str, Any], fields: FieldAccess) -> dict[str, tuple[Json, Json]]:
    old = readable_values(form, {key: pair[0] for key, pair in changes.items()}, fields)
    new = readable_values(form, {key: pair[1] for key, pair in changes.items()}, fields)
    return {key: (old.get(key), new.get(key)) for key in changes if old.get(key) != new.get(key)}


def changes_since(session: Session, record_id: int, version: int) -> list[tuple[str, dict[str, list[Json]]]]:
    """(actor, changes) of every write after `version`, oldest first."""
    rows = session.execute(
        select(RecordHistory.actor, RecordHistory.changes)
        .where(
            RecordHistory.workspace_id == workspace_of(session),
            RecordHistory.record_id == record_id,
            RecordHistory.version > version,
        )
        .order_by(RecordHistory.id)
    )
    return [(actor, changes) for actor, changes in rows]


def linking_fields(session: Session, record_id: int) -> list[tuple[str, str]]:
    """(form, path) of the links that lead to a record."""
    statement = (
        select(RecordLink.from_form, RecordLink.path)
        .distinct()
        .where(RecordLink.workspace_id == workspace_of(session), RecordLink.to_id == record_id)
        .order_by(RecordLink.from_form, RecordLink.path)
    )
    return [(form, path) for form, path in session.execute(statement)]


def hold(session: Session, ids: Collection[int]) -> None:
    """Lock records in the order of their ids until the transaction ends."""
    statement = (
        select(Record.id)
        .where(Record.workspace_id == workspace_of(session), Record.id.in_(sorted(ids)))
        .order_by(Record.id)
        .with_for_update(key_share=True)
    )
    session.execute(statement).all()


def uploaded_by(session: Session, file_id: str, actor: Actor) -> bool:
    statement = select(StoredFile.created_by).where(
        StoredFile.workspace_id == workspace_of(session), StoredFile.id == UUID(file_id)
    )
    return session.scalar(statement) == actor.ref


_HOLDING = text(
    "SELECT id FROM record WHERE workspace_id = :workspace AND deleted_at IS NULL"
    " AND jsonb_path_exists(data, '$.** ? (@ == $file)', jsonb_build_object('file', CAST(:file AS text))) LIMIT 20"
)


def holding_file(session: Session, file_id: str) -> list[int]:
    """The records in which the file stands."""
    return list(session.scalars(_HOLDING, {"workspace": workspace_of(session), "file": str(UUID(file_id))}))


def mentions(values: Any, file_id: str) -> bool:
    """Whether a readable document holds the file somewhere."""
    if isinstance(values, Mapping):
        return any(mentions(each, file_id) for each in values.values())
    if isinstance(values, list):
        return any(mentions(each, file_id) for each in values)
    return bool(values == file_id)

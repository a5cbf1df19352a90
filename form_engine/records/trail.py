"""Questions about a record's past and its surroundings: history, who links here, where a file stands."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from formloom.db.uow import workspace_of
from formloom.models import StoredFile
from sqlalchemy import ColumnElement, exists, func, literal_column, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session, aliased

from form_engine.definition import CompiledForm, FieldAccess
from form_engine.fields.base import Json
from form_engine.models import Record, RecordFile, RecordHistory, RecordLink
from form_engine.records.actor import Actor
from form_engine.records.view import readable_values

MOST_HOLDERS: Final = 50


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


def changes_of(
    session: Session, record_id: int, keys: Collection[str], until: datetime, limit: int
) -> list[tuple[datetime, str, dict[str, list[Json]]]]:
    """(when, actor, changes) of the latest writes before `until` that touched one of these fields, the last first."""
    statement = (
        select(RecordHistory.at, RecordHistory.actor, RecordHistory.changes)
        .where(
            RecordHistory.workspace_id == workspace_of(session),
            RecordHistory.record_id == record_id,
            RecordHistory.changes.has_any(array(sorted(keys))),
            RecordHistory.at < until,
        )
        .order_by(RecordHistory.id.desc())
        .limit(limit)
    )
    return [(at, actor, changes) for at, actor, changes in session.execute(statement)]


def _readable(form: CompiledForm, changes: Mapping[str, Any], fields: FieldAccess) -> dict[str, tuple[Json, Json]]:
    changes = {_key_now(form).get(key, key): pair for key, pair in changes.items()}
    old = readable_values(form, {key: pair[0] for key, pair in changes.items()}, fields)
    new = readable_values(form, {key: pair[1] for key, pair in changes.items()}, fields)
    return {key: (old.get(key), new.get(key)) for key in changes if old.get(key) != new.get(key)}


def _key_now(form: CompiledForm) -> Mapping[str, str]:
    """By former key: what the field is called now."""
    return {was: field.key for field in form.definition.fields for was in field.was}


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
    _lock(session, ids, key_share=True)


def hold_alone(session: Session, ids: Collection[int]) -> None:
    """The same, and nobody links to them meanwhile: `apply_record_writes` holds what is newly linked to."""
    _lock(session, ids, key_share=False)


def _lock(session: Session, ids: Collection[int], *, key_share: bool) -> None:
    statement = (
        select(Record.id)
        .where(Record.workspace_id == workspace_of(session), Record.id.in_(sorted(ids)))
        .order_by(Record.id)
        .with_for_update(key_share=key_share)
    )
    session.execute(statement).all()


def uploaded_by(session: Session, file_id: str, actor: Actor) -> bool:
    statement = select(StoredFile.created_by).where(
        StoredFile.workspace_id == workspace_of(session), StoredFile.id == UUID(file_id)
    )
    return session.scalar(statement) == actor.ref


def holding_file(session: Session, file_id: str) -> list[tuple[int, str]]:
    """(record, path) where the file stands or stood, newest records first; a comment's path is `comment:7`."""
    statement = (
        select(RecordFile.record_id, RecordFile.path)
        .where(RecordFile.workspace_id == workspace_of(session), RecordFile.file_id == UUID(file_id))
        .order_by(RecordFile.record_id.desc(), RecordFile.path)
        .limit(MOST_HOLDERS)
    )
    return [(record_id, path) for record_id, path in session.execute(statement)]


def last_change(session: Session, record_id: int) -> RecordHistory | None:
    """The latest entry of a record's history."""
    mine = (RecordHistory.workspace_id == workspace_of(session), RecordHistory.record_id == record_id)
    return session.scalars(select(RecordHistory).where(*mine).order_by(RecordHistory.id.desc()).limit(1)).first()


def written_as(session: Session, via: str, records: Collection[int] | None = None) -> list[RecordHistory]:
    """What was written as one batch (`bulk:7`), the last write first; with `records` only what was written of these."""
    statement = select(RecordHistory).where(*_in_batch(RecordHistory, session, via)).order_by(RecordHistory.id.desc())
    if records is not None:
        statement = statement.where(RecordHistory.record_id.in_(records))
    return list(session.scalars(statement))


def batch_size(session: Session, via: str, actor: str | None) -> int:
    """How many records were written as one batch; with `actor` by them."""
    mine = (RecordHistory.actor == actor,) if actor is not None else ()
    count = select(func.count(RecordHistory.record_id.distinct())).where(*_in_batch(RecordHistory, session, via), *mine)
    return session.scalar(count) or 0


def batch_page(
    session: Session, via: str, actor: str | None, *, removed: bool, before: int | None, limit: int
) -> list[tuple[int, int]]:
    """(entry, record) of what was written as one batch: each record's last entry, those below the id `before`, the last
    first. `removed`: of the records that it removed, or of the others.
    """
    row, other = aliased(RecordHistory), aliased(RecordHistory)
    same = (*_in_batch(other, session, via), other.record_id == row.record_id)
    went = exists().where(*same, other.action == "deleted")
    statement = (
        select(row.id, row.record_id)
        .where(*_in_batch(row, session, via), went if removed else ~went, ~exists().where(*same, other.id > row.id))
        .order_by(row.id.desc())
        .limit(limit)
    )
    if actor is not None:
        statement = statement.where(row.actor == actor)
    if before is not None:
        statement = statement.where(row.id < before)
    return [(entry, record) for entry, record in session.execute(statement)]


def _in_batch(entry: Any, session: Session, via: str) -> tuple[ColumnElement[bool], ...]:
    return (
        entry.workspace_id == workspace_of(session),
        entry.via == via,
        entry.via.is_not(None) & entry.via.not_like(literal_column("'run:%'")),  # as the index says
    )

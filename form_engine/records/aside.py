"""Records that stand aside: one's own drafts, and the bin. They count nowhere and are in no list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from formloom.db.uow import workspace_of
from sqlalchemy import ColumnElement, or_, select, tuple_
from sqlalchemy.orm import Session

from form_engine.models import Record
from form_engine.permission.access import Access
from form_engine.query.errors import refuse
from form_engine.query.listing import MAX_LIMIT, views_of
from form_engine.records.actor import Actor
from form_engine.records.view import RecordView

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ASIDE: Final = or_(Record.draft, Record.deleted_at.is_not(None))
"""As the index of these few says."""


@dataclass(frozen=True, slots=True)
class Aside:
    """A page, the latest change first; `next` continues after the last (None at the end)."""

    items: tuple[RecordView, ...]
    next: str | None


def drafts(
    session: Session, access: dict[str, Access], actor: Actor, *, after: str | None = None, limit: int = 50
) -> Aside:
    """The actor's own drafts of these forms, as far as they may still read them."""
    own = (Record.draft.is_(True), Record.deleted_at.is_(None), Record.created_by == actor.person_id)
    return _page(session, access, own, after, limit)


def bin_of(session: Session, access: Access, *, after: str | None = None, limit: int = 50) -> Aside:
    """The records of a form in the bin that the actor may see and take out again. A draft is its author's alone."""
    mine = or_(Record.draft.is_(False), Record.created_by == access.actor.person_id)
    seen = (Record.deleted_at.is_not(None), mine, access.predicate("read"), access.predicate("delete"))
    return _page(session, {access.form.key: access}, seen, after, limit)


def _page(
    session: Session,
    access: dict[str, Access],
    conditions: Sequence[ColumnElement[bool]],
    after: str | None,
    limit: int,
) -> Aside:
    if not 1 <= limit <= MAX_LIMIT:
        raise refuse("/limit", "bad_limit", limit=MAX_LIMIT)
    statement = select(Record.id, Record.form, Record.updated_at).where(
        Record.workspace_id == workspace_of(session), Record.form.in_(sorted(access)), _ASIDE, *conditions
    )
    if after is not None:
        statement = statement.where(tuple_(Record.updated_at, Record.id) < tuple_(*_read(after)))
    rows = session.execute(statement.order_by(Record.updated_at.desc(), Record.id.desc()).limit(limit + 1)).all()
    shown = rows[:limit]
    views: dict[int, RecordView] = {}
    for key in dict.fromkeys(row.form for row in shown):
        ids = [row.id for row in shown if row.form == key]
        views |= {view.id: view for view in views_of(session, access[key], ids)}
    last = shown[-1] if len(rows) > limit else None
    return Aside(
        tuple(views[row.id] for row in shown if row.id in views),
        f"{(last.updated_at - _EPOCH) // timedelta(microseconds=1)}.{last.id}" if last is not None else None,
    )


def _read(cursor: str) -> tuple[datetime, int]:
    moment, dot, record = cursor.partition(".")
    if not (dot and _whole(moment) and _whole(record)):
        raise refuse("/after", "bad_cursor")
    try:
        return _EPOCH + timedelta(microseconds=int(moment)), int(record)
    except OverflowError:
        raise refuse("/after", "bad_cursor") from None


def _whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19

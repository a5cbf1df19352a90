"""The ledger as people look through it: filters and pages in SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.models import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to show; what is None does not matter. `q` is part of recipient or subject."""

    status: str | None = None
    channel: str | None = None
    kind: str | None = None
    person: int | None = None
    run: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    q: str | None = None


def listing(session: Session, wanted: Wanted, *, before: int | None = None, limit: int = 50) -> Sequence[Message]:
    """A page, the latest first; `before` is the id at which the last page ended."""
    conditions = [*_conditions(session, wanted), *([Message.id < before] if before is not None else [])]
    return session.scalars(select(Message).where(*conditions).order_by(Message.id.desc()).limit(limit)).all()


def figures(session: Session) -> dict[str, int]:
    """How many lines there are by status."""
    mine = Message.workspace_id == workspace_of(session)
    found = session.execute(select(Message.status, func.count()).where(mine).group_by(Message.status))
    return {row[0]: row[1] for row in found}


def _conditions(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Message.workspace_id == workspace_of(session)]
    named = (
        (Message.status, wanted.status),
        (Message.channel, wanted.channel),
        (Message.kind, wanted.kind),
        (Message.person_id, wanted.person),
        (Message.run_id, wanted.run),
    )
    conditions += [column == value for column, value in named if value is not None]
    if wanted.since is not None:
        conditions.append(Message.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Message.created_at < wanted.until)
    if wanted.q:
        found = (Message.recipient, Message.subject)
        conditions.append(or_(*(column.icontains(wanted.q, autoescape=True) for column in found)))
    return conditions

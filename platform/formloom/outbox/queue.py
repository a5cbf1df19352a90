"""The outbox as services see it: they put work in; an admin looks at what failed for good."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.models import OutboxItem
from formloom.outbox.lanes import PEOPLE
from formloom.wakeups import announce

TOPIC = "outbox"


def put(
    session: Session,
    kind: str,
    payload: Mapping[str, Any],
    key: str,
    delay: timedelta | None = None,
    *,
    lane: int = PEOPLE,
) -> None:
    """Have `kind`'s handler do this once the transaction is in, `delay` later. The same key again is the same work.

    `lane`: who waits for it (`outbox.lanes`).
    """
    row = {"workspace_id": workspace_of(session), "kind": kind, "payload": dict(payload), "key": key, "lane": lane}
    statement = insert(OutboxItem).values(**row, available_at=func.now() + (delay or timedelta()))
    session.execute(statement.on_conflict_do_nothing(index_elements=["workspace_id", "key"]))
    announce(session, [TOPIC])


def redo(session: Session, kind: str, payload: Mapping[str, Any], key: str) -> None:
    """Do this work again, as if for the first time, whether it was done, given up or waits; at once, unless somebody is
    at it.
    """
    row = {"workspace_id": workspace_of(session), "kind": kind, "payload": dict(payload), "key": key}
    fresh = {"done_at": None, "dead_at": None, "attempts": 0, "available_at": func.now(), "last_error": None}
    free = or_(OutboxItem.lease.is_(None), OutboxItem.lease_until < func.now(), OutboxItem.done_at.is_not(None))
    statement = insert(OutboxItem).values(**row)
    session.execute(statement.on_conflict_do_update(index_elements=["workspace_id", "key"], set_=fresh, where=free))
    announce(session, [TOPIC])


def dead_letters(session: Session, limit: int = 100) -> Sequence[OutboxItem]:
    """Work that was given up, the latest first."""
    dead = select(OutboxItem).where(OutboxItem.workspace_id == workspace_of(session), OutboxItem.dead_at.is_not(None))
    return session.scalars(dead.order_by(OutboxItem.dead_at.desc()).limit(limit)).all()


def revive(session: Session, item_id: int) -> bool:
    """Try a dead letter again, as if for the first time; False when there is none of this id."""
    mine = (OutboxItem.workspace_id == workspace_of(session), OutboxItem.id == item_id, OutboxItem.dead_at.is_not(None))
    fresh = {"dead_at": None, "attempts": 0, "available_at": func.now(), "lease": None, "lease_until": None}
    revived = session.execute(update(OutboxItem).where(*mine).values(fresh).returning(OutboxItem.id)).first()
    announce(session, [TOPIC])
    return revived is not None

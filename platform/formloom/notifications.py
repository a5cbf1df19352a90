"""The bell: lines for one person inside the house."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.models import Notification
from formloom.wakeups import announce


def notify(
    session: Session, people: Iterable[int], kind: str, params: Mapping[str, Any], link: str | None = None
) -> None:
    """A line for each of these people; `kind` and `params` become words when it is shown."""
    workspace_id, told = workspace_of(session), sorted(set(people))
    session.add_all(
        Notification(workspace_id=workspace_id, person_id=person, kind=kind, params=dict(params), link=link)
        for person in told
    )
    session.flush()
    announce(session, [f"inbox:{person}" for person in told])


def latest(session: Session, person_id: int, limit: int = 20) -> Sequence[Notification]:
    """The person's newest lines first."""
    mine = select(Notification).where(*_of(session, person_id))
    return session.scalars(mine.order_by(Notification.id.desc()).limit(limit)).all()


def unread(session: Session, person_id: int) -> int:
    """How many lines the person has not read."""
    mine = (*_of(session, person_id), Notification.read_at.is_(None))
    return session.execute(select(func.count()).select_from(Notification).where(*mine)).scalar_one()


def mark_read(session: Session, person_id: int, up_to: int | None = None) -> None:
    """The person has read everything, up to one line if it is given."""
    mine = [*_of(session, person_id), Notification.read_at.is_(None)]
    if up_to is not None:
        mine.append(Notification.id <= up_to)
    session.execute(update(Notification).where(*mine).values(read_at=func.now()))


def _of(session: Session, person_id: int) -> tuple[Any, Any]:
    return Notification.workspace_id == workspace_of(session), Notification.person_id == person_id

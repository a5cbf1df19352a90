"""The bell: lines for one person inside the house."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.messages.ledger import mark_read as mark_told
from formloom.models import Notification
from formloom.wakeups import announce

CARRIED = "bell:"
"""How the notice of a line is called that is carried on to other channels, before its id."""


def notify(
    session: Session, people: Iterable[int], kind: str, params: Mapping[str, Any], link: str | None = None
) -> None:
    """A line for each of these people; `kind` and `params` become words when it is shown."""
    workspace_id, told = workspace_of(session), sorted(set(people))
    common = {"workspace_id": workspace_id, "kind": kind, "link": link, "created_at": app_now(session)}
    session.add_all(Notification(**common, person_id=person, params=dict(params)) for person in told)
    session.flush()
    announce(session, [f"inbox:{person}" for person in told])


def latest(session: Session, person_id: int, limit: int = 20) -> Sequence[Notification]:
    """The person's newest lines first."""
    mine = select(Notification).where(*_of(session, person_id))
    return session.scalars(mine.order_by(Notification.id.desc()).limit(limit)).all()


def link_of(session: Session, person_id: int, line: int) -> str | None:
    """Where one line of this person leads; None for anybody else's."""
    return session.scalar(select(Notification.link).where(*_of(session, person_id), Notification.id == line))


def unread(session: Session, person_id: int) -> int:
    """How many lines the person has not read."""
    mine = (*_of(session, person_id), Notification.read_at.is_(None))
    return session.execute(select(func.count()).select_from(Notification).where(*mine)).scalar_one()


def unseen(session: Session, person_id: int, link: str) -> bool:
    """Whether the person has lines that lead there and has not read them."""
    mine = (*_of(session, person_id), Notification.read_at.is_(None), Notification.link == link)
    return session.scalar(select(Notification.id).where(*mine).limit(1)) is not None


def mark_read(session: Session, person_id: int, up_to: int | None = None) -> None:
    """The person has read everything, up to one line if it is given."""
    _read(session, person_id, *([Notification.id <= up_to] if up_to is not None else []))


def mark_seen(session: Session, person_id: int, link: str) -> bool:
    """The person has opened what these lines lead to: they are read, and so says the ledger. Whether any was new."""
    return _read(session, person_id, Notification.link == link)


def _read(session: Session, person_id: int, *which: Any) -> bool:
    mine = (*_of(session, person_id), Notification.read_at.is_(None), *which)
    statement = update(Notification).where(*mine).values(read_at=func.now())
    read = session.execute(statement.returning(Notification.id, Notification.params)).all()
    mark_told(session, [str(row.params.get("notice", f"{CARRIED}{row.id}")) for row in read])
    return bool(read)


def _of(session: Session, person_id: int) -> tuple[Any, Any]:
    return Notification.workspace_id == workspace_of(session), Notification.person_id == person_id

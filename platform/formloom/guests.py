"""People without an account: a link that opens one subject, for a while (TRUST, guests).

An unknown, an expired and a revoked token look alike, and a token is checked before the database is asked for much.
"""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from formloom.clock import app_now
from formloom.db.engine import Databases
from formloom.db.uow import workspace_of
from formloom.errors import NotFound
from formloom.links import address, guest_signature
from formloom.links import guest_token as token
from formloom.models import GuestLink
from formloom.settings import Settings
from formloom.signing import SIGNATURE_BYTES, from_text, same

CODES = ("unknown_link",)

__all__ = [
    "CODES",
    "GuestLink",
    "address",
    "get",
    "issue",
    "live",
    "made_since",
    "opened",
    "renew",
    "resolve",
    "revoke",
    "token",
]

_LOOK = text("""
    SELECT guest_link.workspace_id, guest_link.generation
    FROM guest_link JOIN workspace ON workspace.id = guest_link.workspace_id
    WHERE guest_link.id = :id AND guest_link.revoked_at IS NULL
    AND guest_link.expires_at > now() + workspace.clock_offset * interval '1 second'
""")


def issue(
    session: Session,
    subject: str,
    name: str = "",
    phone: str = "",
    *,
    valid_for: timedelta,
    ident: UUID | None = None,
    made_by: str | None = None,
) -> GuestLink:
    """A new link to `subject` (`task:12`), good for `valid_for` from now, the workspace's now."""
    link = GuestLink(
        workspace_id=workspace_of(session),
        id=ident or uuid4(),
        subject=subject,
        name=name,
        phone=phone,
        expires_at=app_now(session) + valid_for,
        generation=1,
        made_by=made_by,
    )
    session.add(link)
    session.flush()
    return link


def resolve(databases: Databases, settings: Settings, text: str) -> tuple[int, UUID] | None:
    """(workspace, link) of a good token, else None; nobody is told why."""
    raw = from_text(text, 16 + SIGNATURE_BYTES)
    if raw is None:
        return None
    link_id = UUID(bytes=raw[:16])
    with databases.router.connect() as connection:
        found = connection.execute(_LOOK, {"id": link_id}).one_or_none()
    # An unknown link is compared as well: the answer takes as long.
    expected = guest_signature(settings, link_id, found.generation if found else 0)
    return (found.workspace_id, link_id) if same(raw[16:], expected) and found is not None else None


def get(session: Session, link_id: UUID) -> GuestLink:
    """The link; NotFound when the workspace has none of this id."""
    link = session.get(GuestLink, (workspace_of(session), link_id))
    if link is None:
        raise NotFound("unknown_link")
    return link


def live(session: Session, subjects: Collection[str]) -> dict[str, GuestLink]:
    """By subject: the link that opens it now, the newest where there are several."""
    mine = (GuestLink.workspace_id == workspace_of(session), GuestLink.subject.in_(subjects))
    works = (GuestLink.revoked_at.is_(None), GuestLink.expires_at > app_now(session))
    found = session.scalars(select(GuestLink).where(*mine, *works).order_by(GuestLink.created_at, GuestLink.id))
    return {link.subject: link for link in found}


def made_since(session: Session, made_by: str, age: timedelta) -> int:
    """How many links somebody made within `age`, by the database's time. Others who make one wait for us."""
    lock = func.hashtextextended(f"guest_link:{workspace_of(session)}:{made_by}", 0)
    session.execute(select(func.pg_advisory_xact_lock(lock)))
    mine = (GuestLink.workspace_id == workspace_of(session), GuestLink.made_by == made_by)
    return session.scalars(select(func.count()).where(*mine, GuestLink.created_at > func.now() - age)).one()


def opened(session: Session, link_id: UUID) -> None:
    """Note that somebody opened it, the first time."""
    mine = (GuestLink.workspace_id == workspace_of(session), GuestLink.id == link_id, GuestLink.opened_at.is_(None))
    session.execute(update(GuestLink).where(*mine).values(opened_at=func.now()))


def revoke(session: Session, link_id: UUID) -> None:
    """Close the door at once."""
    get(session, link_id).revoked_at = app_now(session)
    session.flush()


def renew(session: Session, link_id: UUID, *, valid_for: timedelta) -> GuestLink:
    """The next generation: a new token, valid from now; the old one is dead."""
    link = get(session, link_id)
    link.generation += 1
    link.expires_at, link.revoked_at = app_now(session) + valid_for, None
    session.flush()
    return link

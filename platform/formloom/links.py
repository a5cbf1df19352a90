"""Addresses that open a door. They are made when they are sent or shown, and stand in no table."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.models import GuestLink
from formloom.settings import Settings
from formloom.signing import sign, to_text

_DOORS = {"guest": "g", "report": "q", "receipt": "v"}
"""Where links to a task, to a form and to what was reported lead."""


def guest_token(settings: Settings, link: GuestLink) -> str:
    """The token of this generation of a guest link."""
    return to_text(link.id.bytes + guest_signature(settings, link.id, link.generation))


def guest_signature(settings: Settings, link_id: UUID, generation: int) -> bytes:
    """What makes a guest token good."""
    return sign(settings.secret_key, "guest", link_id.hex, generation)


def reset_token(settings: Settings, workspace_id: int, reset_id: int) -> str:
    """The token of a password reset."""
    return to_text(sign(settings.secret_key, "reset", workspace_id, reset_id))


def address(settings: Settings, session: Session, link: str) -> str:
    """The address that `guest:<id>`, `report:<id>`, `receipt:<id>` (of guest links) or `reset:<id>` stands for, under
    PUBLIC_URL and no other host.
    """
    kind, _, ident = link.partition(":")
    if kind in _DOORS:
        wanted = select(GuestLink).where(GuestLink.workspace_id == workspace_of(session), GuestLink.id == UUID(ident))
        return f"{settings.public_url}/{_DOORS[kind]}/{guest_token(settings, session.scalars(wanted).one())}"
    if kind == "reset":
        return f"{settings.public_url}/reset/{reset_token(settings, workspace_of(session), int(ident))}"
    raise ValueError(f"no such kind of link: {kind!r}")

"""People without an account, and rights that somebody has been given on one record."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, Index, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from formloom.db.base import Base, InWorkspace, Numbered


class GuestLink(InWorkspace, Base):
    """A signed door to one subject: `task:12`, `form:leave` or `form:leave:room:7` (about a record), `record:9`.

    The token is an HMAC of `id` and `generation`: nothing readable is stored, and it can be sent again.
    """

    __tablename__ = "guest_link"
    __table_args__ = (
        UniqueConstraint("id"),
        Index(None, "workspace_id", "subject"),
        Index(None, "workspace_id", "made_by", "created_at"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    generation: Mapped[int] = mapped_column(server_default="1")
    subject: Mapped[str]
    name: Mapped[str] = mapped_column(server_default="")
    phone: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    made_by: Mapped[str | None]
    """Who made it: `person:3`, or `guest:<id>` of the link by which it came."""


class AccessGrant(Numbered, Base):
    """A right on one record, given to one person by `source` (`run:7`), read by the one permission predicate.

    `fields` maps field to `read` or `write`. Pages keep room, so that narrowing a right touches no index.
    """

    __tablename__ = "access_grant"
    __table_args__ = (
        UniqueConstraint("workspace_id", "person_id", "record_id", "source"),
        {"postgresql_with": {"fillfactor": 80}},
    )
    person_id: Mapped[int]
    form: Mapped[str]
    record_id: Mapped[int]
    source: Mapped[str]
    actions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    expires_at: Mapped[datetime | None]


class IdempotencyKey(InWorkspace, Base):
    """The first answer to a request; the same key with another `fingerprint` is refused."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index(None, "created_at"),)
    actor: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    status: Mapped[int]
    body: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

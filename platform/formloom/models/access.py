"""How somebody gets in: sessions, password resets, API tokens. Only hashes of what they carry are kept."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, ForeignKeyConstraint, Index, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from formloom.db.base import Base, Numbered


def of_person() -> ForeignKeyConstraint:
    """What a person owns goes with the person."""
    return ForeignKeyConstraint(["workspace_id", "person_id"], ["person.workspace_id", "person.id"], ondelete="CASCADE")


class LoginSession(Numbered, Base):
    """A browser that is logged in. `data` is what the web layer keeps for it (locale, CSRF secret)."""

    __tablename__ = "login_session"
    __table_args__ = (of_person(), UniqueConstraint("token_hash"), Index(None, "workspace_id", "person_id"))
    person_id: Mapped[int]
    token_hash: Mapped[bytes]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]


class PasswordReset(Numbered, Base):
    """A link in a mail that lets its holder set a new password, once."""

    __tablename__ = "password_reset"
    __table_args__ = (of_person(), UniqueConstraint("token_hash"))
    person_id: Mapped[int]
    token_hash: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiToken(Numbered, Base):
    """A program that acts as a person, within `scopes`."""

    __tablename__ = "api_token"
    __table_args__ = (of_person(), UniqueConstraint("token_hash"))
    person_id: Mapped[int]
    name: Mapped[str]
    token_hash: Mapped[bytes]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]

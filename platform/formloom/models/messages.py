"""What is said to whom: messages that leave the house, and notifications inside it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from formloom.db.base import Base, Numbered


class Message(Numbered, Base):
    """A mail or text message in the delivery ledger; `status` is queued, sent, kept or failed.

    `link` (`guest:<id>`, `reset:<id>`) stands for an address that opens a door: it is made when the message is sent
    and takes the place of `{link}` in the body, so that nothing here opens anything.
    """

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("workspace_id", "key"), Index(None, "workspace_id", "created_at"))
    key: Mapped[str]
    channel: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    link: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="queued")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None]


class Notification(Numbered, Base):
    """A line under somebody's bell; `kind` and `params` become words when it is shown."""

    __tablename__ = "notification"
    __table_args__ = (Index(None, "workspace_id", "person_id", "id"),)
    person_id: Mapped[int]
    kind: Mapped[str]
    params: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    link: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    read_at: Mapped[datetime | None]

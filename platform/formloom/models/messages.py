"""What is said to whom: messages that leave the house, and notifications inside it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from formloom.db.base import Base, Numbered


class Message(Numbered, Base):
    """One line of the delivery ledger: something said to one recipient by one channel.

    `status` is queued, sent (the next hop took it), delivered (it is before the recipient), read, failed (it is tried
    again at `next_at`), dead (it was given up), or kept (nothing leaves this installation by that channel).

    `link` (`guest:<id>`, `reset:<id>`) stands for an address that opens a door: it is made when the message is sent
    and takes the place of `{link}` in the body, so that nothing here opens anything. `notice` is the same in all lines
    by which one thing is told to one person. `about` says what a channel needs besides (files, where to lead, the
    connection); `kind` why it is said.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("workspace_id", "key"),
        Index(None, "workspace_id", "created_at"),
        Index("ix_message_status", "workspace_id", "status", "id"),
        Index("ix_message_person", "workspace_id", "person_id", "id"),
        Index("ix_message_run", "workspace_id", "run_id", "id", postgresql_where=text("run_id IS NOT NULL")),
        Index("ix_message_notice", "workspace_id", "notice", postgresql_where=text("notice IS NOT NULL")),
    )
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
    kind: Mapped[str] = mapped_column(server_default="other")
    person_id: Mapped[int | None]
    run_id: Mapped[int | None]
    visit: Mapped[int | None]
    step: Mapped[str | None]
    notice: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    about: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


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

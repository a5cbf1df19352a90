"""Work for later: the outbox (as soon as the transaction is in) and timers (when it is time)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from formloom.db.base import Base, Numbered


class OutboxItem(Numbered, Base):
    """One piece of background work; `key` makes its effect happen once.

    `lease` is held, until `lease_until`, by whoever works on it.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("workspace_id", "key"),
        Index("ix_outbox_available", "available_at", postgresql_where=text("done_at IS NULL AND dead_at IS NULL")),
    )
    key: Mapped[str]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    available_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lease: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str | None]
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]


class Timer(Numbered, Base):
    """Something to do at `due_at` (the workspace's time: the database's plus its offset).

    Setting the same `key` again moves it.
    """

    __tablename__ = "timer"
    __table_args__ = (
        UniqueConstraint("workspace_id", "key"),
        Index("ix_timer_due", "due_at", postgresql_where=text("done_at IS NULL AND cancelled_at IS NULL")),
    )
    key: Mapped[str]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    due_at: Mapped[datetime]
    retry_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    last_error: Mapped[str | None]
    done_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]

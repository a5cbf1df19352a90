"""Work for later: the outbox (as soon as the transaction is in), timers (when it is time), jobs (what people watch)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from formloom.db.base import Base, Numbered


class OutboxItem(Numbered, Base):
    """One piece of background work; `key` makes its effect happen once.

    `lease` is held, until `lease_until`, by whoever works on it. What is in a lower `lane` goes first (`outbox.lanes`).
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("workspace_id", "key"),
        Index("ix_outbox_lane", "lane", "available_at", postgresql_where=text("done_at IS NULL AND dead_at IS NULL")),
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
    lane: Mapped[int] = mapped_column(server_default="0")


class Timer(Numbered, Base):
    """Something to do at `due_at` (the workspace's time: the database's plus its offset).

    Setting the same `key` again moves it.
    """

    __tablename__ = "timer"
    __table_args__ = (
        UniqueConstraint("workspace_id", "key"),
        Index(
            "ix_timer_due",
            "workspace_id",
            "due_at",
            "id",
            postgresql_where=text("done_at IS NULL AND cancelled_at IS NULL"),
        ),
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


class Job(Numbered, Base):
    """Long work that somebody watches (ADR 006). Its outbox row brings it to a worker; this one tells how far it is.

    `state` is queued, running, done, failed or cancelled. `cursor` says where to go on; it commits with the work.
    Of one kind and `key` only one is unfinished at a time.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_created_by", "workspace_id", "created_by", "id"),
        Index(
            "ix_job_open_key", "workspace_id", "kind", "key", unique=True, postgresql_where=text("finished_at IS NULL")
        ),
    )
    kind: Mapped[str]
    key: Mapped[str | None]
    title: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default="queued")
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int | None]
    payload: Mapped[Any] = mapped_column(JSONB(none_as_null=True))
    cursor: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    result: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    cancel_asked: Mapped[bool] = mapped_column(server_default="false")
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

"""The audit log: entries that nobody changes, and the seals that prove it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from formloom.db.base import Base, InWorkspace, Numbered


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


class AuditEntry(Numbered, Base):
    """Who did what to what. `xid` lets the sealer take only rows older than every open transaction."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "workspace_id", "subject"),)
    at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    xid: Mapped[int] = mapped_column(Xid8(), server_default=text("pg_current_xact_id()"))


class AuditSeal(InWorkspace, Base):
    """The n-th link of a workspace's hash chain, over one entry and the link before."""

    __tablename__ = "audit_seal"
    __table_args__ = (Index(None, "workspace_id", "entry_id", unique=True),)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    entry_id: Mapped[int]
    hash: Mapped[bytes]
    sealed_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))

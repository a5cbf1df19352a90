"""A workspace is a tenant."""

from typing import Any

from sqlalchemy import BigInteger, Identity
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from formloom.db.base import Base


class Workspace(Base):
    """A firm: the owner of all other rows.

    `clock_offset` is seconds added to the database's time (the demo lives on a chosen day).
    """

    __tablename__ = "workspace"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    time_zone: Mapped[str] = mapped_column(server_default="Asia/Shanghai")
    locale: Mapped[str] = mapped_column(server_default="zh-CN")
    clock_offset: Mapped[int] = mapped_column(server_default="0")
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")

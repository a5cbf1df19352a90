"""By which ways people are reached, and with whom beyond the house we speak."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from formloom.db.base import Base, InWorkspace, Numbered


class ChannelChoice(InWorkspace, Base):
    """What a person chose (`person_id` 0: what the house gives whoever chose nothing).

    `channels`: kind of message → names of channels. Between `quiet_from` and `quiet_to` (minutes after midnight in the
    workspace's time zone; over midnight where the first is later) nothing rings: it is sent afterwards.
    """

    __tablename__ = "channel_choice"
    person_id: Mapped[int] = mapped_column(primary_key=True)
    channels: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    quiet_from: Mapped[int | None]
    quiet_to: Mapped[int | None]


class PushSubscription(Numbered, Base):
    """A browser that a person wants to be reached in. `keys` are what its messages are encrypted with."""

    __tablename__ = "push_subscription"
    __table_args__ = (
        UniqueConstraint("workspace_id", "endpoint"),
        Index("ix_push_subscription_person", "workspace_id", "person_id"),
        ForeignKeyConstraint(["workspace_id", "person_id"], ["person.workspace_id", "person.id"], ondelete="CASCADE"),
    )
    person_id: Mapped[int]
    endpoint: Mapped[str]
    keys: Mapped[dict[str, Any]] = mapped_column(JSONB)
    device: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Connection(Numbered, Base):
    """A place beyond the house to which an administrator connected us: a bot of a chat, a receiver of webhooks.

    `kind` is wecom, dingtalk, feishu or webhook. `sealed` holds the address and the keys (formloom.sealing); `hint` is
    as much of the address as may be shown. `role`: a bot's group reads records as holders of this role do.
    """

    __tablename__ = "connection"
    __table_args__ = (UniqueConstraint("workspace_id", "key"),)
    key: Mapped[str]
    kind: Mapped[str]
    title: Mapped[str]
    hint: Mapped[str]
    sealed: Mapped[bytes]
    role: Mapped[str | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class HookSecret(Numbered, Base):
    """A key by which webhooks to a flow are signed. After a rotation the older one is good until `expires_at`."""

    __tablename__ = "hook_secret"
    __table_args__ = (Index("ix_hook_secret_flow", "workspace_id", "flow", "id"),)
    flow: Mapped[str]
    sealed: Mapped[bytes]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]


class HookDelivery(InWorkspace, Base):
    """A webhook that was taken in: its id is not taken in twice."""

    __tablename__ = "hook_delivery"
    __table_args__ = (Index("ix_hook_delivery_received_at", "workspace_id", "received_at"),)
    flow: Mapped[str] = mapped_column(primary_key=True)
    delivery_id: Mapped[str] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())

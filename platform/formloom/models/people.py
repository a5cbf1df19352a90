"""Who works here: people, the roles they hold, and the tree of departments."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from formloom.db.base import Base, InWorkspace, Numbered


class Department(Numbered, Base):
    """A node of the organisation; `manager_id` heads it, `parent_id` is the department above."""

    __tablename__ = "department"
    __table_args__ = (
        UniqueConstraint("workspace_id", "key"),
        ForeignKeyConstraint(["workspace_id", "parent_id"], ["department.workspace_id", "department.id"]),
    )
    key: Mapped[str]
    title: Mapped[dict[str, Any]] = mapped_column(JSONB)
    parent_id: Mapped[int | None]
    manager_id: Mapped[int | None]


class Person(Numbered, Base):
    """Somebody with an account; `login` (an e-mail address or phone number) is unique in the installation."""

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("login"),
        ForeignKeyConstraint(["workspace_id"], ["workspace.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["workspace_id", "department_id"], ["department.workspace_id", "department.id"]),
    )
    login: Mapped[str]
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    password_hash: Mapped[str | None]
    locale: Mapped[str | None]
    department_id: Mapped[int | None]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Absence(Numbered, Base):
    """Somebody is away from `starts_at` until `ends_at`, and `proxy_id` is asked instead of them, or `as_well`.

    `scopes`: only for these (names that whoever asks gives: flows' keys); None: for everything. `ended_at`: called off.
    """

    __tablename__ = "absence"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "person_id"], ["person.workspace_id", "person.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["workspace_id", "proxy_id"], ["person.workspace_id", "person.id"], ondelete="CASCADE"),
        Index("ix_absence_person", "workspace_id", "person_id", "ends_at", postgresql_where=text("ended_at IS NULL")),
        Index("ix_absence_proxy", "workspace_id", "proxy_id", "ends_at", postgresql_where=text("ended_at IS NULL")),
    )
    person_id: Mapped[int]
    proxy_id: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    scopes: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    as_well: Mapped[bool] = mapped_column(server_default="false")
    note: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]


class Role(Numbered, Base):
    """A named set of rights; definitions speak of it by `key`."""

    __tablename__ = "role"
    __table_args__ = (UniqueConstraint("workspace_id", "key"),)
    key: Mapped[str]
    title: Mapped[dict[str, Any]] = mapped_column(JSONB)


class PersonRole(InWorkspace, Base):
    """A person holds a role."""

    __tablename__ = "person_role"
    __table_args__ = (
        ForeignKeyConstraint(["workspace_id", "person_id"], ["person.workspace_id", "person.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["workspace_id", "role_id"], ["role.workspace_id", "role.id"], ondelete="CASCADE"),
        Index(None, "workspace_id", "role_id"),
    )
    person_id: Mapped[int] = mapped_column(primary_key=True)
    role_id: Mapped[int] = mapped_column(primary_key=True)

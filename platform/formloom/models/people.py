"""Who works here: people, the roles they hold, and the tree of departments."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
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

"""The declarative base of every table, and the two columns that each tenant's row has."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Date, DateTime, Identity, LargeBinary, MetaData, Numeric, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

# Names that do not depend on who made them, so that a migration can find what it drops.
NAMING = {
    "pk": "pk_%(table_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

TYPES: dict[Any, Any] = {
    int: BigInteger(),
    str: Text(),
    bytes: LargeBinary(),
    Decimal: Numeric(),
    date: Date(),
    datetime: DateTime(timezone=True),
    UUID: Uuid(),
    dict[str, Any]: JSONB(),
    list[Any]: JSONB(),
}


class Base(DeclarativeBase):
    """Every model is one; the type map gives Python annotations their PostgreSQL types (datetimes are UTC instants)."""

    registry: ClassVar[registry] = registry(type_annotation_map=TYPES, metadata=MetaData(naming_convention=NAMING))


class InWorkspace:
    """A tenant's row. The workspace leads the primary key, so that the tables can be sharded by it some day."""

    workspace_id: Mapped[int] = mapped_column(primary_key=True, sort_order=-2)


class Numbered(InWorkspace):
    """A tenant's row with an id of its own, unique in the whole database."""

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, sort_order=-1)

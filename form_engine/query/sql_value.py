"""An SQL expression together with the type that the formula language gives it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Date, DateTime, Numeric, Text, cast, literal, null
from sqlalchemy.types import TypeEngine

from form_engine.formula import ErrorValue, LinkRef, PersonValue, RecordValue, Value

SQL_TYPES: dict[str, TypeEngine[Any]] = {
    "number": Numeric(),
    "text": Text(collation="C"),
    "logical": Boolean(),
    "date": Date(),
    "datetime": DateTime(timezone=True),
    "person": BigInteger(),
    "record": BigInteger(),
}


@dataclass(frozen=True, slots=True)
class Sql:
    """`kind` is a formula type's kind, or `error`. `nullable` is False where NULL cannot come."""

    kind: str
    expression: ColumnElement[Any]
    nullable: bool = True

    @property
    def is_error(self) -> bool:
        return self.kind == "error"


BLANK = Sql("blank", null())
ERROR = Sql("error", null())


def constant(value: Value) -> Sql | None:
    """A value as a bound parameter; None when SQL has no such value (a list, a place)."""
    match value:
        case None:
            return BLANK
        case ErrorValue():
            return ERROR
        case bool():
            return _bound("logical", value)
        case Decimal():
            return _bound("number", value)
        case str():
            return _bound("text", value)
        case datetime():
            return _bound("datetime", value)
        case date():
            return _bound("date", value)
        case PersonValue(id=int()):
            return _bound("person", value.id)
        case PersonValue():
            return Sql("person", null())  # a guest: no column holds one
        case LinkRef(id=int()) | RecordValue(id=int()):
            return _bound("record", value.id)
        case RecordValue():
            return Sql("record", null())  # not stored yet: nothing points to it
        case _:
            return None


def _bound(kind: str, value: object) -> Sql:
    return Sql(kind, literal(value, SQL_TYPES[kind]), nullable=False)


def from_json(kind: str, text: ColumnElement[Any]) -> Sql | None:
    """The text that `->>` gives of a stored value, as its SQL type; None for kinds that SQL does not compare."""
    if kind not in SQL_TYPES:
        return None
    return Sql(kind, text if kind == "text" else cast(text, SQL_TYPES[kind]))

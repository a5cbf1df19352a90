"""An SQL expression together with the type that the formula language gives it."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Date, DateTime, Numeric, Text, cast, literal, null, true
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
class Size:
    """How many digits a number has at most: before the point, after it, and in all."""

    whole: int = 18
    scale: int = 18
    digits: int = 18


TOTAL = Size(28, 18, 28)
"""Of a sum over many records."""


@dataclass(frozen=True, slots=True)
class Sql:
    """`kind` is a formula type's kind, or `error`. `nullable` is False where NULL cannot come.

    `error` is true where the formula's value is an error (never NULL; None: nowhere); the expression is NULL there.
    `met` is a shorter way to say a condition, for an index: true where the expression is, and otherwise false or NULL.
    """

    kind: str
    expression: ColumnElement[Any]
    nullable: bool = True
    error: ColumnElement[bool] | None = None
    size: Size = Size()
    met: ColumnElement[bool] | None = None

    @property
    def is_error(self) -> bool:
        return self.kind == "error"


BLANK = Sql("blank", null())
ERROR = Sql("error", null(), error=true())


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
            return Sql("number", literal(value, SQL_TYPES["number"]), nullable=False, size=_size(value))
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


def _size(value: Decimal) -> Size:
    plain = value.normalize()
    _, digits, exponent = plain.as_tuple()
    scale = max(-exponent, 0) if isinstance(exponent, int) else 0
    return Size(max(plain.adjusted() + 1, 0), scale, len(digits))


def from_json(kind: str, text: ColumnElement[Any]) -> Sql | None:
    """The text that `->>` gives of a stored value, as its SQL type; None for kinds that SQL does not compare."""
    if kind not in SQL_TYPES:
        return None
    return Sql(kind, text if kind == "text" else cast(text, SQL_TYPES[kind]))

"""The order of a list and the place in it: sort keys and keyset cursors. Blanks come last, whichever way."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

import orjson
from formloom.errors import InvalidInput
from sqlalchemy import BigInteger, ColumnElement, UnaryExpression, and_, false, literal, or_

from form_engine.fields.text import TextField
from form_engine.query.columns import FormColumns
from form_engine.query.errors import NotInSql, refuse
from form_engine.query.sql_value import SQL_TYPES, Sql
from form_engine.query.where import Readable, find
from form_engine.records.derive import holdable

T = TypeVar("T")

MAX_KEYS: Final = 4
MAX_CURSOR: Final = 4_000


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key: `name` as it was asked (`-due`), its column and direction."""

    name: str
    value: Sql
    descending: bool

    def ordered(self) -> UnaryExpression[Any]:
        expression = self.value.expression
        return (expression.desc() if self.descending else expression.asc()).nulls_last()


def read_sort(columns: FormColumns, sort: Sequence[str], readable: Readable) -> tuple[SortKey, ...]:
    """`["-due", "customer.name"]` as sort keys; the id, newest first, always decides at last. Raises InvalidInput."""
    if len(sort) > MAX_KEYS:
        raise refuse("/sort", "filter_too_long", limit=MAX_KEYS)
    keys = []
    for at, name in enumerate(sort):
        path = tuple(name.removeprefix("-").split("."))
        field = find(columns, path, f"/sort/{at}", readable)
        if field is not None and len(path) == 2 and field.path == ".".join(path):
            raise refuse(f"/sort/{at}", "not_sortable", field=name)
        try:
            value = columns.path(path)
        except NotInSql:
            raise refuse(f"/sort/{at}", "not_sortable", field=name) from None
        if field is not None and len(path) == 1:
            slot = columns.slot(field)
            if slot is not None:
                kind = "scaled" if field.definition.type.slot == "decimal" else value.kind
                value = Sql(kind, slot)
            elif isinstance(field.definition.type, TextField):
                value = Sql("text", value.expression.collate("C"))
        keys.append(SortKey(name, value, name.startswith("-")))
    return (*keys, SortKey("-id", Sql("scaled", columns.record.id, nullable=False), True))


def cursor_of(keys: Sequence[SortKey], values: Sequence[Any]) -> str:
    """The place after a row, opaque to whoever carries it."""
    told = {"k": [key.name for key in keys], "v": [_to_json(value) for value in values]}
    return base64.urlsafe_b64encode(orjson.dumps(told)).decode().rstrip("=")


def after(keys: Sequence[SortKey], cursor: str) -> ColumnElement[bool]:
    """What comes after the cursor's place. Raises InvalidInput unless the cursor is of this very order."""
    values = _read_cursor(keys, cursor)
    later: ColumnElement[bool] = false()
    level: list[ColumnElement[bool]] = []
    for key, value in zip(keys, values, strict=True):
        column = key.value.expression
        if value is not None:
            bound = literal(value, BigInteger() if key.value.kind == "scaled" else SQL_TYPES[key.value.kind])
            beyond = column < bound if key.descending else column > bound
            later = or_(later, and_(*level, or_(beyond, column.is_(None)) if key.value.nullable else beyond))
            level.append(column == bound)
        else:
            level.append(column.is_(None))
    return later


def _read_cursor(keys: Sequence[SortKey], cursor: str) -> list[Any]:
    try:
        if len(cursor) > MAX_CURSOR or not cursor.isascii():
            raise ValueError
        told = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(told, dict) or told.get("k") != [key.name for key in keys] or len(told["v"]) != len(keys):
            raise ValueError
        values = [_from_json(key, value) for key, value in zip(keys, told["v"], strict=True)]
    except (ValueError, KeyError, TypeError, ArithmeticError, binascii.Error):
        raise _bad_cursor() from None
    return values


def _bad_cursor() -> InvalidInput:
    return refuse("/after", "bad_cursor")


def _to_json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date | datetime) else value


def _from_json(key: SortKey, value: Any) -> Any:
    if value is None:
        if not key.value.nullable:
            raise ValueError
        return None
    match key.value.kind:
        case "number":
            return _checked(Decimal(_checked(value, str)), Decimal)
        case "text":
            return _checked(value, str)
        case "logical":
            return _checked(value, bool)
        case "date":
            return date.fromisoformat(value)
        case "datetime":
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise ValueError
            return moment
        case _:
            if not -(2**63) <= _checked(value, int) < 2**63:
                raise ValueError
            return value


def _checked(value: Any, kind: type[T]) -> T:
    """The value, if it is of exactly this kind and something that PostgreSQL can hold."""
    if type(value) is not kind or not _holdable(value):
        raise ValueError
    checked: T = value
    return checked


def _holdable(value: Any) -> bool:
    return value.is_finite() if isinstance(value, Decimal) else not isinstance(value, str) or holdable(value)

"""The order of a list and a place in it: sort keys and keyset cursors. Blanks come last, whichever way."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import BigInteger, ColumnElement, UnaryExpression, and_, false, literal, or_, true, tuple_

from form_engine.query.columns import FormColumns
from form_engine.query.errors import NotInSql, refuse
from form_engine.query.paths import Readable, find
from form_engine.query.sql_value import SQL_TYPES, Sql
from form_engine.records.derive import holdable

T = TypeVar("T")

MAX_KEYS: Final = 4
MAX_CURSOR: Final = 4_000
NEWEST_FIRST: Final = ("-created_at",)
_SLOT_KINDS: Final = {"decimal": "scaled", "text": "text", "date": "date", "timestamp": "datetime"}


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key: `name` as it was asked (`-due`), its column and direction."""

    name: str
    value: Sql
    descending: bool

    def ordered(
        self, column: ColumnElement[Any] | None = None, *, backwards: bool = False, filled: bool = False
    ) -> UnaryExpression[Any]:
        """The key as ORDER BY has it, or `column` in its place.

        `filled`: no blank can be met, so nothing is said of them, which leaves the index usable in both directions.
        """
        expression = self.value.expression if column is None else column
        ordered = expression.desc() if self.descending is not backwards else expression.asc()
        if filled or not self.value.nullable:
            return ordered
        return ordered.nulls_first() if backwards else ordered.nulls_last()


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list: the sort values of one record, and what was counted when the first page was made."""

    values: tuple[Any, ...]
    count: int
    estimated: bool = False


def read_sort(columns: FormColumns, sort: Sequence[str], readable: Readable) -> tuple[SortKey, ...]:
    """`["-due", "customer.name"]` as sort keys; the newest first where nothing is asked.

    The id decides at last, in the direction of the key before it: so one index holds both. Raises InvalidInput.
    """
    if len(sort) > MAX_KEYS:
        raise refuse("/sort", "filter_too_long", limit=MAX_KEYS)
    keys = [_read_key(columns, name, at, readable) for at, name in enumerate(sort or NEWEST_FIRST)]
    down = keys[-1].descending
    return (*keys, SortKey("-id" if down else "id", Sql("scaled", columns.index.c.record_id, nullable=False), down))


def _read_key(columns: FormColumns, name: str, at: int, readable: Readable) -> SortKey:
    path = tuple(name.removeprefix("-").split("."))
    field = find(columns, path, f"/sort/{at}", readable)[-1]
    down = name.startswith("-")
    slot = columns.slot(field) if field is not None and len(path) == 1 else None
    if field is not None and slot is not None:
        return SortKey(name, Sql(_SLOT_KINDS[field.slot_kind or "text"], slot), down)
    try:
        value = columns.path(path)
    except NotInSql:
        raise refuse(f"/sort/{at}", "not_sortable", field=name[:200]) from None
    if value.kind == "text":  # not in the order of the server's language, which differs from one to the next
        value = Sql("text", value.expression.collate("C"), value.nullable)
    return SortKey(name, value, down)


def parts(
    keys: Sequence[SortKey], place: Cursor | None, *, backwards: bool
) -> list[tuple[ColumnElement[bool], list[UnaryExpression[Any]]]]:
    """The rest of the list beyond a place as one or two stretches, each a condition and an order.

    Rows with the first key come from its index, which has no blanks; the blank ones are asked for on their own.
    """
    first, others = keys[0], keys[1:]
    order = [key.ordered(backwards=backwards) for key in others]
    if not first.value.nullable:
        rest = _beyond(keys, place, backwards) if place else true()
        return [(rest, [first.ordered(backwards=backwards), *order])]
    has, blank = first.value.expression.is_not(None), first.value.expression.is_(None)
    stretches: list[tuple[ColumnElement[bool], list[UnaryExpression[Any]]]] = [
        (has, [first.ordered(backwards=backwards, filled=True), *order]),
        (blank, order),
    ]
    if place is not None and place.values[0] is None:
        rest = and_(blank, beyond(others, Cursor(place.values[1:], 0), backwards=backwards))
        stretches = [stretches[0], (rest, order)] if backwards else [(rest, order)]
    elif place is not None:
        rest = and_(has, _beyond(keys, place, backwards))
        stretches = [(rest, stretches[0][1])] + ([] if backwards else stretches[1:])
    return stretches[::-1] if backwards else stretches


def beyond(keys: Sequence[SortKey], place: Cursor, *, backwards: bool = False) -> ColumnElement[bool]:
    """What comes after a place (before it, backwards), blanks being last."""
    later: ColumnElement[bool] = false()
    level: list[ColumnElement[bool]] = []
    for key, value in zip(keys, place.values, strict=True):
        column = key.value.expression
        if value is not None:
            further = _past(key, value, backwards)
            blanks_follow = key.value.nullable and not backwards
            later = or_(later, and_(*level, or_(further, column.is_(None)) if blanks_follow else further))
            level.append(column == _bound(key, value))
        else:
            if backwards:
                later = or_(later, and_(*level, column.is_not(None)))
            level.append(column.is_(None))
    return later


def _beyond(keys: Sequence[SortKey], at: Cursor, backwards: bool) -> ColumnElement[bool]:
    """`beyond` where the first key is not blank, said so that an index can begin at the place."""
    first, value = keys[0], at.values[0]
    if len({key.descending for key in keys}) == 1 and not any(key.value.nullable for key in keys[1:]):
        columns = tuple_(*(key.value.expression for key in keys))
        place = tuple_(*(_bound(key, each) for key, each in zip(keys, at.values, strict=True)))
        return columns < place if first.descending is not backwards else columns > place
    column, bound = first.value.expression, _bound(first, value)
    leading = column <= bound if first.descending is not backwards else column >= bound
    # Blanks of the first key are not met here: they are a stretch of their own.
    held = (SortKey(first.name, Sql(first.value.kind, column, nullable=False), first.descending), *keys[1:])
    return and_(leading, beyond(held, at, backwards=backwards))


def _past(key: SortKey, value: Any, backwards: bool) -> ColumnElement[bool]:
    column, bound = key.value.expression, _bound(key, value)
    return column < bound if key.descending is not backwards else column > bound


def _bound(key: SortKey, value: Any) -> ColumnElement[Any]:
    return literal(value, BigInteger() if key.value.kind == "scaled" else SQL_TYPES[key.value.kind])


def write_cursor(keys: Sequence[SortKey], place: Cursor) -> str:
    """The place, opaque to whoever carries it."""
    told = {"k": [key.name for key in keys], "v": [_to_json(value) for value in place.values], "n": place.count}
    if place.estimated:
        told["e"] = True
    return base64.urlsafe_b64encode(orjson.dumps(told)).decode().rstrip("=")


def read_cursor(keys: Sequence[SortKey], cursor: str, at: str) -> Cursor:
    """Raises InvalidInput unless the cursor is of this very order."""
    try:
        if len(cursor) > MAX_CURSOR or not cursor.isascii():
            raise ValueError
        told = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(told, dict) or told.get("k") != [key.name for key in keys] or len(told["v"]) != len(keys):
            raise ValueError
        values = tuple(_from_json(key, value) for key, value in zip(keys, told["v"], strict=True))
        count = _checked(told["n"], int)
        if count < 0:
            raise ValueError
        return Cursor(values, count, told.get("e") is True)
    except (ValueError, KeyError, TypeError, ArithmeticError, binascii.Error):
        raise refuse(at, "bad_cursor") from None


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

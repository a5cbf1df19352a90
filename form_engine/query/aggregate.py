"""Figures over what a list would show: grouped by fields, days, links; counted, summed, averaged. For charts.

    {"group": ["status", {"field": "due", "bucket": "month"}, {"field": "site.region", "as": "region"}],
     "measures": [{"fn": "count"}, {"fn": "sum", "field": "amount", "as": "total"}],
     "filter": {...}, "q": "words", "having": [{"measure": "total", "op": "gt", "value": "100"}],
     "sort": ["-total"], "limit": 100}

All is optional; without `group` there is one group of everything, without `measures` records are counted. A list field
(choices, members, links) counts a record once in each of its values. Only records and fields that the asker may read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Numeric,
    Select,
    Text,
    cast,
    column,
    distinct,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from form_engine.definition import CompiledField
from form_engine.formula import Node
from form_engine.permission.access import Access
from form_engine.query.aggregate_question import AggregateQuestion, GroupBy, Measure, read_question
from form_engine.query.columns import FormColumns
from form_engine.query.errors import NotInSql, refuse
from form_engine.query.found import found, indexed_columns
from form_engine.query.listing import conditions_of
from form_engine.query.paths import find
from form_engine.query.reach import reach_of
from form_engine.query.sql_value import SQL_TYPES, Sql
from form_engine.query.values import read_value

_COMPARISONS: Final = {"eq": eq, "ne": ne, "lt": lt, "le": le, "gt": gt, "ge": ge}
_FIGURES: Final = {"sum": ("number",), "average": ("number",), "min": ("number", "date", "datetime")}
_DECIMALS: Final = 6
"""Of an average of something that has no decimals of its own."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group: its keys by name (None: blank), its figures by name. Decimals are `Decimal`, days are `date`."""

    keys: Mapping[str, Any]
    measures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`more`: there are groups beyond the limit. `fields` are those that the keys are values of, by name."""

    groups: tuple[Group, ...]
    more: bool
    fields: Mapping[str, CompiledField | None]


def aggregate(
    session: Session,
    access: Access,
    query: Mapping[str, Any],
    *,
    where: Node | None = None,
    among: Select[Any] | None = None,
) -> Aggregate:
    """The figures. `where` as in `list_records`; `among` selects the ids that may count.

    Raises InvalidInput for what cannot be asked, naming it."""
    asked = read_question(query)
    own = indexed_columns(access)
    conditions = conditions_of(session, access, own, asked.filter, where, asked.q)
    if among is not None:
        conditions.append(own.id.in_(among))
    columns = _Columns(access, own)
    keys = {each.name: columns.key(each) for each in asked.groups}
    read = {each.name: columns.measured(each) for each in asked.measures if each.path is not None}
    inner = found(
        session,
        access,
        own,
        conditions,
        [
            *(value.expression.label(f"key_{at}") for at, value in enumerate(keys.values())),
            *(value.expression.label(f"of_{at}") for at, value in enumerate(read.values())),
        ],
        beside=columns.unnested,
    )
    rows = inner.subquery("found")
    key_columns = {name: rows.c[f"key_{at}"] for at, name in enumerate(keys)}
    of = {name: rows.c[f"of_{at}"] for at, name in enumerate(read)}
    figures = {each.name: _figure(each, of.get(each.name), read.get(each.name)) for each in asked.measures}
    statement = (
        select(*key_columns.values(), *figures.values())
        .select_from(rows)
        .group_by(*key_columns.values())
        .having(*_having(asked, figures, read))
        .order_by(*_order(asked, key_columns, figures))
        .limit(asked.limit + 1)
    )
    answers = session.execute(statement).all()
    groups = tuple(
        Group(
            dict(zip(keys, answer, strict=False)),
            {
                each.name: _shown(each, value, columns.decimals.get(each.name, 0))
                for each, value in zip(asked.measures, answer[len(keys) :], strict=True)
            },
        )
        for answer in answers[: asked.limit]
    )
    return Aggregate(groups, len(answers) > asked.limit, columns.fields)


class _Columns:
    """What the paths of a question stand for in SQL."""

    def __init__(self, access: Access, own: FormColumns) -> None:
        self._access, self._own = access, replace(own, reach=reach_of(access))
        self.unnested: list[Any] = []
        self.fields: dict[str, CompiledField | None] = {}
        self.decimals: dict[str, int] = {}

    def key(self, group: GroupBy) -> Sql:
        field = self._find(group.path, group.at)
        self.fields[group.name] = field
        if field is not None and field.type.is_list and not field.computed and len(group.path) == 1:
            value = self._each(field)
        else:
            value = self._value(group.path, group.at)
        if group.bucket is None:
            return value
        if value.kind not in ("date", "datetime"):
            raise refuse(f"{group.at}/bucket", "no_date_to_bucket", field=".".join(group.path))
        local = value.expression
        if value.kind == "datetime":
            local = func.timezone(str(self._access.context.zone), local)
        return Sql("date", cast(func.date_trunc(group.bucket, local), Date))

    def measured(self, measure: Measure) -> Sql:
        path = measure.path or ()
        field = self._find(path, measure.at)
        value = self._value(path, measure.at, "not_measurable")
        allowed = _FIGURES.get("min" if measure.fn == "max" else measure.fn)
        if allowed is not None and value.kind not in allowed:
            raise refuse(f"{measure.at}/fn", "not_measurable", field=".".join(path))
        scale = getattr(field.definition.config, "scale", None) if field is not None else None
        self.decimals[measure.name] = scale if scale is not None else _DECIMALS - 2
        slot = self._own.slot(field) if field is not None and len(path) == 1 else None
        if slot is not None and scale is not None:
            # The slot is a whole number in the index; the document would have to be read and its text be parsed.
            return Sql("number", cast(slot, Numeric) * literal(Decimal(1).scaleb(-scale), Numeric()))
        return value

    def _find(self, path: tuple[str, ...], at: str) -> CompiledField | None:
        field = find(self._own, path, f"{at}/field", self._access.readable)[-1]
        if field is not None and "." in field.path and len(path) > 1 and field.path == ".".join(path[-2:]):
            raise refuse(f"{at}/field", "not_groupable", field=".".join(path))
        return field

    def _value(self, path: tuple[str, ...], at: str, code: str = "not_groupable") -> Sql:
        try:
            value = self._own.path(path)
        except NotInSql:
            raise refuse(f"{at}/field", code, field=".".join(path)) from None
        if value.kind == "text":  # an empty text is blank, and the order must not hang on the server's language
            return Sql("text", func.nullif(type_coerce(value.expression, Text()), "").collate("C"))
        return value

    def _each(self, field: CompiledField) -> Sql:
        kind = field.type.item.kind
        stored = self._own.record.data[field.key]
        values = func.jsonb_array_elements_text(func.coalesce(stored, literal([], JSONB)))
        each = values.table_valued(column("value", Text), name=f"each_{len(self.unnested)}").lateral()
        self.unnested.append(each)
        value = each.c.value
        return Sql(kind, cast(value, BigInteger) if kind in ("record", "person") else value.collate("C"))


def _figure(measure: Measure, value: ColumnElement[Any] | None, read: Sql | None) -> ColumnElement[Any]:
    if value is None or read is None:
        return func.count()
    match measure.fn:
        case "count":
            return func.count(value)
        case "count_distinct":
            return func.count(distinct(value))
        case "sum":
            return func.coalesce(func.sum(value), literal(Decimal(0), Numeric()))
        case "average":
            return func.avg(value)
        case _:
            return func.min(value) if measure.fn == "min" else func.max(value)


def _having(
    asked: AggregateQuestion, figures: Mapping[str, ColumnElement[Any]], read: Mapping[str, Sql]
) -> list[ColumnElement[bool]]:
    found = []
    extremes = {each.name for each in asked.measures if each.fn in ("min", "max")}
    for each in asked.having:
        kind = read[each.measure].kind if each.measure in extremes else "number"
        value = literal(read_value(kind, each.value, f"{each.at}/value"), SQL_TYPES[kind])
        found.append(_COMPARISONS[each.op](figures[each.measure], value))
    return found


def _order(
    asked: AggregateQuestion, keys: Mapping[str, ColumnElement[Any]], figures: Mapping[str, ColumnElement[Any]]
) -> list[ColumnElement[Any]]:
    """As asked, then by the keys; blanks last."""
    named: dict[str, ColumnElement[Any]] = {**keys, **figures}
    order: list[ColumnElement[Any]] = []
    for name in (*asked.sort, *keys):
        expression = named[name.removeprefix("-")]
        order.append((expression.desc() if name.startswith("-") else expression.asc()).nulls_last())
    return order


def _shown(measure: Measure, value: Any, decimals: int) -> Any:
    if measure.fn != "average" or value is None:
        return value
    return Decimal(value).quantize(Decimal(1).scaleb(-decimals - 2), ROUND_HALF_UP)


__all__ = ["Aggregate", "Group", "aggregate"]

"""Conditions of a filter as SQL: on the typed slot where the field has one, else on the document."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from operator import eq, ge, gt, le, lt
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, false, func, literal, literal_column, not_, or_, select, true

from form_engine.definition import CompiledField
from form_engine.fields import LinkConfig, Refused, TableConfig
from form_engine.fields.date import read_date
from form_engine.fields.datetime import read_datetime
from form_engine.fields.decimals import canonical_decimal
from form_engine.fields.text import TextField
from form_engine.models import RecordLink
from form_engine.query.columns import PLAIN_SLOTS, FormColumns
from form_engine.query.errors import NotInSql, refuse
from form_engine.query.filter import Condition, Filter, Group
from form_engine.query.sql_value import SQL_TYPES, Sql
from form_engine.records.derive import holdable, normalised
from form_engine.records.sort_key import slot_text

Readable = Callable[[str, str], bool]
"""Whether the reader may ask about (form, field path); a field they may not read is as good as unknown."""

MAX_TEXT: Final = 1_000
_EXACT_DECIMALS: Final = 10


class Where:
    """Makes the filters of one form SQL. What the reader may not read does not exist."""

    def __init__(self, columns: FormColumns, readable: Readable) -> None:
        self._columns, self._readable = columns, readable

    def __call__(self, node: Filter) -> ColumnElement[bool]:
        if isinstance(node, Condition):
            return self._condition(node)
        assert isinstance(node, Group)  # noqa: S101 - the only other one
        parts = [self(part) for part in node.parts]
        if node.join == "not":
            return not_(func.coalesce(parts[0], false()))
        return and_(true(), *parts) if node.join == "and" else or_(false(), *parts)

    def _condition(self, asked: Condition) -> ColumnElement[bool]:
        field = find(self._columns, asked.field, f"{asked.at}/field", self._readable)
        if len(asked.field) == 2 and field is not None and "." in field.path and field.path == ".".join(asked.field):
            return self._in_rows(field, asked)
        try:
            value = self._columns.path(asked.field)
        except NotInSql as error:
            raise refuse(f"{asked.at}/field", error.code, field=".".join(asked.field)) from None
        if asked.op == "blank":
            blank = (
                or_(value.expression.is_(None), value.expression == "")
                if value.kind == "text"
                else value.expression.is_(None)
            )
            return blank if asked.value is not False else not_(blank)
        _allow(field, value, asked)
        slot = self._columns.slot(field) if field is not None and len(asked.field) == 1 else None
        if slot is not None and field is not None and field.definition.type.name not in PLAIN_SLOTS:
            scaled = _on_slot(field, slot, asked)
            if scaled is not None:
                return scaled
        return compare(value, asked)

    def _in_rows(self, column: CompiledField, asked: Condition) -> ColumnElement[bool]:
        """Some row of the table meets it. Links have an index of their own."""
        record = self._columns.record
        if isinstance(column.definition.config, LinkConfig) and asked.op in ("eq", "in"):
            wanted = asked.value if asked.op == "in" else [asked.value]
            ids = [read_value("record", each, f"{asked.at}/value") for each in wanted]
            return exists().where(
                RecordLink.workspace_id == record.workspace_id,
                RecordLink.from_id == record.id,
                RecordLink.path == column.path,
                RecordLink.to_id.in_(ids),
            )
        table = self._columns.form.field(column.path.partition(".")[0])
        if table is None or column.type.kind not in SQL_TYPES or column.computed or asked.op == "blank":
            raise refuse(f"{asked.at}/op", "unknown_operator", op=asked.op)
        rows = self._columns.rows_of(table, "filtered_row")
        text = rows.c.value[column.key].astext
        kind = column.type.kind
        value = Sql(kind, text if kind == "text" else text.cast(SQL_TYPES[kind]))
        return exists(select(literal(1)).select_from(rows).where(compare(value, asked)))


def find(columns: FormColumns, path: tuple[str, ...], at: str, readable: Readable) -> CompiledField | None:
    """The field at the end of a path, every step of which the reader may read; None for a name of every record.

    Raises InvalidInput `unknown_field` alike for what does not exist and for what is hidden.
    """
    form = columns.form
    for step, key in enumerate(path):
        last = step == len(path) - 1
        if last and key in ("id", "number", "created_at", "created_by", "updated_at"):
            return None
        field = form.field(key)
        if field is None or not readable(form.key, field.path):
            break
        if last:
            if isinstance(field.definition.config, TableConfig):
                break
            return field
        if isinstance(field.definition.config, TableConfig) and step == 0 and len(path) == 2:
            column = form.field(".".join(path))
            if column is None or not readable(form.key, column.path):
                break
            return column
        target = (
            columns.forms.get(field.definition.config.form) if isinstance(field.definition.config, LinkConfig) else None
        )
        if target is None:
            break
        form = target
    raise refuse(at, "unknown_field", field=".".join(path)[:200])


def _allow(field: CompiledField | None, value: Sql, asked: Condition) -> None:
    operators = (
        field.definition.type.operators if field is not None else ("eq", "ne", "in", "lt", "le", "gt", "ge", "between")
    )
    if asked.op in operators or (asked.op in ("starts", "contains") and value.kind == "text"):
        return
    raise refuse(f"{asked.at}/op", "unknown_operator", op=asked.op)


def _on_slot(field: CompiledField, slot: ColumnElement[Any], asked: Condition) -> ColumnElement[bool] | None:
    """The same question in the slot's own terms, so that its index answers; None where the slot cannot tell."""
    if isinstance(field.definition.type, TextField):
        if asked.op not in ("eq", "in"):
            return None
        values = asked.value if asked.op == "in" else [asked.value]
        return slot.in_([slot_text(read_value("text", each, f"{asked.at}/value")) for each in values])
    scale = getattr(field.definition.config, "scale", None)
    if scale is None:
        return None
    values = asked.value if asked.op in ("in", "between") else [asked.value]
    numbers = [canonical_decimal(each, scale) for each in values]
    if any(isinstance(each, Refused) for each in numbers):
        return None  # more decimals than the field has: the document's own digits decide
    scaled = [int(str(each).replace(".", "")) for each in numbers]
    return _compared(slot, asked.op, scaled if asked.op in ("in", "between") else scaled[0])


def compare(value: Sql, asked: Condition) -> ColumnElement[bool]:
    """One condition on a value, whatever it is made of."""
    at = f"{asked.at}/value"
    if asked.op in ("starts", "contains"):
        part = normalised(read_value("text", asked.value, at))
        text = func.lower(func.normalize(value.expression, literal_column("NFKC")))
        return func.starts_with(text, part) if asked.op == "starts" else func.strpos(text, part) > 0
    if asked.op in ("in", "between"):
        given: Any = [read_value(value.kind, each, f"{at}/{n}") for n, each in enumerate(asked.value)]
    else:
        given = read_value(value.kind, asked.value, at)
    expression = (
        value.expression.collate("C")
        if value.kind == "text" and asked.op not in ("eq", "ne", "in")
        else value.expression
    )
    return _compared(expression, asked.op, given)


def _compared(expression: ColumnElement[Any], op: str, given: Any) -> ColumnElement[bool]:
    if op == "in":
        return expression.in_(given)
    if op == "between":
        return expression.between(given[0], given[1])
    met: ColumnElement[bool] = _COMPARISONS[op](expression, given)
    return met


_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "eq": eq,
    "ne": lambda expression, given: expression.is_distinct_from(given),
    "lt": lt,
    "le": le,
    "gt": gt,
    "ge": ge,
}


def read_value(kind: str, raw: object, at: str) -> Any:
    """What a condition is compared with, strictly of the field's kind. Raises InvalidInput."""
    code = {"number": "not_a_decimal", "text": "not_text", "logical": "not_a_boolean", "date": "not_a_date"}.get(kind)
    match kind:
        case "number":
            text = canonical_decimal(raw, _EXACT_DECIMALS)
            if not isinstance(text, Refused):
                return Decimal(text)
        case "text":
            if isinstance(raw, str) and len(raw) <= MAX_TEXT and holdable(raw):
                return raw
        case "logical":
            if isinstance(raw, bool):
                return raw
        case "date":
            found: date | None = read_date(raw) if isinstance(raw, str) else None
            if found is not None:
                return found
        case "datetime":
            moment: datetime | None = read_datetime(raw) if isinstance(raw, str) else None
            if moment is not None:
                return moment
            code = "not_a_datetime"
        case "record" | "person":
            if type(raw) is int and 0 < raw < 2**63:
                return raw
            code = "not_a_record" if kind == "record" else "not_a_person"
    raise refuse(at, code or "filter_malformed")


__all__ = ["Readable", "Where", "compare", "find", "read_value"]

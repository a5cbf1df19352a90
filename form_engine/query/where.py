"""Conditions of a filter as SQL: on the typed slot where the field has one, else on the document.

A negated operator is the plain one denied, so that blanks and links that lead nowhere are among what it finds.
"""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, func, literal, not_, or_, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from form_engine.definition import CompiledField
from form_engine.fields import Refused
from form_engine.fields.backlink import BacklinkConfig
from form_engine.fields.base import ORDER
from form_engine.fields.decimals import canonical_decimal
from form_engine.fields.text import TextField
from form_engine.models import Record, RecordLink, record_index
from form_engine.permission.access import Access
from form_engine.query.columns import PLAIN_SLOTS, FormColumns
from form_engine.query.compare import compare, compared
from form_engine.query.errors import NotInSql, refuse
from form_engine.query.filter import NEGATED, Condition, Filter, Group
from form_engine.query.found import reads
from form_engine.query.paths import find
from form_engine.query.sql_value import SQL_TYPES, Sql
from form_engine.query.values import NOBODY, read_operand, read_value
from form_engine.records.derive import scaled
from form_engine.records.sort_key import slot_text

MAX_WAY: Final = 20
Steps = tuple[CompiledField | None, ...]


class Where:
    """Makes the filters of one form SQL. What the reader may not read does not exist."""

    def __init__(self, columns: FormColumns, access: Access) -> None:
        self._columns, self._readable, self._context = columns, access.readable, access.context

    def __call__(self, node: Filter) -> ColumnElement[bool]:
        if isinstance(node, Condition):
            steps = find(self._columns, node.field, f"{node.at}/field", self._readable)
            return self._along(self._columns, steps, node)
        assert isinstance(node, Group)  # noqa: S101 - the only other one
        parts = [self(part) for part in node.parts]
        if node.join == "not":
            return not_(func.coalesce(parts[0], false()))
        return and_(true(), *parts) if node.join == "and" else or_(false(), *parts)

    def _along(self, columns: FormColumns, steps: Steps, asked: Condition) -> ColumnElement[bool]:
        """The condition on what stands at the end of these steps."""
        if asked.op == "blank" and asked.value is False:
            asked = replace(asked, op="not_blank", value=None)
        field = steps[0]
        many = len(steps) > 1 or (field is not None and "." in field.path)
        if many and asked.op == "blank":
            return not_(self._along(columns, steps, replace(asked, op="not_blank")))
        plain = NEGATED.get(asked.op)
        if plain is not None and not (many and asked.op == "not_blank"):
            return not_(func.coalesce(self._along(columns, steps, replace(asked, op=plain)), false()))
        if field is None:
            return self._compared(columns, None, columns.path((asked.field[-1],)), asked)
        if len(steps) > 1:
            return self._behind(columns, field, steps[1:], asked)
        if "." in field.path:
            return self._in_rows(columns, field, asked)
        return self._own(columns, field, asked)

    def _behind(self, columns: FormColumns, link: CompiledField, rest: Steps, asked: Condition) -> ColumnElement[bool]:
        """Some record to which the link leads, and into which the reader may look, meets the rest."""
        target = columns.forms[link.points_to or ""]
        linked, index = aliased(Record), record_index.alias()
        there = replace(columns, form=target, record=linked, index=index)
        met = [self._along(there, rest, asked)]
        if columns.reach is not None:
            met.append(columns.reach(there))
        statement = select(literal(1)).where(
            index.c.workspace_id == columns.workspace_id,
            index.c.form == target.key,
            self._leads_to(columns, link, index.c.record_id),
            *met,
        )
        if reads(linked, *met):
            here = and_(linked.workspace_id == index.c.workspace_id, linked.id == index.c.record_id)
            statement = statement.select_from(index).join(linked, here)
        return statement.correlate_except(index, linked).exists()

    def _leads_to(self, columns: FormColumns, link: CompiledField, target: ColumnElement[int]) -> ColumnElement[bool]:
        if link.type.kind == "record" and "." not in link.path:
            found: ColumnElement[bool] = columns.path((link.key,)).expression == target
            return found
        return _linked(columns, link, RecordLink.to_id == target)

    def _own(self, columns: FormColumns, field: CompiledField, asked: Condition) -> ColumnElement[bool]:
        if asked.op == "blank":
            return self._blank(columns, field, asked)
        if field.type.is_list and not field.computed:
            several = asked.op in ("has_any", "has_all")
            return self._in_list(columns, field, asked) if several else self._way(columns, field, asked)
        slot = columns.slot(field)
        if slot is not None and field.definition.type.name not in PLAIN_SLOTS:
            _allow(field, asked, field.type.kind)
            scaled = _on_slot(field, slot, asked)
            if scaled is not None:
                return scaled
        return self._compared(columns, field, self._value(columns, field, asked), asked)

    def _value(self, columns: FormColumns, field: CompiledField, asked: Condition) -> Sql:
        try:
            return columns.path((field.key,))
        except NotInSql as error:
            raise refuse(f"{asked.at}/field", error.code, field=".".join(asked.field)) from None

    def _compared(
        self, columns: FormColumns, field: CompiledField | None, value: Sql, asked: Condition
    ) -> ColumnElement[bool]:
        if asked.op == "blank":
            return _is_blank(value)
        _allow(field, asked, value.kind)
        return compare(value, asked, self._context)

    def _blank(self, columns: FormColumns, field: CompiledField, asked: Condition) -> ColumnElement[bool]:
        config = field.definition.config
        if isinstance(config, BacklinkConfig):
            return not_(_pointing_here(columns, config))
        slot = columns.slot(field)
        if slot is None and field.computed and not field.definition.type.stored:
            return _is_blank(self._value(columns, field, asked))
        if slot is not None:
            return slot.is_(None)
        stored = columns.record.data[field.key].astext
        return or_(stored.is_(None), stored.in_(["", "[]"]))

    def _in_list(self, columns: FormColumns, field: CompiledField, asked: Condition) -> ColumnElement[bool]:
        """A stored list holds one of these, or all of these."""
        _allow(field, asked, "list")
        at = f"{asked.at}/value"
        values = [
            read_operand(field.type.item.kind, each, f"{at}/{n}", self._context) for n, each in enumerate(asked.value)
        ]
        join = or_ if asked.op == "has_any" else and_
        if field.points_to is not None:
            found = (self._leads_to(columns, field, literal(each)) for each in values)
        else:
            stored = columns.record.data[field.key]
            found = (false() if each is NOBODY else stored.contains([each]) for each in values)
        return join(false() if join is or_ else true(), *found)

    def _way(self, columns: FormColumns, field: CompiledField, asked: Condition) -> ColumnElement[bool]:
        """A way down a tree of options is this one, or begins with it."""
        _allow(field, asked, "list")
        at = f"{asked.at}/value"
        ways = [_keys(each, at) for each in (asked.value if asked.op == "in" else [asked.value])]
        stored = columns.record.data[field.key]
        if asked.op == "within":
            slot = columns.slot(field)
            if slot is not None:
                below: ColumnElement[bool] = func.starts_with(slot, str(field.slot_value(list(ways[0]))))
                return below
            return and_(true(), *(stored[level].astext == key for level, key in enumerate(ways[0])))
        found: ColumnElement[bool] = stored.in_([literal(way, JSONB) for way in ways])
        return found

    def _in_rows(self, columns: FormColumns, column: CompiledField, asked: Condition) -> ColumnElement[bool]:
        """Some row of the table meets it. Links have an index of their own."""
        if asked.op != "not_blank":
            _allow(column, asked, column.type.kind)
        if column.points_to is not None and asked.op in ("eq", "in"):
            wanted = asked.value if asked.op == "in" else [asked.value]
            at = f"{asked.at}/value"
            ids = [read_value("record", each, f"{at}/{n}" if asked.op == "in" else at) for n, each in enumerate(wanted)]
            return _linked(columns, column, RecordLink.to_id.in_(ids))
        table = columns.form.field(column.path.partition(".")[0])
        if table is None or column.type.kind not in SQL_TYPES or column.computed:
            raise refuse(f"{asked.at}/op", "unknown_operator", op=asked.op)
        rows = columns.rows_of(table, "filtered_row")
        text = rows.c.value[column.key].astext
        kind = column.type.kind
        value = Sql(kind, text if kind == "text" else text.cast(SQL_TYPES[kind]))
        met = not_(_is_blank(value)) if asked.op == "not_blank" else compare(value, asked, self._context)
        return select(literal(1)).select_from(rows).where(met).correlate_except(rows).exists()


def _keys(raw: Any, at: str) -> list[str]:
    if not isinstance(raw, list) or not 0 < len(raw) <= MAX_WAY:
        raise refuse(at, "not_a_list")
    return [read_value("text", each, f"{at}/{n}") for n, each in enumerate(raw)]


def _pointing_here(columns: FormColumns, config: BacklinkConfig) -> ColumnElement[bool]:
    """The link of some live record, and of one into which the reader may look, leads here."""
    pointing, index = aliased(Record), record_index.alias()
    there = replace(columns, form=columns.forms[config.form], record=pointing, index=index)
    met = [] if columns.reach is None else [columns.reach(there)]
    statement = select(literal(1)).where(
        RecordLink.workspace_id == columns.workspace_id,
        RecordLink.to_id == columns.id,
        RecordLink.from_form == config.form,
        RecordLink.path == config.via,
        index.c.workspace_id == RecordLink.workspace_id,
        index.c.record_id == RecordLink.from_id,
        *met,
    )
    if reads(pointing, *met):
        here = and_(pointing.workspace_id == index.c.workspace_id, pointing.id == index.c.record_id)
        statement = statement.select_from(RecordLink, index.join(pointing, here))
    return statement.correlate_except(RecordLink, index, pointing).exists()


def _linked(columns: FormColumns, link: CompiledField, to: ColumnElement[bool]) -> ColumnElement[bool]:
    """That the record, or a row of its table, has such a link there."""
    statement = select(literal(1)).where(
        RecordLink.workspace_id == columns.workspace_id,
        RecordLink.from_id == columns.id,
        RecordLink.path == link.path,
        to,
    )
    return statement.correlate_except(RecordLink).exists()


def _is_blank(value: Sql) -> ColumnElement[bool]:
    empty = value.expression.is_(None)
    return or_(empty, value.expression == "") if value.kind == "text" else empty


def _allow(field: CompiledField | None, asked: Condition, kind: str) -> None:
    operators = field.definition.type.operators if field is not None else ORDER
    if asked.op in operators or (asked.op in ("starts", "contains") and kind == "text" and field is None):
        return
    if field is not None and field.computed and asked.op in ("starts", "contains") and kind == "text":
        return
    raise refuse(f"{asked.at}/op", "unknown_operator", op=asked.op)


def _on_slot(field: CompiledField, slot: ColumnElement[Any], asked: Condition) -> ColumnElement[bool] | None:
    """The same question in the slot's own terms, so that its index answers; None where the slot cannot tell."""
    values = asked.value if asked.op in ("in", "between") else [asked.value]
    if field.computed and not field.definition.type.stored:
        return _on_computed_slot(field, slot, asked, values)
    if isinstance(field.definition.type, TextField):
        if asked.op not in ("eq", "in"):
            return None
        return slot.in_([slot_text(read_value("text", each, f"{asked.at}/value")) for each in values])
    if asked.op in ("starts", "contains"):
        return None
    scale = getattr(field.definition.config, "scale", None)
    if scale is not None:
        numbers = [canonical_decimal(each, scale) for each in values]
        if any(isinstance(each, Refused) for each in numbers):
            return None  # more decimals than the field has: the document's own digits decide
        found: list[Any] = [int(str(each).replace(".", "")) for each in numbers]
    else:
        cleaned = [field.clean(each) for each in values]
        if any(each is None or isinstance(each, Refused) for each in cleaned):
            return None
        found = [field.slot_value(each) for each in cleaned]  # type: ignore[arg-type]
    return compared(slot, asked.op, found if asked.op in ("in", "between") else found[0])


def _on_computed_slot(
    field: CompiledField, slot: ColumnElement[Any], asked: Condition, values: list[Any]
) -> ColumnElement[bool] | None:
    """A computed number is compared as its slot has it, at six decimals; words by their sort key with themselves."""
    at = f"{asked.at}/value"
    if field.slot_kind == "decimal":
        found = [scaled(read_value("number", each, at)) for each in values]
        return compared(slot, asked.op, found if asked.op in ("in", "between") else found[0])
    if field.slot_kind == "text" and asked.op in ("eq", "in"):
        return slot.in_([slot_text(read_value("text", each, at)) for each in values])
    return None


__all__ = ["Where"]

"""A form's fields as SQL over `record`: stored values, typed slots, rollups, formulas, and what links lead to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, cast, column, false, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from form_engine.definition import CompiledField, CompiledForm
from form_engine.fields import RollupConfig, TableConfig
from form_engine.fields.decimals import DIGITS, DecimalConfig
from form_engine.formula import Name, Node
from form_engine.models import Record, RollupPart
from form_engine.query.errors import NotInSql
from form_engine.query.formula_sql import Evaluate, Translator
from form_engine.query.sql_value import SQL_TYPES, TOTAL, Size, Sql, from_json
from form_engine.records.forms import Forms

Root = str
SYSTEM_COLUMNS: Final[Mapping[str, tuple[str, str]]] = {
    "id": ("number", "id"),
    "number": ("text", "number"),
    "created_at": ("datetime", "created_at"),
    "created_by": ("person", "created_by"),
    "updated_at": ("datetime", "updated_at"),
}

PLAIN_SLOTS: Final = frozenset({"link", "member", "choice", "date", "datetime", "number_series"})
"""Types whose slot holds the very value; other slots are scaled or carry a sort key, for filters and orders only."""


@dataclass(frozen=True)
class FormColumns:
    """The columns of one form's record. `index` is the joined `record_index`, where there is one; then slots are used.

    `root` says which names of a formula are of this record (`own` or `target`); the others are constants to it.
    """

    forms: Forms
    form: CompiledForm
    evaluate: Evaluate
    record: Any = Record
    index: Any = None
    root: Root = "own"
    blank_equals: bool = True
    reach: "Callable[[FormColumns], ColumnElement[bool]] | None" = None
    """Which linked records the reader may look into; None where a definition asks, which may look into all."""

    def of(self, name: Name) -> Sql | None:
        """The column behind a name of a formula; None where it is not of this record."""
        if name.root != self.root:
            return None
        if not name.path:
            return Sql("record", self.id, nullable=False)
        return self.path(name.path, name)

    def path(self, path: tuple[str, ...], node: Node | None = None) -> Sql:
        """The column at `("order", "customer", "name")`. Raises NotInSql."""
        key, *rest = path
        if not rest and key in SYSTEM_COLUMNS:
            return self._of_every_record(key)
        field = self.form.field(key)
        if field is None:
            raise NotInSql("unknown_field", node, field=".".join(path))
        if rest:
            return self._behind(field, tuple(rest), node)
        return self._field(field, node)

    def _of_every_record(self, key: str) -> Sql:
        """A name that every record has; the index holds two of them, so that a question about these needs no record."""
        kind, attribute = SYSTEM_COLUMNS[key]
        indexed = {"id": "record_id", "created_at": "created_at"}.get(key) if self.index is not None else None
        column = self.index.c[indexed] if indexed is not None else getattr(self.record, attribute)
        return Sql(kind, column, nullable=key not in ("id", "created_at"))

    @property
    def id(self) -> ColumnElement[int]:
        """The record's id."""
        found: ColumnElement[int] = self._of_every_record("id").expression
        return found

    @property
    def workspace_id(self) -> ColumnElement[int]:
        """The record's workspace."""
        found: ColumnElement[int] = (self.record if self.index is None else self.index.c).workspace_id
        return found

    def slot(self, field: CompiledField) -> ColumnElement[Any] | None:
        """The typed slot of a field, when the index is there."""
        slot = self.forms.slot(self.form.key, field.path)
        return self.index.c[slot] if slot is not None and self.index is not None else None

    def _field(self, field: CompiledField, node: Node | None) -> Sql:
        config = field.definition.config
        slot = self.slot(field)
        if slot is not None and field.slot_kind in ("date", "timestamp"):
            return Sql(field.type.kind, slot)
        if isinstance(config, RollupConfig):
            if config.fn == "average":  # SQL divides to other digits; with `index` the slot answers
                raise NotInSql("not_in_sql", node, field=field.path)
            return self._rollup(field, config)
        formula = field.formulas.get("value")
        if formula is not None:
            own = FormColumns(self.forms, self.form, self.evaluate, self.record, self.index, "own", self.blank_equals)
            return Translator(own, self.evaluate, blank_equals=self.blank_equals).value(formula.checked.node)
        if slot is not None and field.definition.type.name in PLAIN_SLOTS:
            return Sql(field.type.kind, slot)
        found = from_json(field.type.kind, self.record.data[field.key].astext)
        if found is None:
            raise NotInSql("not_in_sql", node, field=field.path, kind=field.type.kind)
        scaled = Size(DIGITS - config.scale, config.scale) if isinstance(config, DecimalConfig) else found.size
        return replace(found, size=scaled)

    def _rollup(self, field: CompiledField, config: RollupConfig) -> Sql:
        figures: dict[str, ColumnElement[Any]] = {
            "sum": func.coalesce(func.sum(RollupPart.amount), 0),
            "count": func.count(),
            "min": func.min(RollupPart.amount),
            "max": func.max(RollupPart.amount),
        }
        total = (
            select(figures[config.fn])
            .select_from(RollupPart)
            .where(
                RollupPart.workspace_id == self.workspace_id,
                RollupPart.parent_id == self.id,
                RollupPart.rollup == f"{self.form.key}.{field.key}",
            )
            .correlate_except(RollupPart)
            .scalar_subquery()
        )
        return Sql("number", total, nullable=config.fn not in ("sum", "count"), size=TOTAL)

    def _behind(self, field: CompiledField, rest: tuple[str, ...], node: Node | None) -> Sql:
        if field.type.kind != "record":
            raise NotInSql("not_in_sql", node, field=field.path)
        target = self.forms.get(field.points_to or "")
        if target is None:
            raise NotInSql("unknown_field", node, field=field.path)
        linked = aliased(Record)
        inner = FormColumns(self.forms, target, self.evaluate, linked, blank_equals=self.blank_equals, reach=self.reach)
        value = inner.path(rest, node)

        def behind(expression: ColumnElement[Any]) -> ColumnElement[Any]:
            return (
                select(expression)
                .where(
                    linked.workspace_id == self.workspace_id,
                    linked.id == self._field(field, node).expression,
                    *inner.is_live(),
                )
                .correlate_except(linked)
                .scalar_subquery()
            )

        error = func.coalesce(behind(value.error), false()) if value.error is not None else None
        return Sql(value.kind, behind(value.expression), error=error, size=value.size)

    def is_live(self) -> tuple[ColumnElement[bool], ...]:
        """That the record is one of this form, counts, and may be looked into."""
        seen = () if self.reach is None else (self.reach(self),)
        return (
            self.record.form == self.form.key,
            self.record.deleted_at.is_(None),
            self.record.draft.is_(False),
            *seen,
        )

    def sum_of(self, name: Name) -> Sql | None:
        """`SUM(lines.cost)`: a stored number column of a table, added up; None for any other name."""
        table = self.form.field(name.path[0]) if len(name.path) == 2 and name.root == self.root else None
        summed = table.by_key.get(name.path[1]) if table is not None else None
        if table is None or summed is None or summed.computed or summed.type.kind != "number":
            return None
        rows = self.rows_of(table, "summed_row")
        total = func.coalesce(func.sum(cast(rows.c.value[summed.key].astext, SQL_TYPES["number"])), 0)
        return Sql(
            "number",
            select(total).select_from(rows).correlate_except(rows).scalar_subquery(),
            nullable=False,
            size=TOTAL,
        )

    def rows_of(self, table: CompiledField, name: str) -> Any:
        """A table's rows as a lateral set with one column `value` (JSONB)."""
        assert isinstance(table.definition.config, TableConfig)  # noqa: S101 - callers look before they ask
        rows = func.coalesce(self.record.data[table.key], literal([], JSONB))
        return func.jsonb_array_elements(rows).table_valued(column("value", JSONB), name=name)

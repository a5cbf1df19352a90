"""A record laid out for reading: the sections of its form, each with facts and tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from formloom.i18n import localized

from form_engine.definition import CompiledField, CompiledForm, FieldAccess
from web.cells import Cell, cell, numeric
from web.names import Names


@dataclass(frozen=True, slots=True)
class Fact:
    """One field: label and value."""

    label: str
    cell: Cell
    wide: bool = False


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a sub-table."""

    label: str
    numeric: bool


@dataclass(frozen=True, slots=True)
class TableView:
    """A sub-table with its rows."""

    label: str
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class SectionView:
    """A heading, the facts below it, the tables below them."""

    title: str
    facts: tuple[Fact, ...] = field(default=())
    tables: tuple[TableView, ...] = field(default=())


def sections_of(
    form: CompiledForm,
    fields: FieldAccess,
    values: Mapping[str, Any],
    names: Names,
    locale: str,
    *,
    leave_out: frozenset[str] = frozenset(),
) -> tuple[SectionView, ...]:
    """The sections that say something; ``leave_out`` are fields that the page shows elsewhere."""
    made = []
    for title, keys in _layout(form, locale):
        shown = [
            each for key in keys if (each := form.field(key)) and fields.may_read(each.path) and key not in leave_out
        ]
        facts = tuple(_fact(each, values, names, locale) for each in shown if not each.columns)
        tables = tuple(_table(each, fields, values, names, locale) for each in shown if each.columns)
        if any(fact.cell.kind != "blank" for fact in facts) or any(table.rows for table in tables):
            made.append(SectionView(title, facts, tables))
    return tuple(made)


def first_facts(
    form: CompiledForm, keys: Sequence[str], fields: FieldAccess, values: Mapping[str, Any], names: Names, locale: str
) -> tuple[SectionView, ...]:
    """These fields in this order, as far as they say something: what somebody needs to see first."""
    shown = [each for key in keys if (each := form.field(key)) and fields.may_read(each.path)]
    facts = tuple(_fact(each, values, names, locale) for each in shown if not each.columns)
    tables = tuple(_table(each, fields, values, names, locale) for each in shown if each.columns)
    said = SectionView("", tuple(fact for fact in facts if fact.cell.kind != "blank"), tables)
    return (said,) if said.facts or said.tables else ()


def _layout(form: CompiledForm, locale: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    placed: set[str] = set()
    for section in form.definition.layout:
        placed.update(section.items)
        yield localized(section.title, locale) if section.title else "", section.items
    rest = tuple(each.key for each in form.fields if each.key not in placed)
    if rest:
        yield "", rest


def _fact(column: CompiledField, values: Mapping[str, Any], names: Names, locale: str) -> Fact:
    wide = column.definition.type.wide or bool(getattr(column.definition.config, "multiline", False))
    return Fact(localized(column.definition.label, locale), cell(column, values.get(column.key), names, locale), wide)


def _table(
    column: CompiledField, fields: FieldAccess, values: Mapping[str, Any], names: Names, locale: str
) -> TableView:
    shown = [each for each in column.columns if fields.may_read(each.path)]
    rows = tuple(
        tuple(cell(each, row.get(each.key), names, locale) for each in shown) for row in values.get(column.key) or ()
    )
    heads = tuple(TableColumn(localized(each.definition.label, locale), numeric(each)) for each in shown)
    return TableView(localized(column.definition.label, locale), heads, rows)

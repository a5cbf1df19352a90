"""What is different between two states of a record: field by field, tables row by row and cell by cell. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from form_engine.definition import CompiledField, CompiledForm
from form_engine.fields.base import Json

RowChange = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of one row, before and after; `path` as `lines.cost`."""

    path: str
    old: Json
    new: Json


@dataclass(frozen=True, slots=True)
class RowDiff:
    """What became of one row. `at` is its place (from 1) in the newer state, a removed one's in the older.

    `cells` are those that differ: of an added or removed row all that are not blank.
    """

    id: str
    change: RowChange
    at: int
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """A field, before and after; `rows` tells it of a table."""

    path: str
    old: Json
    new: Json
    rows: tuple[RowDiff, ...] = ()


def diff(form: CompiledForm, before: Mapping[str, Json], after: Mapping[str, Json]) -> tuple[FieldDiff, ...]:
    """What differs, in the order of the form; fields that the form has no longer come last."""
    keys = dict.fromkeys((*(field.key for field in form.fields), *before, *after))
    return tuple(
        difference(form.field(key), key, before.get(key), after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
    )


def difference(field: CompiledField | None, key: str, old: Json, new: Json) -> FieldDiff:
    """One field that differs."""
    rows = _rows(field, old, new) if field is not None and field.columns else ()
    return FieldDiff(key, old, new, rows)


def _rows(table: CompiledField, old: Json, new: Json) -> tuple[RowDiff, ...]:
    before, after = _by_id(old), _by_id(new)
    stayed = [row_id for row_id in after if row_id in before]
    moved = _moved([row_id for row_id in before if row_id in after], stayed)
    found = []
    for at, (row_id, row) in enumerate(after.items(), 1):
        was = before.get(row_id)
        cells = _cells(table, was or {}, row)
        if was is None:
            found.append(RowDiff(row_id, "added", at, cells))
        elif cells:
            found.append(RowDiff(row_id, "changed", at, cells))
        elif row_id in moved:
            found.append(RowDiff(row_id, "moved", at))
    for at, (row_id, was) in enumerate(before.items(), 1):
        if row_id not in after:
            found.append(RowDiff(row_id, "removed", at, _cells(table, was, {})))
    return tuple(found)


def _by_id(rows: Json) -> dict[str, Mapping[str, Json]]:
    return {str(row.get("id")): row for row in rows if isinstance(row, dict)} if isinstance(rows, list) else {}


def _cells(table: CompiledField, before: Mapping[str, Json], after: Mapping[str, Json]) -> tuple[Cell, ...]:
    names = dict.fromkeys((*(column.key for column in table.columns), *before, *after))
    return tuple(
        Cell(f"{table.path}.{name}", before.get(name), after.get(name))
        for name in names
        if name != "id" and before.get(name) != after.get(name)
    )


def _moved(before: Sequence[str], after: Sequence[str]) -> frozenset[str]:
    """The rows that stand elsewhere: all but a longest run that kept its order."""
    place = {row_id: at for at, row_id in enumerate(before)}
    ends: list[str] = []  # ends[n] closes the run of length n + 1 that ends earliest
    previous: dict[str, str | None] = {}
    for row_id in after:
        low, high = 0, len(ends)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if place[ends[middle]] < place[row_id] else (low, middle)
        previous[row_id] = ends[low - 1] if low else None
        ends[low : low + 1] = [row_id]
    kept = set()
    last = ends[-1] if ends else None
    while last is not None:
        kept.add(last)
        last = previous[last]
    return frozenset(after) - kept

"""Two people changed one record. Different fields, rows or cells: both changes stand. The same one: the second is told
both values. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from form_engine.definition import CompiledField, CompiledForm
from form_engine.fields.base import Json, Refused

Row: TypeAlias = Mapping[str, Any]
Key: TypeAlias = str | int
"""A row's id; of a new row its place among the rows that were sent."""


@dataclass(frozen=True, slots=True)
class Clash:
    """What both changed, and to what. `row` is the row's id where `field` is a column, or a table whose row one of the
    two has taken away.
    """

    field: str
    yours: Json
    theirs: Json
    by: str
    row: str | None = None

    def to_json(self) -> dict[str, Json]:
        """As a problem's parameters have it."""
        place = {"field": self.field, **({"row": self.row} if self.row is not None else {})}
        return {**place, "yours": self.yours, "theirs": self.theirs, "by": self.by}


@dataclass(frozen=True, slots=True)
class Merged:
    """What is left of my changes beside theirs, or where they clash."""

    changes: Mapping[str, Any]
    clashes: tuple[Clash, ...]


def undone(data: Mapping[str, Json], changes: Sequence[Mapping[str, Sequence[Json]]]) -> dict[str, Json]:
    """The document before these changes (field to [old, new], oldest first)."""
    found = dict(data)
    for change in reversed(changes):
        for key, (old, _) in change.items():
            found[key] = old
    return {key: value for key, value in found.items() if value is not None}


def merge(
    form: CompiledForm,
    mine: Mapping[str, Any],
    base: Mapping[str, Json],
    now: Mapping[str, Json],
    by: Mapping[str, str],
) -> Merged:
    """My changes, made on `base`, brought upon `now`. `by` says who changed a field last.

    What I sent and did not change is theirs to change. Raw input will do: what cannot be read is left to validation.
    """
    changes: dict[str, Any] = {}
    clashes: list[Clash] = []
    for key, raw in mine.items():
        field, was, there = form.by_path.get(key), base.get(key), now.get(key)
        if field is None or "." in key or was == there:
            changes[key] = raw
            continue
        wanted = _clean(field, raw)
        if wanted in (was, there):
            continue
        if field.columns and isinstance(raw, list) and all(isinstance(row, Mapping) for row in raw):
            rows = _Rows(field, by.get(key, ""), _listed(was), _listed(there))
            changes[key] = rows.merge(raw)
            clashes += rows.clashes
        else:
            clashes.append(Clash(key, raw, there, by.get(key, "")))
    return Merged(changes, tuple(clashes))


def _clean(field: CompiledField, raw: Any) -> Any:
    if raw is None or field.computed:
        return raw
    clean = field.clean(raw)
    return raw if isinstance(clean, Refused) else clean


def _listed(value: Json) -> list[Row]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


class _Rows:
    """One table: rows are the same when their ids are."""

    def __init__(self, table: CompiledField, by: str, base: Sequence[Row], now: Sequence[Row]) -> None:
        self._table, self._by = table, by
        self._base = {str(row.get("id")): row for row in base}
        self._now = {str(row.get("id")): row for row in now}
        self.clashes: list[Clash] = []

    def merge(self, mine: Sequence[Row]) -> list[dict[str, Any]]:
        """The rows to be sent for the table as it stands now: of those that were there, only the cells I changed."""
        sent: dict[Key, Row] = {self._key(at, row): row for at, row in enumerate(mine)}
        kept: dict[Key, dict[str, Any]] = {}
        for key, row in sent.items():
            if not isinstance(key, str) or key not in self._base:
                kept[key] = dict(row)
            elif (merged := self._row(key, row)) is not None:
                kept[key] = merged
        for key, was in self._base.items():
            if key not in sent and self._now.get(key, was) != was:  # I took away what they have changed
                self._clash(self._table.path, key, None, dict(self._now[key]))
        for key in self._now:
            if key not in self._base:
                kept.setdefault(key, {"id": key})
        return [kept[key] for key in self._order(list(sent)) if key in kept]

    def _key(self, at: int, row: Row) -> Key:
        name = row.get("id")
        return name if isinstance(name, str) else at

    def _row(self, key: str, row: Row) -> dict[str, Any] | None:
        """A row that was there: my cells upon theirs. None where it is theirs to have taken away."""
        was, there = self._base[key], self._now.get(key)
        cells = {name: raw for name, raw in row.items() if name != "id" and self._cell(name, raw) != was.get(name)}
        if there is None:
            if cells:
                self._clash(self._table.path, key, dict(row), None)
            return None
        for name, raw in cells.items():
            if there.get(name) != was.get(name) and self._cell(name, raw) != there.get(name):
                self._clash(f"{self._table.path}.{name}", key, raw, there.get(name))
        return {"id": key, **cells}

    def _cell(self, name: str, raw: Any) -> Any:
        column = self._table.by_key.get(name)
        return raw if column is None else _clean(column, raw)

    def _clash(self, path: str, row: str, yours: Json, theirs: Json) -> None:
        self.clashes.append(Clash(path, yours, theirs, self._by, row))

    def _order(self, mine: list[Key]) -> list[Key]:
        """Whoever moved rows decides their order (I, where both did); new rows follow the one they were put after."""
        theirs: list[Key] = list(self._now)
        common = [key for key in mine if key in self._base]
        stayed = common == [key for key in self._base if key in set(common)]
        return _woven(theirs, mine) if stayed else _woven(mine, theirs)


def _woven(order: Iterable[Key], other: Iterable[Key]) -> list[Key]:
    found = list(order)
    after = -1
    for key in other:
        if key in found:
            after = found.index(key)
        else:
            after += 1
            found.insert(after, key)
    return found

"""The rows of a table: matched to the rows that were there by their ids, cleaned column by column."""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from operator import itemgetter
from types import MappingProxyType
from typing import Any, Final

from formloom.errors import Issue

from form_engine.definition.access import FieldAccess, Level
from form_engine.fields.base import Json, Refused
from form_engine.formula import RecordValue, Value
from form_engine.validate.plan import Columns, FieldPlan

_ROW_ID: Final = re.compile("[a-z0-9]{4,16}")
NOTHING_SENT: Final[Mapping[str, object]] = MappingProxyType({})


_ENDS: Final = tuple(f"{number:03x}" for number in range(4096))


def row_ids() -> Callable[[], str]:
    """A source of short ids for the new rows of one record: drawn once for the first, then counted."""
    return _ids().__next__


def _ids() -> Iterator[str]:
    while True:
        start = f"{secrets.randbits(28):07x}"
        for end in _ENDS:
            yield start + end


@dataclass(slots=True)
class Row:
    """A row as formulas see it (`record` over `values`), beside its document and what was sent for it."""

    at: str
    stored: dict[str, Json]
    sent: Mapping[str, object]
    new: bool
    values: dict[str, Value]
    record: RecordValue


@dataclass(slots=True)
class RowTaker:
    """Takes the rows of one table. `issues` is the validation's own list; `broken` tells whether it added any.

    First every row is matched and laid out, then the columns are cleaned one after another: a look at a whole column
    costs a fraction of looking at each of its cells.

    `creating`: the record is new, or an earlier state of it returns, so its rows may bring ids of their own (a draft
    that is submitted has some).
    """

    table: FieldPlan
    columns: Columns
    issues: list[Issue]
    access: FieldAccess | None
    new_row_id: Callable[[], str]
    fetch: Any
    creating: bool
    broken: bool = False
    full: bool = False
    """No cell was found blank, or refused: nothing that is required can be missing."""
    rows: list[Row] = field(default_factory=list)
    """Filled only where formulas look into the rows."""
    _old: Mapping[str, dict[str, Json]] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    """Ids of rows that this take has laid out."""
    _found: list[tuple[int, Issue]] = field(default_factory=list)
    """By row; the columns find their issues out of order."""

    def take(self, raw: list[object], before: object) -> list[dict[str, Json]]:
        """The rows in the order sent. Rows that were there and are not sent are gone."""
        self._old = {row["id"]: row for row in before} if isinstance(before, list) else {}
        sent = self._rows_of(raw)
        named = set[str]().union(*sent)
        even = set(map(len, sent)) == {len(named)}  # then every row has every key, and looking is quicker
        whole = even and self.columns.stored.keys() <= named
        if self._old or "id" in named:
            taken = [self._lay(index, row) for index, row in enumerate(sent)]
        else:
            blank, fresh = self.columns.blank, self.new_row_id
            taken = list(map(dict.copy, sent)) if whole else [{**blank, **row} for row in sent]
            for stored in taken:
                stored["id"] = fresh()
        writable = self._writable()
        self.full = whole and writable is self.columns.stored
        if not named <= writable.keys() | {"id"}:
            self._guard(sent, taken, writable.keys() | {"id"})
        for key, plan in writable.items():
            if key in named:
                values = list(map(itemgetter(key), sent)) if even else [row.get(key) for row in sent]
                self._clean_column(plan, values, taken)
        if self.columns.live:
            for index, (stored, row) in enumerate(zip(taken, sent, strict=True)):
                self._show(index, stored, row, new=stored["id"] not in self._old)
        if self._found:
            self._found.sort(key=itemgetter(0))
            self.issues.extend(issue for _, issue in self._found)
            self.broken = True
        writes_table = self.access is None or self.access.may_write(self.table.path)
        # Such a person adds, drops and moves no rows.
        if not writes_table and [row["id"] for row in taken] != list(self._old):
            self.issues.append(Issue(f"/{self.table.key}", "not_writable"))
            self.broken = True
        return taken

    def keep(self, before: object) -> None:
        """The rows of a table that nothing was sent for, as formulas see them."""
        for index, row in enumerate(before if isinstance(before, list) else ()):
            self._show(index, row, NOTHING_SENT, new=False)

    def _rows_of(self, raw: list[Any]) -> list[dict[str, Any]]:
        """The rows; what is none is told, and counts as one for which nothing was sent."""
        if set(map(type, raw)) <= {dict}:
            return raw
        for index, each in enumerate(raw):
            if type(each) is not dict:
                self._refuse(index, "", "not_an_object")
        return [each if type(each) is dict else {} for each in raw]

    def _writable(self) -> Mapping[str, FieldPlan]:
        access, stored = self.access, self.columns.stored
        if access is None:
            return stored
        return {key: plan for key, plan in stored.items() if access.may_write(plan.path)}

    def _lay(self, index: int, row: Mapping[str, Any]) -> dict[str, Json]:
        """What was sent, not cleaned yet, over what was there."""
        name = row.get("id")
        if isinstance(name, str) and name in self._old and name not in self._used:
            self._used.add(name)
            return {**self.columns.empty, **self._old[name], **row}
        return {**self.columns.blank, **row, "id": self._fresh() if name is None else self._brought(index, name)}

    def _guard(self, sent: list[dict[str, Any]], taken: list[dict[str, Json]], writable: Set[str]) -> None:
        """Take back what may not be simply written, and look at it."""
        for index, (row, stored) in enumerate(zip(sent, taken, strict=True)):
            strange = [key for key in row if key not in writable]
            if not strange:
                continue
            before = self._old.get(str(stored["id"]), self.columns.blank)
            for key in strange:
                if key in before:
                    stored[key] = before[key]
                else:
                    del stored[key]
            for key in strange:
                self._guarded(index, key, row[key], stored)

    def _clean_column(self, plan: FieldPlan, values: list[Any], taken: list[dict[str, Json]]) -> None:
        """`values` as they were sent, by row; they stand in `taken` already."""
        key, clean = plan.key, plan.clean
        for index in plan.suspects(values):
            value = values[index]
            result = None if value is None else clean(value)
            if type(result) is Refused:
                self._refused(index, f"/{key}", result)
                result = None
            if result is None:
                self.full = False
            if result is not value:  # a blank for which nothing was sent may have its default
                taken[index][key] = result

    def _guarded(self, index: int, key: str, value: object, stored: dict[str, Json]) -> None:
        """A column that is not simply written: unknown, hidden (told alike), computed, or read-only and so left as it
        is.
        """
        column = self.columns.fields.get(key)
        if column is None or (self.access is not None and self.access.of(column.path) is Level.HIDDEN):
            self._refuse(index, f"/{escaped(key)}", "unknown_key")
            return
        result = column.clean(value) if column.computed or value is not None else None
        if isinstance(result, Refused):
            self._refused(index, f"/{key}", result)
        elif result != stored.get(key):
            self._refuse(index, f"/{key}", "not_writable")

    def _fresh(self) -> str:
        fresh = self.new_row_id()
        while fresh in self._used or fresh in self._old:
            fresh = self.new_row_id()
        self._used.add(fresh)
        return fresh

    def _brought(self, index: int, name: object) -> str | None:
        """The id that a new row came with, if it may."""
        if self.creating and isinstance(name, str) and _ROW_ID.fullmatch(name) and name not in self._used:
            self._used.add(name)
            return name
        self._refuse(index, "/id", "unknown_row")
        return None

    def _show(self, index: int, stored: dict[str, Json], sent: Mapping[str, object], *, new: bool) -> None:
        name = str(stored["id"])
        values: dict[str, Value] = {"id": name}
        for column in self.columns.read:
            held = stored.get(column.key)
            if held is not None:
                values[column.key] = column.to_value(held)
        record = RecordValue(self.columns.source, name, values, self.fetch)
        self.rows.append(Row(f"/{self.table.key}/{index}", stored, sent, new, values, record))

    def _refuse(self, index: int, at: str, code: str) -> None:
        self._found.append((index, Issue(f"/{self.table.key}/{index}{at}", code)))

    def _refused(self, index: int, at: str, result: Refused) -> None:
        start = f"/{self.table.key}/{index}{at}"
        for issue in result.issues:
            self._found.append((index, Issue(start + issue.pointer, issue.code, issue.params)))


def escaped(key: str) -> str:
    """A key as a step of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")

"""The rows of a table: matched to the rows that were there by their ids, cleaned column by column."""

import itertools
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from formloom.errors import Issue

from form_engine.definition.access import FieldAccess, Level
from form_engine.fields.base import Cleaner, Json, Refused
from form_engine.formula import RecordValue, Value
from form_engine.validate.plan import Columns, FieldPlan

_ROW_ID: Final = re.compile("[a-z0-9]{4,16}")


def row_ids() -> Callable[[], str]:
    """A source of short ids for the new rows of one record: drawn once, then counted."""
    count = itertools.count(secrets.randbits(40))
    return lambda: f"{next(count):010x}"


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

    `creating`: the record is new, so its rows may bring ids of their own (a draft that is submitted has some).
    """

    table: FieldPlan
    columns: Columns
    issues: list[Issue]
    access: FieldAccess | None
    new_row_id: Callable[[], str]
    fetch: Any
    creating: bool
    broken: bool = False
    rows: list[Row] = field(default_factory=list)
    """Filled only where formulas look into the rows."""
    _old: dict[str, dict[str, Json]] = field(default_factory=dict)
    _given: set[str] = field(default_factory=set)
    _cleaners: Mapping[str, Cleaner] = field(default_factory=dict)

    def take(self, raw: list[object], before: object) -> list[dict[str, Json]]:
        """The rows in the order sent. Rows that were there and are not sent are gone."""
        self._old = {row["id"]: row for row in before} if isinstance(before, list) else {}
        self._cleaners = self._writable()
        was = list(self._old)
        self._given = set(was)
        taken = [self._row(index, each) for index, each in enumerate(raw)]
        writes_table = self.access is None or self.access.may_write(self.table.path)
        if not writes_table and [row["id"] for row in taken] != was:  # such a person adds, drops and moves no rows
            self._refuse("", "not_writable")
        return taken

    def keep(self, before: object) -> None:
        """The rows of a table that nothing was sent for, as formulas see them."""
        for index, row in enumerate(before if isinstance(before, list) else ()):
            self._show(index, row, {}, new=False)

    def _writable(self) -> Mapping[str, Cleaner]:
        access, fields = self.access, self.columns.fields
        if access is None:
            return self.columns.cleaners
        return {key: clean for key, clean in self.columns.cleaners.items() if access.may_write(fields[key].path)}

    def _row(self, index: int, raw: object) -> dict[str, Json]:
        if type(raw) is not dict:
            self._refuse(f"/{index}", "not_an_object")
            return {"id": None}
        name = raw.get("id")
        previous = self._old.pop(name, None) if isinstance(name, str) else None  # each may be sent once
        if previous is not None:
            stored = {**self.columns.empty, **previous}
        else:
            stored = {"id": self._fresh() if name is None else self._brought(index, name), **self.columns.blank}
        cleaners = self._cleaners
        for key, value in raw.items():
            clean = cleaners.get(key)
            if clean is None:
                if key != "id":
                    self._guarded(index, key, value, stored)
                continue
            result = None if value is None else clean(value)
            if type(result) is Refused:
                stored[key] = None
                self._refused(f"/{index}/{key}", result)
            else:
                stored[key] = result
        if self.columns.live:
            self._show(index, stored, raw, new=previous is None)
        return stored

    def _guarded(self, index: int, key: str, value: object, stored: dict[str, Json]) -> None:
        """A column that is not simply written: unknown, hidden (told alike), computed, or read-only and so left as it
        is.
        """
        column = self.columns.fields.get(key)
        if column is None or (self.access is not None and self.access.of(column.path) is Level.HIDDEN):
            self._refuse(f"/{index}/{escaped(key)}", "unknown_key")
            return
        result = column.clean(value) if column.computed or value is not None else None
        if isinstance(result, Refused):
            self._refused(f"/{index}/{key}", result)
        elif result != stored.get(key):
            self._refuse(f"/{index}/{key}", "not_writable")

    def _fresh(self) -> str:
        fresh = self.new_row_id()
        while fresh in self._given:
            fresh = self.new_row_id()
        self._given.add(fresh)
        return fresh

    def _brought(self, index: int, name: object) -> str | None:
        """The id that a new row came with, if it may."""
        if self.creating and isinstance(name, str) and _ROW_ID.fullmatch(name) and name not in self._given:
            self._given.add(name)
            return name
        self._refuse(f"/{index}/id", "unknown_row")
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

    def _refuse(self, at: str, code: str) -> None:
        self.issues.append(Issue(f"/{self.table.key}{at}", code))
        self.broken = True

    def _refused(self, at: str, result: Refused) -> None:
        start = f"/{self.table.key}{at}"
        self.issues.extend(Issue(start + issue.pointer, issue.code, issue.params) for issue in result.issues)
        self.broken = True


def escaped(key: str) -> str:
    """A key as a step of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")

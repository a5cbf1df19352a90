"""One row's cells → values by column and what is to be said about them. Pure; the same for preview and run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from form_engine.fields.base import Refused
from form_engine.fields.coercion import as_text, folded
from form_engine.formula import NO_CONTEXT, Context, Env, ErrorValue, RecordValue, Value
from form_engine.imports.cells import Cell, is_empty
from form_engine.imports.profile.compile import ReadyCase, ReadyColumn, ReadyProfile, ReadySource
from form_engine.imports.profile.model import Codes, Level

WHOLE_ROW: Final = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing said about a row. `column` is a column's key, or "" for the row; `order` is where it is told."""

    order: int
    column: str
    code: str
    level: Level
    params: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"column": self.column, "code": self.code, "level": self.level}
        return told | ({"params": dict(self.params)} if self.params else {})


@dataclass(slots=True)
class CleanRow:
    """`values` are stored values by column (text, or texts, where a record is yet to be found by it)."""

    values: dict[str, Any]
    findings: list[Finding]

    def say(self, column: ReadyColumn, profile: ReadyProfile, codes: Codes, default: Level, **params: Any) -> None:
        """Each code at the level that the profile gives it, else the default."""
        for code in codes:
            own = profile.definition.codes.get(code)
            self.findings.append(Finding(column.order, column.key, code, own.level if own else default, params))

    def broken(self) -> set[str]:
        """Columns with an error."""
        return {each.column for each in self.findings if each.level == "error"}


class RowCleaner:
    """Made once a run. Not for several threads at once."""

    def __init__(self, profile: ReadyProfile, context: Context = NO_CONTEXT) -> None:
        self.profile, self.context = profile, context
        self._readers = [(each.key, each.reading.read, bool(each.definition.blank)) for each in profile.columns]

    def clean(self, cells: Mapping[str, Cell]) -> CleanRow:
        """`cells` by column key; a column that the sheet does not have is absent."""
        if self.profile.plain and (values := self._read_plainly(cells)) is not None:
            return CleanRow(values, [])
        work = _Work(self.profile, self.context, cells)
        for column in self.profile.columns:
            work.read(column)
        work.fill()
        return work.row

    def _read_plainly(self, cells: Mapping[str, Cell]) -> dict[str, Any] | None:
        """The values of a row of which nothing is to be said, by a profile that works nothing out; else None."""
        values: dict[str, Any] = {}
        for key, read, tells_blank in self._readers:
            cell = cells.get(key)
            if cell is None:
                stored = None
            else:
                stored, notes, refused = read(cell)
                if notes or refused is not None:
                    return None
            if stored is None and tells_blank:
                return None
            values[key] = stored
        return values


class _Work:
    """One row being read."""

    def __init__(self, profile: ReadyProfile, context: Context, cells: Mapping[str, Cell]) -> None:
        self.profile, self.cells = profile, cells
        self.row = CleanRow({}, [])
        self.known: dict[str, Value] = {}
        self.waiting: dict[str, Any] = {}
        self.env = Env(own=RecordValue("import", None, self.known), context=context)

    def read(self, column: ReadyColumn) -> None:
        cell = self.cells.get(column.key)
        if type(cell) is str and column.prepare is not None:
            cell = column.prepare(cell)
        if column.value is not None and is_empty(cell):
            self._keep(column, self._result(column, column.value(self.env)))
        else:
            self._keep(column, self._read_cell(column, cell))
        for check in column.checks:
            found = check.when(self.env)
            if isinstance(found, ErrorValue):
                self.say(column, ("formula_failed",), "error", error=found.code)
            elif found is True:
                self.say(column, check.codes, "error")
                if check.clear:
                    self._keep(column, None)

    def fill(self) -> None:
        """What other cells brought for a column that is blank, then its default."""
        values = self.row.values
        for key, stored in self.waiting.items():
            if values.get(key) is None:
                self._keep(self.profile.by_key[key], stored)
        for column in self.profile.columns:
            if column.default is not None and values.get(column.key) is None and not self._is_broken(column):
                self._keep(column, self._source(column, column.default))

    def say(self, column: ReadyColumn, codes: Codes, default: Level, **params: Any) -> None:
        self.row.say(column, self.profile, codes, default, **params)

    def _read_cell(self, column: ReadyColumn, cell: Cell) -> Any:
        if is_empty(cell):
            self.say(column, column.definition.blank, "error")
            return None
        if column.values or column.cases:
            text = folded(as_text(cell) or "")
            word = text.casefold()
            if word in column.values:
                return self._cleaned(column, column.values[word])
            for case in column.cases:
                match = case.match(text)
                if match:
                    return self._read_case(column, case, match.groupdict(), cell)
        return self._coerced(column, cell)

    def _coerced(self, column: ReadyColumn, cell: Cell) -> Any:
        stored, notes, refused = column.reading.read(cell)
        for note in notes:
            codes = self._reason(column.definition.notes, note.code)
            self.say(column, codes, "warning", **note.params)
        if refused is not None:
            return self._refuse(column, refused)
        if stored is None:
            self.say(column, column.definition.blank, "error")
        return stored

    def _cleaned(self, column: ReadyColumn, raw: Any) -> Any:
        if raw is None or column.finds is not None:
            return raw
        stored = column.reading.clean(raw)
        return self._refuse(column, stored) if type(stored) is Refused else stored

    def _refuse(self, column: ReadyColumn, refused: Any) -> None:
        for issue in refused.issues[:1]:
            codes = self._reason(column.definition.refused, issue.code)
            self.say(column, codes, "error", **issue.params)

    def _read_case(self, column: ReadyColumn, case: ReadyCase, groups: Mapping[str, str | None], cell: Cell) -> Any:
        self.say(column, case.codes, "warning")
        beside: dict[str, Value] = {}
        for name, reading in case.groups.items():
            text = groups.get(name)
            stored, _, refused = reading.read(text) if text is not None else (None, (), None)
            if refused is not None:
                return self._refuse(column, refused)
            beside[name] = reading.value(stored)
        env = Env(own=RecordValue("import", None, {**self.known, **beside}), context=self.env.context)
        for key, source in case.set.items():
            self.waiting[key] = self._source(self.profile.by_key[key], source, env)
        if case.value is not None:
            return self._source(column, case.value, env)
        if column.key in groups:
            return self._coerced(column, groups[column.key])
        return self._coerced(column, cell)

    def _source(self, column: ReadyColumn, source: ReadySource, env: Env | None = None) -> Any:
        if source.run is None:
            return source.fixed
        return self._result(column, source.run(env or self.env))

    def _result(self, column: ReadyColumn, found: Value) -> Any:
        """A formula's result as a stored value."""
        if found is None:
            return None
        if isinstance(found, ErrorValue):
            # What it was worked out from could not be read, and that has been said already.
            if not self.row.broken():
                self.say(column, ("formula_failed",), "error", error=found.code)
            return None
        return self._cleaned(column, column.reading.raw(found))

    def _keep(self, column: ReadyColumn, stored: Any) -> None:
        self.row.values[column.key] = stored
        if stored is None:
            self.known[column.key] = None
        elif column.finds is not None:
            self.known[column.key] = stored if isinstance(stored, str) else None
        else:
            self.known[column.key] = column.reading.value(stored)

    def _is_broken(self, column: ReadyColumn) -> bool:
        return any(each.column == column.key and each.level == "error" for each in self.row.findings)

    @staticmethod
    def _reason(codes: Mapping[str, Codes], reason: str) -> Codes:
        found = codes.get(reason)
        if found is None:
            found = codes.get("*")
        return (reason,) if found is None else found

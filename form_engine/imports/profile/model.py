"""An import profile as frozen typed objects; every part remembers where it stood (`at`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal

from form_engine.fields.base import CoerceHints, Text
from form_engine.fields.expression import Formula

Level = Literal["error", "warning", "skip"]
LEVELS: Final[tuple[Level, ...]] = ("error", "warning", "skip")
Codes = tuple[str, ...]
ByReason = Mapping[str, Codes]


@dataclass(frozen=True, slots=True)
class OwnCode:
    """A code that the profile brings along."""

    level: Level
    text: Text


@dataclass(frozen=True, slots=True)
class Replace:
    """RE2 in, text out (`\\1` names a group)."""

    pattern: str
    by: str
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Fixed:
    """A value that is the same for every row."""

    value: Any


Source = Formula | Fixed


@dataclass(frozen=True, slots=True)
class Case:
    """What a cell of this shape means. `value` None: the group of the column's own key, else the whole text."""

    match: str
    groups: Mapping[str, Mapping[str, Any]]
    value: Source | None
    set: Mapping[str, Source]
    codes: Codes
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Check:
    """A condition that raises codes; `clear` empties the column then."""

    when: Formula
    codes: Codes
    clear: bool


@dataclass(frozen=True, slots=True)
class Like:
    """A text of the other record that must be alike (`least`: 0 to 1) to that of a column."""

    field: str
    column: str
    least: Decimal


@dataclass(frozen=True, slots=True)
class MatchStep:
    """Other form's field → column, all equal; perhaps one text that is only alike."""

    by: Mapping[str, str]
    like: Like | None
    codes: Codes
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ColumnDef:
    """One column: what it is called, how it is read, where it goes, what is said about it."""

    key: str
    headers: tuple[str, ...] = ()
    to: str | None = None
    typed: Mapping[str, Any] | None = None
    hints: CoerceHints = field(default_factory=CoerceHints)
    text: tuple[str | Replace, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    cases: tuple[Case, ...] = ()
    value: Formula | None = None
    default: Source | None = None
    blank: Codes = ()
    notes: ByReason = field(default_factory=dict)
    refused: ByReason = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    match: tuple[MatchStep, ...] = ()
    unmatched: Codes = ()
    ambiguous: Codes = ()
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class SkipRules:
    """By what code each kind of row that is no record is told, and the words that give them away."""

    codes: Mapping[str, str] = field(default_factory=dict)
    subtotal_words: tuple[str, ...] = ()
    footnote_words: tuple[str, ...] = ()

    def code(self, kind: str) -> str:
        return self.codes.get(kind, f"row_{kind}")


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Columns that make a row one of its kind."""

    key: tuple[str, ...]
    identical: Codes
    conflict: Codes


@dataclass(frozen=True, slots=True)
class Upsert:
    """Columns that find the record a row is about, and what is done with it."""

    key: tuple[str, ...]
    found: Literal["update", "skip", "error"] = "update"


@dataclass(frozen=True, slots=True)
class ImportProfile:
    """How sheets of one kind become records of `form`."""

    key: str
    form: str
    title: Text
    columns: tuple[ColumnDef, ...]
    sheets: tuple[str, ...] = ("*",)
    header_row: int | None = None
    header_rows: int | None = None
    skip: SkipRules = field(default_factory=SkipRules)
    duplicates: Duplicates | None = None
    upsert: Upsert | None = None
    codes: Mapping[str, OwnCode] = field(default_factory=dict)

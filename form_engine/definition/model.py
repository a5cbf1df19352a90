"""A form as frozen typed objects. Made once, by `parse_form`; nothing walks raw dicts afterwards.

Every part remembers where it stood (`at`, a JSON pointer into the definition), so that a later check can point to it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

from form_engine.definition.access import FieldAccess
from form_engine.definition.guest import GuestDef
from form_engine.definition.page import PageDef
from form_engine.fields.base import FieldType, Json, Text
from form_engine.fields.expression import Formula

SYSTEM_NAMES: Final = ("id", "number", "created_at", "created_by", "updated_at", "updated_by")
"""What every record has besides its fields, and formulas may read. No field may be called so."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What must hold. A rule of a table's column or of a table is asked for every row."""

    holds: Formula
    message: Text | None
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field. `config` is of the class that its type's `parse_config` makes (`MoneyConfig`, `LinkConfig` …)."""

    key: str
    type: FieldType[Any]
    label: Text
    config: Any
    help: Text | None = None
    required: bool | Formula = False
    visible: Formula | None = None
    default: Formula | Json = None
    rules: tuple[Rule, ...] = ()
    index: bool = False
    was: tuple[str, ...] = ()
    """Keys that this field had before: publishing takes their values over."""
    fields: tuple["FieldDef", ...] = ()
    at: str = field(default="", compare=False)
    by_key: Mapping[str, "FieldDef"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_key", MappingProxyType({column.key: column for column in self.fields}))

    @property
    def computed(self) -> bool:
        return self.type.computed


@dataclass(frozen=True, slots=True)
class NoOverlap:
    """No two records with the same values in the fields `key` have ranges from `start` to `end` that overlap.

    A blank start is since ever, a blank end for ever. A record for which `when` does not hold is not looked at.
    `included`: whether the range holds its end, too (None: a date's does, a moment's and a number's does not).
    `since`: a field that stands in for `start` where it is filled in (a later start: the key was another before).
    """

    key: tuple[str, ...]
    start: str
    end: str
    since: str | None = None
    when: Formula | None = None
    included: bool | None = None
    message: Text | None = None
    at: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """How the database calls the rule; the same for as long as it speaks of the same fields."""
        return f"{','.join(self.key)}:{self.start}-{self.end}"

    @property
    def fields(self) -> tuple[str, ...]:
        return (*self.key, self.start, self.end, *((self.since,) if self.since else ()))


@dataclass(frozen=True, slots=True)
class Display:
    """Something to see between fields: a `note` of plain words, with a tone, or a `divider`."""

    shows: Literal["note", "divider"]
    text: Text | None = None
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the layout: fields by key under a heading, with an optional note of plain words above them.

    `elements` are the fields and what stands between them, in order; `items` the fields alone. Neighbouring sections
    that name a `tab` stand behind tabs; those that name the same one share it.
    """

    items: tuple[str, ...]
    title: Text | None = None
    columns: int = 1
    note: Text | None = None
    at: str = field(default="", compare=False)
    elements: tuple[str | Display, ...] = ()
    tab: Text | None = None


@dataclass(frozen=True, slots=True)
class AccessRule:
    """What a role may do with the records that `where` lets through (None: all), and with which fields."""

    role: str
    may: frozenset[str]
    where: Formula | None
    fields: FieldAccess
    at: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class FormDef:
    """A form. `number` is the pattern of its own number series; `unique` lists groups of field keys."""

    key: str
    title: Text
    fields: tuple[FieldDef, ...]
    number: str | None = None
    description: Text | None = None
    icon: str | None = None
    display: Formula | tuple[str, ...] = ()
    list_columns: tuple[str, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    no_overlap: tuple[NoOverlap, ...] = ()
    rules: tuple[Rule, ...] = ()
    layout: tuple[Section, ...] = ()
    access: tuple[AccessRule, ...] = ()
    submit_label: Text | None = None
    guest: GuestDef | None = None
    page: PageDef | None = None
    """What people without an account may report; None: nothing."""
    by_key: Mapping[str, FieldDef] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_key", MappingProxyType({each.key: each for each in self.fields}))

    def walk(self) -> Iterator[tuple[str, FieldDef]]:
        """Every field with its path: `amount`, `lines`, `lines.applied`."""
        for each in self.fields:
            yield each.key, each
            for column in each.fields:
                yield f"{each.key}.{column.key}", column

    def find(self, path: str) -> FieldDef | None:
        """The field at `amount` or `lines.applied`."""
        key, dot, column = path.partition(".")
        found = self.by_key.get(key)
        return found.by_key.get(column) if dot and found is not None else found

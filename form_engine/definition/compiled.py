"""A form that was found sound, with every formula checked and turned into a closure.

What `compile_form` makes, the store caches by version, and records, queries, flows and the web read.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from form_engine.definition.access import FieldAccess
from form_engine.definition.guest import GuestDef
from form_engine.definition.model import FieldDef, FormDef, NoOverlap
from form_engine.definition.page import PageDef
from form_engine.fields.answers import NO_NAMES, ExportCell, Glossary
from form_engine.fields.base import Cleaner, Json, Slot, SlotValue, Text
from form_engine.formula import Checked, Env, Type, TypeScope, Value


@dataclass(frozen=True, slots=True)
class CompiledFormula:
    """A formula in its place. `checked.node` is what is shipped to the browser or translated to SQL."""

    text: str
    checked: Checked = field(repr=False)
    run: Callable[[Env], Value] = field(repr=False, compare=False)
    at: str = ""


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """What must hold. `per_row`: it reads `row.`, so it is asked for each row of its table."""

    holds: CompiledFormula
    message: Text | None
    per_row: bool = False
    needs: frozenset[str] = frozenset()
    """The top-level fields on which the answer hangs, through computed fields too."""


@dataclass(frozen=True, slots=True)
class CompiledField:
    """A field, or a column of a table, ready to clean and to calculate with.

    `formulas` are those of the field's config by name: `value` of a formula field, `filter` of a link, `of` and
    `where` of a rollup.
    """

    path: str
    definition: FieldDef
    clean: Cleaner = field(repr=False, compare=False)
    type: Type
    required: bool | CompiledFormula
    visible: CompiledFormula | None
    default: CompiledFormula | Json
    rules: tuple[CompiledRule, ...]
    formulas: Mapping[str, CompiledFormula]
    columns: tuple["CompiledField", ...] = ()
    settled: bool = True
    """Its value hangs on this record's own fields alone: no link is followed, no rollup, no clock, nobody asked.
    A computed field that is settled may be stored and indexed; another is worked out at read."""
    by_key: Mapping[str, "CompiledField"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_key", MappingProxyType({column.key: column for column in self.columns}))

    @property
    def key(self) -> str:
        return self.definition.key

    @property
    def computed(self) -> bool:
        return self.definition.type.computed

    @property
    def default_formula(self) -> CompiledFormula | None:
        return self.default if isinstance(self.default, CompiledFormula) else None

    def value(self, stored: Json) -> Value:
        """A stored value as formulas see it. Rows of a table are made by `form_engine.definition.values`."""
        return None if stored is None else self.definition.type.to_value(stored, self.definition.config)

    def text(self, stored: Json, locale: str) -> str:
        """A stored (or computed) value as plain words; blank is empty."""
        return "" if stored is None else self.definition.type.text(stored, self.definition.config, locale)

    def print_text(self, stored: Any, locale: str, names: Glossary = NO_NAMES) -> str:
        """A stored or computed value in whole words, a formula's as what it computes; blank is empty."""
        if stored is None:
            return ""
        if error := error_in(stored):
            return error
        kind, config = self.definition.type.shown_by(self.definition.config, self.type)
        return kind.print_text(stored, config, locale, names)

    def export_cell(self, stored: Any, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        """The same as a spreadsheet's cell; blank is an empty one."""
        if stored is None:
            return ExportCell(None)
        if error := error_in(stored):
            return ExportCell(error)
        kind, config = self.definition.type.shown_by(self.definition.config, self.type)
        return kind.export_cell(stored, config, locale, names)

    @property
    def points_to(self) -> str | None:
        """The form whose records its values link to; None: it is no link."""
        return self.definition.type.points_to(self.definition.config)

    @property
    def slot_kind(self) -> Slot | None:
        """The kind of typed slot that can index it; a computed field's follows from what it computes."""
        return slot_kind(self.definition, self.type)

    def slot_value(self, stored: Json) -> SlotValue:
        """What the typed slot holds for a stored value."""
        return None if stored is None else self.definition.type.to_slot(stored, self.definition.config)


_SLOTS_OF_RESULTS: Mapping[str, Slot] = MappingProxyType(
    {"number": "decimal", "text": "text", "date": "date", "datetime": "timestamp"}
)


def slot_kind(definition: FieldDef, result: Type) -> Slot | None:
    """The kind of slot of a field whose formulas give this result."""
    if definition.type.computed and not definition.type.stored:
        return _SLOTS_OF_RESULTS.get(result.kind)
    found: Slot | None = definition.type.slot_of(definition.config)
    return found


def error_in(computed: Any) -> str:
    """The formula error that stands in a computed value's place (`#DIV/0!`); empty where there is none."""
    return str(computed["error"]) if isinstance(computed, dict) and "error" in computed else ""


@dataclass(frozen=True, slots=True)
class CompiledNoOverlap:
    """A rule about ranges. `needs` are the top-level fields on which it hangs; `included`: the end is in the range."""

    definition: NoOverlap
    when: CompiledFormula | None
    included: bool
    needs: frozenset[str]


@dataclass(frozen=True, slots=True)
class CompiledAccess:
    """A role's line of the form's access, with its row filter compiled (`ME()` and own names)."""

    role: str
    may: frozenset[str]
    where: CompiledFormula | None
    fields: FieldAccess


Fixed = Mapping[str, CompiledFormula | Json]


@dataclass(frozen=True, slots=True)
class CompiledGuest:
    """The guest part with the formulas of its fixed values: `always`, and by the field that a link is about."""

    definition: GuestDef
    always: Fixed
    about: Mapping[str, Fixed]

    def fixed(self, about: str | None) -> Fixed:
        """What is written besides what a guest fills in, on a link about this field."""
        return {**self.always, **(self.about.get(about, {}) if about is not None else {})}


@dataclass(frozen=True, slots=True)
class CompiledPage:
    """The page part with the filters of its linked records compiled, by where they stand."""

    definition: PageDef
    where: Mapping[str, CompiledFormula]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class CompiledForm:
    """A form ready for work. One is equal only to itself.

    `order` lists all paths so that each stands after everything that its formulas read. `scope` types further
    formulas over this form (a flow's conditions, a view's filter). `display` is the formula or the keys of a record's
    title.
    """

    definition: FormDef
    version: int
    fields: tuple[CompiledField, ...]
    order: tuple[str, ...] = field(repr=False)
    rules: tuple[CompiledRule, ...] = field(repr=False)
    access: tuple[CompiledAccess, ...] = field(repr=False)
    display: CompiledFormula | tuple[str, ...]
    scope: TypeScope = field(repr=False, compare=False)
    no_overlap: tuple[CompiledNoOverlap, ...] = field(default=(), repr=False)
    guest: CompiledGuest | None = field(default=None, repr=False)
    page: CompiledPage | None = field(default=None, repr=False)
    by_path: Mapping[str, CompiledField] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_path", MappingProxyType(dict(self.walk())))

    @property
    def key(self) -> str:
        return self.definition.key

    def field(self, path: str) -> CompiledField | None:
        """The field at `amount` or `lines.applied`."""
        return self.by_path.get(path)

    def walk(self) -> Iterator[tuple[str, CompiledField]]:
        """Every field and column with its path."""
        for each in self.fields:
            yield each.path, each
            for column in each.columns:
                yield column.path, column

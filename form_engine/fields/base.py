"""What a field type owes the platform, in one class.

A type is stateless: all that differs between two fields of a type is in the frozen config that `parse_config` made.
Three forms of a value:

- *raw*: what came in as JSON. Nothing is trusted.
- *stored*: canonical JSON as it stands in a record; one value, one spelling (`docs/decisions/013-canonical-values.md`).
- *value*: what formulas calculate with (`Decimal`, `date`, `LinkRef` …).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Literal, TypeAlias, TypeVar

from formloom.errors import Issue

from form_engine.fields.answers import (
    NO_HINTS,
    NO_NAMES,
    Chip,
    Coerced,
    CoerceHints,
    Coercer,
    ExportCell,
    Glossary,
    Json,
    Note,
    Refused,
    refuse,
)
from form_engine.fields.coercion import text_coercer
from form_engine.formula import Type, Value

if TYPE_CHECKING:
    from form_engine.fields.expression import FormulaUse, Reference

Text: TypeAlias = Mapping[str, str] | str
"""Words for people: a text per locale, or one for all."""

Slot: TypeAlias = Literal["text", "decimal", "date", "timestamp"]
SlotValue: TypeAlias = str | int | date | datetime | None
Operator: TypeAlias = Literal[
    "eq", "ne", "lt", "le", "gt", "ge", "in", "between", "starts", "contains", "has_any", "has_all", "within", "blank"
]
Look: TypeAlias = Literal[
    "text", "number", "date", "chip", "chips", "link", "person", "files", "phone", "url", "email", "rich", "place"
]
"""How a page draws a value: the words are the type's own (`print_text`), the look says what surrounds them."""

Refers: TypeAlias = Literal["record", "person", "department", "file"]
OnDelete: TypeAlias = Literal["refuse", "clear", "cascade", "ask"]
"""What happens to a record whose link leads to one that is to be deleted (docs/decisions/052)."""

EQUALITY: Final[tuple[Operator, ...]] = ("eq", "ne", "in", "blank")
ORDER: Final[tuple[Operator, ...]] = (*EQUALITY, "lt", "le", "gt", "ge", "between")
WORDS: Final[tuple[Operator, ...]] = (*EQUALITY, "starts", "contains")
SEVERAL: Final[tuple[Operator, ...]] = ("has_any", "has_all", "blank")
"""Of lists: holds one of these, holds all of these."""


Cleaner: TypeAlias = Callable[[object], Json | Refused]
"""Raw in, stored out, or the reasons why not. Built once a field; called for every value. Never raises."""

Suspects: TypeAlias = Callable[[list[Any]], Sequence[int]]
"""Where in a column of raw values those stand that are blank, or that the cleaner would not hand back as they are. It
may suspect more (all of them), never less. Never raises.
"""


def all_suspect(values: list[Any]) -> Sequence[int]:
    """The answer of whoever cannot tell quicker than by cleaning each."""
    return range(len(values))


def members_only(known: frozenset[str]) -> Suspects:
    """Whoever is not among the `known` is suspect."""

    def suspects(values: list[Any]) -> Sequence[int]:
        try:
            if known.issuperset(values):
                return ()
            return [at for at, value in enumerate(values) if value not in known]
        except TypeError:  # something cannot be a member of a set
            return range(len(values))

    return suspects


Finisher: TypeAlias = Callable[[Any], Refused | None]
"""Stored in, the reason why it is not finished out. Blank never reaches it."""


def refuse_computed(raw: object) -> Refused:
    """The cleaner of every field that nobody may send."""
    return refuse("computed")


def at_least(least: int, code: str) -> Finisher | None:
    """The finisher of what has a least length."""
    if least == 0:
        return None
    return lambda stored: refuse(code, min=least) if len(stored) < least else None


C = TypeVar("C")


class FieldType(ABC, Generic[C]):
    """One kind of field. Subclasses are registered in `form_engine.fields.FIELD_TYPES`."""

    name: ClassVar[str]

    config_schema: ClassVar[Mapping[str, Any]] = {}
    """JSON Schemas of the keys that only this type has, by key. All are optional unless named in `config_required`."""

    config_required: ClassVar[tuple[str, ...]] = ()

    computed: ClassVar[bool] = False
    """The server works the value out; nobody may send one."""

    stored: ClassVar[bool] = True
    """The value stands in the record's document (a computed one need not)."""

    in_table: ClassVar[bool] = True
    """May be a column of a table."""

    slot: ClassVar[Slot | None] = None
    """The kind of typed slot that can index it; None: cannot be indexed."""

    operators: ClassVar[tuple[Operator, ...]] = ("blank",)
    """What a filter may ask of it."""

    look: ClassVar[Look] = "text"

    wide: ClassVar[bool] = False
    """Wants the whole width of a page."""

    refers: ClassVar[Refers | None] = None
    """What the ids in its values are ids of; `ids` gives them."""

    picture: ClassVar[bool] = False
    """The files it refers to must be pictures."""

    in_formulas: ClassVar[bool] = True
    """Formulas may read it."""

    searched: ClassVar[bool] = False
    """A search looks into it; `words` says what it finds there."""

    @abstractmethod
    def parse_config(self, raw: Mapping[str, Any]) -> C:
        """The type's own keys of a field definition, already checked by `config_schema`, as a frozen object.

        Raises `ConfigError` where a schema cannot say what is wrong.
        """

    @abstractmethod
    def cleaner(self, config: C) -> Cleaner:
        """The closure that turns raw values into stored ones.

        It is never asked about None: blank is the form's affair.
        """

    def suspects(self, config: C) -> Suspects:
        """A look at a whole column of a table at once: what need not be cleaned value by value."""
        return all_suspect

    def finisher(self, config: C) -> Finisher | None:
        """For what a draft may lack and a submitted record may not (too few photos); None: nothing of the kind."""
        return None

    def nothing(self, config: C) -> Value:
        """What formulas see of a computed field when there is nothing to compute it from (a sum of no rows is 0)."""
        return None

    def initial(self, config: C) -> Json:
        """What a new record has where nothing was sent and the field has no default of its own."""
        return None

    def moves(self, config: C) -> Callable[[Json, Json], bool] | None:
        """For a status: whether it may go from one stored value to another.

        Only steps and buttons move such a field.
        """
        return None

    def starts(self, config: C) -> Mapping[str, frozenset[str]] | None:
        """For a status: the values at which a new record may begin, each with the roles whose people may choose it."""
        return None

    def formulas(self, config: C) -> "tuple[FormulaUse, ...]":
        """The formulas in the config, with their scopes."""
        return ()

    def references(self, config: C) -> "tuple[Reference, ...]":
        """The forms and fields that the config names."""
        return ()

    @abstractmethod
    def formula_type(self, config: C) -> Type:
        """What formulas take this field for."""

    def result_type(self, config: C, infer: "Callable[[FormulaUse], Type]") -> Type:
        """The same where it hangs on a formula of the config: `infer` tells what that gives."""
        return self.formula_type(config)

    @abstractmethod
    def to_value(self, stored: Any, config: C) -> Value:
        """Stored to value. Blank (None) never reaches it."""

    def to_json(self, value: Any, config: C) -> object:
        """A formula's result as raw JSON for the cleaner (a default, what a flow sets). Blank never reaches it."""
        return value

    def text(self, stored: Any, config: C, locale: str) -> str:
        """What a plain list shows. Blank never reaches it."""
        return str(stored)

    def words(self, stored: Any, config: C, locale: str) -> tuple[str, ...]:
        """The texts in one of which a searched word stands, where it is `searched`. Blank never reaches it.

        `form_engine.query.search` reads the same from the document, for who may not read all fields.
        """
        return (self.text(stored, config, locale),)

    def print_text(self, stored: Any, config: C, locale: str, names: Glossary = NO_NAMES) -> str:
        """The whole value in words, for a page, a print and a mail. Blank never reaches it."""
        return self.text(stored, config, locale)

    def export_cell(self, stored: Any, config: C, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        """The value as a spreadsheet's cell. Blank never reaches it."""
        return ExportCell(self.print_text(stored, config, locale, names))

    def chips(self, stored: Any, config: C, locale: str) -> tuple[Chip, ...]:
        """The options that a value names, with their colours, where the look is `chip` or `chips`."""
        return ()

    def shown_by(self, config: C, result: Type) -> "tuple[FieldType[Any], Any]":
        """The type and config that show a value of this field: its own, but for a computed one, which looks like what
        it computes.
        """
        return self, config

    def value_schema(self, config: C) -> dict[str, Any]:
        """The JSON Schema of a stored value, blank aside."""
        raise NotImplementedError(self.name)

    def coercer(self, config: C, hints: CoerceHints = NO_HINTS) -> Coercer:
        """The closure that makes dirty input (a sheet's cell, a paste) into what `cleaner` takes.

        A link's, member's or department's gives the trimmed text: whom it names is asked where the database is.
        """
        return text_coercer

    def client_config(self, config: C, locale: str) -> dict[str, Any]:
        """What the browser's renderer of this type needs of the config, with words in this language."""
        return {}

    def ids(self, stored: Any) -> tuple[Any, ...]:
        """The ids that a value holds, where the type `refers` to something. Blank never reaches it."""
        return tuple(stored) if isinstance(stored, list) else (stored,)

    def points_to(self, config: C) -> str | None:
        """The form whose records the value links to; None: it is no link."""
        return None

    def on_delete(self, config: C, *, required: bool) -> OnDelete:
        """What deleting a linked record does to this one."""
        return "refuse" if required else "ask"

    def to_slot(self, stored: Any, config: C) -> SlotValue:
        """What the typed slot holds, ordered as people expect. Blank never reaches it."""
        return str(stored)

    def slot_of(self, config: C) -> Slot | None:
        """The kind of slot this field needs; differs from `slot` only where the config decides it."""
        return self.slot

    def may_index(self, config: C) -> bool:
        """Whether `index` makes sense for such a field."""
        return self.slot_of(config) is not None

    def clean(self, raw: object, config: C, at: str = "") -> Json | tuple[Issue, ...]:
        """One value through the cleaner, with pointers from `at` on. Convenient; loops keep the closure instead."""
        result = self.cleaner(config)(raw)
        if isinstance(result, Refused):
            return tuple(Issue(at + issue.pointer, issue.code, issue.params) for issue in result.issues)
        return result


class ConfigError(Exception):
    """A field's own keys contradict each other. Pointer relative to the field."""

    def __init__(self, pointer: str, code: str, **params: object) -> None:
        super().__init__(pointer, code, params)
        self.issue = Issue(pointer, code, params)


__all__ = [
    "EQUALITY",
    "NO_HINTS",
    "NO_NAMES",
    "ORDER",
    "SEVERAL",
    "WORDS",
    "Chip",
    "Cleaner",
    "CoerceHints",
    "Coerced",
    "Coercer",
    "ConfigError",
    "ExportCell",
    "FieldType",
    "Finisher",
    "Glossary",
    "Json",
    "Look",
    "Note",
    "OnDelete",
    "Operator",
    "Refers",
    "Refused",
    "Slot",
    "SlotValue",
    "Text",
    "at_least",
    "refuse",
    "refuse_computed",
]

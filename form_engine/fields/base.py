"""What a field type owes the platform, in one class.

A type is stateless: all that differs between two fields of a type is in the frozen config that `parse_config` made.
Three forms of a value:

- *raw*: what came in as JSON. Nothing is trusted.
- *stored*: canonical JSON as it stands in a record; one value, one spelling (`docs/decisions/013-canonical-values.md`).
- *value*: what formulas calculate with (`Decimal`, `date`, `LinkRef` …).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Literal, TypeAlias, TypeVar, final

from formloom.errors import Issue

from form_engine.formula import Type, Value

if TYPE_CHECKING:
    from form_engine.fields.expression import FormulaUse, Reference

Json: TypeAlias = bool | int | str | list["Json"] | dict[str, "Json"] | None
Text: TypeAlias = Mapping[str, str] | str
"""Words for people: a text per locale, or one for all."""

Slot: TypeAlias = Literal["text", "decimal", "date", "timestamp"]
SlotValue: TypeAlias = str | int | date | datetime | None
Operator: TypeAlias = Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "between", "starts", "contains", "blank"]

EQUALITY: Final[tuple[Operator, ...]] = ("eq", "ne", "in", "blank")
ORDER: Final[tuple[Operator, ...]] = (*EQUALITY, "lt", "le", "gt", "ge", "between")
WORDS: Final[tuple[Operator, ...]] = (*EQUALITY, "starts", "contains")


@final
@dataclass(frozen=True, slots=True)
class Refused:
    """Why a raw value cannot be taken. Pointers are relative to the value."""

    issues: tuple[Issue, ...]


def refuse(code: str, at: str = "", /, **params: object) -> Refused:
    """One reason. `params` never carry what came in: it may be huge or hostile."""
    return Refused((Issue(at, code, params),))


Cleaner: TypeAlias = Callable[[object], Json | Refused]
"""Raw in, stored out, or the reasons why not. Built once a field; called for every value. Never raises."""

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
        """What search finds and a plain list shows. Blank never reaches it."""
        return str(stored)

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

"""A computed field: the result of a formula over the record (or the row), shown as its `format` says.

`options` gives a text result labels and colours, as a choice has them: a status that is worked out, never ticked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from formloom.i18n import localized

from form_engine.fields.base import ORDER, Cleaner, FieldType, refuse_computed
from form_engine.fields.choice import Option, read_options
from form_engine.fields.datetime import write_datetime
from form_engine.fields.expression import Formula, FormulaUse, read_formula
from form_engine.fields.schema import CURRENCY, FORMULA, OPTIONS, SCALE, Schema
from form_engine.formula import ErrorValue, PersonValue, Type, Value
from form_engine.formula.types import ANY

FORMAT: Schema = {"enum": ["number", "money", "percent", "date", "datetime", "text"]}


@dataclass(frozen=True, slots=True)
class Shown:
    """How a computed value is shown. All optional: without it, by its type."""

    format: str | None = None
    currency: str | None = None
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class FormulaConfig:
    value: Formula
    shown: Shown
    options: Mapping[str, Option] = field(default_factory=dict)


class FormulaField(FieldType[FormulaConfig]):
    name = "formula"
    config_schema: ClassVar[Mapping[str, Any]] = {
        "value": FORMULA,
        "format": FORMAT,
        "currency": CURRENCY,
        "decimals": SCALE,
        "options": OPTIONS,
    }
    config_required = ("value",)
    computed = True
    stored = False
    operators = ORDER

    def parse_config(self, raw: Mapping[str, Any]) -> FormulaConfig:
        return FormulaConfig(
            read_formula(raw["value"], "/value"), read_shown(raw), read_options(raw.get("options", []))
        )

    def cleaner(self, config: FormulaConfig) -> Cleaner:
        return refuse_computed

    def formulas(self, config: FormulaConfig) -> tuple[FormulaUse, ...]:
        return (FormulaUse("value", config.value),)

    def formula_type(self, config: FormulaConfig) -> Type:
        return ANY

    def result_type(self, config: FormulaConfig, infer: Callable[[FormulaUse], Type]) -> Type:
        return infer(self.formulas(config)[0])

    def to_value(self, stored: Any, config: FormulaConfig) -> Value:
        raise NotImplementedError("a computed value is never read back from a record")

    def to_json(self, value: Any, config: FormulaConfig) -> object:
        return computed_json(value)

    def text(self, stored: Any, config: FormulaConfig, locale: str) -> str:
        option = config.options.get(stored) if isinstance(stored, str) else None
        return localized(option.label, locale) if option else str(stored)


def read_shown(raw: Mapping[str, Any]) -> Shown:
    return Shown(raw.get("format"), raw.get("currency"), raw.get("decimals"))


def computed_json(value: Any) -> object:
    """A computed value for a reader: decimals and dates as in a record, an error as `{"error": "#DIV/0!"}`."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return write_datetime(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, ErrorValue):
        return {"error": value.code}
    if isinstance(value, PersonValue):
        return value.id
    if isinstance(value, tuple):
        return [computed_json(each) for each in value]
    if value is None or isinstance(value, bool | str):
        return value
    return getattr(value, "id", str(value))

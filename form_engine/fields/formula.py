"""A computed field: the result of a formula over the record (or the row), shown as its `format` says.

`options` gives a text result labels and colours, as a choice has them: a status that is worked out, never ticked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from form_engine.fields.base import NO_NAMES, ORDER, Cleaner, ExportCell, FieldType, Glossary, refuse_computed
from form_engine.fields.boolean import BooleanConfig, BooleanField
from form_engine.fields.choice import ChoiceConfig, ChoiceField, Option, client_options, label_of, read_options
from form_engine.fields.date import EARLIEST, DateConfig, DateField
from form_engine.fields.datetime import DatetimeConfig, DatetimeField, write_datetime
from form_engine.fields.duration import DurationConfig, DurationField, write_duration
from form_engine.fields.expression import Formula, FormulaUse, read_formula
from form_engine.fields.link import LinkConfig, LinkField
from form_engine.fields.location import LocationConfig, LocationField
from form_engine.fields.member import MemberConfig, MemberField
from form_engine.fields.money import MoneyConfig, MoneyField, exponent
from form_engine.fields.number import NumberConfig, NumberField
from form_engine.fields.percent import PercentConfig, PercentField
from form_engine.fields.schema import CURRENCY, FORMULA, OPTIONS, SCALE, Schema
from form_engine.fields.text import TextField
from form_engine.formula import ErrorValue, LocationValue, PersonValue, Type, Value
from form_engine.formula.types import ANY

FORMAT: Schema = {"enum": ["number", "money", "percent", "date", "datetime", "text", "url"]}


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

    def may_index(self, config: FormulaConfig) -> bool:
        """If it gives what has an order, and hangs on records only: the store says, knowing its type."""
        return True

    def to_value(self, stored: Any, config: FormulaConfig) -> Value:
        raise NotImplementedError("a computed value is never read back from a record")

    def to_json(self, value: Any, config: FormulaConfig) -> object:
        return computed_json(value)

    def text(self, stored: Any, config: FormulaConfig, locale: str) -> str:
        return label_of(config.options, stored, locale)

    def shown_by(self, config: FormulaConfig, result: Type) -> tuple[FieldType[Any], Any]:
        return shown_as(config.shown, result, config.options)

    def value_schema(self, config: FormulaConfig) -> Schema:
        return computed_schema()

    def client_config(self, config: FormulaConfig, locale: str) -> dict[str, Any]:
        options = {"options": client_options(config.options.values(), locale)} if config.options else {}
        return {**client_shown(config.shown), **options}


def shown_as(shown: Shown, result: Type, options: Mapping[str, Option]) -> tuple[FieldType[Any], Any]:
    """The type whose face a computed value wears: as its `format` says, else by what it is."""
    if options:
        return ChoiceField(), ChoiceConfig(options)
    kind = shown.format or ("money" if result.currency else result.kind)
    decimals = shown.decimals
    if kind == "money":
        currency = shown.currency or result.currency or "CNY"
        return MoneyField(), MoneyConfig(exponent(currency) if decimals is None else decimals, currency=currency)
    if kind == "number":
        return NumberField(), NumberConfig(decimals or 0, loose=decimals is None)
    if kind == "percent":
        return PercentField(), PercentConfig((decimals or 0) + 2, loose=decimals is None)
    faces: dict[str, tuple[FieldType[Any], Any]] = {
        "url": (_Address(), None),
        "date": (DateField(), DateConfig(EARLIEST, date.max)),
        "datetime": (DatetimeField(), DatetimeConfig()),
        "logical": (BooleanField(), BooleanConfig()),
        "person": (MemberField(), MemberConfig()),
        "record": (LinkField(), LinkConfig(result.form or "")),
        "duration": (DurationField(), DurationConfig()),
        "location": (LocationField(), LocationConfig()),
    }
    return faces.get(kind, (_Words(), None))


class _Words(TextField):
    """Whatever else a formula gives, in words: a list's items one after another."""

    def text(self, stored: Any, config: Any, locale: str) -> str:
        return ", ".join(map(str, stored)) if isinstance(stored, list) else str(stored)

    def export_cell(self, stored: Any, config: Any, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        return ExportCell(self.text(stored, config, locale), "@")


class _Address(_Words):
    """A text that is worked out and leads somewhere."""

    look = "url"
    stored = False


def client_shown(shown: Shown) -> dict[str, Any]:
    return {"format": shown.format, "currency": shown.currency, "decimals": shown.decimals}


def computed_schema() -> Schema:
    """A computed value for readers, or the error in its place."""
    error = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
    return {"anyOf": [{"type": ["string", "boolean", "integer", "array", "null"]}, {"type": "object"}, error]}


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
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        return f"{'-' if seconds < 0 else ''}{write_duration(abs(seconds))}"
    if isinstance(value, LocationValue):
        return {
            "lat": f"{value.latitude:f}",
            "lon": f"{value.longitude:f}",
            "crs": value.crs.casefold().replace("-", ""),
        }
    if isinstance(value, tuple):
        return [computed_json(each) for each in value]
    if value is None or isinstance(value, bool | str):
        return value
    return getattr(value, "id", str(value))

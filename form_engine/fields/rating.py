"""So many stars out of a few: a whole number from one up."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from form_engine.fields.amounts import amount_coercer
from form_engine.fields.base import (
    NO_HINTS,
    NO_NAMES,
    ORDER,
    Cleaner,
    Coerced,
    CoerceHints,
    Coercer,
    ExportCell,
    FieldType,
    Glossary,
    Refused,
    refuse,
)
from form_engine.fields.schema import Schema
from form_engine.formula import Type, Value
from form_engine.formula.types import NUMBER


@dataclass(frozen=True, slots=True)
class RatingConfig:
    stars: int


class RatingField(FieldType[RatingConfig]):
    name = "rating"
    config_schema: ClassVar[Mapping[str, Any]] = {"stars": {"type": "integer", "minimum": 2, "maximum": 10}}
    operators = ORDER
    slot = "decimal"

    def parse_config(self, raw: Mapping[str, Any]) -> RatingConfig:
        return RatingConfig(raw.get("stars", 5))

    def cleaner(self, config: RatingConfig) -> Cleaner:
        def clean(raw: object) -> int | Refused:
            if type(raw) is not int:
                return refuse("not_a_rating")
            if raw < 1:
                return refuse("below_min", min=1)
            return raw if raw <= config.stars else refuse("above_max", max=config.stars)

        return clean

    def formula_type(self, config: RatingConfig) -> Type:
        return NUMBER

    def to_value(self, stored: Any, config: RatingConfig) -> Value:
        return Decimal(stored)

    def to_json(self, value: Any, config: RatingConfig) -> object:
        return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value

    def to_slot(self, stored: Any, config: RatingConfig) -> int:
        return int(stored)

    def print_text(self, stored: Any, config: RatingConfig, locale: str, names: Glossary = NO_NAMES) -> str:
        return f"{stored}/{config.stars}"

    def export_cell(self, stored: Any, config: RatingConfig, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        return ExportCell(int(stored), "0")

    def value_schema(self, config: RatingConfig) -> Schema:
        return {"type": "integer", "minimum": 1, "maximum": config.stars}

    def coercer(self, config: RatingConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        number = amount_coercer(0, hints, units=("分", "星", "颗星", "stars", "star", f"/{config.stars}"))

        def coerce(raw: object) -> Coerced | Refused:
            stars = raw.strip() if isinstance(raw, str) else ""
            if stars and not stars.strip("★⭐☆"):
                return Coerced(sum(each in "★⭐" for each in stars))
            read = number(raw)
            if isinstance(read, Refused):
                return refuse("not_a_rating")
            return read if read.value is None else Coerced(int(read.value), read.notes)

        return coerce

    def client_config(self, config: RatingConfig, locale: str) -> dict[str, Any]:
        return {"stars": config.stars}

"""A decimal number with a fixed count of decimals (two unless told), perhaps with a unit beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from formloom.i18n import localized

from form_engine.fields.amounts import amount_coercer
from form_engine.fields.base import NO_HINTS, NO_NAMES, CoerceHints, Coercer, Glossary, Text
from form_engine.fields.choice import words_of
from form_engine.fields.decimals import DecimalConfig, DecimalType, check_bounds, scaled_bound
from form_engine.fields.schema import DECIMAL, SCALE, TEXT


@dataclass(frozen=True, slots=True)
class NumberConfig(DecimalConfig):
    unit: Text | None = None


class NumberField(DecimalType[NumberConfig]):
    name = "number"
    config_schema: ClassVar[Mapping[str, Any]] = {"decimals": SCALE, "min": DECIMAL, "max": DECIMAL, "unit": TEXT}

    def parse_config(self, raw: Mapping[str, Any]) -> NumberConfig:
        scale = raw.get("decimals", 2)
        low, high = scaled_bound(raw.get("min"), scale, "/min"), scaled_bound(raw.get("max"), scale, "/max")
        check_bounds(low, high)
        return NumberConfig(scale, low, high, raw.get("unit"))

    def print_text(self, stored: Any, config: NumberConfig, locale: str, names: Glossary = NO_NAMES) -> str:
        figure = super().print_text(stored, config, locale, names)
        return f"{figure} {localized(config.unit, locale)}" if config.unit else figure

    def coercer(self, config: NumberConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return amount_coercer(config.scale, hints, units=words_of(config.unit) if config.unit else ())

    def client_config(self, config: NumberConfig, locale: str) -> dict[str, Any]:
        unit = {"unit": localized(config.unit, locale)} if config.unit else {}
        return {**super().client_config(config, locale), **unit}

"""A decimal number with a fixed count of decimals (two unless told), perhaps with a unit beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from form_engine.fields.base import Text
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

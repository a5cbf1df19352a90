"""A share, stored as a fraction: 5 % is `"0.0500"`.

`decimals` counts those of the percent figure (two unless told: 5.25 %).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from form_engine.fields.amounts import amount_coercer
from form_engine.fields.base import NO_HINTS, NO_NAMES, CoerceHints, Coercer, ExportCell, Glossary
from form_engine.fields.decimals import DecimalConfig, DecimalType, check_bounds, scaled_bound
from form_engine.fields.schema import DECIMAL, SCALE
from form_engine.fields.written import cell_number, grouped, number_format


@dataclass(frozen=True, slots=True)
class PercentConfig(DecimalConfig):
    @property
    def decimals(self) -> int:
        """Those of the percent figure; the stored fraction is two digits finer."""
        return self.scale - 2


class PercentField(DecimalType[PercentConfig]):
    name = "percent"
    config_schema: ClassVar[Mapping[str, Any]] = {"decimals": SCALE, "min": DECIMAL, "max": DECIMAL}

    def parse_config(self, raw: Mapping[str, Any]) -> PercentConfig:
        scale = raw.get("decimals", 2) + 2
        low, high = scaled_bound(raw.get("min"), scale, "/min"), scaled_bound(raw.get("max"), scale, "/max")
        check_bounds(low, high)
        return PercentConfig(scale, low, high)

    def text(self, stored: Any, config: PercentConfig, locale: str) -> str:
        return f"{Decimal(stored).scaleb(2):f}%"

    def print_text(self, stored: Any, config: PercentConfig, locale: str, names: Glossary = NO_NAMES) -> str:
        """Without zeros at its end: 5 % is told as such, however exact the field is."""
        return f"{grouped(Decimal(stored).scaleb(2))}%"

    def export_cell(self, stored: Any, config: PercentConfig, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        return ExportCell(cell_number(stored), number_format(None if config.loose else config.decimals, percent=True))

    def coercer(self, config: PercentConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return amount_coercer(config.scale, hints, percent=True)

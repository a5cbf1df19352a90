"""An amount in one currency, which belongs to the field. Its decimals are the currency's (ISO 4217, list one)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from form_engine.fields.amounts import amount_coercer
from form_engine.fields.base import NO_HINTS, NO_NAMES, CoerceHints, Coercer, Glossary
from form_engine.fields.decimals import DecimalConfig, DecimalType, check_bounds, scaled_bound
from form_engine.fields.schema import CURRENCY, DECIMAL
from form_engine.fields.written import amount
from form_engine.formula import Type

_NO_DECIMALS: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS: Final = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENTS: Final = dict.fromkeys(_NO_DECIMALS.split(), 0) | dict.fromkeys(_THREE_DECIMALS.split(), 3)


def exponent(currency: str) -> int:
    """How many decimals amounts of a currency have."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class MoneyConfig(DecimalConfig):
    currency: str = ""


class MoneyField(DecimalType[MoneyConfig]):
    name = "money"
    config_schema: ClassVar[Mapping[str, Any]] = {"currency": CURRENCY, "min": DECIMAL, "max": DECIMAL}
    config_required = ("currency",)

    def parse_config(self, raw: Mapping[str, Any]) -> MoneyConfig:
        scale = exponent(raw["currency"])
        low, high = scaled_bound(raw.get("min"), scale, "/min"), scaled_bound(raw.get("max"), scale, "/max")
        check_bounds(low, high)
        return MoneyConfig(scale, low, high, raw["currency"])

    def formula_type(self, config: MoneyConfig) -> Type:
        return Type("number", currency=config.currency)

    def print_text(self, stored: Any, config: MoneyConfig, locale: str, names: Glossary = NO_NAMES) -> str:
        return amount(stored, config.currency, config.scale, locale)

    def coercer(self, config: MoneyConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return amount_coercer(config.scale, hints, currency=config.currency)

    def client_config(self, config: MoneyConfig, locale: str) -> dict[str, Any]:
        return {**super().client_config(config, locale), "currency": config.currency}

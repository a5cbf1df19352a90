"""A time of day without a day: `"08:30"`, or `"08:30:15"` where the field counts `seconds`. No time zone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any, ClassVar, Final

from form_engine.fields.base import (
    NO_HINTS,
    NO_NAMES,
    ORDER,
    Cleaner,
    Coerced,
    CoerceHints,
    Coercer,
    ConfigError,
    ExportCell,
    FieldType,
    Glossary,
    Note,
    Refused,
    refuse,
)
from form_engine.fields.moments import time_coercer
from form_engine.fields.schema import Schema
from form_engine.formula import Type
from form_engine.formula.types import TEXT

_SHAPE: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?")
_BOUND: Final[Schema] = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"}


@dataclass(frozen=True, slots=True)
class TimeConfig:
    seconds: bool
    earliest: str | None
    latest: str | None


class TimeField(FieldType[TimeConfig]):
    name = "time"
    config_schema: ClassVar[Mapping[str, Any]] = {"seconds": {"type": "boolean"}, "min": _BOUND, "max": _BOUND}
    operators = ORDER
    slot = "text"

    def parse_config(self, raw: Mapping[str, Any]) -> TimeConfig:
        seconds = raw.get("seconds", False)
        low, high = (spelt(raw[key], seconds) if key in raw else None for key in ("min", "max"))
        if low is not None and high is not None and low > high:
            raise ConfigError("/max", "bounds_crossed")
        return TimeConfig(seconds, low, high)

    def cleaner(self, config: TimeConfig) -> Cleaner:
        def clean(raw: object) -> str | Refused | None:
            if type(raw) is not str:
                return refuse("not_a_time")
            if not raw:
                return None
            if not _SHAPE.fullmatch(raw):
                return refuse("not_a_time")
            if not config.seconds and raw[5:] not in ("", ":00"):
                return refuse("too_exact")
            told = spelt(raw, config.seconds)
            if config.earliest is not None and told < config.earliest:
                return refuse("below_min", min=config.earliest)
            if config.latest is not None and told > config.latest:
                return refuse("above_max", max=config.latest)
            return told

        return clean

    def formula_type(self, config: TimeConfig) -> Type:
        """Text in one spelling compares as times do; the language has no time of day."""
        return TEXT

    def to_value(self, stored: Any, config: TimeConfig) -> str:
        return str(stored)

    def export_cell(self, stored: Any, config: TimeConfig, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        return ExportCell(time.fromisoformat(stored), "hh:mm:ss" if config.seconds else "hh:mm")

    def value_schema(self, config: TimeConfig) -> Schema:
        return {"type": "string", "pattern": f"^{_SHAPE.pattern}$"}

    def coercer(self, config: TimeConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        def coerce(raw: object) -> Coerced | Refused:
            read = time_coercer(raw)
            if isinstance(read, Refused) or read.value is None:
                return read
            lost = not config.seconds and not read.value.endswith(":00")
            return Coerced(spelt(read.value, config.seconds), (Note("rounded"),) if lost else ())

        return coerce

    def client_config(self, config: TimeConfig, locale: str) -> dict[str, Any]:
        bounds = {"min": config.earliest, "max": config.latest}
        return {"seconds": config.seconds, **{key: bound for key, bound in bounds.items() if bound is not None}}


def spelt(text: str, seconds: bool) -> str:
    """The one spelling of a time."""
    return (text + ":00")[:8] if seconds else text[:5]

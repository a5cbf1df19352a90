"""A calendar date:

`"2026-11-23"`. It has no time zone and never shifts. Before 1900 is out, as in the formula language.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, ClassVar, Final

from form_engine.fields.base import (
    NO_HINTS,
    NO_NAMES,
    ORDER,
    Cleaner,
    CoerceHints,
    Coercer,
    ConfigError,
    ExportCell,
    FieldType,
    Glossary,
    Refused,
    Suspects,
    members_only,
    refuse,
)
from form_engine.fields.moments import date_coercer
from form_engine.fields.schema import Schema
from form_engine.formula import Type
from form_engine.formula.types import DATE

EARLIEST: Final = date(1900, 1, 1)
USUAL: Final = (date(1980, 1, 1), date(2049, 12, 31))
_BOUND: Final[Schema] = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


@dataclass(frozen=True, slots=True)
class DateConfig:
    earliest: date
    latest: date


class DateField(FieldType[DateConfig]):
    name = "date"
    config_schema: ClassVar[Mapping[str, Any]] = {"min": _BOUND, "max": _BOUND}
    operators = ORDER
    slot = "date"
    look = "date"

    def parse_config(self, raw: Mapping[str, Any]) -> DateConfig:
        earliest, latest = _bound(raw, "min", EARLIEST), _bound(raw, "max", date.max)
        if earliest > latest:
            raise ConfigError("/max", "bounds_crossed")
        return DateConfig(earliest, latest)

    def cleaner(self, config: DateConfig) -> Cleaner:
        earliest, latest, from_iso = config.earliest.isoformat(), config.latest.isoformat(), date.fromisoformat
        no_date = refuse("not_a_date")
        too_early, too_late = refuse("below_min", min=earliest), refuse("above_max", max=latest)

        def clean(raw: object) -> str | Refused:
            # `read_date`, written out: rows are full of dates, and the call is half of its cost
            if type(raw) is not str or len(raw) != 10 or raw[4] != "-" or raw[7] != "-" or not raw.isascii():
                return no_date
            try:
                from_iso(raw)
            except ValueError:
                return no_date
            if earliest <= raw <= latest:
                return raw
            return too_early if raw < earliest else too_late

        return clean

    def suspects(self, config: DateConfig) -> Suspects:
        earliest, latest = config.earliest.isoformat(), config.latest.isoformat()
        usual = members_only(usual_days())
        if earliest <= USUAL[0].isoformat() and USUAL[1].isoformat() <= latest:
            return usual

        def suspects(values: list[Any]) -> Sequence[int]:
            found = usual(values)
            return found if found or (earliest <= min(values) and max(values) <= latest) else range(len(values))

        return suspects

    def formula_type(self, config: DateConfig) -> Type:
        return DATE

    def to_value(self, stored: Any, config: DateConfig) -> date:
        return date.fromisoformat(stored)

    def to_json(self, value: Any, config: DateConfig) -> object:
        return value.isoformat() if type(value) is date else value

    def to_slot(self, stored: Any, config: DateConfig) -> date:
        return date.fromisoformat(stored)

    def export_cell(self, stored: Any, config: DateConfig, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        return ExportCell(date.fromisoformat(stored), "yyyy-mm-dd")

    def value_schema(self, config: DateConfig) -> Schema:
        return {"type": "string", "format": "date"}

    def coercer(self, config: DateConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return date_coercer(hints)

    def client_config(self, config: DateConfig, locale: str) -> dict[str, Any]:
        return {"min": config.earliest.isoformat(), "max": config.latest.isoformat()}


@cache
def usual_days() -> frozenset[str]:
    """Every day of 1980 to 2049, spelled: nearly all dates that come in, known without being read."""
    first, last = USUAL
    return frozenset((first + timedelta(days=at)).isoformat() for at in range((last - first).days + 1))


def read_date(text: str) -> date | None:
    """`YYYY-MM-DD` in ASCII digits and nothing else; `fromisoformat` alone also takes `20261123` and week dates."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-" or not text.isascii():
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _bound(raw: Mapping[str, Any], key: str, default: date) -> date:
    if key not in raw:
        return default
    bound = read_date(raw[key])
    if bound is None:
        raise ConfigError(f"/{key}", "not_a_date")
    return bound

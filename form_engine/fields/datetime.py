"""A moment, stored in UTC to the second:

`"2026-11-23T08:30:00Z"`. What comes in must say its offset; a moment without one is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from form_engine.fields.base import (
    NO_HINTS,
    NO_NAMES,
    ORDER,
    Cleaner,
    CoerceHints,
    Coercer,
    ExportCell,
    FieldType,
    Glossary,
    Refused,
    refuse,
)
from form_engine.fields.moments import datetime_coercer
from form_engine.fields.schema import Schema
from form_engine.formula import Type
from form_engine.formula.types import DATETIME

_SHAPE: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)

LAST_YEAR: Final = 9998
"""A moment of the year after it is, in some zone, in a year that no calendar here has."""


@dataclass(frozen=True, slots=True)
class DatetimeConfig:
    pass


class DatetimeField(FieldType[DatetimeConfig]):
    name = "datetime"
    operators = ORDER
    slot = "timestamp"
    look = "date"

    def parse_config(self, raw: Mapping[str, Any]) -> DatetimeConfig:
        return DatetimeConfig()

    def cleaner(self, config: DatetimeConfig) -> Cleaner:
        def clean(raw: object) -> str | Refused:
            moment = read_datetime(raw) if type(raw) is str else None
            if moment is None:
                return refuse("not_a_datetime")
            if moment.year > LAST_YEAR:
                return refuse("above_max", max=f"{LAST_YEAR}-12-31")
            return write_datetime(moment) if moment.year >= 1900 else refuse("below_min", min="1900-01-01")

        return clean

    def formula_type(self, config: DatetimeConfig) -> Type:
        return DATETIME

    def to_value(self, stored: Any, config: DatetimeConfig) -> datetime:
        return datetime.fromisoformat(stored)

    def to_json(self, value: Any, config: DatetimeConfig) -> object:
        return write_datetime(value) if isinstance(value, datetime) else value

    def to_slot(self, stored: Any, config: DatetimeConfig) -> datetime:
        return datetime.fromisoformat(stored)

    def print_text(self, stored: Any, config: DatetimeConfig, locale: str, names: Glossary = NO_NAMES) -> str:
        return f"{datetime.fromisoformat(stored).astimezone(names.zone):%Y-%m-%d %H:%M}"

    def export_cell(self, stored: Any, config: DatetimeConfig, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        """In the readers' zone: a spreadsheet's moments have none."""
        local = datetime.fromisoformat(stored).astimezone(names.zone).replace(tzinfo=None)
        return ExportCell(local, "yyyy-mm-dd hh:mm:ss" if local.second else "yyyy-mm-dd hh:mm")

    def value_schema(self, config: DatetimeConfig) -> Schema:
        return {"type": "string", "format": "date-time"}

    def coercer(self, config: DatetimeConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return datetime_coercer(hints)


def read_datetime(text: str) -> datetime | None:
    """RFC 3339 with an offset, minutes at least; fractions of a second are dropped. In UTC, or None."""
    shape = _SHAPE.fullmatch(text) if len(text) <= 40 else None
    if shape is None:
        return None
    try:
        return datetime.fromisoformat(shape[1] + shape[2]).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def write_datetime(moment: datetime) -> str:
    """The one spelling of a moment."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"

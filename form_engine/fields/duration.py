"""A length of time, stored as ISO 8601 in hours, minutes and seconds: `"PT72H"`, `"PT1H30M"`.

A day is 24 hours. Months and years are no length, and refused. `unit` is what people type it in: `days`, `hours` or
`minutes`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final

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
    Note,
    Refused,
    refuse,
)
from form_engine.fields.coercion import exact, folded, is_blank
from form_engine.fields.schema import Schema
from form_engine.formula import Type
from form_engine.formula.types import DURATION

LONGEST: Final = 100 * 366 * 86_400
SECONDS: Final = {"days": 86_400, "hours": 3_600, "minutes": 60}
_SHAPE: Final = re.compile(
    r"P(?=[0-9T])(?:([0-9]{1,6})W)?(?:([0-9]{1,6})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,8})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,10})S)?)?"
)
_PART: Final = re.compile(
    r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?"
    r"(周|星期|weeks?|w|天|日|days?|d|个?小时|个?钟头|时|hours?|hrs?|h|分钟?|minutes?|mins?|m|秒钟?|seconds?|secs?|s)"
    r"(?![a-z])"
)
_WORTH: Final = {"周": 604_800, "星": 604_800, "w": 604_800, "天": 86_400, "日": 86_400, "d": 86_400, "个": 3_600,
                 "小": 3_600, "钟": 3_600, "时": 3_600, "h": 3_600, "分": 60, "m": 60, "秒": 1, "s": 1}  # fmt: skip
_CLOCK: Final = re.compile(r"([0-9]{1,6}):([0-5]?[0-9])(?::([0-5]?[0-9]))?")


@dataclass(frozen=True, slots=True)
class DurationConfig:
    unit: str = "hours"


class DurationField(FieldType[DurationConfig]):
    name = "duration"
    config_schema: ClassVar[Mapping[str, Any]] = {"unit": {"enum": list(SECONDS)}}
    operators = ORDER
    slot = "decimal"

    def parse_config(self, raw: Mapping[str, Any]) -> DurationConfig:
        return DurationConfig(raw.get("unit", "hours"))

    def cleaner(self, config: DurationConfig) -> Cleaner:
        def clean(raw: object) -> str | Refused | None:
            if type(raw) is not str:
                return refuse("not_a_duration")
            if not raw:
                return None
            seconds = read_duration(raw)
            if seconds is None:
                return refuse("not_a_duration")
            return write_duration(seconds) if seconds <= LONGEST else refuse("above_max", max="P100Y")

        return clean

    def formula_type(self, config: DurationConfig) -> Type:
        return DURATION

    def to_value(self, stored: Any, config: DurationConfig) -> timedelta:
        return timedelta(seconds=read_duration(stored) or 0)

    def to_json(self, value: Any, config: DurationConfig) -> object:
        if isinstance(value, timedelta):
            return write_duration(int(value.total_seconds())) if value >= timedelta(0) else "-"
        return value

    def to_slot(self, stored: Any, config: DurationConfig) -> int:
        return read_duration(stored) or 0

    def text(self, stored: Any, config: DurationConfig, locale: str) -> str:
        return _words(read_duration(stored) or 0, locale)

    def export_cell(self, stored: Any, config: DurationConfig, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        return ExportCell(self.to_value(stored, config), "[h]:mm:ss")

    def value_schema(self, config: DurationConfig) -> Schema:
        return {"type": "string", "format": "duration", "pattern": "^PT([0-9]+H)?([0-9]+M)?([0-9]+S)?$"}

    def coercer(self, config: DurationConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return lambda raw: _coerce(raw, config.unit)

    def client_config(self, config: DurationConfig, locale: str) -> dict[str, Any]:
        return {"unit": config.unit}


def read_duration(text: str) -> int | None:
    """Seconds; None for what is no ISO 8601 duration of weeks, days, hours, minutes and seconds."""
    found = _SHAPE.fullmatch(text) if len(text) <= 60 else None
    if found is None:
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((weeks * 7 + days) * 24 + hours) * 3_600 + minutes * 60 + seconds


def write_duration(seconds: int) -> str:
    """The one spelling."""
    parts = ((seconds // 3_600, "H"), (seconds // 60 % 60, "M"), (seconds % 60, "S"))
    return "PT" + ("".join(f"{count}{unit}" for count, unit in parts if count) or "0S")


def _words(seconds: int, locale: str) -> str:
    units = ("天", "小时", "分", "秒") if locale.startswith("zh") else (" d", " h", " min", " s")
    counts = (seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60, seconds % 60)
    told = [f"{count}{unit}" for count, unit in zip(counts, units, strict=True) if count]
    return ("" if locale.startswith("zh") else " ").join(told) or f"0{units[2]}"


def _coerce(raw: object, unit: str) -> Coerced | Refused:
    """`1小时30分`, `90 min`, `1:30`, ISO 8601; a bare number counts the field's unit, with a note."""
    if is_blank(raw):
        return Coerced(None)
    if isinstance(raw, timedelta):
        return Coerced(write_duration(round(raw.total_seconds()))) if raw >= timedelta(0) else refuse("not_a_duration")
    if isinstance(raw, time):
        return Coerced(write_duration(raw.hour * 3_600 + raw.minute * 60 + raw.second))
    if isinstance(raw, int | float | Decimal) and not isinstance(raw, bool):
        number = exact(raw) if not isinstance(raw, int) or abs(raw) < 10**12 else None
        if number is None or not 0 <= number < 10**9:
            return refuse("not_a_duration")
        return Coerced(write_duration(round(number * SECONDS[unit])), (Note("format_guessed", {"format": unit}),))
    text = folded(raw).casefold() if isinstance(raw, str) and len(raw) <= 100 else ""
    text = re.sub(r"([0-9]) ?个半(?=小时|钟头)", r"\1.5", text)
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text):
        return _coerce(Decimal(text), unit)
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        return Coerced(write_duration(int(clock[1]) * 3_600 + int(clock[2]) * 60 + int(clock[3] or 0)))
    if read_duration(text.upper()) is not None:
        return Coerced(text.upper())
    seconds, rest = Decimal(0), text
    while rest:
        part = _PART.match(rest)
        if part is None:
            return refuse("not_a_duration")
        seconds, rest = seconds + Decimal(part[1]) * _WORTH[part[2][0]], rest[part.end() :].lstrip(" ,零")
    return Coerced(write_duration(round(seconds))) if text else refuse("not_a_duration")

"""A running number such as `SK-202511-00042`, given by the server when a record is submitted and never again."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final

from form_engine.fields.base import (
    NO_NAMES,
    WORDS,
    Cleaner,
    ConfigError,
    ExportCell,
    FieldType,
    Glossary,
    refuse_computed,
)
from form_engine.fields.schema import Schema
from form_engine.formula import Type
from form_engine.formula.types import TEXT

_PART: Final = re.compile(r"\{(yyyy|yy|MM|dd|seq(?::([1-9]))?)\}")
_PLAIN: Final = re.compile(r"[^{}\x00-\x1f]*")
_DATES: Final = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d"}


@dataclass(frozen=True, slots=True)
class SeriesPattern:
    """`SK-{yyyy}{MM}-{seq:5}`: date parts and one running number, at least as wide as it says.

    The number starts again at 1 whenever what stands around it changes, so a pattern with `{MM}` counts within a month.
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> "SeriesPattern":
        """Raises `ConfigError` unless there is exactly one `{seq}` and nothing else in braces but date parts."""
        if not _PLAIN.fullmatch(_PART.sub("", text)) or len(text) > 60:
            raise ConfigError("/pattern", "bad_pattern")
        if sum(part[1].startswith("seq") for part in _PART.finditer(text)) != 1:
            raise ConfigError("/pattern", "pattern_needs_seq")
        return cls(text)

    def period(self, today: date) -> str:
        """What identifies the series on this day: the pattern with its dates filled in and `{seq}` left open."""
        return _PART.sub(lambda part: part[0] if part[1].startswith("seq") else _dated(part[1], today), self.text)

    def format(self, today: date, number: int) -> str:
        """The number as people see it."""
        return _PART.sub(
            lambda part: (
                str(number).rjust(int(part[2] or 1), "0") if part[1].startswith("seq") else _dated(part[1], today)
            ),
            self.text,
        )


def _dated(part: str, today: date) -> str:
    return today.strftime(_DATES[part])


@dataclass(frozen=True, slots=True)
class NumberSeriesConfig:
    pattern: SeriesPattern


class NumberSeriesField(FieldType[NumberSeriesConfig]):
    name = "number_series"
    searched = True
    config_schema: ClassVar[Mapping[str, Any]] = {"pattern": {"type": "string", "minLength": 1, "maxLength": 60}}
    config_required = ("pattern",)
    computed = True
    in_table = False
    operators = WORDS
    slot = "text"

    def parse_config(self, raw: Mapping[str, Any]) -> NumberSeriesConfig:
        return NumberSeriesConfig(SeriesPattern.parse(raw["pattern"]))

    def cleaner(self, config: NumberSeriesConfig) -> Cleaner:
        return refuse_computed

    def formula_type(self, config: NumberSeriesConfig) -> Type:
        return TEXT

    def to_value(self, stored: Any, config: NumberSeriesConfig) -> str:
        return str(stored)

    def export_cell(
        self, stored: Any, config: NumberSeriesConfig, locale: str, names: Glossary = NO_NAMES
    ) -> ExportCell:
        return ExportCell(stored, "@")

    def value_schema(self, config: NumberSeriesConfig) -> Schema:
        return {"type": "string"}

"""A mainland identity number (GB 11643-1999): region, day of birth, sequence, and a check digit over the 17 before it.

Eighteen characters, the last perhaps `X`. The old numbers of fifteen digits are no longer issued; a sheet's are made
new ones, with a note.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Final

from form_engine.fields.base import (
    NO_HINTS,
    NO_NAMES,
    WORDS,
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
from form_engine.fields.coercion import as_text, folded, is_blank
from form_engine.fields.date import EARLIEST
from form_engine.fields.schema import Schema
from form_engine.formula import Type
from form_engine.formula.types import TEXT

_SHAPE: Final = re.compile(r"[1-9][0-9]{16}[0-9X]")
_OLD: Final = re.compile(r"[1-9][0-9]{14}")
_WEIGHTS: Final = tuple(2 ** (17 - at) % 11 for at in range(17))
_CHECKS: Final = "10X98765432"
_REGIONS: Final = {1: "12345", 2: "123", 3: "1234567", 4: "123456", 5: "01234", 6: "12345", 7: "1", 8: "123", 9: "1"}
PROVINCES: Final = frozenset(f"{tens}{unit}" for tens, units in _REGIONS.items() for unit in units)
"""GB/T 2260; 83 and 91 stand for residence permits of Taiwan's residents and of foreigners."""


@dataclass(frozen=True, slots=True)
class IdNumberConfig:
    """`masked`: lists, prints and exports show only its ends."""

    masked: bool = False


class IdNumberField(FieldType[IdNumberConfig]):
    name = "id_number"
    searched = True
    config_schema: ClassVar[Mapping[str, Any]] = {"masked": {"type": "boolean"}}
    operators = WORDS
    slot = "text"

    def parse_config(self, raw: Mapping[str, Any]) -> IdNumberConfig:
        return IdNumberConfig(raw.get("masked", False))

    def cleaner(self, config: IdNumberConfig) -> Cleaner:
        return _clean

    def formula_type(self, config: IdNumberConfig) -> Type:
        return TEXT

    def to_value(self, stored: Any, config: IdNumberConfig) -> str:
        return str(stored)

    def print_text(self, stored: Any, config: IdNumberConfig, locale: str, names: Glossary = NO_NAMES) -> str:
        return f"{stored[:6]}{'*' * 8}{stored[-4:]}" if config.masked else str(stored)

    def export_cell(self, stored: Any, config: IdNumberConfig, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        return ExportCell(self.print_text(stored, config, locale), "@")

    def value_schema(self, config: IdNumberConfig) -> Schema:
        return {"type": "string", "pattern": "^[1-9][0-9]{16}[0-9X]$"}

    def coercer(self, config: IdNumberConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return _coerce

    def client_config(self, config: IdNumberConfig, locale: str) -> dict[str, Any]:
        return {"masked": config.masked}


def check_digit(first: str) -> str:
    """The last character for the seventeen digits before it (ISO 7064, MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(first, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]


def _clean(raw: object) -> str | Refused | None:
    if type(raw) is not str:
        return refuse("not_text")
    if len(raw) > 40:
        return refuse("not_an_id_number")
    number = raw.replace(" ", "").replace("x", "X")
    if not number:
        return None
    if not _SHAPE.fullmatch(number):
        return refuse("not_an_id_number")
    if number[:2] not in PROVINCES:
        return refuse("id_region_unknown")
    if not _born(number[6:14]):
        return refuse("id_date_impossible")
    return number if check_digit(number[:17]) == number[17] else refuse("id_check_failed")


def _born(digits: str) -> bool:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) >= EARLIEST
    except ValueError:
        return False


def _coerce(raw: object) -> Coerced | Refused:
    """Spaces, full-width digits, `*` for `X`. A number that a spreadsheet kept as one has lost its last digits."""
    if is_blank(raw):
        return Coerced(None)
    if isinstance(raw, float) or (isinstance(raw, int) and not 10**14 <= raw < 10**18):
        return refuse("not_an_id_number")
    text = as_text(raw)
    if text is None or len(text) > 60:
        return refuse("not_an_id_number")
    number = re.sub(r"[\s\-']", "", folded(text)).upper()
    if _OLD.fullmatch(number):
        longer = f"{number[:6]}19{number[6:]}"
        return Coerced(longer + check_digit(longer), (Note("id_upgraded"),))
    if len(number) == 18 and number[17] in "*×":
        number = number[:17] + "X"
    return Coerced(number)

"""A telephone number, stored as digits: `13800138000`, `075512345678-8001`, `4008001234`, `+4930123456`.

Mainland numbers stand as they are dialled there: mobile (`1[3-9]` and nine digits), landline with its area code and
perhaps an extension, 400/800, and the short service numbers. Every other country's begins with `+` and its country code
(E.164: 15 digits at most). `+86` and `0086` are taken off, so that one line has one spelling.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
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
from form_engine.fields.schema import Schema
from form_engine.formula import Type
from form_engine.formula.types import TEXT

MOBILE: Final = r"1[3-9][0-9]{9}"
_AREA: Final = r"0(?:10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}"
_NATIONAL: Final = rf"{_AREA}(?:-[0-9]{{1,6}})?|[48]00[0-9]{{7}}|9[5-6][0-9]{{3,6}}|1[0-2][0-9]{{3}}"
_FOREIGN: Final = r"\+(?!86)[1-9][0-9]{6,14}"
SHAPE: Final = f"{MOBILE}|{_NATIONAL}|{_FOREIGN}"
_MOBILE: Final = re.compile(MOBILE)
_ANY: Final = re.compile(SHAPE)
# A mobile as people write it, which `dialled` would make the same of in ten times as long.
_SPACED_MOBILE: Final = re.compile(r"(?:\+86[ -]?)?(1[3-9][0-9])[ -]?([0-9]{4})[ -]?([0-9]{4})").fullmatch
_LANDLINE: Final = re.compile(_AREA)
_WITHOUT_ZERO: Final = re.compile(r"(?:10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}(?:-[0-9]{1,6})?")
_EXTENSION: Final = re.compile(r"(?<=[0-9]) ?(?:转|分机|ext\.?|x|#|[-]{2,}) ?([0-9]{1,6})$", re.IGNORECASE)
_DECORATION: Final = str.maketrans("", "", " .()/")
_LETTERS: Final = str.maketrans("OoQDIl|ZSB", "0000111258")


@dataclass(frozen=True, slots=True)
class PhoneConfig:
    """`mobile`: only a mainland mobile number will do, because messages are sent to it."""

    mobile: bool = False


class PhoneField(FieldType[PhoneConfig]):
    name = "phone"
    searched = True
    config_schema: ClassVar[Mapping[str, Any]] = {"only": {"enum": ["mobile"]}}
    operators = WORDS
    slot = "text"
    look = "phone"

    def parse_config(self, raw: Mapping[str, Any]) -> PhoneConfig:
        return PhoneConfig(raw.get("only") == "mobile")

    def cleaner(self, config: PhoneConfig) -> Cleaner:
        fits = _MOBILE.fullmatch if config.mobile else _ANY.fullmatch
        no_text, no_phone = refuse("not_text"), refuse("not_a_phone")
        no_mobile = refuse("not_a_mobile") if config.mobile else no_phone

        def clean(raw: object) -> str | Refused | None:
            if type(raw) is not str:
                return no_text
            if fits(raw):
                return raw
            if mobile := _SPACED_MOBILE(raw):
                return "".join(mobile.groups())
            if len(raw) > 40:
                return no_phone
            number = dialled(raw)
            if not number:
                return no_phone if raw.strip() else None
            return number if fits(number) else no_mobile

        return clean

    def formula_type(self, config: PhoneConfig) -> Type:
        return TEXT

    def to_value(self, stored: Any, config: PhoneConfig) -> str:
        return str(stored)

    def export_cell(self, stored: Any, config: PhoneConfig, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        return ExportCell(stored, "@")

    def value_schema(self, config: PhoneConfig) -> Schema:
        return {"type": "string", "pattern": f"^({MOBILE if config.mobile else SHAPE})$"}

    def coercer(self, config: PhoneConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return _coerce

    def client_config(self, config: PhoneConfig, locale: str) -> dict[str, Any]:
        return {"only": "mobile"} if config.mobile else {}


def dialled(raw: str) -> str:
    """The digits without decoration, country code and spaces of our own country; no promise that they are a number."""
    bare = _EXTENSION.sub(r"~\1", raw.strip()).translate(_DECORATION)
    bare, _, extension = bare.partition("~")
    area, dash, rest = bare.partition("-")
    if not extension and dash and _LANDLINE.fullmatch(area) and rest.isdigit():
        bare, extension = area, rest
    elif not extension and dash and "-" in rest and area.startswith("0"):  # 0755-12345678-8001
        head, _, tail = rest.rpartition("-")
        if len(tail) <= 6 and len(head.replace("-", "")) >= 7:
            bare, extension = area + head, tail
    digits = bare.replace("-", "")
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if digits.startswith("+86"):
        digits = digits[3:]
        if not _MOBILE.fullmatch(digits) and _WITHOUT_ZERO.fullmatch(digits):
            digits = "0" + digits
    return f"{digits}-{extension}" if extension else digits


def _coerce(raw: object) -> Coerced | Refused:
    """Full-width digits, and letters that were meant for digits."""
    if is_blank(raw):
        return Coerced(None)
    text = as_text(raw)
    if text is None or len(text) > 60:
        return refuse("not_a_phone")
    if _MOBILE.fullmatch(bare := text.replace(" ", "")):
        return Coerced(bare)
    number = dialled(folded(text))
    if _ANY.fullmatch(number):
        return Coerced(number)
    meant = dialled(folded(text).translate(_LETTERS))
    if _ANY.fullmatch(meant):
        return Coerced(meant, (Note("letters_read_as_digits"),))
    return refuse("not_a_phone")

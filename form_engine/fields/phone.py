"""A telephone number: 5 to 15 ASCII digits (E.164 allows no more), a `+` before them if international.

Spaces, hyphens, dots and brackets are dropped.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from form_engine.fields.base import WORDS, Cleaner, FieldType, Refused, refuse
from form_engine.formula import Type
from form_engine.formula.types import TEXT

_SHAPE: Final = re.compile(r"\+?[0-9]{5,15}")
_DECORATION: Final = str.maketrans("", "", " -.()")


@dataclass(frozen=True, slots=True)
class PhoneConfig:
    pass


class PhoneField(FieldType[PhoneConfig]):
    name = "phone"
    operators = WORDS
    slot = "text"

    def parse_config(self, raw: Mapping[str, Any]) -> PhoneConfig:
        return PhoneConfig()

    def cleaner(self, config: PhoneConfig) -> Cleaner:
        def clean(raw: object) -> str | Refused | None:
            if type(raw) is not str:
                return refuse("not_text")
            if _SHAPE.fullmatch(raw):
                return raw
            if len(raw) > 40:
                return refuse("not_a_phone")
            digits = raw.translate(_DECORATION)
            if not digits:
                return refuse("not_a_phone") if raw.strip() else None
            return digits if _SHAPE.fullmatch(digits) else refuse("not_a_phone")

        return clean

    def formula_type(self, config: PhoneConfig) -> Type:
        return TEXT

    def to_value(self, stored: Any, config: PhoneConfig) -> str:
        return str(stored)

"""Yes or no.

Only JSON's `true` and `false`; a form that must have an answer says `required`, then blank is refused and false is
not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from formloom.i18n import localized

from form_engine.fields.base import (
    EQUALITY,
    NO_HINTS,
    NO_NAMES,
    Cleaner,
    Coerced,
    CoerceHints,
    Coercer,
    FieldType,
    Glossary,
    Refused,
    Suspects,
    refuse,
)
from form_engine.fields.coercion import exact, folded, is_blank
from form_engine.fields.schema import Schema
from form_engine.formula import Type
from form_engine.formula.types import LOGICAL

_YES: Final = {"zh-CN": "是", "en": "Yes"}
_NO: Final = {"zh-CN": "否", "en": "No"}
_TRUE: Final = frozenset(("是", "有", "对", "真", "已", "1", "y", "yes", "true", "t", "on", "√", "✓", "✔", "☑", "v"))
_FALSE: Final = frozenset(
    ("否", "无", "没有", "不", "错", "假", "未", "0", "n", "no", "false", "f", "off", "×", "✗", "☐", "x")
)


@dataclass(frozen=True, slots=True)
class BooleanConfig:
    pass


class BooleanField(FieldType[BooleanConfig]):
    name = "boolean"
    operators = EQUALITY
    slot = "decimal"

    def parse_config(self, raw: Mapping[str, Any]) -> BooleanConfig:
        return BooleanConfig()

    def cleaner(self, config: BooleanConfig) -> Cleaner:
        no_boolean = refuse("not_a_boolean")

        def clean(raw: object) -> bool | Refused:
            return raw if isinstance(raw, bool) else no_boolean

        return clean

    def suspects(self, config: BooleanConfig) -> Suspects:
        return lambda values: [at for at, value in enumerate(values) if type(value) is not bool]

    def formula_type(self, config: BooleanConfig) -> Type:
        return LOGICAL

    def to_value(self, stored: Any, config: BooleanConfig) -> bool:
        return bool(stored)

    def text(self, stored: Any, config: BooleanConfig, locale: str) -> str:
        return ""

    def to_slot(self, stored: Any, config: BooleanConfig) -> int:
        return int(stored)

    def print_text(self, stored: Any, config: BooleanConfig, locale: str, names: Glossary = NO_NAMES) -> str:
        return localized(_YES if stored else _NO, locale)

    def value_schema(self, config: BooleanConfig) -> Schema:
        return {"type": "boolean"}

    def coercer(self, config: BooleanConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return _coerce


def _coerce(raw: object) -> Coerced | Refused:
    if isinstance(raw, bool):
        return Coerced(raw)
    if isinstance(raw, int | float | Decimal):
        number = exact(raw) if not isinstance(raw, int) or abs(raw) < 2 else None
        return (
            Coerced(bool(number)) if number in (0, 1) else Coerced(None) if is_blank(raw) else refuse("not_a_boolean")
        )
    told = folded(raw).casefold() if isinstance(raw, str) and len(raw) <= 40 else None
    if told in _TRUE or told in _FALSE:
        return Coerced(told in _TRUE)
    return Coerced(None) if is_blank(raw) else refuse("not_a_boolean")

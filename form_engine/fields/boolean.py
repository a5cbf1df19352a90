"""Yes or no.

Only JSON's `true` and `false`; a form that must have an answer says `required`, then blank is refused and false is
not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from form_engine.fields.base import EQUALITY, Cleaner, FieldType, Refused, refuse
from form_engine.formula import Type
from form_engine.formula.types import LOGICAL


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
        def clean(raw: object) -> bool | Refused:
            return raw if isinstance(raw, bool) else refuse("not_a_boolean")

        return clean

    def formula_type(self, config: BooleanConfig) -> Type:
        return LOGICAL

    def to_value(self, stored: Any, config: BooleanConfig) -> bool:
        return bool(stored)

    def text(self, stored: Any, config: BooleanConfig, locale: str) -> str:
        return ""

    def to_slot(self, stored: Any, config: BooleanConfig) -> int:
        return int(stored)

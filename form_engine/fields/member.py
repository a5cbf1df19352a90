"""A person of the workspace, stored as the person's id."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from form_engine.fields.base import EQUALITY, NO_NAMES, Cleaner, FieldType, Glossary, Suspects
from form_engine.fields.ids import id_cleaner, no_ids
from form_engine.fields.schema import ID, Schema
from form_engine.formula import PersonValue, Type
from form_engine.formula.types import PERSON


@dataclass(frozen=True, slots=True)
class MemberConfig:
    pass


class MemberField(FieldType[MemberConfig]):
    name = "member"
    refers = "person"
    operators = EQUALITY
    look = "person"
    slot = "decimal"

    def parse_config(self, raw: Mapping[str, Any]) -> MemberConfig:
        return MemberConfig()

    def cleaner(self, config: MemberConfig) -> Cleaner:
        return id_cleaner("not_a_person")

    def suspects(self, config: MemberConfig) -> Suspects:
        return no_ids

    def formula_type(self, config: MemberConfig) -> Type:
        return PERSON

    def to_value(self, stored: Any, config: MemberConfig) -> PersonValue:
        return PersonValue(stored)

    def to_json(self, value: Any, config: MemberConfig) -> object:
        return value.id if isinstance(value, PersonValue) else value

    def text(self, stored: Any, config: MemberConfig, locale: str) -> str:
        return ""

    def to_slot(self, stored: Any, config: MemberConfig) -> int:
        return int(stored)

    def print_text(self, stored: Any, config: MemberConfig, locale: str, names: Glossary = NO_NAMES) -> str:
        return names.people.get(stored, f"#{stored}")

    def value_schema(self, config: MemberConfig) -> Schema:
        return ID

"""Several people of the workspace, stored as the list of their ids in the order chosen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from form_engine.fields.base import (
    NO_HINTS,
    NO_NAMES,
    SEVERAL,
    Cleaner,
    CoerceHints,
    Coercer,
    FieldType,
    Finisher,
    Glossary,
    at_least,
)
from form_engine.fields.coercion import list_coercer, text_coercer
from form_engine.fields.file import read_counts
from form_engine.fields.ids import ids_cleaner
from form_engine.fields.schema import ID, Schema, count, listed
from form_engine.formula import PersonValue, Type
from form_engine.formula.types import PERSON

MOST = 100


@dataclass(frozen=True, slots=True)
class MembersConfig:
    least: int = 0
    most: int = MOST


class MembersField(FieldType[MembersConfig]):
    name = "members"
    config_schema: ClassVar[Mapping[str, Any]] = {"min": count(MOST), "max": count(MOST)}
    operators = SEVERAL
    look = "person"
    refers = "person"

    def parse_config(self, raw: Mapping[str, Any]) -> MembersConfig:
        return MembersConfig(*read_counts(raw, MOST))

    def cleaner(self, config: MembersConfig) -> Cleaner:
        return ids_cleaner("not_a_person", config.most)

    def finisher(self, config: MembersConfig) -> Finisher | None:
        return at_least(config.least, "too_few")

    def formula_type(self, config: MembersConfig) -> Type:
        return Type("list", of=PERSON)

    def to_value(self, stored: Any, config: MembersConfig) -> tuple[PersonValue, ...]:
        return tuple(PersonValue(each) for each in stored)

    def to_json(self, value: Any, config: MembersConfig) -> object:
        return [getattr(each, "id", each) for each in value] if isinstance(value, tuple) else value

    def text(self, stored: Any, config: MembersConfig, locale: str) -> str:
        return ""

    def print_text(self, stored: Any, config: MembersConfig, locale: str, names: Glossary = NO_NAMES) -> str:
        return ", ".join(names.people.get(each, f"#{each}") for each in stored)

    def value_schema(self, config: MembersConfig) -> Schema:
        return listed(ID, config.most)

    def coercer(self, config: MembersConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return list_coercer(text_coercer)

    def client_config(self, config: MembersConfig, locale: str) -> dict[str, Any]:
        return {"min": config.least, "max": config.most}

"""Several people of the workspace, stored as the list of their ids in the order chosen."""

from collections.abc import Mapping
from typing import Any, ClassVar

from form_engine.fields.base import NO_NAMES, Cleaner, Glossary
from form_engine.fields.file import read_counts
from form_engine.fields.ids import ids_cleaner
from form_engine.fields.schema import count
from form_engine.fields.several import SeveralConfig, SeveralField
from form_engine.formula import PersonValue, Type
from form_engine.formula.types import PERSON

MOST = 100


class MembersField(SeveralField[SeveralConfig]):
    name = "members"
    config_schema: ClassVar[Mapping[str, Any]] = {"min": count(MOST), "max": count(MOST)}
    look = "person"
    refers = "person"

    def parse_config(self, raw: Mapping[str, Any]) -> SeveralConfig:
        return SeveralConfig(*read_counts(raw, MOST))

    def cleaner(self, config: SeveralConfig) -> Cleaner:
        return ids_cleaner("not_a_person", config.most)

    def formula_type(self, config: SeveralConfig) -> Type:
        return Type("list", of=PERSON)

    def to_value(self, stored: Any, config: SeveralConfig) -> tuple[PersonValue, ...]:
        return tuple(PersonValue(each) for each in stored)

    def print_text(self, stored: Any, config: SeveralConfig, locale: str, names: Glossary = NO_NAMES) -> str:
        return ", ".join(names.people.get(each, f"#{each}") for each in stored)

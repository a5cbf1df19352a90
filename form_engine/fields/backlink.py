"""The other side of a link: the records of `form` whose field `via` points here. Never stored, so never wrong.

Formulas count and sum over them by a rollup.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from form_engine.fields.base import NO_NAMES, Cleaner, FieldType, Glossary, refuse_computed
from form_engine.fields.expression import Reference
from form_engine.fields.schema import ID, KEY, Schema, listed
from form_engine.formula import LinkRef, Type

SHOWN = 50
"""How many a record brings along; the rest is a list of its own."""


@dataclass(frozen=True, slots=True)
class BacklinkConfig:
    form: str
    via: str


class BacklinkField(FieldType[BacklinkConfig]):
    name = "backlink"
    config_schema: ClassVar[Mapping[str, Any]] = {"form": KEY, "via": KEY}
    config_required = ("form", "via")
    computed = True
    stored = False
    in_table = False
    in_formulas = False
    look = "link"
    refers = "record"

    def parse_config(self, raw: Mapping[str, Any]) -> BacklinkConfig:
        return BacklinkConfig(raw["form"], raw["via"])

    def cleaner(self, config: BacklinkConfig) -> Cleaner:
        return refuse_computed

    def references(self, config: BacklinkConfig) -> tuple[Reference, ...]:
        return (Reference("/form", config.form), Reference("/via", config.form, config.via, links_to_owner=True))

    def formula_type(self, config: BacklinkConfig) -> Type:
        return Type("list", of=Type("record", form=config.form))

    def to_value(self, stored: Any, config: BacklinkConfig) -> tuple[LinkRef, ...]:
        return tuple(LinkRef(config.form, each) for each in stored)

    def to_json(self, value: Any, config: BacklinkConfig) -> object:
        return [getattr(each, "id", each) for each in value]

    def text(self, stored: Any, config: BacklinkConfig, locale: str) -> str:
        return ""

    def print_text(self, stored: Any, config: BacklinkConfig, locale: str, names: Glossary = NO_NAMES) -> str:
        return ", ".join(names.records.get(each, f"#{each}") for each in stored)

    def value_schema(self, config: BacklinkConfig) -> Schema:
        return listed(ID, SHOWN)

    def client_config(self, config: BacklinkConfig, locale: str) -> dict[str, Any]:
        return {"form": config.form, "via": config.via}

"""A record of another form, stored as its id. `filter` narrows what may be chosen (`target.` is the candidate)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from form_engine.fields.base import EQUALITY, NO_NAMES, Cleaner, FieldType, Glossary, OnDelete, Suspects
from form_engine.fields.expression import Formula, FormulaUse, Reference, read_formula
from form_engine.fields.ids import id_cleaner, no_ids
from form_engine.fields.schema import FORMULA, ID, KEY, ON_DELETE, Schema
from form_engine.formula import LinkRef, Type


@dataclass(frozen=True, slots=True)
class LinkConfig:
    form: str
    filter: Formula | None = None
    on_delete: OnDelete | None = None


class LinkField(FieldType[LinkConfig]):
    name = "link"
    config_schema: ClassVar[Mapping[str, Any]] = {"form": KEY, "filter": FORMULA, "on_delete": ON_DELETE}
    config_required = ("form",)
    operators = EQUALITY
    look = "link"
    slot = "decimal"
    refers = "record"

    def parse_config(self, raw: Mapping[str, Any]) -> LinkConfig:
        return read_link(raw)

    def cleaner(self, config: LinkConfig) -> Cleaner:
        return id_cleaner("not_a_record")

    def suspects(self, config: LinkConfig) -> Suspects:
        return no_ids

    def formulas(self, config: LinkConfig) -> tuple[FormulaUse, ...]:
        return (FormulaUse("filter", config.filter, "logical", target=config.form),) if config.filter else ()

    def references(self, config: LinkConfig) -> tuple[Reference, ...]:
        return (Reference("/form", config.form),)

    def formula_type(self, config: LinkConfig) -> Type:
        return Type("record", form=config.form)

    def points_to(self, config: LinkConfig) -> str:
        return config.form

    def to_value(self, stored: Any, config: LinkConfig) -> LinkRef:
        return LinkRef(config.form, stored)

    def to_json(self, value: Any, config: LinkConfig) -> object:
        return getattr(value, "id", value)

    def text(self, stored: Any, config: LinkConfig, locale: str) -> str:
        return ""

    def to_slot(self, stored: Any, config: LinkConfig) -> int:
        return int(stored)

    def print_text(self, stored: Any, config: LinkConfig, locale: str, names: Glossary = NO_NAMES) -> str:
        return names.records.get(stored, f"#{stored}")

    def value_schema(self, config: LinkConfig) -> Schema:
        return ID

    def client_config(self, config: LinkConfig, locale: str) -> dict[str, Any]:
        return {"form": config.form}

    def on_delete(self, config: LinkConfig, *, required: bool) -> OnDelete:
        return config.on_delete or super().on_delete(config, required=required)


def read_link(raw: Mapping[str, Any]) -> LinkConfig:
    """What a link to one and a link to several say alike."""
    narrowed = read_formula(raw["filter"], "/filter") if "filter" in raw else None
    return LinkConfig(raw["form"], narrowed, raw.get("on_delete"))

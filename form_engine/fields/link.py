"""A record of another form, stored as its id. `filter` narrows what may be chosen (`target.` is the candidate)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from form_engine.fields.base import EQUALITY, Cleaner, FieldType
from form_engine.fields.expression import Formula, FormulaUse, Reference, read_formula
from form_engine.fields.ids import id_cleaner
from form_engine.fields.schema import FORMULA, KEY
from form_engine.formula import LinkRef, Type


@dataclass(frozen=True, slots=True)
class LinkConfig:
    form: str
    filter: Formula | None = None


class LinkField(FieldType[LinkConfig]):
    name = "link"
    config_schema: ClassVar[Mapping[str, Any]] = {"form": KEY, "filter": FORMULA}
    config_required = ("form",)
    operators = EQUALITY
    slot = "decimal"

    def parse_config(self, raw: Mapping[str, Any]) -> LinkConfig:
        return LinkConfig(raw["form"], read_formula(raw["filter"], "/filter") if "filter" in raw else None)

    def cleaner(self, config: LinkConfig) -> Cleaner:
        return id_cleaner("not_a_record")

    def formulas(self, config: LinkConfig) -> tuple[FormulaUse, ...]:
        return (FormulaUse("filter", config.filter, "logical", target=config.form),) if config.filter else ()

    def references(self, config: LinkConfig) -> tuple[Reference, ...]:
        return (Reference("/form", config.form),)

    def formula_type(self, config: LinkConfig) -> Type:
        return Type("record", form=config.form)

    def to_value(self, stored: Any, config: LinkConfig) -> LinkRef:
        return LinkRef(config.form, stored)

    def to_json(self, value: Any, config: LinkConfig) -> object:
        return getattr(value, "id", value)

    def text(self, stored: Any, config: LinkConfig, locale: str) -> str:
        return ""

    def to_slot(self, stored: Any, config: LinkConfig) -> int:
        return int(stored)

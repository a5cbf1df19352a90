"""Several records of another form, stored as the list of their ids in the order chosen.

A row of the link table stands for each, so that the other side (a backlink) is true at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from form_engine.fields.base import NO_NAMES, Cleaner, Glossary, OnDelete
from form_engine.fields.expression import Formula, FormulaUse, Reference
from form_engine.fields.file import read_counts
from form_engine.fields.ids import ids_cleaner
from form_engine.fields.link import read_link
from form_engine.fields.schema import FORMULA, KEY, ON_DELETE, count
from form_engine.fields.several import SeveralConfig, SeveralField
from form_engine.formula import LinkRef, Type

MOST = 200


@dataclass(frozen=True, slots=True)
class LinksConfig(SeveralConfig):
    form: str
    filter: Formula | None
    on_delete: OnDelete | None


class LinksField(SeveralField[LinksConfig]):
    name = "links"
    config_schema: ClassVar[Mapping[str, Any]] = {
        "form": KEY,
        "filter": FORMULA,
        "on_delete": ON_DELETE,
        "min": count(MOST),
        "max": count(MOST),
    }
    config_required = ("form",)
    look = "link"
    refers = "record"
    in_table = False

    def parse_config(self, raw: Mapping[str, Any]) -> LinksConfig:
        one = read_link(raw)
        return LinksConfig(*read_counts(raw, MOST), one.form, one.filter, one.on_delete)

    def cleaner(self, config: LinksConfig) -> Cleaner:
        return ids_cleaner("not_a_record", config.most)

    def formulas(self, config: LinksConfig) -> tuple[FormulaUse, ...]:
        return (FormulaUse("filter", config.filter, "logical", target=config.form),) if config.filter else ()

    def references(self, config: LinksConfig) -> tuple[Reference, ...]:
        return (Reference("/form", config.form),)

    def formula_type(self, config: LinksConfig) -> Type:
        return Type("list", of=Type("record", form=config.form))

    def to_value(self, stored: Any, config: LinksConfig) -> tuple[LinkRef, ...]:
        return tuple(LinkRef(config.form, each) for each in stored)

    def print_text(self, stored: Any, config: LinksConfig, locale: str, names: Glossary = NO_NAMES) -> str:
        return ", ".join(names.records.get(each, f"#{each}") for each in stored)

    def client_config(self, config: LinksConfig, locale: str) -> dict[str, Any]:
        return {"form": config.form, **super().client_config(config, locale)}

    def points_to(self, config: LinksConfig) -> str:
        return config.form

    def on_delete(self, config: LinksConfig, *, required: bool) -> OnDelete:
        return config.on_delete or super().on_delete(config, required=required)

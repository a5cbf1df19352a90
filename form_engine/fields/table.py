"""Rows of fields inside a record. Each row keeps an id for ever, so that history, rollups and errors can name it.

The rows themselves are cleaned by `form_engine.validate.rows`, which knows the columns; here is only what a table is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from form_engine.fields.base import (
    NO_HINTS,
    Cleaner,
    Coerced,
    CoerceHints,
    Coercer,
    FieldType,
    Finisher,
    at_least,
    refuse,
)
from form_engine.fields.coercion import is_blank
from form_engine.fields.file import read_counts
from form_engine.fields.schema import Schema, count
from form_engine.formula import Type, Value
from form_engine.formula.types import ANY

MOST: Final = 1_000


@dataclass(frozen=True, slots=True)
class TableConfig:
    least: int = 0
    most: int = MOST


class TableField(FieldType[TableConfig]):
    name = "table"
    config_schema: ClassVar[Mapping[str, Any]] = {"min": count(MOST), "max": count(MOST)}
    in_table = False
    wide = True

    def parse_config(self, raw: Mapping[str, Any]) -> TableConfig:
        return TableConfig(*read_counts(raw, MOST))

    def cleaner(self, config: TableConfig) -> Cleaner:
        most = config.most

        def clean(raw: object) -> Any:
            if type(raw) is not list:
                return refuse("not_a_list")
            if len(raw) > most:
                return refuse("too_many", max=most)
            return raw or None

        return clean

    def finisher(self, config: TableConfig) -> Finisher | None:
        return at_least(config.least, "too_few")

    def formula_type(self, config: TableConfig) -> Type:
        """Rows are typed by the form they stand in, so the scope that knows it says `list:record:<form>.<table>`."""
        return Type("list", of=ANY)

    def to_value(self, stored: Any, config: TableConfig) -> Value:
        raise NotImplementedError("rows become values where their columns are known")

    def text(self, stored: Any, config: TableConfig, locale: str) -> str:
        return ""

    def value_schema(self, config: TableConfig) -> Schema:
        """What all tables have in common; who knows the columns adds theirs to `items`."""
        row = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
        return {"type": "array", "items": row, "minItems": 1, "maxItems": config.most}

    def coercer(self, config: TableConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        """Rows are made of cells, each of which its column reads."""
        return lambda raw: Coerced(None) if is_blank(raw) else refuse("not_a_list")

    def client_config(self, config: TableConfig, locale: str) -> dict[str, Any]:
        return {"min": config.least, "max": config.most}

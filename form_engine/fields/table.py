"""Rows of fields inside a record. Each row keeps an id for ever, so that history, rollups and errors can name it.

The rows themselves are cleaned by `form_engine.validate.rows`, which knows the columns; here is only what a table is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from form_engine.fields.base import Cleaner, FieldType, Finisher, at_least, refuse
from form_engine.fields.file import read_counts
from form_engine.fields.schema import count
from form_engine.formula import Type, Value
from form_engine.formula.types import ANY

MOST: Final = 500


@dataclass(frozen=True, slots=True)
class TableConfig:
    least: int = 0
    most: int = MOST


class TableField(FieldType[TableConfig]):
    name = "table"
    config_schema: ClassVar[Mapping[str, Any]] = {"min": count(MOST), "max": count(MOST)}
    in_table = False

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

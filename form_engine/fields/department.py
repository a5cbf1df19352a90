"""A department of the workspace, stored as its id."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from form_engine.fields.base import EQUALITY, NO_NAMES, Cleaner, FieldType, Glossary
from form_engine.fields.ids import id_cleaner
from form_engine.fields.schema import ID, Schema
from form_engine.formula import Type
from form_engine.formula.types import NUMBER


@dataclass(frozen=True, slots=True)
class DepartmentConfig:
    pass


class DepartmentField(FieldType[DepartmentConfig]):
    name = "department"
    operators = EQUALITY
    slot = "decimal"
    refers = "department"

    def parse_config(self, raw: Mapping[str, Any]) -> DepartmentConfig:
        return DepartmentConfig()

    def cleaner(self, config: DepartmentConfig) -> Cleaner:
        return id_cleaner("not_a_department")

    def formula_type(self, config: DepartmentConfig) -> Type:
        """Its id: departments are compared, never calculated with."""
        return NUMBER

    def to_value(self, stored: Any, config: DepartmentConfig) -> Decimal:
        return Decimal(stored)

    def to_json(self, value: Any, config: DepartmentConfig) -> object:
        return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value

    def text(self, stored: Any, config: DepartmentConfig, locale: str) -> str:
        return ""

    def to_slot(self, stored: Any, config: DepartmentConfig) -> int:
        return int(stored)

    def print_text(self, stored: Any, config: DepartmentConfig, locale: str, names: Glossary = NO_NAMES) -> str:
        return names.departments.get(stored, f"#{stored}")

    def value_schema(self, config: DepartmentConfig) -> Schema:
        return ID

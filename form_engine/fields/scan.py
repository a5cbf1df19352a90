"""What a bar code or QR code says, stored as its text. Typing it is as good as scanning it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from form_engine.fields.base import (
    NO_HINTS,
    NO_NAMES,
    WORDS,
    Cleaner,
    CoerceHints,
    Coercer,
    ExportCell,
    FieldType,
    Glossary,
)
from form_engine.fields.schema import Schema
from form_engine.fields.text import TextConfig, TextField, one_line
from form_engine.formula import Type
from form_engine.formula.types import TEXT

LONGEST: Final = 250
FORMATS: Final = ("qr_code", "code_128", "code_39", "ean_13", "ean_8", "upc_a", "upc_e", "itf", "data_matrix", "pdf417")
_TEXT: Final = TextField()


@dataclass(frozen=True, slots=True)
class ScanConfig:
    """`formats`: the kinds of code to look for (none: all). `pattern`: what the text must look like (RE2)."""

    formats: tuple[str, ...]
    words: TextConfig


class ScanField(FieldType[ScanConfig]):
    name = "scan"
    searched = True
    config_schema: ClassVar[Mapping[str, Any]] = {
        "formats": {"type": "array", "uniqueItems": True, "items": {"enum": list(FORMATS)}},
        "pattern": {"type": "string", "minLength": 1, "maxLength": 500},
    }
    operators = WORDS
    slot = "text"

    def parse_config(self, raw: Mapping[str, Any]) -> ScanConfig:
        pattern = {"pattern": raw["pattern"]} if "pattern" in raw else {}
        return ScanConfig(tuple(raw.get("formats", ())), _TEXT.parse_config({"max_length": LONGEST, **pattern}))

    def cleaner(self, config: ScanConfig) -> Cleaner:
        return _TEXT.cleaner(config.words)

    def formula_type(self, config: ScanConfig) -> Type:
        return TEXT

    def to_value(self, stored: Any, config: ScanConfig) -> str:
        return str(stored)

    def export_cell(self, stored: Any, config: ScanConfig, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        return ExportCell(stored, "@")

    def value_schema(self, config: ScanConfig) -> Schema:
        return {"type": "string", "minLength": 1, "maxLength": LONGEST}

    def coercer(self, config: ScanConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return one_line

    def client_config(self, config: ScanConfig, locale: str) -> dict[str, Any]:
        return {"formats": list(config.formats), "max_length": LONGEST}

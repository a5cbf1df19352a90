"""The part that types have in common whose stored value is one short text of a certain shape."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from form_engine.fields.base import NO_NAMES, WORDS, ExportCell, FieldType, Glossary, Operator, Refused, Slot, refuse
from form_engine.formula import Type
from form_engine.formula.types import TEXT


@dataclass(frozen=True, slots=True)
class NoConfig:
    """Two fields of the type do not differ."""


class WordedType(FieldType[NoConfig]):
    operators: ClassVar[tuple[Operator, ...]] = WORDS
    slot: ClassVar[Slot | None] = "text"

    def parse_config(self, raw: Mapping[str, Any]) -> NoConfig:
        return NoConfig()

    def formula_type(self, config: NoConfig) -> Type:
        return TEXT

    def to_value(self, stored: Any, config: NoConfig) -> str:
        return str(stored)

    def export_cell(self, stored: Any, config: NoConfig, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        return ExportCell(stored, "@")


def bare_words(raw: object, longest: int) -> str | Refused | None:
    """Text without blanks around it; nothing is blank."""
    if type(raw) is not str:
        return refuse("not_text")
    if len(raw) > 2 * longest:
        return refuse("too_long", max=longest)
    bare = raw.strip()
    return refuse("too_long", max=longest) if len(bare) > longest else bare or None

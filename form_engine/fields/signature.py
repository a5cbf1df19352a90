"""A signature drawn by hand: the picture is a stored file, the value its id."""

from typing import Any, ClassVar

from form_engine.fields.base import NO_NAMES, Cleaner, ExportCell, Glossary, Operator, Refused, Slot, refuse
from form_engine.fields.file import UUID
from form_engine.fields.schema import Schema
from form_engine.fields.worded import NoConfig, WordedType


class SignatureField(WordedType):
    name = "signature"
    operators: ClassVar[tuple[Operator, ...]] = ("blank",)
    slot: ClassVar[Slot | None] = None
    look = "files"
    wide = True
    refers = "file"
    picture = True

    def cleaner(self, config: NoConfig) -> Cleaner:
        return _clean

    def text(self, stored: Any, config: NoConfig, locale: str) -> str:
        return ""

    def print_text(self, stored: Any, config: NoConfig, locale: str, names: Glossary = NO_NAMES) -> str:
        return names.files.get(stored, "")

    def export_cell(self, stored: Any, config: NoConfig, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        return ExportCell(names.files.get(stored, stored), "@")

    def value_schema(self, config: NoConfig) -> Schema:
        return {"type": "string", "format": "uuid"}


def _clean(raw: object) -> str | Refused | None:
    if type(raw) is not str:
        return refuse("not_a_file")
    return raw if UUID.fullmatch(raw) else None if raw == "" else refuse("not_a_file")

"""Stored files, as a list of their ids (UUIDs in canonical lower case).

What a file is, and whose, is asked where files live.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar

from form_engine.fields.base import (
    NO_HINTS,
    NO_NAMES,
    Cleaner,
    Coerced,
    CoerceHints,
    Coercer,
    ConfigError,
    ExportCell,
    FieldType,
    Finisher,
    Glossary,
    Refused,
    at_least,
    refuse,
)
from form_engine.fields.coercion import is_blank
from form_engine.fields.schema import Schema, count, listed
from form_engine.formula import Type
from form_engine.formula.types import TEXT

MOST: Final = 50
UUID: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class FileConfig:
    """How many are wanted. `least` counts only once the field must be filled in, or something is."""

    least: int = 0
    most: int = MOST


F = TypeVar("F", bound=FileConfig)


class FileType(FieldType[F]):
    """The part that file and photo have in common."""

    refers = "file"
    look = "files"
    wide = True

    def cleaner(self, config: F) -> Cleaner:
        most = config.most

        def clean(raw: object) -> Any:
            if type(raw) is not list:
                return refuse("not_a_list")
            if len(raw) > most:
                return refuse("too_many", max=most)
            wrong = [at for at, each in enumerate(raw) if type(each) is not str or not UUID.fullmatch(each)]
            if wrong:
                return Refused(tuple(issue for at in wrong for issue in refuse("not_a_file", f"/{at}").issues))
            if len(set(raw)) < len(raw):
                return refuse("duplicate")
            return list(raw) or None

        return clean

    def finisher(self, config: F) -> Finisher | None:
        return at_least(config.least, "too_few")

    def formula_type(self, config: F) -> Type:
        return Type("list", of=TEXT)

    def to_value(self, stored: Any, config: F) -> tuple[str, ...]:
        return tuple(stored)

    def to_json(self, value: Any, config: F) -> object:
        return list(value) if isinstance(value, tuple) else value

    def text(self, stored: Any, config: F, locale: str) -> str:
        return ""

    def print_text(self, stored: Any, config: F, locale: str, names: Glossary = NO_NAMES) -> str:
        return ", ".join(names.files[each] for each in stored if each in names.files)

    def export_cell(self, stored: Any, config: F, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        return ExportCell(", ".join(names.files.get(each, each) for each in stored), "@")

    def value_schema(self, config: F) -> Schema:
        return listed({"type": "string", "format": "uuid"}, config.most)

    def client_config(self, config: F, locale: str) -> dict[str, Any]:
        return {"min": config.least, "max": config.most}

    def coercer(self, config: F, hints: CoerceHints = NO_HINTS) -> Coercer:
        """A sheet brings no files; what stands in their column is refused rather than lost."""
        return lambda raw: Coerced(None) if is_blank(raw) else refuse("not_a_file")


class FileField(FileType[FileConfig]):
    name = "file"
    config_schema: ClassVar[Mapping[str, Any]] = {"min": count(MOST), "max": count(MOST)}

    def parse_config(self, raw: Mapping[str, Any]) -> FileConfig:
        return FileConfig(*read_counts(raw, MOST))


def read_counts(raw: Mapping[str, Any], most: int) -> tuple[int, int]:
    """`min` and `max` of a list."""
    low, high = raw.get("min", 0), raw.get("max", most)
    if low > high:
        raise ConfigError("/max", "bounds_crossed")
    return low, high

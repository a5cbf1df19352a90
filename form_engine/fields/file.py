"""Stored files, as a list of their ids (UUIDs in canonical lower case).

What a file is, and whose, is asked where files live.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar

from form_engine.fields.base import Cleaner, ConfigError, FieldType, Finisher, Refused, at_least, refuse
from form_engine.fields.schema import count
from form_engine.formula import Type
from form_engine.formula.types import TEXT

MOST: Final = 50
_UUID: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class FileConfig:
    """How many are wanted. `least` counts only once the field must be filled in, or something is."""

    least: int = 0
    most: int = MOST


F = TypeVar("F", bound=FileConfig)


class FileType(FieldType[F]):
    """The part that file and photo have in common."""

    def cleaner(self, config: F) -> Cleaner:
        most = config.most

        def clean(raw: object) -> Any:
            if type(raw) is not list:
                return refuse("not_a_list")
            if len(raw) > most:
                return refuse("too_many", max=most)
            wrong = [at for at, each in enumerate(raw) if type(each) is not str or not _UUID.fullmatch(each)]
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

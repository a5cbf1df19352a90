"""Names for ids: records hold ids of linked records, people and files; pages show titles, names and pictures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from form_engine.definition import CompiledField, CompiledForm


@dataclass(frozen=True, slots=True)
class FileCard:
    """A stored file as a page shows it."""

    id: str
    name: str
    media_type: str
    size: int
    url: str

    @property
    def is_image(self) -> bool:
        return self.media_type in ("image/jpeg", "image/png", "image/webp", "image/gif")

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "media_type": self.media_type, "size": self.size, "url": self.url}


@dataclass(frozen=True, slots=True)
class Names:
    """What a page knows about ids. ``linked`` is false where the reader may not follow links (guests)."""

    records: Mapping[int, str] = field(default_factory=dict)
    people: Mapping[int, str] = field(default_factory=dict)
    files: Mapping[str, FileCard] = field(default_factory=dict)
    departments: Mapping[int, str] = field(default_factory=dict)
    linked: bool = True


@dataclass(slots=True)
class Wanted:
    """Ids gathered from values, by what they are ids of; each kind is then asked for once."""

    records: set[int] = field(default_factory=set)
    people: set[int] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    departments: set[int] = field(default_factory=set)

    def gather(self, form: CompiledForm, values: Mapping[str, Any]) -> None:
        """Note every id in a record's values."""
        self._gather(form.fields, values)

    def _gather(self, columns: Iterable[CompiledField], values: Mapping[str, Any]) -> None:
        for column in columns:
            value = values.get(column.key)
            if value is None:
                continue
            kind = column.definition.type
            match kind.refers:
                case "record":
                    self.records.update(kind.ids(value))
                case "person":
                    self.people.update(kind.ids(value))
                case "department":
                    self.departments.update(kind.ids(value))
                case "file":
                    self.files.update(map(str, kind.ids(value)))
            if column.columns:
                for row in value:
                    self._gather(column.columns, row)

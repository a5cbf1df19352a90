"""Values of records as people read them: a stored value and its field become a :class:`Cell`.

One place for lists, details, rows, history and the guest's page. The words are the field type's own; what stands here
is only what surrounds them: a link, a chip, a picture.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from form_engine.definition import CompiledField
from form_engine.definition.compiled import error_in
from form_engine.fields import FieldType
from form_engine.fields.base import Chip, Glossary
from web.locales import time_zone
from web.names import FileCard, Names
from web.place import device_place, map_link

_TONES = {"gray": "idle", "grey": "idle", "purple": "accent", "teal": "blue", "pink": "red"}
_KINDS = {"number": "num"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One value in words. ``kind`` chooses the look; ``tone`` is a colour that always stands beside the words.

    ``parts`` are the cells of a list, ``blocks`` those of a rich text.
    """

    kind: str
    text: str = ""
    tone: str = ""
    href: str = ""
    ref: int | None = None
    files: tuple[FileCard, ...] = field(default=())
    parts: "tuple[Cell, ...]" = field(default=())
    blocks: tuple[Mapping[str, Any], ...] = field(default=())


BLANK = Cell("blank")


class _Shown(NamedTuple):
    kind: FieldType[Any]
    config: Any
    value: Any
    names: Names
    locale: str

    @property
    def words(self) -> str:
        return self.kind.print_text(self.value, self.config, self.locale, glossary(self.names))


def glossary(names: Names) -> Glossary:
    """What the engine needs of a page's names."""
    files = {key: card.name for key, card in names.files.items()}
    return Glossary(names.records, names.people, names.departments, files, ZoneInfo(time_zone()))


def numeric(column: CompiledField) -> bool:
    """Whether the column's figures stand right-aligned under each other."""
    return column.definition.type.shown_by(column.definition.config, column.type)[0].look == "number"


def cell(column: CompiledField, value: Any, names: Names, locale: str) -> Cell:
    """The cell for a stored (or computed) value of ``column``."""
    if value is None or value in ("", []):
        return BLANK
    if error := error_in(value):
        return Cell("error", error)
    kind, config = column.definition.type.shown_by(column.definition.config, column.type)
    return _BY_LOOK.get(kind.look, _text)(_Shown(kind, config, value, names, locale))


def _text(shown: _Shown) -> Cell:
    return Cell(_KINDS.get(shown.kind.look, shown.kind.look), shown.words)


def _chips(shown: _Shown) -> Cell:
    chips = shown.kind.chips(shown.value, shown.config, shown.locale)
    return _one_or_list([_chip(each) for each in chips])


def _chip(chip: Chip) -> Cell:
    """A colour is how a form says that an option is a state; one without is a plain word."""
    return Cell("chip", chip.label, _TONES.get(chip.color, chip.color)) if chip.color else Cell("text", chip.label)


def _links(shown: _Shown) -> Cell:
    return _one_or_list([_link(each, shown.names) for each in shown.kind.ids(shown.value)])


def _link(number: int, names: Names) -> Cell:
    title = names.records.get(number)
    return Cell("link", title or f"#{number}", href=f"/records/{number}" if title and names.linked else "")


def _people(shown: _Shown) -> Cell:
    names = shown.names.people
    return _one_or_list([Cell("person", names.get(each, f"#{each}"), ref=each) for each in shown.kind.ids(shown.value)])


def _address(shown: _Shown) -> Cell:
    """A link, if it leads to a site: one that was worked out could be anything. Those are called by their site."""
    words = shown.words
    if not words.startswith(("https://", "http://")):
        return Cell("text", words)
    return Cell("url", words if shown.kind.stored else urlsplit(words).hostname or words, href=words)


def _place(shown: _Shown) -> Cell:
    return Cell("place", shown.words, href=map_link(device_place(shown.value)))


def _files(shown: _Shown) -> Cell:
    known = shown.names.files
    cards = tuple(known[str(one)] for one in shown.kind.ids(shown.value) if str(one) in known)
    return Cell("files", ", ".join(card.name for card in cards), files=cards)


def _rich(shown: _Shown) -> Cell:
    return Cell("rich", shown.words, blocks=tuple(shown.value))


def _one_or_list(cells: list[Cell]) -> Cell:
    return cells[0] if len(cells) == 1 else Cell("list", ", ".join(each.text for each in cells), parts=tuple(cells))


_BY_LOOK: Mapping[str, Callable[[_Shown], Cell]] = {
    "chip": _chips,
    "chips": _chips,
    "link": _links,
    "url": _address,
    "place": _place,
    "person": _people,
    "files": _files,
    "rich": _rich,
}

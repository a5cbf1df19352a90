"""Text with `{formula}` placeholders, in one language or several. `{{` and `}}` are braces."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from formloom.i18n import localized

from form_engine.fields.base import ConfigError, Text
from form_engine.fields.expression import Formula, read_formula

Parts: TypeAlias = tuple[str | Formula, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """`parts` of each wording, by the wording itself."""

    text: Text
    parts: Mapping[str, Parts]

    def in_locale(self, locale: str) -> Parts:
        """What is to be said in this language."""
        return self.parts.get(localized(self.text, locale), ())

    def formulas(self) -> Iterator[Formula]:
        """Every formula of every wording."""
        return (part for parts in self.parts.values() for part in parts if isinstance(part, Formula))


def read_phrase(raw: Text, at: str) -> Phrase:
    """Parse, or raise ConfigError with the formula's own code, or `placeholder_open` for a brace without its pair."""
    wordings = {at: raw} if isinstance(raw, str) else {f"{at}/{locale}": text for locale, text in raw.items()}
    return Phrase(raw, {text: tuple(_parts(text, here)) for here, text in wordings.items()})


def _parts(text: str, at: str) -> Iterator[str | Formula]:
    plain, place = "", 0
    while place < len(text):
        one, pair = text[place], text[place : place + 2]
        if pair in ("{{", "}}"):
            plain, place = plain + one, place + 2
        elif one == "{":
            end = _closing(text, place + 1)
            if end < 0:
                raise ConfigError(at, "placeholder_open", place=place)
            if plain:
                yield plain
            plain = ""
            yield read_formula(text[place + 1 : end].strip(), at)
            place = end + 1
        elif one == "}":
            raise ConfigError(at, "placeholder_open", place=place)
        else:
            plain, place = plain + one, place + 1
    if plain:
        yield plain


def _closing(text: str, place: int) -> int:
    """Where the placeholder ends: a brace inside of quotes is the formula's own text."""
    quoted = False
    for at in range(place, len(text)):
        if text[at] == '"':
            quoted = not quoted
        elif text[at] == "}" and not quoted:
            return at
    return -1

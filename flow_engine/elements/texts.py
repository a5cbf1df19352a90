"""Texts that flows say, with `{field}` in them: the value of the record, as whoever reads it may read it."""

import re
from collections.abc import Iterator, Mapping

from flow_engine.elements.outcome import Text
from flow_engine.elements.value import Formula

_PLACE = re.compile(r"\{([^{}]{1,500})\}")
OWN = frozenset({"link"})
"""The place of a guest's link in a letter to them; no field."""


def wordings(pointer: str, text: Text | None) -> Iterator[tuple[str, str]]:
    """Each wording with its pointer."""
    if isinstance(text, Mapping):
        yield from ((f"{pointer}/{locale}", words) for locale, words in text.items())
    elif text is not None:
        yield pointer, text


def placeholders(pointer: str, text: Text | None) -> Iterator[tuple[str, Formula]]:
    """What stands in braces, for the check at publish."""
    for at, words in wordings(pointer, text):
        named = dict.fromkeys(map(str.strip, _PLACE.findall(words)))
        yield from ((at, Formula(found)) for found in named if found not in OWN)


def parts(words: str) -> Iterator[str | Formula]:
    """A wording taken apart; a brace without its pair is only a brace."""
    at = 0
    for found in _PLACE.finditer(words):
        if found.start() > at:
            yield words[at : found.start()]
        inside = found[1].strip()
        yield found[0] if inside in OWN else Formula(inside)
        at = found.end()
    if at < len(words):
        yield words[at:]

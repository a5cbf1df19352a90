"""The order people expect of text: Chinese by pinyin, letters without case or width, digits as they stand."""

import unicodedata
from functools import lru_cache
from typing import Final

from pypinyin import Style, lazy_pinyin

MAX_KEY: Final = 400
"""Characters of a key. PostgreSQL's index entries end near 2,700 bytes, and nobody sorts further than this."""

_SEPARATOR: Final = "\x01"
"""Between the key and the text itself: what sounds alike is then told apart by its characters."""


@lru_cache(maxsize=65_536)
def sort_key(text: str) -> str:
    """A string whose plain byte order is the reader's order: `重庆` before `上海`, `a` beside `A`."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    if plain.isascii():
        return plain[:MAX_KEY]
    syllables = lazy_pinyin(plain, style=Style.TONE3, errors="default", neutral_tone_with_five=True)
    # A blank after every syllable keeps 西安 (xi1 an1) and 先 (xian1) apart and in dictionary order.
    return "".join(f"{part} " if not part.isascii() or part[-1:].isdigit() else part for part in syllables)[:MAX_KEY]


def slot_text(text: str) -> str:
    """What a text slot holds: the sort key, then the exact text, so that one index serves order and equality."""
    return f"{sort_key(text)}{_SEPARATOR}{text}"[: 2 * MAX_KEY]

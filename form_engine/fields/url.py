"""An address on the web: `https://example.com/a?b#c`. Only http and https, because a page makes it a link."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

from form_engine.fields.base import NO_HINTS, Cleaner, Coerced, CoerceHints, Coercer, Refused, Slot, refuse
from form_engine.fields.coercion import as_text, folded, is_blank
from form_engine.fields.schema import Schema
from form_engine.fields.worded import NoConfig, WordedType, bare_words

LONGEST: Final = 2_000
_UNFIT: Final = re.compile(
    r'[\s<>"\\^`{|}\x00-\x20\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]'
)
_HOST: Final = re.compile(r"[^@:/?#\[\]\s]+(?::[0-9]{1,5})?|\[[0-9a-f:.]+\](?::[0-9]{1,5})?")


class UrlField(WordedType):
    name = "url"
    searched = True
    look = "url"

    def cleaner(self, config: NoConfig) -> Cleaner:
        return _clean

    def slot_of(self, config: NoConfig) -> Slot | None:
        """It may be longer than a slot holds."""
        return None

    def value_schema(self, config: NoConfig) -> Schema:
        return {"type": "string", "format": "uri", "pattern": "^https?://", "maxLength": LONGEST}

    def coercer(self, config: NoConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return _coerce


def _clean(raw: object) -> Any:
    bare = bare_words(raw, LONGEST)
    if not isinstance(bare, str):
        return bare
    if _UNFIT.search(bare):
        return refuse("not_a_url")
    try:
        parts = urlsplit(bare)
    except ValueError:
        return refuse("not_a_url")
    # A name before `@` makes a page look like another's.
    if parts.scheme.lower() not in ("http", "https") or not _HOST.fullmatch(parts.netloc.lower()):
        return refuse("not_a_url")
    rest = bare[len(parts.scheme) + 3 + len(parts.netloc) :]
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{rest}"


def _coerce(raw: object) -> Coerced | Refused:
    """`www.example.com` is meant as a web address."""
    if is_blank(raw):
        return Coerced(None)
    text = as_text(raw)
    if text is None or len(text) > 2 * LONGEST:
        return refuse("not_a_url")
    plain = folded(text)
    bare = plain if "://" in plain else f"https://{plain}" if re.match(r"[\w-]+(\.[\w-]+)+", plain) else plain
    return Coerced(bare)

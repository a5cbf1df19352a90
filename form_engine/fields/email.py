"""An address for mail. Its domain is stored in lower case; what stands before the `@` is the receiver's affair."""

import re
from typing import Final

from form_engine.fields.base import NO_HINTS, Cleaner, Coerced, CoerceHints, Coercer, Refused, refuse
from form_engine.fields.coercion import as_text, folded, is_blank
from form_engine.fields.schema import Schema
from form_engine.fields.worded import NoConfig, WordedType, bare_words

LONGEST: Final = 250
"""RFC 5321 allows 254; a typed slot holds 250."""
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
SHAPE: Final = (
    rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+)*@{_LABEL}(?:\.{_LABEL})*\.[a-z]{{2,63}}"
)
_FITS: Final = re.compile(SHAPE)


class EmailField(WordedType):
    name = "email"
    searched = True
    look = "email"

    def cleaner(self, config: NoConfig) -> Cleaner:
        return _clean

    def value_schema(self, config: NoConfig) -> Schema:
        return {"type": "string", "format": "email", "maxLength": LONGEST}

    def coercer(self, config: NoConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return _coerce


def _clean(raw: object) -> str | Refused | None:
    bare = bare_words(raw, LONGEST)
    if not isinstance(bare, str):
        return bare
    person, at, domain = bare.rpartition("@")
    address = f"{person}{at}{domain.lower()}"
    return address if _FITS.fullmatch(address) and len(person) <= 64 else refuse("not_an_email")


def _coerce(raw: object) -> Coerced | Refused:
    """`mailto:` and `Name <address>` around it, full-width signs in it."""
    if is_blank(raw):
        return Coerced(None)
    text = as_text(raw)
    if text is None or len(text) > 2 * LONGEST:
        return refuse("not_an_email")
    plain = folded(text)
    inside = re.fullmatch(r"[^<>]*<([^<>]+)>", plain)
    return Coerced((inside[1] if inside else plain).removeprefix("mailto:").replace(" ", "").rstrip(".,;"))

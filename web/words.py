"""Codes become sentences in the reader's language; nowhere else are errors put into words."""

import re
from collections.abc import Mapping
from typing import Any

from formloom.i18n import localized

from web.formula_words import in_words, suggested
from web.locales import current_locale
from web.phrases import PHRASES
from web.phrases.marking import N_
from web.speech import gettext

UNKNOWN = N_("This did not work (%(code)s).")
_PLACE = re.compile(r"%\((\w+)\)s")


def sentence(code: str, params: Mapping[str, object]) -> str:
    """What to tell a person about ``code``; a parameter that the error lacks is left out, never an exception."""
    if params.get("message"):
        return _shown(params["message"])  # a rule of a definition speaks for itself
    message = PHRASES.get(code)
    if message is None:
        message, params = UNKNOWN, {"code": code}
    if code.startswith("formula_"):
        return fill(gettext(message), in_words(params)) + suggested(params)
    return fill(gettext(message), params)


def fill(message: str, params: Mapping[str, object]) -> str:
    """``message`` with ``%(name)s`` replaced by what ``params`` has, in the reader's language."""
    return _PLACE.sub(lambda place: _shown(params.get(place[1])), message).strip()


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return localized(value, current_locale())
    if isinstance(value, tuple | list | set | frozenset):
        return ", ".join(_shown(one) for one in value)
    return str(value)

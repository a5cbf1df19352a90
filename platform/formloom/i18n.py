"""Two kinds of words: those in definitions (`localized`) and those in our code (`Catalogues`, by gettext)."""

import gettext
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

LOCALES = ("zh-CN", "en")
# gettext ignores a folder `zh_CN` when Babel names the locale with its script, so the folder has it too.
FOLDERS = {"zh-CN": "zh_Hans_CN"}


def localized(text: Mapping[str, str] | str, locale: str) -> str:
    """The text in this locale, else in its language, else in any that has one; a bare string is itself."""
    if isinstance(text, str):
        return text
    language = locale.split("-", 1)[0]
    wanted = [locale, *(known for known in text if known.split("-", 1)[0] == language), *LOCALES, *text]
    return next((text[known] for known in wanted if text.get(known)), "")


def best_locale(accepted: str | None, default: str = "zh-CN") -> str:
    """The locale of ours that an Accept-Language header likes best."""
    ranked: list[tuple[float, str]] = []
    for part in (accepted or "").split(",")[:20]:
        name, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), name.lower()))
        except ValueError:
            continue
    for _, name in sorted(ranked, key=lambda pair: pair[0]):
        for locale in LOCALES:
            if name.split("-", 1)[0] == locale.split("-", 1)[0]:
                return locale
    return default


class Catalogues:
    """Compiled gettext catalogues (`<folder>/zh_Hans_CN/LC_MESSAGES/messages.mo`); msgids are English."""

    def __init__(self, folder: Path, domain: str = "messages") -> None:
        self._folder, self._domain = folder, domain
        self._of = lru_cache(maxsize=16)(self._load)

    def _load(self, locale: str) -> gettext.NullTranslations:
        languages = [FOLDERS.get(locale, locale.replace("-", "_"))]
        return gettext.translation(self._domain, self._folder, languages, fallback=True)

    def translate(self, message: str, locale: str, /, **params: object) -> str:
        """The message in this locale with `%(name)s` filled in; a message without a translation stays English."""
        words = self._of(locale).gettext(message)
        return words % params if params else words

"""The few words that documents say of their own, in every language."""

from collections.abc import Mapping
from typing import Final

from formloom.i18n import localized

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "total": {"en": "Total", "zh-CN": "合计"},
    "more": {"en": "… and {count} more", "zh-CN": "……另有 {count} 条"},
}


def word(key: str, locale: str, **said: object) -> str:
    """`total`, `more` …"""
    return localized(_WORDS[key], locale).format(**said)

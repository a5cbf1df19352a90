"""Every code has words, every message a translation."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

from web.build_translations import CLIENT, LOCALES, extracted, read
from web.phrases import PHRASES

PACKAGES = ("formloom", "form_engine", "flow_engine", "apps", "web")


def codes() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            found = getattr(importlib.import_module(module.name), "CODES", ())
            yield from ((module.name, code) for code in found)


def test_every_code_has_words() -> None:
    assert [(where, code) for where, code in codes() if code not in PHRASES] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_every_message_is_translated(locale: str) -> None:
    catalogue = read(locale)
    known = {message.id: message for message in catalogue}
    missing = [message.id for message in extracted() if message.id and message.id not in known]
    blank = [
        message.id
        for message in catalogue
        if message.id and not (all(message.string or ()) if message.pluralizable else message.string)
    ]
    assert missing == []
    assert blank == []
    assert not any(message.fuzzy for message in catalogue if message.id)


@pytest.mark.parametrize("locale", LOCALES)
def test_translations_keep_their_places(locale: str) -> None:
    """A place such as %(name)s that a translation invents or drops would show as a hole."""
    for message in read(locale):
        if message.id and not message.pluralizable and message.python_format:
            assert list(message.check()) == [], message.id


def test_scripts_have_their_words() -> None:
    assert len([message for message in extracted(CLIENT) if message.id]) > 50

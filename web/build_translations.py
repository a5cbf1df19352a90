"""The gettext catalogues: extracted from Python, Jinja, TypeScript and Svelte alike, compiled for the server.

``python -m web.build_translations`` compiles; ``--update`` first extracts the messages and merges them into the
catalogues, where new ones wait for their words. English is its own message, so its catalogue only names plurals.
"""

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from web.translations import FOLDER

ROOT = Path(__file__).parent.parent
LOCALES = ("zh_Hans_CN", "en")
KEYWORDS = {
    "_": None,
    "t": None,
    "gettext": None,
    "N_": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "tn": (1, 2),
}
CLIENT = (".ts", ".svelte")


def extracted(suffixes: tuple[str, ...] = ("",)) -> Catalog:
    """All messages that the sources (with one of these suffixes) say now."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    catalogue = Catalog(project="Formloom", charset="utf-8")
    found = extract_from_dir(ROOT / "web", methods, options, keywords=KEYWORDS, comment_tags=("i18n:",))
    for name, _line, message, comments, context in sorted(found, key=lambda hit: (hit[0], hit[1])):
        if name.endswith(suffixes):
            catalogue.add(message, None, [(f"web/{name}", 0)], auto_comments=comments, context=context)
    return catalogue


def read(locale: str) -> Catalog:
    """The catalogue of a locale as it stands in the repository."""
    path = _po(locale)
    if not path.exists():
        return Catalog(locale=locale, charset="utf-8")
    return read_po(BytesIO(path.read_bytes()), locale=locale)


def update() -> None:
    """Merge what the sources say into each catalogue; guesses are not taken over (a wrong word is worse than none)."""
    template = extracted()
    for locale in LOCALES:
        catalogue = read(locale)
        catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
        catalogue.obsolete.clear()
        if locale == "en":
            _say_itself(catalogue)
        out = BytesIO()
        write_po(out, catalogue, width=110, omit_header=False, sort_output=True, include_lineno=False, no_location=True)
        _po(locale).parent.mkdir(parents=True, exist_ok=True)
        _po(locale).write_bytes(_without_dates(out.getvalue()))


def compile_all() -> None:
    """Write the ``.mo`` files that the server reads: the whole, and the part that pages hand to their scripts."""
    spoken = {message.id for message in extracted(CLIENT)}
    for locale in LOCALES:
        whole, part = read(locale), Catalog(locale=locale, charset="utf-8")
        for message in whole:
            if message.id in spoken:
                part.add(message.id, message.string)
        for name, catalogue in (("messages.mo", whole), ("client.mo", part)):
            with _po(locale).with_name(name).open("wb") as file:
                write_mo(file, catalogue)


def _say_itself(catalogue: Catalog) -> None:
    for message in catalogue:
        if message.id and not any(message.string or ()):
            message.string = message.id


def _without_dates(content: bytes) -> bytes:
    """The same sources give the same bytes, whenever they are extracted."""
    dated = (b'"POT-Creation-Date', b'"PO-Revision-Date', b'"Generated-By')
    return b"".join(line for line in content.splitlines(keepends=True) if not line.startswith(dated))


def _po(locale: str) -> Path:
    return FOLDER / locale / "LC_MESSAGES" / "messages.po"


if __name__ == "__main__":
    if "--update" in sys.argv[1:]:
        update()
    compile_all()

"""Built client files: from the names in the source to the hashed names that Vite wrote."""

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from flask import Flask, url_for
from markupsafe import Markup

DIST = Path(__file__).parent / "static" / "dist"
ENTRY = "web/client/main.ts"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a page must load for one entry: the script, its style sheets, and the chunks worth preloading."""

    script: str | None = None
    styles: tuple[str, ...] = ()
    preloads: tuple[str, ...] = field(default=())


def read_entry(manifest: Path, name: str) -> Entry:
    """Walk the manifest's static imports from ``name``; an absent manifest (no build yet) gives an empty entry."""
    if not manifest.is_file():
        return Entry()
    chunks = json.loads(manifest.read_text("utf-8"))
    seen: dict[str, None] = {}
    waiting = [name]
    while waiting:
        key = waiting.pop()
        if key in seen or key not in chunks:
            continue
        seen[key] = None
        waiting.extend(chunks[key].get("imports", ()))
    styles = dict.fromkeys(style for key in seen for style in chunks[key].get("css", ()))
    preloads = tuple(chunks[key]["file"] for key in seen if key != name)
    return Entry(chunks[name]["file"] if name in chunks else None, tuple(styles), preloads)


@cache
def _cached_entry(name: str) -> Entry:
    return read_entry(DIST / "manifest.json", name)


def entry_tags(name: str = ENTRY) -> Markup:
    """The ``<link>`` and ``<script>`` elements of an entry, for the page's head."""
    entry = _cached_entry(name)
    tags = [Markup('<link rel="stylesheet" href="{}">').format(_url(style)) for style in entry.styles]
    tags += [Markup('<link rel="modulepreload" href="{}">').format(_url(chunk)) for chunk in entry.preloads]
    if entry.script:
        tags.append(Markup('<script type="module" src="{}"></script>').format(_url(entry.script)))
    return Markup("\n").join(tags)


def asset(name: str) -> str:
    """The address of one built file, by its path in the source (``icons.svg`` is in ``web/client``)."""
    return _url(_files().get(f"web/client/{name}", name))


@cache
def _files() -> dict[str, str]:
    manifest = DIST / "manifest.json"
    chunks = json.loads(manifest.read_text("utf-8")) if manifest.is_file() else {}
    return {key: chunk["file"] for key, chunk in chunks.items()}


def _url(file: str) -> str:
    return url_for("static", filename=f"dist/{file}")


def init_assets(app: Flask) -> None:
    """Give templates ``entry_tags()``; hashed file names may be kept by the browser for ever."""
    app.jinja_env.globals.update(entry_tags=entry_tags, asset=asset)
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 0 if app.debug else 31_536_000

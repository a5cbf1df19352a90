"""Built client files: from the names in the source to the hashed names that Vite wrote."""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

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
    chunks = _chunks(manifest)
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


def _chunks(manifest: Path) -> dict[str, Any]:
    """The manifest as it stands now: read again only when a build has replaced it."""
    try:
        return _read(manifest, manifest.stat().st_mtime_ns)
    except FileNotFoundError:
        return {}


@lru_cache(maxsize=2)
def _read(manifest: Path, _written: int) -> dict[str, Any]:
    chunks: dict[str, Any] = json.loads(manifest.read_text("utf-8"))
    return chunks


def entry_tags(name: str = ENTRY) -> Markup:
    """The ``<link>`` and ``<script>`` elements of an entry, for the page's head."""
    entry = read_entry(DIST / "manifest.json", name)
    tags = [Markup('<link rel="stylesheet" href="{}">').format(_url(style)) for style in entry.styles]
    tags += [Markup('<link rel="modulepreload" href="{}">').format(_url(chunk)) for chunk in entry.preloads]
    if entry.script:
        tags.append(Markup('<script type="module" src="{}"></script>').format(_url(entry.script)))
    return Markup("\n").join(tags)


def asset(name: str) -> str:
    """The address of one built file, by its path in the source (``icons.svg`` is in ``web/client``)."""
    chunk = _chunks(DIST / "manifest.json").get(f"web/client/{name}", {})
    return _url(chunk.get("file", name))


def _url(file: str) -> str:
    return url_for("static", filename=f"dist/{file}")


def init_assets(app: Flask) -> None:
    """Give templates ``entry_tags()``; hashed file names may be kept by the browser for ever."""
    app.jinja_env.globals.update(entry_tags=entry_tags, asset=asset)
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 0 if app.debug else 31_536_000

"""Files that lie beside a document's JSON: Word templates and pictures.

In a folder a document names them (`"docx": "letter.docx"`); in a workspace it names the stored file's id. In between a
definition carries `enclosed`, the digests of what it names, so that a changed template is a changed definition.
"""

import copy
import hashlib
import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from formloom.errors import InvalidDefinition
from formloom.files import FileStore
from sqlalchemy.orm import Session

from form_engine.documents.store import DocumentStore
from form_engine.records.actor import Actor

Raw = Mapping[str, Any]
Files = Mapping[str, bytes]
"""By name, as they lie in the folder."""

CODES: Final = ("bundle_file_unknown",)
ENCLOSED: Final = "enclosed"
LARGEST: Final = 20 * 1024 * 1024
_SAFE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}\Z")
_ENDINGS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}


def read_enclosed(folder: Path, raw: dict[str, Any]) -> Files:
    """The files that a document in a folder names; `raw` gets their digests. Raises InvalidDefinition."""
    found: dict[str, bytes] = {}
    for _, name in _named(raw):
        path = folder / name
        if not _SAFE.match(name) or not path.is_file() or path.stat().st_size > LARGEST:
            raise InvalidDefinition("bundle_file_unknown", {"file": name[:200]})
        found[name] = path.read_bytes()
    if found:
        raw[ENCLOSED] = _digests(found)
    return found


def plain(raw: Raw) -> dict[str, Any]:
    """The definition as it stands in a file: without digests."""
    return {key: value for key, value in raw.items() if key != ENCLOSED}


def settle(session: Session, store: DocumentStore, files: FileStore | None, raw: Raw, beside: Files, by: Actor) -> Any:
    """The definition as the workspace has it: files are stored, and named by their ids. Raises InvalidDefinition."""
    body = copy.deepcopy(plain(raw))
    stored: dict[str, UUID] = {}
    for place, name in list(_named(body)):
        if files is None or name not in beside:
            raise InvalidDefinition("bundle_file_unknown", {"file": name})
        if name not in stored:
            stored[name] = files.store(session, BytesIO(beside[name]), name, by.ref).id
        place[_key(place)] = str(stored[name])
    store.hold_files(session, str(body["key"]), frozenset(stored.values()))
    return body


def portable(session: Session, files: FileStore | None, body: Raw) -> tuple[dict[str, Any], Files]:
    """The definition as a folder has it, with the files that belong beside it: the same names whenever the same."""
    raw: dict[str, Any] = copy.deepcopy(dict(body))
    names: dict[str, str] = {}
    found: dict[str, bytes] = {}
    for place, ident in list(_named(raw)):
        if ident not in names:
            if files is None:
                raise InvalidDefinition("bundle_file_unknown", {"file": ident})
            row, stream = files.open(session, ident)
            with stream:
                content = stream.read()
            names[ident] = _name(str(raw["key"]), row.name, row.media_type, len(names))
            found[names[ident]] = content
        place[_key(place)] = names[ident]
    return ({**raw, ENCLOSED: _digests(found)} if found else raw), found


def _named(raw: Raw) -> Iterator[tuple[dict[str, Any], str]]:
    """Every object that names a file, and what it names."""
    waiting: list[Any] = [raw]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(reversed(one))
        elif isinstance(one, dict):
            if isinstance(one.get(_key(one)), str) and (one.get("type") == "image" or one.get("kind") == "document"):
                yield one, one[_key(one)]
            waiting.extend(reversed([each for each in one.values() if isinstance(each, dict | list)]))


def _key(place: Raw) -> str:
    return "docx" if place.get("kind") == "document" else "file"


def _name(key: str, stored: str, media_type: str, place: int) -> str:
    """What it was called in the folder that it came from, else a name of its own."""
    if _SAFE.match(stored) and stored.startswith((f"{key}.", f"{key}-")) and not stored.endswith(".json"):
        return stored
    return f"{key}-{place}.{_ENDINGS[media_type]}" if media_type in _ENDINGS else f"{key}.docx"


def _digests(files: Files) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}

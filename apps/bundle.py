"""A bundle: the folder of JSON files that is an app. Reading and writing one; no database here.

    app.json   calendars/*.json   roles/*.json   forms/*.json   documents/*.json   flows/*.json   views/*.json
    imports/*.json   sample/*.json

A file carries the key of what it defines as its name, so that a definition is found by looking, and never twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from formloom.errors import InvalidDefinition

from apps.canonical import canonical_text
from apps.enclosures import plain, read_enclosed
from apps.json_file import read_json
from apps.schemas import check_shape

Raw = Mapping[str, Any]
"""A definition as JSON. Only the parser of its kind looks inside."""

FOLDERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "calendar": "calendars",
        "role": "roles",
        "form": "forms",
        "document": "documents",
        "flow": "flows",
        "view": "views",
        "import": "imports",
    }
)
"""The folder of each kind, in the order in which they are installed: flows speak of documents and forms."""

CODES = ("bundle_invalid", "bundle_missing", "wrong_kind", "wrong_key", "unknown_folder", "menu_unknown_form")


@dataclass(frozen=True, slots=True)
class Bundle:
    """An app as it stands on disk: definitions by kind and key, and the `folder` it came from (samples lie there)."""

    app: Raw
    definitions: Mapping[str, Mapping[str, Raw]]
    folder: Path | None = field(default=None, compare=False)
    beside: Mapping[str, bytes] = field(default_factory=dict)
    """Files that lie beside the documents, by name (`apps.enclosures`)."""

    @property
    def key(self) -> str:
        return str(self.app["key"])

    @property
    def version(self) -> str:
        return str(self.app["version"])

    def of_kind(self, kind: str) -> Mapping[str, Raw]:
        return self.definitions.get(kind, {})


def shipped() -> Mapping[str, Path]:
    """The folders of the apps that come with Formloom, by name."""
    return {manifest.parent.name: manifest.parent for manifest in sorted(Path(__file__).parent.glob("*/app.json"))}


def find(name: str) -> Path:
    """The folder of this path, else that of the shipped app of this name. Raises InvalidDefinition."""
    folder = Path(name) if Path(name).is_dir() else shipped().get(name)
    if folder is None:
        raise InvalidDefinition("bundle_missing", {"folder": name, "shipped": ", ".join(shipped())})
    return folder


def read(folder: Path) -> Bundle:
    """The bundle in a folder. Raises InvalidDefinition naming the file; what definitions mean is checked at install."""
    if not folder.is_dir():
        raise InvalidDefinition("bundle_missing", {"folder": folder.name})
    app = _document(folder / "app.json", "app.json", "app")
    check_shape("app", app, "app.json")
    _no_strangers(folder)
    definitions = {kind: _folder(folder, kind, name) for kind, name in FOLDERS.items()}
    unknown = [key for key in app.get("menu", ()) if key not in definitions["form"]]
    if unknown:
        raise InvalidDefinition("menu_unknown_form", {"file": "app.json", "key": unknown[0]})
    beside: dict[str, bytes] = {}
    for raw in definitions["document"].values():
        beside |= read_enclosed(folder / FOLDERS["document"], raw)
    return Bundle(app, definitions, folder, beside)


def write(bundle: Bundle, folder: Path) -> None:
    """The bundle as files: the same bytes whenever it says the same. Definitions that are gone lose their files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "app.json").write_text(canonical_text(dict(bundle.app)), "utf-8", newline="\n")
    for kind, name in FOLDERS.items():
        home, wanted = folder / name, bundle.of_kind(kind)
        for stale in (path for path in home.glob("*.json") if path.stem not in wanted):
            stale.unlink()
        for key, raw in wanted.items():
            home.mkdir(exist_ok=True)
            (home / f"{key}.json").write_text(canonical_text(plain(raw)), "utf-8", newline="\n")
    home = folder / FOLDERS["document"]
    for stale in (path for path in home.glob("*") if path.suffix != ".json" and path.name not in bundle.beside):
        stale.unlink()
    for name, content in bundle.beside.items():
        (home / name).write_bytes(content)


def _folder(folder: Path, kind: str, name: str) -> Mapping[str, dict[str, Any]]:
    return {
        path.stem: _definition(path, f"{name}/{path.name}", kind) for path in sorted((folder / name).glob("*.json"))
    }


def _definition(path: Path, shown: str, kind: str) -> dict[str, Any]:
    raw = _document(path, shown, kind)
    if raw.get("key") != path.stem:
        raise InvalidDefinition("wrong_key", {"file": shown, "expected": path.stem})
    return raw


def _document(path: Path, shown: str, kind: str) -> dict[str, Any]:
    raw = read_json(path, shown)
    if not isinstance(raw, dict) or raw.get("kind") != kind:
        raise InvalidDefinition("wrong_kind", {"file": shown, "expected": kind})
    return raw


def _no_strangers(folder: Path) -> None:
    """A folder with a misspelt name would be an app with its flows missing, installed without a word."""
    known = {*FOLDERS.values(), "sample"}
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.name.startswith((".", "__")) and path.name not in known:
            raise InvalidDefinition("unknown_folder", {"file": path.name})

"""Reading and writing the folder that is an app."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from formloom.errors import InvalidDefinition

from apps import bundle
from apps.canonical import canonical_text

LEASING = Path(bundle.__file__).parent / "leasing_templates"
LEAVE = Path(__file__).parents[1] / "data" / "apps" / "leave"


@pytest.fixture
def leave(tmp_path: Path) -> Path:
    """A copy of the small app that a test may spoil."""
    return Path(shutil.copytree(LEAVE, tmp_path / "leave"))


@pytest.mark.parametrize("folder", [LEASING, LEAVE], ids=lambda folder: folder.name)
def test_a_shipped_bundle_stands_on_disk_as_export_would_write_it(folder: Path, tmp_path: Path) -> None:
    bundle.write(bundle.read(folder), tmp_path / "copy")
    for path in sorted((tmp_path / "copy").rglob("*.json")):
        assert path.read_bytes() == (folder / path.relative_to(tmp_path / "copy")).read_bytes(), path.name


def test_writing_is_stable_and_reads_back_the_same(tmp_path: Path) -> None:
    first = bundle.read(LEASING)
    bundle.write(first, tmp_path)
    assert bundle.read(tmp_path) == first


def test_writing_removes_the_files_of_definitions_that_are_gone(leave: Path) -> None:
    (leave / "views").mkdir()
    (leave / "views" / "old.json").write_text(canonical_text({"kind": "view", "key": "old"}))
    whole = bundle.read(leave)
    kept = {kind: {key: raw for key, raw in some.items() if key != "old"} for kind, some in whole.definitions.items()}
    bundle.write(bundle.Bundle(whole.app, kept), leave)
    assert not (leave / "views" / "old.json").exists()


def _text(path: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / path).write_text(text, "utf-8")


def _renamed(folder: Path) -> None:
    (folder / "forms" / "leave.json").rename(folder / "forms" / "holiday.json")


SPOILT: list[tuple[str, Callable[[Path], object]]] = [
    ("file_missing", lambda folder: (folder / "app.json").unlink()),
    ("not_json", _text("app.json", "{")),
    ("not_utf8", lambda folder: (folder / "app.json").write_bytes(b'{"key": "\xff"}')),
    ("not_json", _text("app.json", '{"key": %s}' % ("9" * 5000))),
    ("duplicate_key", _text("forms/leave.json", '{"kind": "form", "key": "leave", "key": "leave"}')),
    ("decimal_as_text", _text("forms/leave.json", '{"kind": "form", "key": "leave", "max": 1.5}')),
    ("decimal_as_text", _text("forms/leave.json", '{"kind": "form", "key": "leave", "max": NaN}')),
    ("too_deep", _text("forms/leave.json", "[" * 200_000 + "]" * 200_000)),
    ("wrong_kind", _text("forms/leave.json", '{"kind": "flow", "key": "leave"}')),
    ("wrong_kind", _text("forms/leave.json", "[]")),
    ("wrong_key", _renamed),
    ("unknown_folder", lambda folder: (folder / "form").mkdir()),
    ("bundle_invalid", _text("app.json", '{"kind": "app", "key": "leave", "version": "1", "title": {"en": "x"}}')),
]


@pytest.mark.parametrize(("code", "spoil"), SPOILT)
def test_a_spoilt_bundle_is_refused_with_its_file_named(
    code: str, spoil: Callable[[Path], object], leave: Path
) -> None:
    spoil(leave)
    with pytest.raises(InvalidDefinition) as caught:
        bundle.read(leave)
    assert caught.value.code == code
    assert caught.value.params["file"]


def test_a_menu_names_forms_of_the_bundle(leave: Path) -> None:
    app = json.loads((leave / "app.json").read_text("utf-8"))
    (leave / "app.json").write_text(canonical_text(app | {"menu": ["payslip"]}), "utf-8")
    with pytest.raises(InvalidDefinition, match="menu_unknown_form"):
        bundle.read(leave)

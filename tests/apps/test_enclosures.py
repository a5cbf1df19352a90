"""Word templates and pictures of documents travel with their app, and come out as they went in."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from formloom.db.uow import unit_of_work
from formloom.errors import Conflict, InvalidDefinition
from PIL import Image

from apps import bundle
from apps.export import export
from apps.install import install
from form_engine.records.actor import SYSTEM
from tests.apps.conftest import LEAVE, House


def letter(words: str) -> bytes:
    source = Document()
    source.add_paragraph(words)
    out = io.BytesIO()
    source.save(out)
    return out.getvalue()


def write(folder: Path, name: str, raw: dict[str, Any]) -> None:
    (folder / "documents").mkdir(exist_ok=True)
    (folder / "documents" / f"{name}.json").write_text(json.dumps({"kind": "document", "key": name, **raw}), "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The leave app with a letter and a slip that shows a logo."""
    target = tmp_path / "leave"
    shutil.copytree(LEAVE, target)
    words = {"en": "Letter", "zh-CN": "函件"}
    write(target, "letter", {"title": words, "form": "leave", "docx": "letter.docx"})
    image = {"type": "image", "file": "slip-logo.png", "height": "10mm"}
    write(target, "slip", {"title": words, "form": "leave", "blocks": [{"type": "group", "blocks": [image]}]})
    (target / "documents" / "letter.docx").write_bytes(letter("{{ type }}"))
    picture = io.BytesIO()
    Image.new("RGB", (20, 20), "#336699").save(picture, "PNG")
    (target / "documents" / "slip-logo.png").write_bytes(picture.getvalue())
    return target


def bump(folder: Path, version: str) -> None:
    app = json.loads((folder / "app.json").read_text("utf-8"))
    (folder / "app.json").write_text(json.dumps({**app, "version": version}), "utf-8")


def installed(house: House, workspace: int, folder: Path) -> Any:
    with unit_of_work(house.databases, workspace) as session:
        return install(session, house.stores, bundle.read(folder), SYSTEM).published["document"]


def written(house: House, workspace: int, folder: Path) -> dict[str, bytes]:
    with unit_of_work(house.databases, workspace) as session:
        bundle.write(export(session, house.stores, "leave"), folder)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_app_with_files_comes_out_as_it_went_in(house: House, workspace: int, folder: Path, tmp_path: Path) -> None:
    assert installed(house, workspace, folder) == {"letter": 1, "slip": 1}
    with unit_of_work(house.databases, workspace) as session:
        body = house.stores.documents.body(session, "letter")
        assert len(body["docx"]) == 36
        assert "enclosed" not in body
    first = written(house, workspace, tmp_path / "one")
    assert first == written(house, workspace, tmp_path / "two")
    for name in ("letter.docx", "slip-logo.png"):
        assert first[f"documents/{name}"] == (folder / "documents" / name).read_bytes()
    assert json.loads(first["documents/letter.json"])["docx"] == "letter.docx"
    bump(tmp_path / "one", "9.0.0")
    assert installed(house, workspace, tmp_path / "one") == {}  # the very same says nothing new


def test_a_changed_template_is_a_changed_definition(house: House, workspace: int, folder: Path) -> None:
    installed(house, workspace, folder)
    (folder / "documents" / "letter.docx").write_bytes(letter("{{ type }}!"))
    bump(folder, "9.0.0")
    assert installed(house, workspace, folder) == {"letter": 2}


def test_what_both_changed_nobody_overwrites(house: House, workspace: int, folder: Path) -> None:
    installed(house, workspace, folder)
    with unit_of_work(house.databases, workspace) as session:
        body = {**house.stores.documents.body(session, "letter"), "title": "Ours"}
        house.stores.documents.publish_together(session, {"letter": body}, SYSTEM)
    (folder / "documents" / "letter.docx").write_bytes(letter("theirs"))
    bump(folder, "9.0.0")
    with pytest.raises(Conflict, match="changed_here"):
        installed(house, workspace, folder)


@pytest.mark.parametrize("name", ["gone.docx", "../app.json", "/etc/passwd", "a/b.docx"])
def test_a_file_that_is_not_beside_it_is_refused(house: House, workspace: int, folder: Path, name: str) -> None:
    write(folder, "letter", {"title": "L", "form": "leave", "docx": name})
    with pytest.raises(InvalidDefinition, match="bundle_file_unknown"):
        installed(house, workspace, folder)


def test_a_picture_that_is_none_is_refused(house: House, workspace: int, folder: Path) -> None:
    (folder / "documents" / "slip-logo.png").write_bytes(b"words")
    with pytest.raises(InvalidDefinition) as caught:
        installed(house, workspace, folder)
    assert [(issue.pointer, issue.code) for issue in caught.value.issues] == [
        ("/documents/slip/blocks/0/blocks/0/file", "not_a_picture")
    ]

"""Uploads: typed by content, harmless by name, whole or not there."""

import hashlib
import io
import struct
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.errors import InvalidInput, NotFound
from formloom.files import FileStore, FolderFiles, clean_name, describe, sniff
from formloom.models import StoredFile
from formloom.settings import Settings
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select


def picture(kind: str = "PNG", size: tuple[int, int] = (4, 3)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, kind)
    return buffer.getvalue()


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


def pixel_bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is enormous."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.fixture
def store(settings: Settings) -> FileStore:
    return FileStore.of(replace(settings, max_upload_bytes=100_000))


def leftovers(settings: Settings) -> list[Path]:
    return [path for path in Path(settings.data_dir).rglob("*") if path.is_file() and "postgres" not in path.parts]


def test_in_and_out(databases: Databases, workspace: int, other_workspace: int, store: FileStore) -> None:
    content = picture()
    with unit_of_work(databases, workspace) as session:
        row = store.store(session, io.BytesIO(content), "凭证.png", "person:1")
    assert (row.name, row.media_type, row.size) == ("凭证.png", "image/png", len(content))
    assert row.sha256 == hashlib.sha256(content).digest()
    with unit_of_work(databases, workspace) as session:
        found, stream = store.open(session, str(row.id))
        with stream:
            assert (found.id, stream.read()) == (row.id, content)
        assert list(describe(session, [str(row.id), "nonsense"])) == [str(row.id)]
    with unit_of_work(databases, other_workspace) as session:
        for unknown in (str(row.id), "nonsense", "../../etc/passwd"):
            with pytest.raises(NotFound):
                store.open(session, unknown)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (picture("JPEG"), "image/jpeg"),
        (picture("WEBP"), "image/webp"),
        (picture("GIF"), "image/gif"),
        (b"%PDF-1.7\n%...", "application/pdf"),
        (zipped("word/document.xml"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (zipped("xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (zipped("anything"), "application/zip"),
        (b"PK\x03\x04broken", "application/octet-stream"),
        (b"<html><script>alert(1)</script>", "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "text/plain"),
        ("合同,金额\n".encode() * 100, "text/plain"),
        (b"MZ\x90\x00\x03", "application/octet-stream"),
    ],
)
def test_types_are_told_by_content(content: bytes, media_type: str) -> None:
    assert sniff(io.BytesIO(content)) == media_type


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"x" * 100_001, "too_large"),
        (b"", "empty_file"),
        (picture()[:40], "broken_image"),
        (b"\xff\xd8\xff" + b"not a picture at all", "broken_image"),
        (pixel_bomb(30_000, 30_000), "too_many_pixels"),
        (pixel_bomb(2**31 - 1, 2**31 - 1), "too_many_pixels"),
        (b"<html>", "unaccepted_type"),
    ],
)
def test_what_is_refused_leaves_nothing(
    databases: Databases, workspace: int, settings: Settings, store: FileStore, content: bytes, code: str
) -> None:
    with pytest.raises(InvalidInput) as caught, unit_of_work(databases, workspace) as session:
        store.store(session, io.BytesIO(content), "a.png", "person:1", accept=["image/*", "application/pdf"])
    assert [issue.code for issue in caught.value.issues] == [code]
    assert leftovers(settings) == []
    with unit_of_work(databases, workspace) as session:
        assert session.scalars(select(StoredFile)).all() == []


def test_an_endless_body_is_not_read_to_its_end(databases: Databases, workspace: int, store: FileStore) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b"x" * size

    endless = Endless()
    with pytest.raises(InvalidInput, match="too_large"), unit_of_work(databases, workspace) as session:
        store.store(session, endless, "a", "person:1")  # type: ignore[arg-type]
    assert endless.given < 1_000_000


def test_a_full_disk_leaves_no_row(
    databases: Databases, workspace: int, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: FolderFiles, key: str, source: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FolderFiles, "keep", full)
    with pytest.raises(OSError, match="No space"), unit_of_work(databases, workspace) as session:
        FileStore.of(settings).store(session, io.BytesIO(picture()), "a.png", "person:1")
    with unit_of_work(databases, workspace) as session:
        assert session.scalars(select(StoredFile)).all() == []
    assert leftovers(settings) == []


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\li\\slip.png", "slip.png"),
        ("inv\u202egnp.exe", "invgnp.exe"),
        ("a\x00b\r\nc.png", "abc.png"),
        ("..", "file"),
        (".png", "png"),
        ("", "file"),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
        ("合同" * 200 + ".pdf", "合同" * 29 + ".pdf"),
    ],
)
def test_names(given_name: str, kept: str) -> None:
    assert clean_name(given_name) == kept


@given(st.text(max_size=400))
def test_every_name_becomes_a_harmless_one(name: str) -> None:
    kept = clean_name(name)
    assert kept
    assert len(kept.encode()) <= 180
    assert not set(kept) & set("/\\\x00\n\r")
    assert kept not in (".", "..")
    assert clean_name(kept) == kept

"""Uploads: names, types and sizes that are none; how a stored file is given back."""

import gc
import io
import struct
import zipfile
import zlib
from typing import Any
from uuid import UUID

import pytest

from tests.security.slow import sent_slowly
from tests.security.town import Town, picture, upload
from tests.web.conftest import BASE

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(document.cookie)</script>"


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG that says it has 3.6 thousand million pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1_000)) + chunk(b"IEND", b"")
    )


def zip_bomb() -> bytes:
    """40 MB of nothing in 40 kB."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * 40_000_000)
    return made.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd",
        "..\\..\\windows\\win.ini",
        "a\x00b.png",
        "photo\u202egnp.exe",
        "x" * 5_000 + ".png",
        "<script>alert(1)</script>.png",
        'a".png; filename="b.html',
        "a\r\nSet-Cookie: x=1.png",
        ".htaccess",
        "CON",
        "   ",
        "%2e%2e%2fx",
        "付款 凭证.png",
    ],
    ids=ascii,
)
def test_any_name_is_stored_under_our_own_id(town: Town, name: str) -> None:
    agent = town.browser("agent")
    answer = upload(agent, picture(), name)
    assert answer.status_code in (201, 422), answer.text
    if answer.status_code == 422:  # a part whose name is cut by its own quotes is no file
        return
    card = answer.get_json()
    UUID(card["id"])
    assert not set('/\\\x00\r\n"<>') & set(card["name"])
    assert "\u202e" not in card["name"]
    with agent.get(card["url"]) as shown:
        assert shown.status_code == 200
        disposition = shown.headers["Content-Disposition"]
        assert "\n" not in disposition
        assert "Set-Cookie" not in shown.headers
        assert disposition.split(";")[0] in ("inline", "attachment")
    root = town.services.settings.data_dir
    assert all(name not in str(path) for path in root.rglob("*")) or not name.strip()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (HTML, "page.html"),
        (HTML, "photo.png"),
        (SVG, "drawing.svg"),
        (SVG, "photo.jpg"),
        (b'<?xml version="1.0"?>' + SVG, "x.xml"),
        (b"GIF89a/*" + HTML, "poly.gif"),
        (b"%PDF-1.4\n<script>alert(1)</script>", "slip.pdf"),
        (b"\xff\xfe<\0s\0c\0r\0i\0p\0t\0>\0", "utf16.html"),
        (b"MZ\x90\x00", "setup.exe"),
        (zip_bomb(), "letter.docx"),
    ],
    ids=["html", "html-as-png", "svg", "svg-as-jpg", "xml", "gif-polyglot", "pdf", "utf16", "exe", "zip-bomb"],
)
def test_nothing_that_runs_is_given_back_to_run(town: Town, content: bytes, name: str) -> None:
    agent = town.browser("agent")
    answer = upload(agent, io.BytesIO(content), name)
    assert answer.status_code in (201, 422), answer.text
    if answer.status_code == 422:
        assert answer.get_json()["issues"][0]["pointer"] == "/file"
        return
    with agent.get(answer.get_json()["url"]) as shown:
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in shown.headers["Content-Security-Policy"]
        assert "script" not in shown.headers["Content-Security-Policy"]
        assert shown.headers["Content-Disposition"].startswith("attachment")
        assert shown.mimetype not in (
            "text/html",
            "image/svg+xml",
            "application/xhtml+xml",
            "text/xml",
            "application/xml",
        )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (bomb(), "too_many_pixels"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 100, "broken_image"),
        (b"\xff\xd8\xff" + b"x" * 100, "broken_image"),
        (b"", "empty_file"),
    ],
    ids=["pixel-bomb", "broken-png", "broken-jpeg", "empty"],
)
def test_what_is_no_picture_is_refused_and_leaves_nothing(town: Town, content: bytes, code: str) -> None:
    files = set(town.services.settings.data_dir.rglob("*"))
    with town.unchanged():
        answer = upload(town.browser("agent"), io.BytesIO(content), "photo.png")
    assert answer.status_code == 422, answer.text
    assert answer.get_json()["issues"][0]["code"] == code
    assert {path for path in town.services.settings.data_dir.rglob("*") if path.is_file()} - files == set()


def test_a_photo_field_takes_pictures_only(town: Town) -> None:
    agent = town.browser("agent")
    text = upload(agent, io.BytesIO(b"just words"), "photo.png").get_json()["id"]
    with town.unchanged():
        answer = agent.send("POST", "/api/v1/forms/probe/records", {"values": {"photo": [text]}}, key="photo-is-text")
    assert answer.status_code == 422, answer.text
    issue = answer.get_json()["issues"][0]
    assert (issue["pointer"], issue["code"]) == ("/photo/0", "unaccepted_type")


# The parser leaves the file of a body that it refuses midway to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("path", ["/api/v1/files", "guest"])
def test_a_file_beyond_the_limit_is_413(town: Town, path: str) -> None:
    most = town.services.settings.max_upload_bytes
    if path == "guest":
        path = f"/g/{town.guest_token(town.home.ids['waiting'])}/files"
    with town.unchanged():
        answer = upload(town.browser("agent"), io.BytesIO(b"x" * (most + 100_000)), "big.bin", path)
    assert answer.status_code == 413, answer.text
    del answer
    gc.collect()


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"file": "only text"},
        {"other": (io.BytesIO(b"x"), "x")},
    ],
    ids=["nothing", "a-text", "another-part"],
)
def test_a_body_without_a_file_is_refused(town: Town, sent: dict[str, Any]) -> None:
    agent = town.browser("agent")
    headers = {"X-CSRF-Token": agent.token, "Accept": "application/json"}
    with town.unchanged():
        answer = agent.client.post(
            "/api/v1/files", base_url=BASE, data=sent, headers=headers, content_type="multipart/form-data"
        )
    assert answer.status_code == 422, answer.text


def test_an_upload_is_its_uploaders_until_a_record_shows_it(town: Town) -> None:
    card = upload(town.browser("agent"), picture(), "mine.png").get_json()
    for who in ("finance1", "supervisor", "admin", "stranger"):
        assert town.browser(who).get(card["url"]).status_code == 404
    # Naming it in a record of one's own would open it: refused as if it were not there.
    with town.unchanged():
        values = {"values": {"photo": [card["id"]]}}
        taken = town.browser("admin").send("POST", "/api/v1/forms/probe/records", values, key="not-my-upload")
    assert taken.status_code == 422, taken.text
    assert taken.get_json()["issues"][0]["code"] == "unknown_file"


def test_no_transaction_waits_for_whoever_sends_slowly(town: Town) -> None:
    guest = f"/g/{town.guest_token(town.pay())}/files"
    for who, path in (("agent", "/api/v1/files"), ("anonymous", guest)):
        answer, waiting = sent_slowly(town.browser(who), town.services.databases, path)
        assert answer.status_code == 201, answer.text
        assert set(waiting) == {0}, path

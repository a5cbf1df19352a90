"""Documents through the API, on their page and by the command line."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from formloom.db.uow import unit_of_work

from form_engine.records.actor import SYSTEM
from tests.web.conftest import Office
from web.cli import cli
from web.composition import Services

SLIP: dict[str, Any] = {
    "kind": "document",
    "key": "slip",
    "form": "leave",
    "title": {"en": "Leave slip", "zh-CN": "请假条"},
    "blocks": [
        {"type": "heading", "text": {"en": "Leave of {created_by}", "zh-CN": "{created_by}的请假条"}},
        {"type": "fields", "items": ["type", "from", "to", "days", "reason"]},
        {"type": "qr", "link": "record", "label": {"en": "Record", "zh-CN": "记录"}},
    ],
}


@pytest.fixture
def slip(services: Services, workspace: int, office: Office) -> int:
    """A request of which there is a slip; its id."""
    with unit_of_work(services.databases, workspace) as session:
        services.stores.documents.publish_together(session, {"slip": SLIP}, SYSTEM)
    return office.ask(reason="<script>alert(1)</script> & #panic()")


def test_a_record_offers_its_documents(office: Office, slip: int) -> None:
    offered = office.employee.get(f"/api/v1/records/{slip}/documents?locale=en").json
    assert offered == {"items": [{"key": "slip", "title": "Leave slip", "formats": ["html", "pdf"]}]}
    page = office.employee.get(f"/records/{slip}", headers={"Accept-Language": "zh-CN"}).text
    assert f'href="/records/{slip}/documents/slip"' in page
    assert "请假条" in page


def test_html_has_no_script_and_only_its_own_style(office: Office, slip: int) -> None:
    answer = office.employee.get(f"/api/v1/records/{slip}/documents/slip.html?locale=en")
    assert answer.content_type == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "Leave of Emil" in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert "<script" not in answer.text
    assert ' style="' not in answer.text
    shown = office.employee.get(f"/records/{slip}/documents/slip?locale=zh-CN").text
    assert "Emil的请假条" in shown
    assert "年假" in shown
    assert "<script>alert" not in shown


def test_pdf_comes_as_a_file(office: Office, slip: int) -> None:
    answer = office.manager.get(f"/api/v1/records/{slip}/documents/slip.pdf?locale=zh-CN")
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    assert answer.data.startswith(b"%PDF-")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E8%AF%B7%E5%81%87")
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/records/{id}/documents/slip.docx", 404),
        ("/api/v1/records/{id}/documents/other.pdf", 404),
        ("/api/v1/records/{id}/documents/slip.pdf?locale=fr", 400),
        ("/api/v1/records/{id}/documents/slip.pdf?as=admin", 400),
        ("/records/{id}/documents/other", 404),
        ("/api/v1/records/999999/documents/slip.pdf", 404),
        ("/api/v1/records/999999/documents", 404),
    ],
)
def test_what_is_not_there_is_not_found(office: Office, slip: int, path: str, status: int) -> None:
    assert office.employee.get(path.format(id=slip)).status_code in (status, 422 if status == 400 else status)


def test_others_have_no_documents_of_a_record(office: Office, slip: int) -> None:
    for path in ("", "/slip.pdf", "/slip.html"):
        assert office.admin.get(f"/api/v1/records/{slip}/documents{path}").status_code == 404
    assert office.admin.get(f"/records/{slip}/documents/slip").status_code == 404


def test_a_word_template_is_uploaded_and_filled_in(office: Office, services: Services, workspace: int) -> None:
    from docx import Document

    source = Document()
    source.add_paragraph("{{ type }} from {{ from }}: {{ reason }}")
    out = BytesIO()
    source.save(out)
    sent = {"file": (BytesIO(out.getvalue()), "letter.docx"), "csrf_token": office.admin.token}
    headers = {"X-CSRF-Token": office.admin.token}
    answer = office.admin.client.post("/api/v1/files", base_url="https://formloom.test", data=sent, headers=headers)
    ident = answer.json["id"]  # type: ignore[index]
    letter = {"kind": "document", "key": "letter", "form": "leave", "title": "Letter", "docx": ident}
    made = office.admin.send("POST", "/api/v1/definitions/documents", {"definition": letter})
    assert made.status_code == 201, made.text
    published = office.admin.send(
        "POST", "/api/v1/definitions/documents/letter/publish", {}, **{"If-Match": made.headers["ETag"]}
    )
    assert published.status_code == 200, published.text
    record = office.ask(reason="A & <B>")
    filled = office.employee.get(f"/api/v1/records/{record}/documents/letter.docx?locale=en")
    assert filled.status_code == 200, filled.text
    (line,) = Document(BytesIO(filled.data)).paragraphs
    assert line.text == "Annual from 2026-03-02: A & <B>"
    assert office.employee.get(f"/api/v1/records/{record}/documents/letter.pdf").status_code == 404


def test_an_operator_makes_a_document(
    slip: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, services: Services
) -> None:
    from contextlib import contextmanager

    @contextmanager
    def composed(*_: object) -> Any:
        yield services

    monkeypatch.setattr("web.commands.documents.composed", composed)
    for kind, begins in (("pdf", b"%PDF-"), ("html", b"<!doctype html>")):
        target = tmp_path / f"slip.{kind}"
        words = ("document", "render", "slip", str(slip), "--format", kind, "--out", str(target), "--locale", "en")
        result = CliRunner().invoke(cli, [*words, "--workspace", "test"])
        assert result.exit_code == 0, result.output
        assert target.read_bytes().startswith(begins)

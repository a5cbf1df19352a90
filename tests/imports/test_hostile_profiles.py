"""A mapping that somebody wrote by hand, to come by what is not theirs."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from formloom.errors import InvalidDefinition
from PIL import Image

from form_engine.imports.profile import ImportProfile, compile_profile, parse_profile
from tests.imports.conftest import Office

PAPER: dict[str, Any] = {
    "kind": "form",
    "key": "paper",
    "title": "Paper",
    "display": ["code"],
    "fields": [
        {"key": "code", "type": "text", "label": "Code"},
        {"key": "photo", "type": "photo", "label": "Photo"},
        {"key": "papers", "type": "file", "label": "Papers"},
        {"key": "signed", "type": "signature", "label": "Signed"},
    ],
    "access": [{"role": "chief", "may": ["create", "read", "update", "delete", "import"]}],
}


@pytest.fixture
def papers(office: Office) -> Office:
    office.publish(PAPER)
    return office


def somebody_elses(office: Office) -> str:
    owner = office.person("owner", "chief")
    picture = BytesIO()
    Image.new("RGB", (1, 1)).save(picture, "PNG")
    with office.work() as session:
        return str(office.files.store(session, BytesIO(picture.getvalue()), "secret.png", owner.ref).id)


def profile(*more: dict[str, Any]) -> dict[str, Any]:
    columns = [{"key": "code", "to": "code", "headers": ["Code"]}, *more]
    return {"kind": "import", "key": "p", "form": "paper", "title": "P", "columns": columns}


@pytest.mark.parametrize(("field", "many"), [("photo", True), ("papers", True), ("signed", False)])
@pytest.mark.parametrize("way", ["default", "values", "cell"])
def test_no_profile_fills_a_field_of_files(papers: Office, field: str, many: bool, way: str) -> None:
    file_id = somebody_elses(papers)
    thief = papers.person("thief", "chief")
    value: Any = [file_id] if many and way != "values" else file_id
    column: dict[str, Any] = {"key": field, "to": field, "headers": ["Name"]}
    column |= {"default": {"default": value}, "values": {"values": {"x": value}}, "cell": {}}[way]
    content = f"Code,Name\nA1,{'' if way == 'default' else 'x' if way == 'values' else file_id}\n".encode()
    batch = papers.upload("paper", content, thief)
    with papers.work() as session, pytest.raises(InvalidDefinition) as refused:
        papers.imports.map(session, batch.id, profile(column), thief)
    assert [(issue.pointer, issue.code) for issue in refused.value.issues] == [("/columns/1/to", "not_importable")]
    with papers.work() as session:
        assert not papers.records.may_read_file(session, papers.forms, thief, file_id)


def test_a_form_that_takes_files_meanwhile_asks_whose_they_are(papers: Office) -> None:
    """The profile was compiled when its column still filled a text: the rows are asked once more when written."""
    file_id = somebody_elses(papers)
    thief = papers.person("thief", "chief")
    batch = papers.upload("paper", b"Code\nA1\n", thief)
    mapped = profile({"key": "name", "headers": ["Name"], "default": file_id})
    with papers.work() as session:
        batch = papers.imports.map(session, batch.id, mapped, thief)
        writer = papers.imports.writer(session, batch, thief)
        column = replace(writer.profile.by_key["name"], to="signed")
        by_field = {**writer.profile.by_field, "signed": column}
        old = replace(writer, profile=replace(writer.profile, by_field=by_field))
        assert old.write(session, -1, all_or_none=False) == 1
    assert [[issue["code"] for issue in row.issues] for row in papers.rows(batch, "error")] == [["unknown_file"]]
    with papers.work() as session:
        assert not papers.records.may_read_file(session, papers.forms, thief, file_id)
        assert papers.values("paper") == []


def test_a_published_profile_is_refused_likewise(papers: Office) -> None:
    parsed: ImportProfile = parse_profile(profile({"key": "signed", "to": "signed", "headers": ["Name"]}))
    with papers.work() as session, pytest.raises(InvalidDefinition):
        compile_profile(parsed, papers.forms.forms(session))

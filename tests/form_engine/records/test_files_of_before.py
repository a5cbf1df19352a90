"""Files that stood in records before rows said where: the upgrade notes those, and nothing that only looks like one."""

from importlib import import_module
from typing import Any
from uuid import uuid4

import orjson
from formloom.models import StoredFile
from sqlalchemy import text
from sqlalchemy.orm import Session

from form_engine.records.actor import SYSTEM, Actor

STATEMENT: str = import_module("migrations.versions.0003_forms_whole").FILES_OF_BEFORE
NOTE: dict[str, Any] = {
    "kind": "form",
    "key": "note",
    "title": "Note",
    "fields": [
        {"key": "words", "type": "text", "label": "Words"},
        {"key": "slip", "type": "file", "label": "Slip"},
        {
            "key": "lines",
            "type": "table",
            "label": "Lines",
            "fields": [
                {"key": "said", "type": "text", "label": "Said"},
                {"key": "scan", "type": "file", "label": "Scan"},
            ],
        },
    ],
    "access": [{"role": "member", "may": ["create", "read", "update"]}],
}


def upload(session: Session, workspace: int, by: str) -> str:
    file = StoredFile(
        workspace_id=workspace,
        id=uuid4(),
        name="a.pdf",
        media_type="application/pdf",
        size=1,
        sha256=b"",
        created_by=by,
    )
    session.add(file)
    session.flush()
    return str(file.id)


def test_only_what_a_form_says_or_its_maker_sent_is_a_file(office: Any, make_person: Any) -> None:
    maker = Actor.person(make_person("Mem", "member").id, frozenset({"member"}))
    with office.work() as session:
        office.forms.publish_together(session, {"note": NOTE}, SYSTEM)
        secret, own = upload(session, office.workspace, "person:999"), upload(session, office.workspace, maker.ref)
    note = office.create("note", {"words": "x"}, maker).id
    documents = {
        "a guessed id in a text": ({"words": secret, "lines": [{"id": "r", "said": secret}]}, set()),
        "one's own in a text": ({"words": own}, {(own, "words")}),
        "where files stand": (
            {"slip": [secret], "lines": [{"id": "r", "scan": [secret], "said": secret}]},
            {(secret, "slip"), (secret, "lines.scan")},
        ),
        "in a field that is gone": ({"old": [own], "older": [secret]}, {(own, "old")}),
    }
    found = {}
    for case, (document, _) in documents.items():
        with office.databases.owner.begin() as connection:
            connection.execute(text("DELETE FROM record_file"))
            sent = {"id": note, "data": orjson.dumps(document).decode()}
            connection.execute(text("UPDATE record SET data = CAST(:data AS jsonb) WHERE id = :id"), sent)
            connection.execute(text(STATEMENT))
            rows = connection.execute(text("SELECT file_id, path FROM record_file WHERE record_id = :id"), {"id": note})
            found[case] = {(str(file), path) for file, path in rows}
    assert found == {case: noted for case, (_, noted) in documents.items()}

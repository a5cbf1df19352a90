"""Records' other states by REST: merged tables, keys on PATCH and DELETE, copies, the bin, bulk actions, comments."""

import io
from typing import Any

import pytest
from formloom.db.uow import unit_of_work
from sqlalchemy import text

from form_engine.records.actor import SYSTEM

NOTE: dict[str, Any] = {
    "kind": "form",
    "key": "note",
    "title": {"en": "Note", "zh-CN": "便笺"},
    "display": ["subject"],
    "fields": [
        {"key": "subject", "type": "text", "label": "Subject", "required": True},
        {"key": "due", "type": "date", "label": "Due"},
        {"key": "papers", "type": "file", "label": "Papers"},
        {"key": "secret", "type": "file", "label": "Secret"},
        {"key": "above", "type": "link", "form": "note", "label": "Above"},
        {
            "key": "lines",
            "type": "table",
            "label": "Lines",
            "fields": [
                {"key": "what", "type": "text", "label": "What"},
                {"key": "hidden", "type": "text", "label": "Hidden"},
            ],
        },
    ],
    "access": [
        {"role": "manager", "may": ["create", "read", "update", "delete"]},
        {"role": "admin", "may": ["read", "delete"]},
        {
            "role": "employee",
            "may": ["read"],
            "where": 'subject <> "private"',
            "fields": {"secret": "hidden", "lines.hidden": "hidden", "*": "read"},
        },
    ],
}


@pytest.fixture
def desk(office: Any, services: Any, workspace: int) -> Any:
    """The office with notes."""
    with unit_of_work(services.databases, workspace) as session:
        services.forms.publish_together(session, {"note": NOTE}, SYSTEM)
    return office


KEYS = iter(f"key-{n:08}" for n in range(10_000))


def post(browser: Any, path: str, body: Any = None, key: str | None = None) -> Any:
    return browser.send("POST", f"/api/v1{path}", body or {}, key=key or next(KEYS))


def note(desk: Any, **values: Any) -> int:
    answer = post(desk.manager, "/forms/note/records", {"values": {"subject": "x", **values}})
    assert answer.status_code == 201, answer.text
    return int(answer.json["id"])


def read(browser: Any, record: int) -> Any:
    return browser.get(f"/api/v1/records/{record}")


def upload(browser: Any, name: str = "a.txt") -> str:
    answer = browser.client.post(
        "/api/v1/files",
        base_url="https://formloom.test",
        data={"file": (io.BytesIO(b"words"), name)},
        headers={"X-CSRF-Token": browser.token},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def test_patch_and_delete_take_a_key_like_post(desk: Any) -> None:
    record = note(desk)
    body = {"changes": {"subject": "y"}}
    first = desk.manager.send("PATCH", f"/api/v1/records/{record}", body, key="patch-key-1")
    again = desk.manager.send("PATCH", f"/api/v1/records/{record}", body, key="patch-key-1")
    assert (first.status_code, again.status_code, again.headers["Idempotency-Replayed"]) == (200, 200, "true")
    assert first.json == again.json
    assert (first.headers["ETag"], again.headers["ETag"]) == ('"2"', '"2"')
    other = desk.manager.send("PATCH", f"/api/v1/records/{record}", {"changes": {"subject": "z"}}, key="patch-key-1")
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    plain = desk.manager.send("PATCH", f"/api/v1/records/{record}", body)
    assert plain.status_code == 200
    for _ in range(2):
        assert desk.manager.send("DELETE", f"/api/v1/records/{record}", key="delete-key-1").status_code == 204
    assert desk.manager.send("DELETE", f"/api/v1/records/{record}").status_code == 409
    assert desk.manager.send("DELETE", f"/api/v1/records/{record}", key="short").json["code"] == "key_malformed"


def test_a_conflict_shows_both_values_of_the_cell(desk: Any) -> None:
    record = note(desk, lines=[{"what": "a"}, {"what": "b"}])
    rows = read(desk.manager, record).json["values"]["lines"]
    theirs = {"changes": {"lines": [{**rows[0], "what": "theirs"}, rows[1]]}}
    assert desk.manager.send("PATCH", f"/api/v1/records/{record}", theirs).status_code == 200
    mine = {"changes": {"lines": [{**rows[0], "what": "mine"}, rows[1]]}}
    answer = desk.manager.send("PATCH", f"/api/v1/records/{record}", mine, **{"If-Match": '"1"'})
    assert answer.status_code == 409
    (told,) = answer.json["params"]["fields"]
    assert (told["field"], told["row"], told["yours"], told["theirs"]) == (
        "lines.what",
        rows[0]["id"],
        "mine",
        "theirs",
    )
    beside = {"changes": {"lines": [rows[0], {**rows[1], "what": "beside"}]}}
    merged = desk.manager.send("PATCH", f"/api/v1/records/{record}", beside, **{"If-Match": '"1"'})
    assert [row["what"] for row in merged.json["values"]["lines"]] == ["theirs", "beside"]


def test_history_tells_rows_and_hides_what_is_hidden(desk: Any) -> None:
    record = note(desk, lines=[{"what": "a", "hidden": "h"}])
    rows = read(desk.manager, record).json["values"]["lines"]
    changed = [{**rows[0], "hidden": "other"}, {"what": "new"}]
    desk.manager.send("PATCH", f"/api/v1/records/{record}", {"changes": {"lines": changed}})
    (latest, first) = desk.manager.get(f"/api/v1/records/{record}/history").json["items"]
    (field,) = latest["changes"]
    assert [(row["change"], row["at"], [cell["field"] for cell in row["cells"]]) for row in field["rows"]] == [
        ("changed", 1, ["lines.hidden"]),
        ("added", 2, ["lines.what"]),
    ]
    assert (latest["version"], first["version"], first["action"]) == (2, 1, "created")
    seen = desk.employee.get(f"/api/v1/records/{record}/history").json["items"]
    assert "other" not in str(seen)
    assert [row["change"] for row in seen[0]["changes"][0]["rows"]] == ["added"]


def test_going_back_copying_and_drafts(desk: Any) -> None:
    record = note(desk, due="2026-01-05")
    desk.manager.send("PATCH", f"/api/v1/records/{record}", {"changes": {"due": "2026-02-05"}})
    back = post(desk.manager, f"/records/{record}/history/1/restore")
    assert (back.status_code, back.json["record"]["values"]["due"], back.json["left"]) == (200, "2026-01-05", [])
    assert post(desk.employee, f"/records/{record}/history/2/restore").status_code == 403
    copied = post(desk.manager, f"/records/{record}/copy", {"changes": {"subject": "copy"}})
    assert (copied.status_code, copied.json["draft"], copied.json["values"]["due"]) == (201, True, "2026-01-05")
    (draft,) = desk.manager.get("/api/v1/drafts?form=note").json["items"]
    assert draft["id"] == copied.json["id"]
    assert desk.admin.get("/api/v1/drafts").json["items"] == []
    path = f"/api/v1/records/{draft['id']}"
    assert desk.manager.send("PATCH", path, {"changes": {}, "submit": True}).json["draft"] is False
    assert desk.manager.get("/api/v1/drafts").json["items"] == []


def test_the_bin_and_the_end(desk: Any) -> None:
    above = note(desk)
    below = note(desk, above=above)
    outlook = desk.manager.get(f"/api/v1/records/{above}/removal").json
    assert outlook["asking"] == [{"form": "note", "count": 1, "records": [{"id": below, "title": "x"}]}]
    asked = desk.manager.send("DELETE", f"/api/v1/records/{above}")
    assert (asked.status_code, asked.json["code"], asked.json["params"]["count"]) == (409, "linked_from_ask", 1)
    assert desk.manager.send("DELETE", f"/api/v1/records/{above}?force=maybe").status_code == 400
    assert desk.manager.send("DELETE", f"/api/v1/records/{above}?force=true").status_code == 204
    (item,) = desk.manager.get("/api/v1/forms/note/bin").json["items"]
    assert (item["id"], item["deleted_by"]) == (above, "Mara")
    assert desk.employee.get("/api/v1/forms/note/bin").json["items"] == []
    restored = post(desk.manager, f"/records/{above}/restore")
    assert (restored.json["linked"], restored.json["record"]["id"]) == ([below], above)
    assert read(desk.manager, below).json["values"]["above"] == above
    desk.manager.send("DELETE", f"/api/v1/records/{below}")
    assert post(desk.manager, f"/records/{below}/purge", {"confirm": True}).status_code == 404
    assert post(desk.admin, f"/records/{below}/purge", {"confirm": False}).json["code"] == "confirm_purge"
    assert post(desk.admin, f"/records/{below}/purge", {"confirm": True}).status_code == 204
    assert desk.manager.get("/api/v1/forms/note/bin").json["items"] == []


def test_bulk_by_rest(desk: Any) -> None:
    ids = [note(desk, subject=f"s{n}") for n in range(3)]
    body = {"ids": ids, "changes": {"due": "2026-03-01"}}
    preview = post(desk.manager, "/forms/note/bulk/preview", body).json
    assert (preview["count"], preview["checked"], preview["refused"]) == (3, 3, [])
    assert preview["sample"][0]["changes"][0]["label"] == "Due"
    assert "due" not in read(desk.manager, ids[0]).json["values"]
    refused = post(desk.employee, "/forms/note/bulk", body).json
    assert (refused["done"], {each["code"] for each in refused["refused"]}) == (0, {"action_denied"})
    done = post(desk.manager, "/forms/note/bulk", body, key="bulk-key-1").json
    assert (done["done"], done["job"]) == (3, None)
    assert post(desk.manager, "/forms/note/bulk", body, key="bulk-key-1").json == done
    assert read(desk.manager, ids[0]).json["version"] == 2
    assert post(desk.admin, f"/bulk/{done['batch']}/undo").status_code == 404
    assert post(desk.manager, f"/bulk/{done['batch']}/undo").json["done"] == 3
    assert "due" not in read(desk.manager, ids[0]).json["values"]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"ids": [1]}, "/changes", "changes_or_delete"),
        ({"ids": [1], "changes": {}, "delete": True}, "/changes", "changes_or_delete"),
        ({"ids": [1], "q": "x", "delete": True}, "/ids", "ids_or_filter"),
        ({"ids": ["1"], "delete": True}, "/ids/0", "invalid_value"),
        ({"all": "yes", "delete": True}, "/all", "invalid_value"),
        ({"delete": True, "workspace_id": 1}, "/workspace_id", "unknown_key"),
    ],
)
def test_a_bulk_action_that_makes_no_sense_touches_nothing(desk: Any, body: Any, pointer: str, code: str) -> None:
    record = note(desk)
    answer = post(desk.manager, "/forms/note/bulk", body)
    assert answer.status_code == 422
    assert (pointer, code) in {(issue["pointer"], issue["code"]) for issue in answer.json["issues"]}
    assert read(desk.manager, record).json["version"] == 1


@pytest.mark.parametrize("body", [{}, {"filter": None}, {"filter": {}}, {"q": " "}, {"ids": []}])
def test_an_empty_choice_deletes_nothing(desk: Any, body: Any) -> None:
    record = note(desk)
    answer = post(desk.manager, "/forms/note/bulk", {**body, "delete": True})
    assert (answer.status_code, answer.json["done"]) == (200, 0)
    assert read(desk.manager, record).status_code == 200
    every = post(desk.manager, "/forms/note/bulk", {"all": True, "delete": True})
    assert every.json["done"] == 1


def test_what_is_assigned_beside_the_fields_is_refused(desk: Any) -> None:
    record = note(desk)
    for changes in ({"created_by": 1}, {"workspace_id": 2}, {"id": 9}, {"version": 7}, {"number": "x"}):
        for method, path, body in (
            ("PATCH", f"/api/v1/records/{record}", {"changes": changes}),
            ("POST", f"/api/v1/records/{record}/copy", {"changes": changes}),
        ):
            answer = desk.manager.send(method, path, body, key=next(KEYS))
            assert (answer.status_code, answer.json["issues"][0]["code"]) == (422, "unknown_key"), (path, changes)
        bulk = post(desk.manager, "/forms/note/bulk", {"ids": [record], "changes": changes}).json
        assert [each["code"] for each in bulk["refused"]] == ["invalid_input"]
    assert read(desk.manager, record).json["version"] == 1


# -- comments and files --------------------------------------------------------------------------------------------


def say(browser: Any, record: int, body: str = "words", **more: Any) -> Any:
    return post(browser, f"/records/{record}/comments", {"body": body, **more})


def test_who_is_mentioned_is_told_and_must_be_able_to_read(desk: Any) -> None:
    open_note, private = note(desk), note(desk, subject="private")
    emil = desk.people["employee"].id
    made = say(desk.manager, open_note, "look, @Emil", mentions=[emil])
    assert made.status_code == 201
    assert made.json["mentions"] == [{"id": emil, "name": "Emil"}]
    assert desk.employee.get("/badges").json["notifications"] == 1
    bell = desk.employee.get("/notifications").text
    assert f"/records/{open_note}#comment-{made.json['id']}" in bell
    refused = say(desk.manager, private, "look", mentions=[emil, 999_999])
    assert refused.status_code == 422
    told = {issue["pointer"]: (issue["code"], issue["detail"]) for issue in refused.json["issues"]}
    assert told["/mentions/0"][0] == "mention_cannot_read"
    assert "Emil" in told["/mentions/0"][1]
    assert told["/mentions/1"][0] == "unknown_person"
    assert desk.manager.get(f"/api/v1/records/{private}/comments").json["items"] == []


def test_one_changes_and_takes_back_only_ones_own(desk: Any, services: Any, workspace: int) -> None:
    record = note(desk)
    comment = say(desk.manager, record).json["id"]
    path = f"/api/v1/records/{record}/comments/{comment}"
    assert desk.employee.send("PUT", path, {"body": "mine"}).status_code == 403
    assert desk.employee.send("DELETE", path).status_code == 403
    edited = desk.manager.send("PUT", path, {"body": "better"}, key="edit-key-1").json
    assert (edited["body"], edited["edited_at"] is not None, edited["may"]) == ("better", True, ["edit", "delete"])
    with unit_of_work(services.databases, workspace) as session:
        session.execute(text("UPDATE record_comment SET created_at = created_at - interval '25 hours'"))
    assert desk.manager.send("PUT", path, {"body": "late"}).json["code"] == "comment_too_old"
    assert desk.admin.send("DELETE", path).status_code == 204
    (left,) = desk.manager.get(f"/api/v1/records/{record}/comments").json["items"]
    assert (left["deleted"], left["body"], left["may"]) == (True, "", [])
    assert desk.manager.send("DELETE", path).json["code"] == "comment_deleted"


def test_comments_are_not_for_those_who_may_not_read(desk: Any) -> None:
    private, other = note(desk, subject="private"), note(desk)
    comment = say(desk.manager, private).json["id"]
    assert say(desk.employee, private).status_code == 404
    assert desk.employee.get(f"/api/v1/records/{private}/comments").status_code == 404
    for method in ("PUT", "DELETE"):
        path = f"/api/v1/records/{other}/comments/{comment}"
        assert desk.manager.send(method, path, {"body": "x"} if method == "PUT" else None).status_code == 404


def test_files_of_comments_and_fields_open_to_those_who_may_read_them(desk: Any) -> None:
    shown, hidden, spoken, loose = (upload(desk.manager, f"{n}.txt") for n in range(4))
    record = note(desk, papers=[shown], secret=[hidden])
    comment = say(desk.manager, record, "", files=[spoken]).json
    assert [file["name"] for file in comment["files"]] == ["2.txt"]

    def opens(browser: Any, file: str) -> bool:
        with browser.get(f"/files/{file}") as answer:
            return bool(answer.status_code == 200)

    assert [opens(desk.employee, file) for file in (shown, hidden, spoken, loose)] == [True, False, True, False]
    desk.manager.send("PATCH", f"/api/v1/records/{record}", {"changes": {"papers": None}})
    assert opens(desk.employee, shown), "history still shows it"
    desk.manager.send("DELETE", f"/api/v1/records/{record}/comments/{comment['id']}")
    assert not opens(desk.employee, spoken)
    back = post(desk.manager, f"/records/{record}/history/1/restore")
    assert back.json["record"]["values"]["papers"] == [shown]
    refused = say(desk.employee, record, "x", files=[hidden])
    assert refused.json["issues"][0]["code"] == "unknown_file"


def test_the_page_shows_comments_and_takes_them(desk: Any) -> None:
    record = note(desk)
    page = f"/records/{record}/comments"
    answer = desk.manager.submit(page, body="look, @Emil <script>alert(1)</script>")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/records/{record}#comments")
    shown = desk.employee.get(f"/records/{record}").text
    assert '<strong class="mention">@Emil</strong>' in shown
    assert "<script>alert(1)" not in shown
    assert desk.employee.get("/badges").json["notifications"] == 1
    empty = desk.manager.submit(page, body=" ")
    assert empty.status_code == 422
    private = note(desk, subject="private")
    refused = desk.manager.submit(f"/records/{private}/comments", body="@Emil, words that are kept")
    assert refused.status_code == 422
    assert "words that are kept" in refused.text
    assert "Emil 无权查看此记录" in refused.text
    fragment = desk.manager.get(f"/records/{record}?part=comments").text
    assert "@Emil" in fragment
    assert "<html" not in fragment
    assert desk.employee.submit(f"/records/{private}/comments", body="x").status_code == 404

"""Imports and exports over HTTP and from a shell: the whole way of a sheet in, and of a list out."""

import io
from typing import Any

import openpyxl
import pytest
from formloom import outbox
from formloom.db.uow import unit_of_work

from form_engine.records.actor import SYSTEM
from tests.platform.backends import Inline
from tests.web.conftest import BASE, Browser, Office
from web.composition import Services

THING: dict[str, Any] = {
    "kind": "form",
    "key": "thing",
    "title": {"en": "Thing", "zh-CN": "物品"},
    "display": ["code"],
    "unique": [["code"]],
    "fields": [
        {"key": "code", "type": "text", "label": {"en": "Code", "zh-CN": "编号"}, "required": True, "index": True},
        {"key": "price", "type": "money", "currency": "CNY", "label": {"en": "Price", "zh-CN": "价格"}, "min": "0"},
    ],
    "access": [
        {"role": "employee", "may": ["create", "read", "update", "import", "export"]},
        {"role": "manager", "may": ["read"]},
    ],
}
SHEET = "编号,价格\nA1,￥12.50\nA2,贵\nA3,-1\n".encode()


@pytest.fixture
def store(office: Office, services: Services, workspace: int) -> Office:
    with unit_of_work(services.databases, workspace) as session:
        services.forms.publish_together(session, {"thing": THING}, SYSTEM)
    return office


def upload(browser: Browser, content: bytes = SHEET, path: str = "/api/v1/forms/thing/imports") -> Any:
    return browser.client.post(
        path,
        base_url=BASE,
        data={"file": (io.BytesIO(content), "物品.csv")},
        headers={"X-CSRF-Token": browser.token, "Accept": "application/json"},
    )


def jobs(services: Services) -> None:
    while outbox.Relay(services.databases, Inline(services.runner)).run_once():
        pass


def test_a_sheet_comes_in_is_put_right_written_and_taken_back(store: Office, services: Services) -> None:
    emil = store.employee
    made = upload(emil)
    assert made.status_code == 201, made.text
    batch = made.get_json()
    assert (batch["state"], batch["counts"]["error"], batch["sheets"][0]["mapped"]) == (
        "ready",
        2,
        {"code": 0, "price": 1},
    )
    at = f"/api/v1/imports/{batch['id']}"
    rows = emil.get(f"{at}/rows?state=error&limit=1").get_json()
    assert rows["items"][0]["raw"] == ["A2", "贵"]
    assert rows["items"][0]["clean"] == {"code": "A2", "price": None}
    assert rows["items"][0]["issues"][0]["code"] == "not_a_decimal"
    assert rows["items"][0]["issues"][0]["detail"]
    following = emil.get(f"{at}/rows?state=error&limit=1&after={rows['next']}").get_json()
    assert following["items"][0]["line"] == 4
    fixed = emil.send("PATCH", f"{at}/rows/{rows['items'][0]['row']}", {"cells": {"1": "99"}})
    assert (fixed.get_json()["state"], fixed.get_json()["fixed"]) == ("ok", [1])
    refused = emil.send("POST", f"{at}/run", {"mode": "all"}, key="run-000001")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "import_has_errors")
    begun = emil.send("POST", f"{at}/run", {"mode": "valid"}, key="run-000002")
    assert (begun.status_code, begun.get_json()["state"]) == (202, "running")
    assert emil.get(f"/api/v1/jobs/{begun.get_json()['job']}").get_json()["total"] == 2
    jobs(services)
    assert emil.get(at).get_json()["result"] == {"written": 2}
    assert len(emil.get("/api/v1/forms/thing/records").get_json()["items"]) == 2
    assert emil.send("DELETE", at).status_code == 409
    emil.send("POST", f"{at}/undo", {}, key="undo-00001")
    jobs(services)
    assert emil.get(at).get_json()["state"] == "undone"
    assert emil.get("/api/v1/forms/thing/records").get_json()["items"] == []
    assert emil.send("DELETE", at).status_code == 204
    assert emil.get(at).status_code == 404


def test_the_mapping_is_changed_and_the_errors_go_out_in_the_readers_language(store: Office) -> None:
    emil = store.employee
    batch = upload(emil).get_json()
    at = f"/api/v1/imports/{batch['id']}"
    profile = batch["profile"]
    profile["columns"][1]["refused"] = {"*": ["DEAR"]}
    wrong = emil.send("PATCH", at, {"profile": profile})
    assert (wrong.status_code, wrong.get_json()["issues"][0]["pointer"]) == (422, "/columns/1")
    profile["codes"] = {"DEAR": {"level": "warning", "text": {"en": "Dear", "zh-CN": "太贵"}}}
    mapped = emil.send("PATCH", at, {"profile": profile})
    assert mapped.get_json()["counts"]["warn"] == 2
    answer = emil.get(f"{at}/errors.xlsx", headers={"Accept-Language": "zh-CN"})
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert openpyxl.load_workbook(io.BytesIO(answer.data)).worksheets[0]["A1"].value in ("工作表", "Sheet")


def test_somebody_elses_import_does_not_exist(store: Office) -> None:
    batch = upload(store.employee).get_json()
    at = f"/api/v1/imports/{batch['id']}"
    assert store.manager.get(at).status_code == 404
    assert store.manager.get(f"{at}/rows").status_code == 404
    assert store.manager.get(f"{at}/errors.xlsx").status_code == 404
    assert store.manager.send("POST", f"{at}/run", {"mode": "valid"}, key="run-000009").status_code == 404
    assert store.manager.send("PATCH", f"{at}/rows/1", {"cells": {"0": "x"}}).status_code == 404
    assert store.admin.get(at).status_code == 200
    assert upload(store.manager).status_code == 403
    assert upload(store.admin).status_code == 404


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"%PDF-1.4", "sheet_wrong_type"), (b"PK\x03\x04xx", "sheet_unreadable"), (b"\n", "no_header_found")],
)
def test_what_is_no_sheet_is_refused(store: Office, content: bytes, code: str) -> None:
    answer = upload(store.employee, content)
    assert (answer.status_code, answer.get_json()["code"]) == (422, code)


@pytest.mark.parametrize(
    "body", [{"cells": {"x": 1}}, {"cells": {"0": {"a": 1}}}, {"cells": {"0": "\x00"}}, {"rows": {}}]
)
def test_a_bad_correction(store: Office, body: Any) -> None:
    batch = upload(store.employee).get_json()
    answer = store.employee.send("PATCH", f"/api/v1/imports/{batch['id']}/rows/1", body)
    assert answer.status_code in (400, 422)


def test_a_list_goes_out(store: Office, services: Services) -> None:
    batch = upload(store.employee).get_json()
    store.employee.send("POST", f"/api/v1/imports/{batch['id']}/run", {"mode": "valid"}, key="run-000001")
    jobs(services)
    csv = store.employee.get("/api/v1/forms/thing/export?format=csv&encoding=utf-8")
    assert csv.data.decode().splitlines()[1:] == ["A1,12.50"]
    assert csv.headers["X-Content-Type-Options"] == "nosniff"
    assert store.employee.get("/api/v1/forms/thing/export?format=pdf").status_code == 400
    assert store.manager.get("/api/v1/forms/thing/export").status_code == 403
    begun = store.employee.send("POST", "/api/v1/forms/thing/export?format=xlsx", {})
    jobs(services)
    done = store.employee.get(f"/api/v1/jobs/{begun.get_json()['job']}").get_json()
    file = store.employee.get(done["result"]["link"])
    assert openpyxl.load_workbook(io.BytesIO(file.data)).worksheets[0]["A2"].value == "A1"
    page = store.employee.get("/forms/thing")
    assert 'action="/forms/thing/export"' in page.text
    assert 'action="/forms/thing/export"' not in store.manager.get("/forms/thing").text
    sent = store.employee.submit("/forms/thing/export", format="xlsx")
    assert openpyxl.load_workbook(io.BytesIO(sent.data)).worksheets[0]["A2"].value == "A1"


def test_a_form_is_drafted_from_a_sheet(store: Office) -> None:
    answer = upload(store.admin, SHEET, "/api/v1/forms/infer")
    assert answer.status_code == 200, answer.text
    assert [field["type"] for field in answer.get_json()["definition"]["fields"]] == ["text", "text"]
    assert upload(store.employee, SHEET, "/api/v1/forms/infer").status_code == 404


def test_an_upload_and_an_export_with_a_key_happen_once(store: Office, services: Services) -> None:
    emil = store.employee

    def send(content: bytes, key: str) -> Any:
        return emil.client.post(
            "/api/v1/forms/thing/imports",
            base_url=BASE,
            data={"file": (io.BytesIO(content), "物品.csv")},
            headers={"X-CSRF-Token": emil.token, "Accept": "application/json", "Idempotency-Key": key},
        )

    first, again = send(SHEET, "upload-0001"), send(SHEET, "upload-0001")
    assert (first.status_code, again.status_code, again.headers["Idempotency-Replayed"]) == (201, 201, "true")
    assert first.get_json() == again.get_json()
    assert send(SHEET + b"A9,1\n", "upload-0001").status_code == 422
    assert send(SHEET, "upload-0002").get_json()["id"] != first.get_json()["id"]
    exports = [emil.send("POST", "/api/v1/forms/thing/export?format=csv", {}, key="export-0001") for _ in range(2)]
    assert [each.status_code for each in exports] == [202, 202]
    assert len({each.get_json()["job"] for each in exports}) == 1

"""The API at work: records, conditions, repetition, decisions, definitions."""

from typing import Any

from formloom.db.uow import unit_of_work

from form_engine.records.actor import SYSTEM
from tests.web.conftest import REQUEST, Office
from web.composition import Services

RECORDS = "/api/v1/forms/leave/records"


def test_a_record_is_made_once_however_often_it_is_sent(office: Office) -> None:
    first = office.employee.send("POST", RECORDS, {"values": REQUEST}, key="the-same-key")
    again = office.employee.send("POST", RECORDS, {"values": REQUEST}, key="the-same-key")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(office.employee.get(RECORDS).get_json()["items"]) == 1
    other = office.employee.send("POST", RECORDS, {"values": {**REQUEST, "type": "sick"}}, key="the-same-key")
    assert other.status_code == 422


def test_making_needs_a_key(office: Office) -> None:
    assert office.employee.send("POST", RECORDS, {"values": REQUEST}).get_json()["code"] == "key_required"
    assert office.employee.send("POST", RECORDS, {"values": REQUEST}, key="x y").get_json()["code"] == "key_malformed"


def test_a_record_tells_its_version(office: Office) -> None:
    record = office.ask()
    answer = office.employee.get(f"/api/v1/records/{record}")
    body = answer.get_json()
    assert answer.headers["ETag"] == f'"{body["version"]}"'
    assert body["values"]["days"] == "3"
    assert body["number"].startswith("QJ-")


def test_what_is_under_way_is_not_edited_beside_its_step(office: Office) -> None:
    record = office.ask()
    answer = office.employee.send("PATCH", f"/api/v1/records/{record}", {"changes": {"reason": "x"}})
    assert answer.status_code in (403, 409)


def test_a_draft_is_kept_and_submitted(office: Office) -> None:
    made = office.employee.send("POST", RECORDS, {"values": {"type": "sick"}, "draft": True}, key="draft-000001")
    assert made.status_code == 201, made.text
    draft = made.get_json()
    assert draft["draft"]
    assert draft["number"] is None
    changes = {"changes": {key: REQUEST[key] for key in ("from", "to")}, "submit": True}
    sent = office.employee.send(
        "PATCH", f"/api/v1/records/{draft['id']}", changes, **{"If-Match": f'"{draft["version"]}"'}
    )
    assert sent.status_code == 200, sent.text
    assert not sent.get_json()["draft"]
    assert office.manager.get("/api/v1/tasks").get_json()["counts"]["todo"] == 1


def test_a_decision_travels(office: Office) -> None:
    record, task = office.ask(), office.task()
    read = office.manager.get(f"/api/v1/tasks/{task}").get_json()
    assert [action["decision"] for action in read["actions"]] == ["approve", "reject"]
    url = f"/api/v1/tasks/{task}/decide"
    refused = office.manager.send("POST", url, {"decision": "reject"}, key="decide-00001")
    assert refused.status_code == 422
    assert refused.get_json()["issues"][0]["pointer"] == "/comment"
    done = office.manager.send("POST", url, {"decision": "approve"}, key="decide-00002")
    assert done.status_code == 200, done.text
    again = office.manager.send("POST", url, {"decision": "approve"}, key="decide-00002")
    assert again.get_json() == done.get_json()
    late = office.manager.send("POST", url, {"decision": "approve"}, key="decide-00003")
    assert late.status_code == 409
    assert late.get_json()["code"] == "task_closed"
    assert office.employee.get(f"/api/v1/records/{record}").get_json()["values"]["status"] == "granted"
    course = office.employee.get(f"/api/v1/records/{record}/timeline").get_json()["items"][0]["steps"]
    assert [step["state"] for step in course] == ["submitted", "approved"]


def test_somebody_elses_task_is_not_there(office: Office) -> None:
    office.ask()
    task = office.task()
    for browser in (office.employee, office.admin):
        assert browser.get(f"/api/v1/tasks/{task}").status_code == 404
        assert (
            browser.send("POST", f"/api/v1/tasks/{task}/decide", {"decision": "approve"}, key="theirs-0001").status_code
            == 404
        )


def test_an_admin_changes_a_form(office: Office) -> None:
    url = "/api/v1/definitions/forms/leave"
    draft = office.admin.get(f"{url}/draft").get_json()
    assert draft["problems"] == []
    changed: dict[str, Any] = draft["definition"]
    changed["fields"].append({"key": "cover", "type": "text", "label": {"en": "Cover"}, "required": True})
    changed["layout"][0]["items"].append("cover")
    assert office.admin.send("PUT", f"{url}/draft", {"definition": changed}).status_code == 428
    saved = office.admin.send("PUT", f"{url}/draft", {"definition": changed}, **{"If-Match": f'"{draft["revision"]}"'})
    assert saved.status_code == 200, saved.text
    other = {**changed, "title": {"en": "Other"}}
    merged = office.admin.send("PUT", f"{url}/draft", {"definition": other}, **{"If-Match": f'"{draft["revision"]}"'})
    assert merged.get_json()["definition"]["fields"][-1]["key"] == "cover"
    clash = {**changed, "title": {"en": "Clash"}}
    stale = office.admin.send("PUT", f"{url}/draft", {"definition": clash}, **{"If-Match": f'"{draft["revision"]}"'})
    assert stale.status_code == 409
    assert stale.get_json()["params"]["conflicts"][0]["at"] == "/title/en"
    saved = merged
    tag = {"If-Match": saved.headers["ETag"]}
    published = office.admin.send("POST", f"{url}/publish", {}, **tag)
    assert published.status_code == 200, published.text
    assert published.get_json()["version"] == 2
    refused = office.employee.send("POST", RECORDS, {"values": REQUEST}, key="without-cover")
    assert [issue["pointer"] for issue in refused.get_json()["issues"]] == ["/cover"]


def test_a_broken_definition_names_its_problems(office: Office) -> None:
    url = "/api/v1/definitions/forms/leave"
    draft = office.admin.get(f"{url}/draft").get_json()
    draft["definition"]["fields"][0]["type"] = "crystal_ball"
    saved = office.admin.send(
        "PUT", f"{url}/draft", {"definition": draft["definition"]}, **{"If-Match": f'"{draft["revision"]}"'}
    )
    assert saved.get_json()["problems"][0]["pointer"].startswith("/fields/0")
    refused = office.admin.send("POST", f"{url}/publish", {}, **{"If-Match": saved.headers["ETag"]})
    assert refused.status_code == 422
    assert refused.get_json()["issues"]


def test_the_api_describes_itself(office: Office) -> None:
    spec = office.employee.get("/api/v1/openapi.json").get_json()
    assert spec["openapi"] == "3.1.0"
    assert "/api/v1/tasks/{task_id}/decide" in spec["paths"]
    page = office.employee.get("/openapi")
    assert page.status_code == 200
    assert "/api/v1/tasks/{task_id}/decide" in page.text


def test_one_calls_ones_own_request_back_where_the_flow_lets_one(
    office: Office, services: Services, workspace: int
) -> None:
    kept = office.ask()
    with unit_of_work(services.databases, workspace) as session:
        flows = services.flows.definitions
        body = flows.body(session, "leave_approval")
        lets = {**body, "on_withdraw": {"set": {"status": "refused"}}}
        flows.publish_together(session, {"leave_approval": lets}, SYSTEM)
    record = office.ask("request-0002")
    runs = {one: office.employee.get(f"/api/v1/records/{one}/timeline").get_json() for one in (kept, record)}
    first, second = (runs[one]["items"][0]["id"] for one in (kept, record))
    assert office.employee.send("POST", f"/api/v1/runs/{first}/withdraw", key="withdraw-0001").status_code == 409
    assert office.manager.send("POST", f"/api/v1/runs/{second}/withdraw", key="withdraw-0002").status_code == 404
    answer = office.employee.send("POST", f"/api/v1/runs/{second}/withdraw", key="withdraw-0003")
    assert answer.status_code == 200
    again = office.employee.send("POST", f"/api/v1/runs/{second}/withdraw", key="withdraw-0003")
    assert again.get_json() == answer.get_json()
    assert office.employee.get(f"/api/v1/records/{record}").get_json()["values"]["status"] == "refused"
    assert [item["record"] for item in office.manager.get("/api/v1/tasks").get_json()["items"]] == [kept]

"""What the door refuses, in which words, and with what headers."""

import re

import pytest
from formloom.access import create_api_token
from formloom.db.uow import unit_of_work

from tests.web.conftest import BASE, REQUEST, Browser, Office
from web.composition import Services
from web.local_url import local_path

RECORDS = "/api/v1/forms/leave/records"


@pytest.mark.parametrize(
    ("body", "status", "pointer", "code"),
    [
        (b'{"values": {"from": NaN}}', 400, "/values/from", "not_a_json_number"),
        (b'{"values": {}, "values": {}}', 400, "/values", "duplicate_key"),
        (b'{"values": ' + b"[" * 200_000, 400, "", "too_deep"),
        (b'{"values": {"days": ' + b"9" * 5_000 + b"}}", 400, "/values/days", "number_too_long"),
        (b"nothing", 400, "", "not_json"),
        (b'{"values": []}', 422, "/values", "invalid_value"),
        (b"{}", 422, "/values", "required"),
        (b'{"values": {}, "workspace_id": 2}', 422, "/workspace_id", "unknown_key"),
        (b'{"values": {"created_by": 1}}', 422, "/created_by", "unknown_key"),
        (b'{"values": {"state": "x", "approved_at": "now"}}', 422, "/state", "unknown_key"),
        (b'{"values": {"type": ["annual"]}}', 422, "/type", "not_text"),
    ],
)
def test_bad_bodies_are_refused_by_name(office: Office, body: bytes, status: int, pointer: str, code: str) -> None:
    answer = office.employee.send("POST", RECORDS, body, key="bad-body-0001")
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    problem = answer.get_json()
    assert problem["status"] == status
    assert (pointer, code) in [(issue["pointer"], issue["code"]) for issue in problem["issues"]]
    assert all(issue["detail"] for issue in problem["issues"])
    assert office.employee.get(RECORDS).get_json()["items"] == []


def test_a_body_that_is_too_large_is_answered(office: Office) -> None:
    answer = office.employee.send("POST", RECORDS, b'{"values": "' + b"x" * 20_000_000 + b'"}', key="too-large-1")
    assert answer.status_code == 413
    assert answer.get_json()["code"] == "body_too_large"


def _in(browser: Browser, lang: str) -> Browser:
    browser.submit("/preferences", lang=lang)
    return browser


def test_problems_speak_the_readers_language(office: Office) -> None:
    answers = {
        lang: _in(office.employee, lang).send("POST", RECORDS, {"values": {}}, key="language-1")
        for lang in ("en", "zh-CN")
    }
    told = {lang: answer.get_json()["issues"][0]["detail"] for lang, answer in answers.items()}
    assert told["en"] != told["zh-CN"]


@pytest.mark.parametrize("query", ["filter={", 'filter={"field":"nope"}', "sort=-nope", "after=x", "limit=0", "what=1"])
def test_bad_queries_are_refused(office: Office, query: str) -> None:
    answer = office.employee.get(f"{RECORDS}?{query}")
    assert answer.status_code in (400, 422), answer.text
    assert answer.get_json()["issues"]


def test_changes_need_the_pages_token(office: Office) -> None:
    office.employee.token = ""
    assert (
        office.employee.send("POST", RECORDS, {"values": REQUEST}, key="no-token-01").get_json()["code"]
        == "csrf_failed"
    )
    assert office.employee.submit("/logout").status_code == 403
    assert office.employee.get("/").status_code == 200


def test_looking_never_changes(office: Office) -> None:
    assert office.employee.get("/logout").status_code == 405
    assert "Set-Cookie" not in office.employee.get("/preferences?theme=dark").headers


def test_cookies_are_kept_from_scripts_and_other_sites(anonymous: Browser, office: Office) -> None:
    answer = office.employee.submit("/login", login=office.people["employee"].login, password="a long enough password")
    cookies = [cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith("formloom_session=")]
    assert len(cookies) == 1
    for word in ("HttpOnly", "Secure", "SameSite=Lax"):
        assert word in cookies[0]


def test_a_session_ends_on_the_server(office: Office, app: object) -> None:
    kept = office.employee.client.get_cookie("formloom_session", domain="formloom.test")
    assert kept is not None
    assert office.employee.submit("/logout").status_code == 303
    office.employee.client.set_cookie("formloom_session", kept.value, domain="formloom.test")
    assert office.employee.get("/api/v1/me").status_code == 401


@pytest.mark.parametrize("path", ["/login", "/api/v1/me", "/nothing", "/healthz", "/openapi"])
def test_every_answer_carries_the_security_headers(anonymous: Browser, path: str) -> None:
    headers = anonymous.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "max-age" in headers["Strict-Transport-Security"]
    assert "Permissions-Policy" in headers


@pytest.mark.parametrize("target", ["//evil.test", "https://evil.test", "/\\evil.test", "/a\n//evil", "evil", "", None])
def test_next_stays_on_this_site(target: str | None) -> None:
    assert local_path(target) == "/"


def test_next_leads_on(office: Office, anonymous: Browser) -> None:
    person = office.people["employee"]
    answer = anonymous.submit("/login", login=person.login, password="a long enough password", next="/inbox?tab=done")
    assert answer.headers["Location"] == "/inbox?tab=done"


def test_wrong_passwords_and_unknown_accounts_look_alike(anonymous: Browser, office: Office) -> None:
    wrong = anonymous.submit("/login", login=office.people["employee"].login, password="wrong wrong wrong")
    unknown = anonymous.submit("/login", login="nobody@example.test", password="wrong wrong wrong")
    assert wrong.status_code == unknown.status_code == 401
    told = [
        re.sub('name="csrf-token" content="[^"]*"|name="csrf_token" value="[^"]*"', "", page.text.replace(login, ""))
        for page, login in ((wrong, office.people["employee"].login), (unknown, "nobody@example.test"))
    ]
    assert told[0] == told[1]


def test_guessing_is_slowed_down(anonymous: Browser, office: Office) -> None:
    tried = [anonymous.submit("/login", login="x@example.test", password="wrong").status_code for _ in range(20)]
    assert tried[-1] == 429


def test_tokens_do_what_their_scopes_say(office: Office, services: Services, workspace: int) -> None:
    with unit_of_work(services.databases, workspace) as session:
        _, reading = create_api_token(session, office.people["employee"].id, "reader", ["records:read"])
    client = office.employee.client
    headers = {"Authorization": f"Bearer {reading}", "Idempotency-Key": "by-token-001"}
    assert client.get("/api/v1/me", base_url=BASE, headers=headers).get_json()["name"] == "Emil"
    refused = client.post(RECORDS, base_url=BASE, headers=headers, json={"values": REQUEST})
    assert refused.status_code == 403
    assert refused.get_json()["code"] == "scope_needed"
    page = client.get("/inbox", base_url=BASE, headers=headers)
    assert page.status_code == 403
    wrong = client.get("/api/v1/me", base_url=BASE, headers={"Authorization": "Bearer flm_wrong"})
    assert wrong.status_code == 401

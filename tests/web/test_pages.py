"""Pages: what they show to whom, without a script having run."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from formloom.db.uow import unit_of_work
from formloom.wakeups import announce
from PIL import Image

from tests.web.conftest import BASE, Browser, Office
from web import events
from web.composition import Services
from web.islands import inert_json, island


def props(page: str, name: str) -> Any:
    found = re.search(rf'data-island="{name}".*?<script type="application/json">(.*?)</script>', page, re.S)
    assert found, page
    return json.loads(found[1])


def test_home_says_what_waits(office: Office) -> None:
    office.ask()
    page = office.manager.get("/").text
    assert 'data-badge="inbox.todo">1<' in page
    assert "/inbox?tab=todo&amp;task=" in page
    assert office.employee.get("/").status_code == 200


def test_the_inbox_opens_a_task_beside_its_list(office: Office) -> None:
    office.ask()
    task = office.task()
    page = office.manager.get(f"/inbox?task={task}").text
    decision = props(page, "decision")
    assert decision["submit"]["url"] == f"/api/v1/tasks/{task}/decide"
    assert decision["actions"][0]["decision"] == "approve"
    for tab in ("todo", "done", "started", "cc", "nonsense"):
        assert office.manager.get(f"/inbox?tab={tab}").status_code == 200
    assert office.manager.get("/inbox?task=999999").status_code == 200


def test_after_a_decision_the_next_task_opens(office: Office) -> None:
    office.ask("request-0001")
    office.ask("request-0002", type="sick")
    tasks = [item["task"] for item in office.manager.get("/api/v1/tasks").get_json()["items"]]
    page = office.manager.get(f"/inbox?task={tasks[0]}").text
    assert props(page, "decision")["next"] == f"/inbox?tab=todo&task={tasks[1]}"


def test_a_list_filters_searches_and_sorts(office: Office) -> None:
    office.ask("request-0001")
    office.ask("request-0002", type="sick")
    assert office.manager.get("/forms/leave").text.count("row-link") == 2
    assert office.manager.get("/forms/leave?f.type=sick").text.count("row-link") in (1, 2)
    assert office.manager.get("/forms/leave?sort=-from").status_code == 200
    assert "row-link" not in office.manager.get("/forms/leave?q=nowhere").text


def test_the_form_page_carries_the_model(office: Office) -> None:
    model = props(office.employee.get("/forms/leave/new").text, "form")
    fields = {field["key"]: field for field in model["fields"]}
    assert fields["type"]["config"]["options"][0]["label"] in ("年假", "Annual")
    assert fields["days"]["formula"]["tree"]
    assert fields["days"]["access"] == "read"
    assert fields["reason"]["required"]["tree"]
    assert model["submit"]["url"] == "/api/v1/forms/leave/records"
    assert office.manager.get("/forms/leave/new").status_code == 404


def test_a_record_page_shows_facts_course_and_history(office: Office) -> None:
    record = office.ask(reason="To see the sea")
    page = office.manager.get(f"/records/{record}").text
    assert "To see the sea" in page
    assert 'data-state="open"' in page
    assert office.manager.get(f"/records/{record}?part=body").text.count("<html") == 0


def test_labels_and_values_are_only_text(office: Office) -> None:
    nasty = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    record = office.ask(reason=nasty)
    for path in (f"/records/{record}", "/forms/leave", f"/inbox?task={office.task()}"):
        assert "<script>alert" not in office.manager.get(path).text
        assert "<img src=x" not in office.manager.get(path).text


def test_inert_json_cannot_leave_its_element() -> None:
    assert "<" not in inert_json({"a": "</script>&<!--"})
    assert json.loads(inert_json({"a": "</script>&"})) == {"a": "</script>&"}
    assert "</script><script>" not in island("form", {"x": "</script><script>"})


def test_language_and_theme_are_remembered(anonymous: Browser) -> None:
    answer = anonymous.submit("/preferences", lang="en", theme="dark", next="/login")
    assert answer.headers["Location"] == "/login"
    page = anonymous.get("/login").text
    assert '<html lang="en" data-theme="dark">' in page
    anonymous.submit("/preferences", lang="zh-CN", theme="system", next="//evil.test")
    assert '<html lang="zh-CN">' in anonymous.get("/login").text


@pytest.mark.parametrize("token", ["guessed", "x" * 300, "AAAA", "../../login"])
def test_bad_guest_links_look_alike(anonymous: Browser, token: str) -> None:
    first = anonymous.get("/g/unknown")
    other = anonymous.get(f"/g/{token}")
    assert other.status_code == 404
    if "/" not in token:
        strip = re.compile(r'(name="csrf_token" value|name="csrf-token" content|name="next" value)="[^"]*"')
        assert strip.sub("", first.text) == strip.sub("", other.text)


def test_an_upload_is_only_for_its_uploader_until_a_record_shows_it(office: Office) -> None:
    picture = BytesIO()
    Image.new("RGB", (2, 2)).save(picture, "PNG")
    picture.seek(0)
    sent = office.employee.client.post(
        "/api/v1/files",
        base_url=BASE,
        data={"file": (picture, "../../slip.png")},
        headers={"X-CSRF-Token": office.employee.token, "Accept": "application/json"},
    )
    assert sent.status_code == 201, sent.text
    card = sent.get_json()
    assert "/" not in card["name"]
    with office.employee.get(card["url"]) as mine:
        assert mine.status_code == 200
        assert mine.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in mine.headers["Content-Security-Policy"]
    assert office.manager.get(card["url"]).status_code == 404
    assert office.employee.get(f"/files/{uuid4()}").status_code == 404


def test_an_open_page_hears_that_something_changed(
    office: Office, services: Services, workspace: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.2)
    mine = office.ask()
    topics = f"inbox,record:{mine},record:999999,nonsense"
    answer = office.employee.client.get(f"/events?topics={topics}", base_url=BASE, buffered=False)
    assert answer.mimetype == "text/event-stream"
    lines: Iterator[bytes] = iter(answer.response)  # type: ignore[arg-type]
    assert b"open" in next(lines)
    assert services.listener.wait_until_listening()
    with unit_of_work(services.databases, workspace) as session:
        announce(session, [f"record:{mine}", "record:999999"])
    heard = b""
    for _ in range(50):
        heard += next(lines)
        if f"record:{mine}".encode() in heard:
            break
    assert f'{{"topic": "record:{mine}"}}'.encode() in heard
    assert b"999999" not in heard
    answer.close()

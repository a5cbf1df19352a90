"""Clocks where people and programs see them: tasks, the inbox, runs; and events that somebody reports."""

import json
from typing import Any

import pytest
from formloom.db.uow import unit_of_work

from form_engine.records.actor import SYSTEM
from tests.web.conftest import LEAVE, Office
from web.composition import Services

CLOCK = {
    "key": "answer",
    "title": {"en": "Answer", "zh-CN": "答复"},
    "from": {"run": "started"},
    "to": {"step": "manager"},
    "target": "PT8H",
    "at": [{"share": "0.5", "colour": "yellow"}],
}


@pytest.fixture
def timed(office: Office, services: Services, workspace: int) -> Office:
    """Leave is answered within eight hours; then the run waits for an event."""
    body = json.loads((LEAVE / "flows" / "leave_approval.json").read_text("utf-8"))
    wait = {"key": "handed", "type": "wait", "event": "handed_in"}
    flow = {**body, "clocks": [CLOCK], "steps": [*body["steps"], wait]}
    with unit_of_work(services.databases, workspace) as session:
        services.stores.flows.publish_together(session, {"leave_approval": flow}, SYSTEM)
    for browser in (office.employee, office.manager, office.admin):
        browser.submit("/preferences", lang="en", theme="system", next="/")
    return office


def travel(services: Services, workspace: int, **by: float) -> None:
    from datetime import timedelta

    from formloom import clock

    with unit_of_work(services.databases, workspace) as session:
        clock.travel(session, clock.app_now(session) + timedelta(**by))


def seen(clock: dict[str, Any]) -> tuple[Any, ...]:
    return clock["title"], clock["colour"], clock["breached"], clock["paused"], clock["target_seconds"]


def test_programs_are_told_the_clocks_of_a_task(timed: Office, services: Services, workspace: int) -> None:
    timed.ask()
    travel(services, workspace, hours=5)
    (line,) = timed.manager.get("/api/v1/tasks").json["items"]  # type: ignore[index]
    task = timed.manager.get(f"/api/v1/tasks/{line['task']}").json
    run = timed.employee.get(f"/api/v1/runs/{line['run']}").json
    for told in (line, task, run):
        (clock,) = told["clocks"]  # type: ignore[index]
        assert seen(clock) == ("Answer", "yellow", False, False, 8 * 3600)
        assert abs(clock["remaining_seconds"] - 3 * 3600) < 60
        assert clock["used_share"].startswith("0.625")
        assert clock["due_at"]
    travel(services, workspace, hours=4)
    (clock,) = timed.manager.get(f"/api/v1/tasks/{line['task']}").json["clocks"]  # type: ignore[index]
    assert seen(clock) == ("Answer", "red", True, False, 8 * 3600)
    assert clock["remaining_seconds"] < 0


def test_pages_show_what_is_left_in_both_languages(timed: Office, services: Services, workspace: int) -> None:
    timed.ask()
    travel(services, workspace, hours=5, minutes=10)
    page = timed.manager.get("/inbox").text
    assert 'data-tone="warn"' in page
    assert page.count("2 hours left") == 2, "in the list and on the task"
    assert "Answer" in page
    assert 'data-words="{} left|{} overdue"' in page
    timed.manager.submit("/preferences", lang="zh-CN", theme="system", next="/")
    chinese = timed.manager.get("/inbox").text
    assert "剩 2 小时" in chinese
    assert "答复" in chinese
    travel(services, workspace, hours=6)
    timed.manager.submit("/preferences", lang="en", theme="system", next="/")
    late = timed.manager.get("/inbox").text
    assert "3 hours overdue" in late
    assert "Missed" in late


def test_an_event_is_reported_by_those_who_may(timed: Office) -> None:
    timed.ask()
    line = timed.manager.get("/api/v1/tasks").json["items"][0]  # type: ignore[index]
    answer = timed.manager.send(
        "POST", f"/api/v1/tasks/{line['task']}/decide", {"decision": "approve"}, key="decision-01"
    )
    assert answer.json["status"] == "running"  # type: ignore[index]
    address = f"/api/v1/runs/{line['run']}/events"
    other = timed.admin.send("POST", f"{address}/something", {}, key="something-1")
    assert (other.status_code, other.json["taken"]) == (200, 0)  # type: ignore[index]
    first = timed.admin.send("POST", f"{address}/handed_in", {}, key="handed-0001")
    again = timed.admin.send("POST", f"{address}/handed_in", {}, key="handed-0001")
    later = timed.admin.send("POST", f"{address}/handed_in", {}, key="handed-0002")
    assert [one.json["taken"] for one in (first, again, later)] == [1, 1, 0]  # type: ignore[index]
    assert timed.employee.send("POST", "/api/v1/runs/987654321/events/x", {}, key="nowhere-001").status_code == 404

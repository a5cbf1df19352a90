"""Operations by REST: found, explained, ended once however often it is sent; nothing of it for others."""

from formloom import messages
from formloom.db.uow import unit_of_work
from formloom.models import Message, OutboxItem
from sqlalchemy import func, select, update

from tests.web.conftest import Office
from web.composition import Services


def test_a_run_is_found_explained_and_ended_once(office: Office) -> None:
    record = office.ask()
    found = office.admin.get(f"/api/v1/runs?record={record}&status=open").get_json()
    assert [(line["record"], line["status"]) for line in found["items"]] == [(record, "running")]
    run = found["items"][0]["id"]
    story = office.admin.get(f"/api/v1/runs/{run}/story").get_json()
    assert story["passages"][0]["what"] == "started"
    assert story["passages"][0]["opened"][0]["asked"]
    body = {"act": "cancel", "reason": "entered twice"}
    first = office.admin.send("POST", f"/api/v1/runs/{run}/operate", body, key="cancel-it-once")
    again = office.admin.send("POST", f"/api/v1/runs/{run}/operate", body, key="cancel-it-once")
    assert (first.status_code, first.get_json()["run"]["status"]) == (200, "cancelled"), first.text
    assert (again.get_json(), again.headers["Idempotency-Replayed"]) == (first.get_json(), "true")
    late = office.admin.send("POST", f"/api/v1/runs/{run}/operate", body, key="cancel-it-again")
    assert late.get_json()["code"] == "run_ended"


def test_a_reason_is_asked_for_and_a_step_must_be_there(office: Office) -> None:
    record = office.ask()
    run = office.admin.get(f"/api/v1/runs?record={record}").get_json()["items"][0]["id"]
    missing = office.admin.send("POST", f"/api/v1/runs/{run}/operate", {"act": "cancel"}, key="without-reason")
    assert missing.get_json()["issues"][0]["pointer"] == "/reason"
    nowhere = {"act": "jump", "reason": "x", "step": "nowhere"}
    assert office.admin.send("POST", f"/api/v1/runs/{run}/operate", nowhere, key="to-nowhere").status_code == 409


def test_figures_and_health_are_told(office: Office) -> None:
    office.ask()
    health = office.admin.get("/api/v1/runs/health").get_json()
    assert (health["running"], health["incidents"]) == (1, 0)
    flow = office.admin.get("/api/v1/runs").get_json()["items"][0]["flow"]
    figures = office.admin.get(f"/api/v1/runs/flows/{flow}/figures?days=7").get_json()
    assert (figures["started"], sum(step["open"] for step in figures["steps"])) == (1, 1)
    assert office.admin.get("/api/v1/runs/reports").get_json() == {"items": []}


def test_dead_letters_are_listed_and_sent_again(office: Office, services: Services, workspace: int) -> None:
    for name in ("one", "two"):
        with unit_of_work(services.databases, workspace) as session:
            gone = {"kind": "flow.call", "payload": {"run": 7}, "attempts": 8, "last_error": "OSError: away"}
            session.add(OutboxItem(workspace_id=workspace, key=name, dead_at=func.now(), **gone))
    found = office.admin.get("/api/v1/runs/dead-letters").get_json()["items"]
    assert [(one["kind"], one["run"], one["error"]) for one in found] == [("flow.call", 7, "OSError: away")] * 2
    first, second = found[0]["id"], found[1]["id"]
    page = office.admin.get("/admin/runs/dead").text
    assert "OSError: away" in page
    assert f"/admin/runs/dead/{first}/resend" in page
    resend = f"/api/v1/runs/dead-letters/{first}/resend"
    assert office.admin.send("POST", resend, {}, key="again-it-is-sent").status_code == 200
    again = office.admin.send("POST", resend, {}, key="again-for-the-second-time")
    assert (again.status_code, again.get_json()["code"]) == (404, "unknown_dead_letter")
    assert office.employee.send("POST", resend, {}, key="none-of-their-business").status_code == 404
    assert [one["id"] for one in office.admin.get("/api/v1/runs/dead-letters").get_json()["items"]] == [second]
    with unit_of_work(services.databases, workspace) as session:
        item = session.get_one(OutboxItem, (workspace, first))
        assert (item.dead_at, item.attempts) == (None, 0)


def test_a_dead_message_is_sent_again_as_the_ledger_does_it(office: Office, services: Services, workspace: int) -> None:
    with unit_of_work(services.databases, workspace) as session:
        line = messages.Line(channel="mail", recipient="a@example.org", subject="S", body="B", key="k", kind="notice")
        messages.post(session, line)
        session.execute(update(Message).where(Message.key == "k").values(status="dead"))
        session.execute(update(OutboxItem).where(OutboxItem.kind == messages.KIND).values(dead_at=func.now()))
    (letter,) = office.admin.get("/api/v1/runs/dead-letters").get_json()["items"]
    sent = office.admin.send("POST", f"/api/v1/runs/dead-letters/{letter['id']}/resend", {}, key="a-mail-again")
    assert sent.status_code == 200
    with unit_of_work(services.databases, workspace) as session:
        assert session.scalar(select(Message.status).where(Message.key == "k")) == "queued"


def test_others_do_not_even_see_that_it_is_there(office: Office) -> None:
    office.ask()
    for path in ("/api/v1/runs", "/api/v1/runs/health", "/api/v1/runs/dead-letters", "/admin/runs", "/admin/runs/dead"):
        assert office.employee.get(path).status_code == 404

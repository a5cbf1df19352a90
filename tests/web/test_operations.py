"""Operations by REST: found, explained, ended once however often it is sent; nothing of it for others."""

from tests.web.conftest import Office


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


def test_others_do_not_even_see_that_it_is_there(office: Office) -> None:
    office.ask()
    for path in ("/api/v1/runs", "/api/v1/runs/health", "/admin/runs"):
        assert office.employee.get(path).status_code == 404

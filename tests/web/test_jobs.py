"""Jobs through HTTP: one's own, everybody's for an admin, nobody else's."""

from typing import Any

from formloom import jobs
from formloom.db.uow import unit_of_work
from formloom.errors import Conflict, Issue
from formloom.jobs import JobRun, Jobs
from formloom.outbox import Relay, Runner

from tests.platform.backends import Inline
from tests.web.conftest import Browser, Office
from web.composition import Services

PAGES = "/api/v1/jobs"


def start(services: Services, workspace: int, office: Office, role: str, **more: Any) -> int:
    with unit_of_work(services.databases, workspace) as session:
        return jobs.start(session, "export", {}, by=f"person:{office.people[role].id}", **more)


def work_off(services: Services, work: Any) -> None:
    runner = Runner(services.databases, {jobs.KIND: Jobs({"export": work})})
    Relay(services.databases, Inline(runner)).run_once()


def test_people_see_their_own_and_admins_all(services: Services, workspace: int, office: Office) -> None:
    mine = start(services, workspace, office, "employee", title="leave", total=10)
    other = start(services, workspace, office, "manager")

    def seen(browser: Browser) -> list[int]:
        return [job["id"] for job in browser.get(PAGES).get_json()["items"]]

    assert (seen(office.employee), seen(office.manager), seen(office.admin)) == ([mine], [other], [other, mine])
    for method, path in (("GET", f"{PAGES}/{other}"), ("POST", f"{PAGES}/{other}/cancel")):
        assert office.employee.send(method, path, {}).status_code == 404
    assert office.employee.submit(f"/jobs/{other}/cancel").status_code == 404
    told = office.employee.get(f"{PAGES}/{mine}").get_json()
    assert (told["state"], told["percent"], told["total"], told["title"]) == ("queued", 0, 10, "请假单")
    assert office.admin.get(f"{PAGES}?limit=1").get_json()["next"] == other
    assert [job["id"] for job in office.admin.get(f"{PAGES}?before={other}").get_json()["items"]] == [mine]
    assert [job["id"] for job in office.admin.get(f"{PAGES}?open=true").get_json()["items"]] == [other, mine]
    for spelling in ("1", "yes", "True", ""):
        assert office.admin.get(f"{PAGES}?open={spelling}").status_code == 400


def test_what_came_of_it_is_told_in_words(services: Services, workspace: int, office: Office) -> None:
    def refuse(run: JobRun) -> None:
        raise Conflict("revision_conflict", {}, (Issue("/rows/1", "required", {}),))

    job = start(services, workspace, office, "employee")
    work_off(services, refuse)
    told = office.employee.get(f"{PAGES}/{job}").get_json()
    assert told["state"] == "failed"
    assert told["error"]["code"] == "revision_conflict"
    assert told["error"]["detail"]
    assert told["error"]["issues"][0]["detail"]
    page = office.employee.get("/jobs").text
    assert told["error"]["detail"] in page.replace("&#39;", "'")

    job = start(services, workspace, office, "employee")
    work_off(services, lambda run: {"link": "/forms/leave"})
    told = office.employee.get(f"{PAGES}/{job}").get_json()
    assert (told["state"], told["percent"], told["link"]) == ("done", 100, "/forms/leave")
    assert 'href="/forms/leave"' in office.employee.get("/jobs/list").text

    job = start(services, workspace, office, "employee")
    work_off(services, lambda run: {"link": "https://elsewhere.test/"})
    assert office.employee.get(f"{PAGES}/{job}").get_json()["link"] is None


def test_stopping(services: Services, workspace: int, office: Office) -> None:
    job = start(services, workspace, office, "employee")
    assert "<progress" in office.employee.get("/jobs").text
    assert office.employee.submit(f"/jobs/{job}/cancel").status_code == 303
    assert "<progress" not in office.employee.get("/jobs").text
    assert office.employee.send("POST", f"{PAGES}/{job}/cancel", {}).get_json()["state"] == "cancelled"


def test_the_page_speaks_both_languages(services: Services, workspace: int, office: Office) -> None:
    start(services, workspace, office, "employee", title="leave")
    assert "导出列表" in office.employee.get("/jobs").text
    office.employee.submit("/preferences", lang="en")
    assert "Exporting a list" in office.employee.get("/jobs").text


def test_an_open_page_hears_of_its_own_jobs(services: Services, workspace: int, office: Office) -> None:
    mine = start(services, workspace, office, "employee")
    other = start(services, workspace, office, "manager")
    answer = office.employee.get(f"/events?topics=jobs,job:{mine},job:{other}")
    stream = answer.iter_encoded()
    assert b"open" in next(stream)
    assert services.listener.wait_until_listening()
    work_off(services, lambda run: None)
    heard = next(stream)
    while b"job:" not in heard:
        heard = next(stream)
    assert f"job:{mine}".encode() in heard
    answer.close()

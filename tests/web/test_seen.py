"""Looking at a page changes nothing; the page itself says that somebody looks at it."""

from typing import Any

from formloom import notifications
from formloom.db.uow import unit_of_work

from tests.web.conftest import Browser, Office
from web.composition import Services


def unread(browser: Browser) -> int:
    return int(browser.get("/badges").get_json()["notifications"])


def seen(browser: Browser, **body: Any) -> int:
    return browser.send("POST", "/notifications/seen", body).status_code


def test_a_line_is_read_when_the_page_says_so_never_by_fetching_it(
    office: Office, services: Services, workspace: int
) -> None:
    record = office.ask()
    pages = (f"/records/{record}", f"/inbox?task={office.task()}")
    with unit_of_work(services.databases, workspace) as session:
        for person in (office.people["manager"].id, office.people["admin"].id):
            notifications.mark_read(session, person)
            for link in pages:
                notifications.notify(session, [person], "notice", {"text": "Look"}, link)
    for page in pages:
        for _ in range(2):
            answer = office.manager.get(page)
            assert answer.status_code == 200
            assert f'data-seen="{page}"' in answer.text
    assert office.manager.get(f"{pages[0]}?part=body").status_code == 200
    assert unread(office.manager) == 2
    assert seen(office.manager, link=pages[0]) == 204
    assert unread(office.manager) == 1
    assert "data-seen" not in office.manager.get(pages[0]).text
    assert seen(office.manager, link=pages[1]) == 204
    assert (unread(office.manager), unread(office.admin)) == (0, 2), "only one's own lines are read"


def test_what_is_no_page_is_refused_and_what_nobody_was_told_of_changes_nothing(office: Office) -> None:
    before = unread(office.manager)
    assert [seen(office.manager, **body) for body in ({}, {"link": 5}, {"link": "x" * 501})] == [422] * 3
    assert seen(office.manager, link="/records/999999") == 204
    assert unread(office.manager) == before

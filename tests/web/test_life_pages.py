"""What happened to a record and its versions side by side, by their addresses: for whom, and up to which days."""

import itertools
from typing import Any

import pytest
from formloom.db.uow import unit_of_work

from form_engine.records.actor import SYSTEM
from tests.web.conftest import Browser, Office
from web.composition import Services

HIDDEN = "424242"
VISIT: dict[str, Any] = {
    "kind": "form",
    "key": "visit",
    "title": "Visit",
    "display": ["what"],
    "fields": [
        {"key": "what", "type": "text", "label": "What"},
        {"key": "stay", "type": "link", "form": "stay", "label": "Stay"},
        {"key": "at", "type": "datetime", "label": "At"},
        {"key": "cost", "type": "number", "label": "Cost"},
    ],
    "access": [
        {"role": "manager", "may": ["create", "read", "update"]},
        {"role": "employee", "may": ["read"], "fields": {"cost": "hidden", "*": "read"}},
    ],
}
STAY: dict[str, Any] = {
    "kind": "form",
    "key": "stay",
    "title": "Stay",
    "display": ["name"],
    "fields": [
        {"key": "name", "type": "text", "label": "Name"},
        {"key": "begins", "type": "date", "label": "Begins"},
        {"key": "ends", "type": "date", "label": "Ends"},
        {"key": "price", "type": "number", "label": "Price"},
        {
            "key": "breaks",
            "type": "table",
            "label": "Breaks",
            "fields": [
                {"key": "from", "type": "date", "label": "From"},
                {"key": "to", "type": "date", "label": "To"},
                {"key": "fee", "type": "number", "label": "Fee"},
            ],
        },
    ],
    "page": {
        "span": {"from": "begins", "to": "ends"},
        "timeline": [
            {"key": "begins", "date": "begins"},
            {"key": "ends", "date": "ends"},
            {"key": "price", "change": "price"},
            {
                "key": "breaks",
                "table": "breaks",
                "date": "from",
                "from": "from",
                "to": "to",
                "figure": "fee",
                "lane": True,
            },
            {"key": "visits", "form": "visit", "via": "stay", "date": "at", "figure": "cost"},
        ],
    },
    "access": [
        {"role": "manager", "may": ["create", "read", "update"]},
        {
            "role": "employee",
            "may": ["read"],
            "where": 'name <> "private"',
            "fields": {"price": "hidden", "breaks.fee": "hidden", "*": "read"},
        },
    ],
}


@pytest.fixture
def desk(office: Office, services: Services, workspace: int) -> Office:
    """The office with stays and the visits during them."""
    with unit_of_work(services.databases, workspace) as session:
        services.forms.publish_together(session, {"stay": STAY, "visit": VISIT}, SYSTEM)
    return office


def stay(desk: Office, name: str, ends: str | None = "9999-12-31") -> int:
    """A stay of which a price, a break's fee and a visit's cost are not everybody's, in two versions."""
    values: dict[str, Any] = {"name": name, "begins": "2026-01-01", "ends": ends, "price": 1}
    values["breaks"] = [{"from": "2026-02-01", "to": "9999-12-31", "fee": int(HIDDEN)}]
    made = int(post(desk.manager, "/api/v1/forms/stay/records", {"values": values}).get_json()["id"])
    visit = {"what": "A look", "stay": made, "at": "2026-02-02T08:00:00Z", "cost": int(HIDDEN)}
    post(desk.manager, "/api/v1/forms/visit/records", {"values": visit})
    page = desk.manager.get(f"/api/v1/records/{made}")
    changed = desk.manager.send(
        "PATCH",
        f"/api/v1/records/{made}",
        {"changes": {"price": int(HIDDEN), "name": f"{name}r"} if name != "private" else {"price": int(HIDDEN)}},
        **{"If-Match": page.headers["ETag"]},
    )
    assert changed.status_code == 200, changed.text
    return made


KEYS = (f"life-page-{n:04}" for n in itertools.count())


def post(browser: Browser, path: str, body: Any) -> Any:
    answer = browser.send("POST", path, body, key=next(KEYS))
    assert answer.status_code == 201, answer.text
    return answer


def pages(record: int) -> tuple[str, ...]:
    life = f"/records/{record}"
    days = [
        f"{life}/timeline?way={way}&day={day}" for way in ("past", "ahead") for day in ("", "2026-01-01", "9999-01-01")
    ]
    return (life, *days, f"{life}/compare", f"{life}/compare?old=1&new=2", f"{life}/compare?old=2&new=2")


def told(page: str) -> bool:
    return any(word in page for word in (HIDDEN, "424,242"))


def test_who_may_not_read_the_record_finds_none_of_its_pages(desk: Office) -> None:
    private = stay(desk, "private")
    for path in pages(private):
        assert desk.manager.get(path).status_code == 200, path
        assert desk.employee.get(path).status_code == 404, path
        assert desk.admin.get(path).status_code == 404, path


def test_nobody_finds_them_without_logging_in(desk: Office, anonymous: Browser) -> None:
    for path in pages(stay(desk, "public")):
        answer = anonymous.get(path)
        assert answer.status_code in (302, 303), path
        assert "/login" in answer.headers["Location"], path


def test_what_a_reader_may_not_see_is_on_none_of_them(desk: Office) -> None:
    public = stay(desk, "public")
    assert {path.partition("?")[0] for path in pages(public) if told(desk.manager.get(path).text)} == {
        f"/records/{public}{page}" for page in ("", "/timeline", "/compare")
    }, "else the rest would prove nothing"
    for path in pages(public):
        answer = desk.employee.get(path)
        assert answer.status_code == 200, path
        assert not told(answer.text), path
        if "/compare" in path:
            assert "Price" not in answer.text, path
            assert "Fee" not in answer.text, path
    assert "publicr" in desk.employee.get(f"/records/{public}/compare").text


@pytest.mark.parametrize("day", ["9999-12-31", "9999-12-30", "0001-01-01", "0001-01-02", "1900-01-01"])
def test_the_first_and_the_last_days_that_there_are_have_a_page(desk: Office, day: str) -> None:
    record = stay(desk, "public")
    for way in ("past", "ahead"):
        answer = desk.manager.get(f"/records/{record}/timeline?way={way}&day={day}")
        assert answer.status_code == 200, way


@pytest.mark.parametrize("ends", ["9999-12-31", None])
def test_a_life_may_begin_and_end_on_the_last_day_that_there_is(desk: Office, ends: str | None) -> None:
    values: dict[str, Any] = {
        "name": "for ever",
        "begins": "9999-12-31" if ends is None else "2026-01-01",
        "ends": ends,
    }
    values["breaks"] = [{"from": "9999-12-31", "to": "9999-12-31", "fee": 1}] * 12
    made = post(desk.manager, "/api/v1/forms/stay/records", {"values": values}).get_json()["id"]
    for path in (f"/records/{made}", f"/records/{made}/timeline?way=ahead&day=9999-12-31"):
        assert desk.manager.get(path).status_code == 200, path


@pytest.mark.parametrize("at", ["9999-12-31T23:00:00Z", "9999-12-31T23:00:00-10:00", "0001-01-01T00:00:00+10:00"])
def test_a_moment_that_other_zones_cannot_say_is_refused(desk: Office, at: str) -> None:
    body = {"values": {"what": "x", "at": at}}
    assert desk.manager.send("POST", "/api/v1/forms/visit/records", body, key=next(KEYS)).status_code == 422
    last = post(desk.manager, "/api/v1/forms/visit/records", {"values": {"what": "x", "at": "9998-12-31T23:00:00Z"}})
    for path in (
        "/forms/visit",
        f"/records/{last.get_json()['id']}",
        "/forms/visit?show=calendar&start=at&on=9998-12-31",
    ):
        assert desk.manager.get(path).status_code == 200, path

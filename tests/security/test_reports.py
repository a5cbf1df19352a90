"""Public links: whoever holds one writes one record, of the fields named, about the record named, within the limits."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from formloom import guests
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.settings import Settings
from sqlalchemy import text

from form_engine.records.actor import SYSTEM
from tests.security.slow import sent_slowly
from tests.security.street import DEVICE, FAULT, ROOM, Passer, Street, path_of
from tests.security.town import digests, fresh_key, upload, visitor
from tests.web.conftest import BASE
from web import create_app
from web.composition import compose


@pytest.fixture
def street(databases: Databases, settings: Settings, workspace: int) -> Iterator[Street]:
    services = compose(settings, databases)
    street = Street(create_app(settings, services), services, workspace)
    street.publish(ROOM, DEVICE, FAULT)
    for name in ("red", "blue"):
        room = street.add(name, "room", name=name, floor=f"{name} floor", tenant="Secretive Ltd", usual="noise")
        street.add(f"{name}_lamp", "device", name=f"{name} lamp", room=room, price="424242", note="Whispered")
    yield street
    services.streams.close()
    services.listener.close()


@pytest.fixture
def door(street: Street) -> str:
    """The token on the door of the red room."""
    return street.link(f"form:fault:room:{street.ids['red']}")[0]


def refused(street: Street, answer: Any, *codes: int) -> None:
    assert answer.status_code in codes, answer.text
    assert street.stored() == []


def test_somebody_reports_with_a_photo_and_follows_it(street: Street, door: str) -> None:
    passer = Passer.by(street, door)
    page = passer.look().text
    for word in ("red floor", "noise", f"/q/{door}/files"):
        assert word in page
    for word in ("Secretive", "424242", "secret", "blue", "tenant"):
        assert word not in page, word
    photo = passer.photo()
    assert photo.status_code == 201
    sent = passer.report(what="It leaks", kind="water", photos=[photo.get_json()["id"]], who="Wang", device=None)
    assert sent.status_code == 201, sent.text
    (stored,) = street.stored()
    assert stored["room"] == street.ids["red"]
    assert (stored["floor"], stored["source"], stored["status"], stored["kind"]) == (
        "red floor",
        "guest",
        "new",
        "water",
    )
    receipt = passer.receipt(sent)
    assert receipt.status_code == 200
    assert "It leaks" in receipt.text
    assert stored["number"] in receipt.text
    for word in ("Secretive", "red floor", "Wang", "/records/"):
        assert word not in receipt.text, word
    with passer.browser.get(f"{path_of(sent)}/files/{photo.get_json()['id']}") as shown:
        assert shown.status_code == 200


@pytest.mark.parametrize(
    "values",
    [
        {"secret": "x"},
        {"status": "done"},
        {"source": "desk"},
        {"room": 1},
        {"floor": "x"},
        {"tenant": "x"},
        {"created_by": 1},
        {"workspace_id": 1},
        {"id": 1},
        {"number": "F-1"},
        {"what": ["x"]},
        {"what": "x" * 300},
        {"photos": ["../../etc/passwd"]},
        {"photos": ["00000000-0000-4000-8000-000000000000"]},
        {"photos": {"a": 1}},
        {"device": "1 OR 1=1"},
        {"device": 987_654_321},
        {"device": {"id": 1}},
        {"kind": {"=": "room.tenant"}},
    ],
    ids=str,
)
def test_only_the_guests_own_fields_are_written(street: Street, door: str, values: dict[str, Any]) -> None:
    passer = Passer.by(street, door)
    refused(street, passer.report(**{"what": "It leaks", **values}), 422)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"values":[]}', b"{", b"[" * 5000, b'{"values":{},"draft":true}'])
def test_bodies_of_another_shape(street: Street, door: str, body: bytes) -> None:
    passer = Passer.by(street, door)
    refused(street, passer.browser.send("POST", f"/q/{door}", body, key=fresh_key()), 400, 422)


def test_choices_are_those_of_the_filter_and_tell_titles_alone(street: Street, door: str) -> None:
    passer = Passer.by(street, door)

    def asked(**body: Any) -> Any:
        return passer.browser.send("POST", f"/q/{door}/lookup", {"field": "device", **body})

    found = asked().get_json()["items"]
    assert [(each["id"], each["values"]) for each in found] == [(street.ids["red_lamp"], {})]
    assert asked(values={"room": street.ids["blue"]}).get_json()["items"] == found, "the link says which room"
    assert asked(q="blue").get_json()["items"] == []
    assert "424242" not in asked().text
    for path in ("room", "tenant", "nothing", "device.price"):
        assert asked(field=path).status_code == 404, path
    other, none = passer.report(what="x", device=street.ids["blue_lamp"]), passer.report(what="x", device=987_654_321)
    refused(street, other, 422)
    assert other.get_json()["issues"][0]["code"] == none.get_json()["issues"][0]["code"] == "unknown_record"
    assert passer.report(what="It is dark", device=street.ids["red_lamp"]).status_code == 201


def test_a_guest_finds_by_title_and_number_never_by_other_words(street: Street, door: str) -> None:
    passer = Passer.by(street, door)

    def found(q: str) -> list[int]:
        answer = passer.browser.send("POST", f"/q/{door}/lookup", {"field": "device", "q": q})
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.get_json()["items"]]

    (number,) = (each["number"] for each in street.stored("device") if each["id"] == street.ids["red_lamp"])
    for q in ("red lamp", "LAMP red", "amp", "ｌａｍｐ", number, f"red {number}"):
        assert found(q) == [street.ids["red_lamp"]], q
    for q in ("whispered", "hispe", "red whispered", "424242", "secretive", "blue"):
        assert found(q) == [], q


def test_no_transaction_waits_for_a_photo_that_comes_slowly(street: Street, door: str) -> None:
    passer = Passer.by(street, door)
    answer, waiting = sent_slowly(passer.browser, street.services.databases, f"/q/{door}/files")
    assert answer.status_code == 201, answer.text
    assert set(waiting) == {0}


def test_dead_links_look_alike(street: Street) -> None:
    unknown = visitor(street.app).get(f"/q/{'A' * 48}")
    subjects = {
        "expired": f"form:fault:room:{street.ids['red']}",
        "revoked": f"form:fault:room:{street.ids['red']}",
        "gone": f"form:fault:room:{street.ids['blue']}",
        "not open": "form:fault",
        "no guests": "form:room",
        "no form": "form:nothing",
        "another form's record": f"form:fault:room:{street.ids['red_lamp']}",
        "another field": f"form:fault:device:{street.ids['red_lamp']}",
        "a task": "task:1",
        "a record": f"record:{street.ids['red']}",
    }
    for why, subject in subjects.items():
        token, link = street.link(subject)
        if why == "expired":
            street.expire(link)
        elif why == "revoked":
            with unit_of_work(street.services.databases, street.workspace) as session:
                guests.revoke(session, link)
        elif why == "gone":
            with unit_of_work(street.services.databases, street.workspace) as session:
                for name in ("blue_lamp", "blue"):
                    street.services.records.delete(session, street.services.forms, street.ids[name], SYSTEM)
        phone = Passer.by(street, token, looks=False)
        page = phone.look()
        assert (page.status_code, len(page.text)) == (404, len(unknown.text)), why
        assert "visit=" not in str(page.headers.getlist("Set-Cookie")), why
        for answer in (phone.report(what="x"), phone.photo()):
            assert answer.status_code in (404, 409), why
        assert phone.browser.send("POST", f"/q/{token}/lookup", {"field": "device"}).status_code == 404, why
        if why != "a record":
            assert phone.browser.get(f"/v/{token}").status_code == 404, why
        assert phone.browser.get(f"/g/{token}").status_code == 404, why
    assert street.stored() == []


def test_a_revoked_link_is_dead_for_a_page_that_lies_open(street: Street) -> None:
    token, link = street.link(f"form:fault:room:{street.ids['red']}")
    passer = Passer.by(street, token)
    with unit_of_work(street.services.databases, street.workspace) as session:
        guests.renew(session, link, valid_for=timedelta(days=1))
    refused(street, passer.report(what="x"), 404)
    assert passer.photo().status_code == 404


def test_a_visit_sees_its_own_files_alone(street: Street, door: str) -> None:
    one, other = Passer.by(street, door), Passer.by(street, door)
    file = one.photo().get_json()["id"]
    with one.browser.get(f"/q/{door}/files/{file}") as own:
        assert own.status_code == 200
    assert other.browser.get(f"/q/{door}/files/{file}").status_code == 404
    refused(street, other.report(what="x", photos=[file]), 422)
    assert Passer.by(street, door, looks=False).browser.get(f"/q/{door}/files/{file}").status_code == 404


def test_a_visit_is_ours_and_of_this_link(street: Street, door: str) -> None:
    elsewhere = street.link(f"form:fault:room:{street.ids['blue']}")[0]
    one = Passer.by(street, elsewhere)
    cookie = one.browser.client.get_cookie("visit", domain="formloom.test", path=f"/q/{elsewhere}")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.secure
    for value in (cookie.value, cookie.value[:-2] + "AA", "A" * len(cookie.value), ""):
        thief = Passer.by(street, door, looks=False)
        thief.browser.client.set_cookie("visit", value, domain="formloom.test", path=f"/q/{door}")
        refused(street, thief.report(what="x"), 409)
        assert thief.photo().status_code == 409


def test_nothing_without_the_pages_token(street: Street, door: str) -> None:
    passer = Passer.by(street, door)
    passer.browser.token = ""
    refused(street, passer.report(what="x"), 403)
    assert passer.photo().status_code == 403


def test_the_same_report_is_one_record(street: Street, door: str) -> None:
    passer, key = Passer.by(street, door), fresh_key()
    first = passer.report(key, what="It leaks")
    again = passer.report(key, what="It leaks")
    assert first.get_json() == again.get_json()
    assert passer.report(key, what="Something else").status_code == 422
    assert passer.report(what="Another").status_code == 409
    assert len(street.stored()) == 1
    assert passer.look().status_code == 200, "another look is another visit"
    assert passer.report(what="Another").status_code == 201


def test_an_address_reports_so_often_and_no_more(street: Street, door: str) -> None:
    codes = [Passer.by(street, door).report(what=f"number {n}").status_code for n in range(5)]
    assert codes == [201, 201, 201, 429, 429]
    assert len(street.stored()) == 3
    wrong = [Passer.by(street, door).report().status_code for _ in range(15)]
    assert wrong[-1] == 429, "nor do wrong ones go on for ever"


def test_a_link_takes_so_much_a_day_from_wherever(street: Street, door: str) -> None:
    def by(address: str) -> int:
        passer = Passer.by(street, door)
        passer.browser.client.environ_base["REMOTE_ADDR"] = address
        return int(passer.report(what="x").status_code)

    assert [by(f"203.0.113.{n}") for n in range(7)] == [201] * 5 + [429] * 2
    street.services.access.throttle = type(street.services.access.throttle)()  # as after a restart
    assert by("203.0.113.99") == 429
    assert len(street.stored()) == 5


def test_a_subscriber_of_ipv6_is_one_address(street: Street, door: str) -> None:
    codes = []
    for n in range(5):
        passer = Passer.by(street, door)
        passer.browser.client.environ_base["REMOTE_ADDR"] = f"2001:db8:1:2::{n:x}"
        codes.append(passer.report(what="x").status_code)
    assert codes == [201, 201, 201, 429, 429]


def test_files_are_few_small_and_pictures(street: Street, door: str) -> None:
    passer = Passer.by(street, door)
    path = f"/q/{door}/files"
    assert upload(passer.browser, BytesIO(b"<script>"), "x.png", path).status_code == 422
    assert upload(passer.browser, BytesIO(b"%PDF-1.4 x"), "x.png", path).status_code == 422
    part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="x.jpg"\r\n\r\n'
    big = part + b"\xff\xd8\xff" + b"x" * 1_200_000 + b"\r\n--x--\r\n"
    answer = passer.browser.client.post(
        path,
        base_url=BASE,
        data=big,
        headers={"X-CSRF-Token": passer.browser.token, "Accept": "application/json"},
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 422
    assert "too_large" in answer.text
    three = [passer.photo().get_json()["id"] for _ in range(3)]
    refused(street, passer.report(what="x", photos=three), 422)
    assert [passer.photo().status_code for _ in range(10)][-1] == 429
    assert street.stored("room")
    with unit_of_work(street.services.databases, street.workspace) as session:
        assert session.execute(text("SELECT max(size) FROM stored_file")).scalar_one() < 1_000_000


def test_taken_values_are_not_named(street: Street, door: str) -> None:
    street.add("known", "fault", room=street.ids["red"], what="Confidential matter", code="A1")
    answer = Passer.by(street, door).report(what="x", code="A1")
    assert answer.status_code == 422
    assert "Confidential" not in answer.text
    assert "F-0001" not in answer.text


def test_a_receipt_opens_nothing_else(street: Street, door: str) -> None:
    one, other = Passer.by(street, door), Passer.by(street, door)
    mine, theirs = one.report(what="mine"), other.report(what="Theirs alone", photos=[other.photo().get_json()["id"]])
    receipt = path_of(mine).removeprefix("/v/")
    file = next(each for each in street.stored() if each["what"] == "Theirs alone")["photos"][0]
    assert "Theirs alone" not in one.receipt(mine).text
    assert one.browser.get(f"/v/{receipt}/files/{file}").status_code == 404
    before = digests(street.services.databases)
    for path in (f"/q/{receipt}", f"/g/{receipt}", f"/records/{street.ids['red']}", "/api/v1/me"):
        assert one.browser.get(path, headers={"Accept": "application/json"}).status_code in (401, 404), path
    assert one.browser.send("POST", f"/q/{receipt}", {"values": {"what": "x"}}, key=fresh_key()).status_code == 404
    assert digests(street.services.databases) == before
    assert theirs.status_code == 201


def test_a_receipt_ends_with_its_record(street: Street, door: str) -> None:
    passer = Passer.by(street, door)
    sent = passer.report(what="x")
    with unit_of_work(street.services.databases, street.workspace) as session:
        street.services.records.delete(session, street.services.forms, street.stored()[0]["id"], SYSTEM)
    assert passer.receipt(sent).status_code == 404


def test_words_are_shown_as_words(street: Street, door: str) -> None:
    passer = Passer.by(street, door)
    sent = passer.report(what="<script>alert(1)</script>", who='"><img src=x onerror=alert(1)>')
    page = passer.receipt(sent)
    assert "<script>alert" not in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]


def test_guessing_is_slowed_down(street: Street, door: str) -> None:
    guest = visitor(street.app)
    codes = [guest.get(f"/{'qv'[n % 2]}/{'A' * 44}{n:04}").status_code for n in range(130)]
    assert (codes[0], codes[-1]) == (404, 429)
    assert guest.get(f"/q/{door}").status_code == 200, "whoever comes from the same address with a link gets in"


def test_nothing_readable_is_stored(street: Street, door: str) -> None:
    passer = Passer.by(street, door)
    receipt = path_of(passer.report(what="x")).removeprefix("/v/")
    with street.services.databases.owner.connect() as connection:
        connection.execute(text("SET row_security = off"))
        for table in ("guest_link", "audit_entry", "record", "outbox"):
            rows = str(connection.execute(text(f"SELECT * FROM {table}")).all())
            assert door not in rows
            assert receipt not in rows, table

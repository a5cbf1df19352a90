"""Guest links: one task and nothing else; unknown, expired, revoked and superseded look alike; throttled."""

import re
from datetime import timedelta
from typing import Any

import pytest
from formloom import guests
from formloom.clock import app_now
from formloom.models import GuestLink

from tests.security.town import Town, fresh_key, picture, upload, visitor
from tests.web.conftest import Browser

ONE_TIME = re.compile(r'(name="csrf_token" value|name="csrf-token" content|name="next" value|nonce)="[^"]*"')


@pytest.fixture
def guest(town: Town) -> Browser:
    """The customer's phone."""
    town.services.access.throttle = type(town.services.access.throttle)()  # nobody has tried yet
    return visitor(town.app)


@pytest.fixture(scope="module")
def token(town: Town) -> str:
    """An open link that no test here uses up."""
    return town.guest_token(town.home.ids["waiting"])


def answer_of(guest: Browser, token: str) -> tuple[int, str, dict[str, str]]:
    """What a browser is shown, without what is different at every look."""
    page = guest.get(f"/g/{token}")
    headers = {name: value for name, value in page.headers.items() if name not in ("Set-Cookie", "Content-Length")}
    return page.status_code, ONE_TIME.sub("", page.text), headers


def test_the_page_shows_this_one_thing(town: Town, guest: Browser, token: str) -> None:
    page = guest.get(f"/g/{token}")
    assert page.status_code == 200
    assert "400.00" in page.text
    for word in ("/inbox", "/records/", "199-0000-2494", "19900002494", "finance1", "Secretive", "ZD-12", "HT-ADMIN"):
        assert word not in page.text, word
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cache-Control"] == "no-store"
    assert "formloom_session" not in str(page.headers.getlist("Set-Cookie"))


def test_dead_links_look_alike(town: Town, guest: Browser) -> None:
    unknown = answer_of(guest, "A" * 64)
    assert unknown[0] == 404
    dead = {}
    for why in ("expired", "revoked", "renewed", "changed", "abroad's secret"):
        payment = town.pay("bill_big")
        token, link = town.guest_token(payment), town.link_id(payment)
        assert guest.get(f"/g/{token}").status_code == 200
        with town.session() as session:
            row = guests.get(session, link)
            if why == "expired":
                row.expires_at = app_now(session) - timedelta(seconds=1)
            elif why == "revoked":
                guests.revoke(session, link)
            elif why == "renewed":
                guests.renew(session, link, valid_for=timedelta(hours=1))
        if why == "changed":
            token = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
        if why == "abroad's secret":
            token = "A" + token[1:] if token[0] != "A" else "B" + token[1:]
        dead[why] = token
    for why, token in dead.items():
        assert answer_of(guest, token) == unknown, why
        for method, path in (("POST", f"/g/{token}/decide"), ("GET", f"/g/{token}/files/{town.home.ids['file']}")):
            first = guest.send(method, path, {"decision": "approve"} if method == "POST" else None, key=fresh_key())
            other = guest.send(method, path.replace(token, "A" * 64), {"decision": "approve"}, key=fresh_key())
            assert first.status_code == other.status_code == 404, why
            assert first.get_json()["code"] == other.get_json()["code"]
        assert upload(guest, picture(), "x.png", f"/g/{token}/files").status_code == 404


@pytest.mark.parametrize("who", ["cookie", "bearer", "query"])
def test_a_guest_token_opens_no_other_route(town: Town, token: str, who: str) -> None:
    """As a session cookie, as an API token, in the query: it is nothing anywhere else."""
    guest = visitor(town.app)
    headers = {"Accept": "application/json", "X-CSRF-Token": guest.token}
    if who == "cookie":
        guest.client.set_cookie("formloom_session", token, domain="formloom.test")
    if who == "bearer":
        headers["Authorization"] = f"Bearer {token}"
    record = town.home.ids["waiting"]
    paths = (
        "/",
        "/inbox",
        f"/records/{record}",
        "/forms/payment",
        "/api/v1/me",
        f"/api/v1/records/{record}",
        "/events",
    )
    for path in paths:
        answer = guest.get(path, headers=headers, query_string={"token": token} if who == "query" else None)
        assert answer.status_code in (302, 401), path
    with town.unchanged():
        for path in ("/api/v1/files", f"/api/v1/tasks/{town.home.ids['task']}/decide"):
            sent = guest.client.post(
                path, base_url="https://formloom.test", json={"decision": "approve"}, headers=headers
            )
            assert sent.status_code == 401, path


def test_a_guest_reads_the_files_of_their_record_alone(town: Town, guest: Browser, token: str) -> None:
    own = town.stored("record", id=town.home.ids["waiting"])[0]["data"]["slip"][0]
    with guest.get(f"/g/{token}/files/{own}") as shown:
        assert shown.status_code == 200
    for other in (town.home.ids["file"], town.abroad.ids["file"], "00000000-0000-4000-8000-000000000000"):
        assert guest.get(f"/g/{token}/files/{other}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"decision": "withdraw"},
        {"decision": "retry"},
        {"decision": "nothing"},
        {"decision": "reject"},
        {"decision": "approve", "changes": {"amount": "1.00"}},
        {"decision": "approve", "changes": {"bill": 1}},
        {"decision": "approve", "changes": {"status": "confirmed"}},
        {"decision": "approve", "changes": {"lines": []}},
        {"decision": "approve", "changes": {"note": "x"}},
        {"decision": "approve", "changes": {"slip": ["{file}"]}},
        {"decision": "approve", "changes": {"payer": ["x"]}},
        {"decision": "approve", "task": 1},
        {"decision": "approve", "comment": "x" * 5_000},
    ],
    ids=str,
)
def test_a_guest_does_what_the_step_allows(town: Town, guest: Browser, token: str, body: dict[str, Any]) -> None:
    sent = {**body, "changes": {"slip": [town.home.ids["file"]]}} if "{file}" in str(body) else body
    with town.unchanged():
        answer = guest.send("POST", f"/g/{token}/decide", sent, key=fresh_key())
    assert answer.status_code in (409, 422), answer.text


def test_a_used_link_says_it_is_done_and_does_nothing_more(town: Town, guest: Browser) -> None:
    payment = town.pay("bill_big")
    token = town.guest_token(payment)
    key = fresh_key()
    first = guest.send("POST", f"/g/{token}/decide", {"decision": "approve"}, key=key)
    assert first.status_code == 200, first.text
    with town.unchanged():
        again = guest.send("POST", f"/g/{token}/decide", {"decision": "approve"}, key=key)
        assert again.status_code == 200
        assert again.get_json()["status"] == first.get_json()["status"]
        other = guest.send("POST", f"/g/{token}/decide", {"decision": "reject", "comment": "no"}, key=key)
        assert other.status_code == 422
        late = guest.send("POST", f"/g/{token}/decide", {"decision": "reject", "comment": "no"}, key=fresh_key())
        assert late.status_code == 409
        assert upload(guest, picture(), "x.png", f"/g/{token}/files").status_code == 404
        page = guest.get(f"/g/{token}")
    assert page.status_code == 200
    assert "data-island" not in page.text


def test_a_guest_needs_the_pages_token_to_act(town: Town, token: str) -> None:
    guest = visitor(town.app)
    guest.token = ""
    with town.unchanged():
        assert guest.send("POST", f"/g/{token}/decide", {"decision": "approve"}, key=fresh_key()).status_code == 403


def test_guessing_is_slowed_down(town: Town, guest: Browser, token: str) -> None:
    codes = [guest.get(f"/g/{'A' * 60}{n:04}").status_code for n in range(130)]
    assert codes[0] == 404
    assert codes[-1] == 429
    assert guest.get(f"/g/{'A' * 64}").headers["Retry-After"]
    assert guest.get(f"/g/{token}").status_code == 200, "whoever comes from the same address with a link gets in"
    town.services.access.throttle = type(town.services.access.throttle)()


def test_a_link_is_long_enough_not_to_be_guessed_and_lies_nowhere(town: Town, token: str) -> None:
    """128 bits or more, and neither table nor outbox holds a token that opens."""
    assert len(token) * 6 >= 128 + 128
    for table in (GuestLink.__tablename__, "outbox", "message", "audit_entry", "run_journal", "notification"):
        assert token not in str(town.stored(table))
        assert token[-20:] not in str(town.stored(table))

"""Sessions and log-in: tokens of pages, cookies after log-out and a new password, where one is led, what is told."""

import re
from typing import Any

import pytest
from formloom.access import create_api_token
from formloom.people import create_person, disable_person, enable_person
from formloom.settings import Settings

from tests.arguments import ARGUMENTS, SOMEBODY_ELSES
from tests.security.town import STAFF, Town, entered, fresh_key, visitor
from tests.web.conftest import BASE, PASSWORD, Browser
from web.policies import policy_of

COOKIE = "formloom_session"
LOGIN = "eve@home.test"
SAFE = {"GET", "HEAD", "OPTIONS"}
SIGNED = {"hooks.receive"}
"""Other systems knock here without a session; a signature lets them in (tests of webhooks)."""
IDS = {name: 1 for name, value in ARGUMENTS.items() if value == SOMEBODY_ELSES}
VALUES = {**ARGUMENTS, **IDS, "form": "probe", "key": "probe"}


@pytest.fixture(scope="module")
def eve(town: Town) -> int:
    """Somebody whose account these tests log in, out, and shut."""
    with town.session() as session:
        person = create_person(session, LOGIN, "Eve", roles=("agent",))
        town.services.access.set_password(session, person.id, PASSWORD)
        return person.id


@pytest.fixture(autouse=True)
def forgiven(town: Town) -> None:
    """Nobody has tried anything yet."""
    town.services.access.throttle = type(town.services.access.throttle)()


def cookie_of(browser: Browser) -> str:
    cookie = browser.client.get_cookie(COOKIE, domain="formloom.test")
    assert cookie is not None
    return cookie.value


def status_with(town: Town, cookie: str) -> int:
    """What this cookie opens."""
    client = town.app.test_client()
    client.set_cookie(COOKIE, cookie, domain="formloom.test")
    return client.get("/api/v1/me", base_url=BASE).status_code


@pytest.mark.parametrize("token", ["", "x", "another person's", "a guest's"])
def test_every_route_that_changes_something_wants_the_pages_token(town: Town, token: str) -> None:
    admin = town.browser("admin")
    sent = {"another person's": town.browser("agent").token, "a guest's": visitor(town.app).token}.get(token, token)
    wrong = []
    with town.app.test_request_context():
        urls = [
            (
                method,
                town.app.url_map.bind("").build(rule.endpoint, {name: VALUES[name] for name in rule.arguments}, method),
            )
            for rule in town.app.url_map.iter_rules()
            for method in (rule.methods or set()) - SAFE
            if rule.endpoint not in SIGNED
        ]
    assert len(urls) >= 15
    with town.unchanged():
        for method, url in urls:
            for headers in ({"X-CSRF-Token": sent}, {}):
                bodies: tuple[dict[str, Any], ...] = ({"json": {}}, {"data": {"csrf_token": sent}})
                for data in bodies:
                    answer = admin.client.open(url, method=method, base_url=BASE, headers=headers, **data)
                    if answer.status_code != 403:
                        wrong.append((method, url, answer.status_code))
    assert wrong == []


def test_no_look_changes_anything(town: Town) -> None:
    """Every GET there is, on things that are there, leaves every row as it was."""
    ids = town.home.ids
    values = VALUES | {
        "record_id": ids["reviewed"],
        "task_id": ids["task"],
        "run_id": ids["run"],
        "file_id": ids["file"],
    }
    with town.app.test_request_context():
        urls = [
            town.app.url_map.bind("").build(rule.endpoint, {name: values[name] for name in rule.arguments})
            for rule in town.app.url_map.iter_rules()
            if "GET" in (rule.methods or set()) and rule.endpoint != "events"
        ]
    with town.unchanged():
        for url in urls:
            for who in ("admin", "finance1"):
                with town.browser(who).get(url) as answer:
                    assert answer.status_code < 500, url


def test_a_cookie_ends_with_its_session(town: Town, eve: int) -> None:
    browser = entered(town.app, LOGIN)
    cookie, other = cookie_of(browser), cookie_of(entered(town.app, LOGIN))
    assert status_with(town, cookie) == 200
    assert browser.submit("/logout").status_code == 303
    assert status_with(town, cookie) == 401
    assert status_with(town, other) == 200, "the other browser stays"


def test_a_new_password_ends_all_sessions(town: Town, eve: int) -> None:
    cookies = [cookie_of(entered(town.app, LOGIN)) for _ in range(2)]
    with town.session() as session:
        town.services.access.set_password(session, eve, PASSWORD + "!")
    try:
        assert [status_with(town, cookie) for cookie in cookies] == [401, 401]
        assert visitor(town.app).submit("/login", login=LOGIN, password=PASSWORD).status_code == 401
    finally:
        with town.session() as session:
            town.services.access.set_password(session, eve, PASSWORD)


def test_whoever_is_shut_out_is_out_at_once(town: Town, eve: int) -> None:
    cookie = cookie_of(entered(town.app, LOGIN))
    with town.session() as session:
        _, token = create_api_token(session, eve, "eve", ["records:read"])
        disable_person(session, eve)
    try:
        assert status_with(town, cookie) == 401
        headers = {"Authorization": f"Bearer {token}"}
        assert town.app.test_client().get("/api/v1/me", base_url=BASE, headers=headers).status_code == 401
        assert visitor(town.app).submit("/login", login=LOGIN, password=PASSWORD).status_code == 401
    finally:
        with town.session() as session:
            enable_person(session, eve)


def test_a_log_in_gives_a_new_session_and_keeps_none_that_was_given(town: Town, eve: int) -> None:
    browser = visitor(town.app)
    browser.client.set_cookie(COOKIE, "chosen-by-an-attacker", domain="formloom.test")
    assert browser.submit("/login", login=LOGIN, password=PASSWORD).status_code == 303
    assert cookie_of(browser) != "chosen-by-an-attacker"
    assert status_with(town, "chosen-by-an-attacker") == 401


@pytest.mark.parametrize(
    "target",
    [
        "//evil.test",
        "///evil.test",
        "https://evil.test",
        "http:evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/\t/evil.test",
        "/%0d%0aSet-Cookie:x=1",
        "/\r\nSet-Cookie: x=1",
        "javascript:alert(1)",
        "data:text/html,x",
        " //evil.test",
        "/@evil.test",
        "////",
    ],
    ids=ascii,
)
def test_a_way_on_stays_in_this_house(town: Town, eve: int, target: str) -> None:
    browser = visitor(town.app)
    page = browser.get("/login", query_string={"next": target})
    assert 'value="//' not in page.text
    for answer in (
        browser.submit("/login", login=LOGIN, password=PASSWORD, next=target),
        entered(town.app, LOGIN).submit("/preferences", lang="en", next=target),
    ):
        assert answer.status_code in (303, 403)
        place = answer.headers.get("Location", "/")
        assert re.match(r"/(?![/\\])", place), place
        assert not re.search(r"[\r\n\t]", place)
        assert len(answer.headers.getlist("Set-Cookie")) <= 4


def test_unknown_and_known_accounts_are_answered_alike(town: Town, eve: int) -> None:
    logins = {"known": LOGIN, "unknown": "nobody@home.test", "abroad": "agent@abroad.test", "odd": "' OR 1=1 --"}
    told = {}
    for which, login in logins.items():
        answer = visitor(town.app).submit("/login", login=login, password="wrong wrong wrong")
        told[which] = (answer.status_code, plain(answer.text, login))
    assert len({str(each) for each in told.values()}) == 1
    asked = {}
    for which, login in logins.items():
        answer = visitor(town.app).submit("/forgot", login=login)
        asked[which] = (answer.status_code, plain(answer.text, login))
    assert len({str(each) for each in asked.values()}) == 1


def plain(page: str, login: str) -> str:
    """Without what is typed and what is drawn anew each time."""
    page = re.sub(r'(name="csrf_token" value|name="csrf-token" content)="[^"]*"', "", page)
    from markupsafe import escape

    return page.replace(str(escape(login)), "").replace(login, "")


def test_twenty_wrong_passwords_and_then_the_right_one(town: Town, eve: int) -> None:
    browser = visitor(town.app)
    codes = [browser.submit("/login", login=LOGIN, password=f"wrong {n}").status_code for n in range(20)]
    assert codes[0] == 401
    assert set(codes[8:]) == {429}
    assert browser.submit("/login", login=LOGIN, password=PASSWORD).status_code == 429, "the right one waits as well"
    assert browser.submit("/login", login=LOGIN.upper(), password=PASSWORD).status_code == 429, "another spelling too"


def test_throttling_is_not_talked_out_of_by_a_header(town: Town, eve: int) -> None:
    """Without a trusted proxy, X-Forwarded-For is only talk."""
    browser = visitor(town.app)

    def attempt(number: int) -> int:
        sent = {"login": LOGIN, "password": "wrong", "csrf_token": browser.token}
        headers = {
            "X-Forwarded-For": f"10.0.0.{number}",
            "X-Real-IP": f"10.0.0.{number}",
            "Forwarded": f"for=10.0.0.{number}",
        }
        return browser.client.post("/login", base_url=BASE, data=sent, headers=headers).status_code

    assert [attempt(number) for number in range(12)][-1] == 429


@pytest.mark.parametrize("secret", ["", "changeme", "secret", "short", "x" * 10])
def test_a_server_does_not_start_with_a_poor_secret(secret: str, tmp_path: Any) -> None:
    env = {"SECRET_KEY": secret, "PUBLIC_URL": "https://formloom.test", "DATA_DIR": str(tmp_path)}
    with pytest.raises(Exception, match=r"(?i)secret"):
        Settings.from_env(env)


@pytest.mark.parametrize(
    "scope", ["records:read", "records:write", "tasks:read", "tasks:decide", "files:write", "nothing"]
)
def test_an_api_token_does_what_its_scope_says_and_no_more(town: Town, eve: int, scope: str) -> None:
    """Each route × one scope: pages are for browsers, and an admin's route is no agent's."""
    with town.session() as session:
        _, token = create_api_token(session, eve, scope, [scope])
    client = town.app.test_client()
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "Idempotency-Key": fresh_key()}
    with town.unchanged("api_token"):
        for rule in town.app.url_map.iter_rules():
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                declared = policy_of(town.app, rule.endpoint, method)
                assert declared is not None
                if declared.audience.value in ("public", "guest"):
                    continue
                with town.app.test_request_context():
                    url = town.app.url_map.bind("").build(
                        rule.endpoint, {name: VALUES[name] for name in rule.arguments}
                    )
                with client.open(url, method=method, base_url=BASE, headers=headers, json={}) as answer:
                    if declared.scope != scope:
                        assert answer.status_code in (403, 404), (method, rule.rule, answer.status_code)
                    else:
                        assert answer.status_code < 500, (method, rule.rule)


def test_the_staff_is_still_logged_in(town: Town) -> None:
    """Nothing above has ended anybody else's session."""
    assert {who: town.browser(who).get("/api/v1/me").status_code for who in STAFF} == dict.fromkeys(STAFF, 200)

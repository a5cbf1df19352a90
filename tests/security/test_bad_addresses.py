"""Bad addresses, queries, headers and form fields: 4xx, never a 500, nothing stored."""

from typing import Any

import pytest

from tests.security.town import Town, fresh_key
from tests.web.conftest import BASE

HUGE = "9" * 19  # a number that no bigint holds
ODD = ("%00", "a%00b", "%ff", "%ed%a0%80", "..%2f..", "a" * 3_000, "%F0%9F%98%80", "'; DROP TABLE record;--", "{{7*7}}")


@pytest.mark.parametrize(
    "path",
    [
        f"/records/{HUGE}",
        f"/records/{HUGE}/edit",
        f"/records/{'9' * 5_000}",
        f"/api/v1/records/{HUGE}",
        f"/api/v1/records/{HUGE}/history",
        f"/api/v1/records/{HUGE}/timeline",
        f"/api/v1/tasks/{HUGE}",
        f"/api/v1/runs/{HUGE}",
        f"/api/v1/runs/{HUGE}/replay",
        "/records/0",
        "/records/-1",
        "/files/nothing",
        "/api/v1/nothing",
        *(f"/forms/{odd}" for odd in ODD),
        *(f"/api/v1/forms/{odd}/records" for odd in ODD),
        *(f"/api/v1/definitions/forms/{odd}/draft" for odd in ODD),
        *(f"/admin/forms/{odd}" for odd in ODD),
        *(f"/g/{odd}" for odd in ODD),
        *(f"/static/{odd}" for odd in ODD),
        *(f"/static/dist/..%2f..%2f..%2f{odd}" for odd in ODD[:3]),
        "/static/..%2f..%2fwsgi.py",
        "/static/../../wsgi.py",
    ],
    ids=lambda path: path[:50],
)
def test_an_address_of_nothing_is_not_there(town: Town, path: str) -> None:
    with town.unchanged():
        answer = town.browser("admin").get(path)
    assert answer.status_code == 404, answer.text[:300]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", f"/api/v1/records/{HUGE}"),
        ("DELETE", f"/api/v1/records/{HUGE}"),
        ("POST", f"/api/v1/records/{HUGE}/press"),
        ("POST", f"/api/v1/tasks/{HUGE}/decide"),
        ("POST", f"/api/v1/tasks/{HUGE}/read"),
    ],
)
def test_nothing_is_changed_at_an_address_of_nothing(town: Town, method: str, path: str) -> None:
    bodies: dict[str, Any] = {"PATCH": {"changes": {}}, "DELETE": None}
    body = bodies.get(method, {"decision": "approve"})
    with town.unchanged():
        answer = town.browser("admin").send(method, path, body, key=fresh_key())
    assert answer.status_code == 404, answer.text


FILTERS: list[Any] = [
    "{",
    "[]",
    "5",
    '"x"',
    "NaN",
    "[" * 100_000,
    '{"field": "nope"}',
    '{"field": "figure", "op": "regexp", "value": "x"}',
    '{"field": "figure", "op": "eq", "value": {"a": 1}}',
    '{"field": "figure", "op": "eq", "value": "x"}',
    '{"field": "figure", "op": "gt", "value": "' + "9" * 5_000 + '"}',
    '{"field": "figure", "op": "in", "value": "1"}',
    '{"field": "figure", "op": "between", "value": ["1"]}',
    '{"field": "text", "op": "eq", "value": ["a"], "extra": 1}',
    '{"field": "text; DROP TABLE record", "op": "eq", "value": "a"}',
    '{"field": "data", "op": "eq", "value": "a"}',
    '{"field": "workspace_id", "op": "eq", "value": 1}',
    '{"field": "__class__", "op": "eq", "value": 1}',
    '{"field": ["text"], "op": "eq", "value": 1}',
    '{"field": "date", "op": "lt", "value": "2025-02-30"}',
    '{"field": "link", "op": "eq", "value": "1 OR 1=1"}',
    '{"field": "link.secret", "op": "eq", "value": "424242"}',
    '{"field": "rows.dossier.secret", "op": "eq", "value": "424242"}',
    '{"and": {}}',
    '{"and": [], "or": []}',
    '{"not": []}',
    '{"and": [' + ",".join(['{"field": "text", "value": "a"}'] * 500) + "]}",
    '{"not": ' * 20 + "{}" + "}" * 20,
    '{"where": "TRUE"}',
    '{"formula": "1=1"}',
]


@pytest.mark.parametrize("tree", FILTERS, ids=lambda tree: str(tree)[:40])
def test_a_bad_filter_is_refused_by_name(town: Town, tree: str) -> None:
    answer = town.browser("agent").get("/api/v1/forms/probe/records", query_string={"filter": tree})
    assert answer.status_code in (400, 422), answer.text[:300]
    assert all(issue["pointer"].startswith("/filter") for issue in answer.get_json()["issues"])
    assert answer.get_json()["issues"]


@pytest.mark.parametrize(
    "query",
    [
        {"sort": "nope"},
        {"sort": "-"},
        {"sort": "--figure"},
        {"sort": "figure desc; --"},
        {"sort": "link.secret"},
        {"sort": "workspace_id"},
        {"sort": ",".join(["figure"] * 50)},
        {"after": "x"},
        {"after": "W10="},
        {"after": "eyJhIjoxfQ=="},
        {"after": "%00"},
        {"after": "é"},
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "1000000"},
        {"limit": "9" * 5_000},
        {"limit": "1.5"},
        {"limit": "１"},
        {"limit": "x"},
        {"group": "text"},
        {"q": "x" * 5_000},
        {"q": "\x00"},
        {"filter": "\x00"},
        {"sort": "\x00"},
    ],
    ids=str,
)
def test_a_bad_question_is_refused(town: Town, query: dict[str, str]) -> None:
    answer = town.browser("agent").get("/api/v1/forms/probe/records", query_string=query)
    assert answer.status_code in (400, 422), (answer.status_code, answer.text[:300])


@pytest.mark.parametrize(
    "path",
    [
        "/forms/probe?sort=nope",
        "/forms/probe?after=x",
        "/forms/probe?q=%00",
        "/forms/probe?f.text=%00",
        "/forms/probe?f.figure=x",
        "/forms/probe?f.date=2025-99-99",
        "/forms/probe?f.link=1%20OR%201=1",
        "/forms/probe?f.link=99999999999999999999",
        "/forms/probe?f.rows=1",
        "/forms/probe?f.nope=1",
        "/forms/probe?view=%00",
        "/forms/probe?view=nope",
        "/forms/probe?q=%ed%a0%80",
        "/forms/probe/new?link=999999999999999999",
        "/forms/probe/new?link=99999999999999999999999",
        "/forms/probe/new?text=%00&figure=%ff&date=x&rows=1&member=9",
        "/inbox?tab=nope",
        "/inbox?tab=todo&task=x",
        f"/inbox?tab=todo&task={HUGE}",
        "/inbox?after=%00",
        "/inbox?after=x",
        "/inbox/list?tab=%00",
        "/inbox/list?after=eyJhIjoxfQ",
        "/?part=nope",
        f"/api/v1/tasks?after={HUGE}",
        "/api/v1/tasks?after=%00",
        "/api/v1/tasks?tab=nope",
        "/api/v1/people?q=%00",
        "/api/v1/people?q=%25_%5C",
        "/notifications?x=%00",
        "/login?next=%00",
    ],
)
def test_an_odd_question_to_a_page_is_answered(town: Town, path: str) -> None:
    with town.unchanged():
        answer = town.browser("agent").get(path)
    assert answer.status_code in (200, 302, 303, 400, 404, 422), (answer.status_code, answer.text[:300])


@pytest.mark.parametrize(
    "tag", ["x", '"x"', "-1", '"' + "9" * 40 + '"', '"1", "2"', "W/", "\u0661", '"999999999999999999"']
)
def test_a_version_that_is_none_changes_nothing(town: Town, tag: str) -> None:
    record = town.home.ids["dossier"]
    with town.unchanged():
        answer = town.browser("agent").send(
            "PATCH", f"/api/v1/records/{record}", {"changes": {"name": "x"}}, **{"If-Match": tag}
        )
    assert answer.status_code in (409, 412), answer.text


@pytest.mark.parametrize(
    "key", ["short", "a b c d e f", "x" * 101, "ключ-ключ", "a" * 7 + "'", "12345678\u0000", "a/../b/../c"]
)
def test_a_key_that_is_none_is_refused(town: Town, key: str) -> None:
    with town.unchanged():
        answer = town.browser("agent").client.post(
            "/api/v1/forms/probe/records",
            base_url=BASE,
            json={"values": {}},
            headers={
                "X-CSRF-Token": town.browser("agent").token,
                "Accept": "application/json",
                "Idempotency-Key": key.encode().decode("latin-1"),
            },
        )
    assert answer.status_code == 422
    assert answer.get_json()["code"] == "key_malformed"


@pytest.mark.parametrize("field", ["login", "password", "next", "csrf_token"])
@pytest.mark.parametrize("value", ["\x00", "a\x00b", "x" * 100_000, "😀", "%", "'"])
def test_odd_form_fields_are_answered(town: Town, field: str, value: str) -> None:
    anonymous = town.browser("anonymous")
    sent = {"login": "x@home.test", "password": "x", "csrf_token": anonymous.token, field: value}
    answer = anonymous.client.post("/login", base_url=BASE, data=sent)
    assert answer.status_code in (400, 401, 403, 413, 429), answer.text[:300]
    for path in ("/forgot", "/reset/nothing", "/reset/%00"):
        again = anonymous.client.post(
            path, base_url=BASE, data={"csrf_token": anonymous.token, "login": "\x00", "password": value}
        )
        assert again.status_code in (200, 404, 422, 429), (path, again.status_code)


@pytest.mark.parametrize("cookie", ["\\x00", "x" * 4_000, "é", "%00", "'"])
@pytest.mark.parametrize("name", ["formloom_session", "formloom_form", "lang", "theme"])
def test_odd_cookies_are_nobody(town: Town, name: str, cookie: str) -> None:
    client = town.app.test_client()
    answer = client.get("/", base_url=BASE, headers={"Cookie": f"{name}={cookie}".encode().decode("latin-1")})
    assert answer.status_code == 302
    assert (
        client.get(
            "/login", base_url=BASE, headers={"Cookie": f"{name}={cookie}".encode().decode("latin-1")}
        ).status_code
        == 200
    )


@pytest.mark.parametrize("token", ["", " ", "\x00", "é", "x" * 5_000, "flm_" + "x" * 43])
def test_odd_tokens_are_nobody(town: Town, token: str) -> None:
    header = {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
    assert town.browser("agent").client.get("/api/v1/me", base_url=BASE, headers=header).status_code == 401


@pytest.mark.parametrize("language", ["", "*", "x" * 5_000, "zh;q=x", "\x00", "zh-CN;q=1e999, en;q=NaN", ",,,;;;"])
def test_odd_languages_are_one_of_ours(town: Town, language: str) -> None:
    answer = town.app.test_client().get("/login", base_url=BASE, headers={"Accept-Language": language})
    assert answer.status_code == 200


@pytest.mark.parametrize("host", ["evil.test", "formloom.test@evil.test", "evil.test:80", "[::1]"])
def test_no_address_of_ours_comes_from_the_host_header(town: Town, host: str) -> None:
    client = town.app.test_client()
    page = client.get("/login", base_url=BASE, headers={"Host": host, "X-Forwarded-Host": host})
    assert "evil.test" not in page.text
    assert "evil.test" not in str(page.headers)
    away = client.get("/inbox", base_url=BASE, headers={"Host": host})
    assert away.headers["Location"].startswith("/login")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "X" * 500])
def test_methods_that_nobody_offers(town: Town, method: str) -> None:
    with town.unchanged():
        answer = town.browser("admin").client.open("/inbox", method=method, base_url=BASE)
    assert answer.status_code in (403, 405)

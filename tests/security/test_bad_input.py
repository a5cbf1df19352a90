"""Bad input at every door that reads JSON: refused with pointer and reason in both languages, nothing stored."""

import io
from typing import Any

import pytest

from tests.security.town import Town, fresh_key
from tests.web.conftest import Browser

LOCALES = ("en", "zh-CN")

BAD_BODIES: list[tuple[str, bytes, int, str, str]] = [
    ("not a number", b'{"%s": {"figure": NaN}}', 400, "/%s/figure", "not_a_json_number"),
    ("infinite", b'{"%s": {"figure": -Infinity}}', 400, "/%s/figure", "not_a_json_number"),
    ("a fraction", b'{"%s": {"figure": 1.5}}', 400, "/%s/figure", "decimal_as_text"),
    ("a huge power", b'{"%s": {"figure": 1e999}}', 400, "/%s/figure", "decimal_as_text"),
    ("5,000 digits", b'{"%s": {"figure": ' + b"9" * 5_000 + b"}}", 400, "/%s/figure", "number_too_long"),
    ("190,000 deep", b'{"%s": ' + b'{"":' * 190_000, 400, "", "too_deep"),
    ("200,000 lists", b'{"%s": {"rows": ' + b"[" * 200_000 + b"]" * 200_000 + b"}}", 400, "", "too_deep"),
    ("the same key twice", b'{"%s": {"text": "a", "text": "b"}}', 400, "/%s/text", "duplicate_key"),
    ("NUL", b'{"%s": {"text": "a\\u0000"}}', 400, "/%s/text", "bad_characters"),
    ("half a character", b'{"%s": {"text": "\\ud800"}}', 400, "/%s/text", "bad_characters"),
    ("cut off", b'{"%s": {"text": "a"', 400, "", "not_json"),
    ("other bytes", b'{"%s": "\xff"}', 400, "", "not_utf8"),
    ("a byte order mark", b'\xef\xbb\xbf{"%s": {}}', 400, "", "not_json"),
    ("a list", b"[]", 422, "", "not_an_object"),
    ("a text", b'"%s"', 422, "", "not_an_object"),
    ("null", b"null", 422, "", "not_an_object"),
    ("no object inside", b'{"%s": [1]}', 422, "/%s", "invalid_value"),
    ("null inside", b'{"%s": null}', 422, "/%s", "null_not_allowed"),
    ("an unknown key", b'{"%s": {}, "extra": 1}', 422, "/extra", "unknown_key"),
    ("the key missing", b"{}", 422, "/%s", "required"),
    ("a pointer's characters", b'{"%s": {"a/b~c": NaN}}', 400, "/%s/a~1b~0c", "not_a_json_number"),
]


def doors(town: Town) -> dict[str, tuple[Browser, str, str, str]]:
    """Every address that reads a JSON object with a free part: who, method, path, the part's key."""
    agent, admin, ids = town.browser("agent"), town.browser("admin"), town.home.ids
    return {
        "create": (agent, "POST", "/api/v1/forms/probe/records", "values"),
        "change": (agent, "PATCH", f"/api/v1/records/{ids['dossier']}", "changes"),
        "design": (admin, "PUT", "/api/v1/definitions/forms/probe/draft", "definition"),
    }


@pytest.mark.parametrize("door", ["create", "change", "design"])
@pytest.mark.parametrize(
    ("body", "status", "pointer", "code"), [case[1:] for case in BAD_BODIES], ids=[c[0] for c in BAD_BODIES]
)
def test_a_bad_body_is_refused_by_name(
    town: Town, door: str, body: bytes, status: int, pointer: str, code: str
) -> None:
    browser, method, path, part = doors(town)[door]
    sent = body.replace(b"%s", part.encode())
    with town.unchanged():
        told = [refusal(browser, method, path, sent, status, locale) for locale in LOCALES]
    assert (pointer.replace("%s", part), code) in [(issue["pointer"], issue["code"]) for issue in told[0]["issues"]]
    speaks_both_languages(*told)


def refusal(browser: Browser, method: str, path: str, body: Any, status: int, locale: str) -> dict[str, Any]:
    """Send it in a language; the problem that comes back."""
    browser.client.set_cookie("lang", locale, domain="formloom.test")
    try:
        answer = browser.send(method, path, body, key=fresh_key(), **{"If-Match": '"1"'})
    finally:
        browser.client.delete_cookie("lang", domain="formloom.test")
    assert answer.status_code == status, answer.text[:500]
    assert answer.mimetype == "application/problem+json"
    problem: dict[str, Any] = answer.get_json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    return problem


def speaks_both_languages(english: dict[str, Any], chinese: dict[str, Any]) -> None:
    """Every issue has a reason, and the Chinese one is Chinese."""
    assert [issue["pointer"] for issue in english["issues"]] == [issue["pointer"] for issue in chinese["issues"]]
    for one, other in zip(english["issues"], chinese["issues"], strict=True):
        assert one["detail"]
        assert is_chinese(other["detail"]), other
        assert not is_chinese(one["detail"].replace(str(one["pointer"]), "")), one
    assert is_chinese(chinese["detail"])


def is_chinese(text: str) -> bool:
    """Whether a sentence has a Chinese character in it."""
    return any("\u4e00" <= char <= "\u9fff" for char in text)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/forms/probe/records"),
        ("POST", "/api/v1/forms/probe/lookup"),
        ("PATCH", "/api/v1/records/{dossier}"),
        ("POST", "/api/v1/tasks/{task}/decide"),
        ("PUT", "/api/v1/definitions/forms/probe/draft"),
        ("POST", "/api/v1/definitions/forms/probe/publish"),
        ("POST", "/logout"),
        ("POST", "/login"),
        ("POST", "/preferences"),
    ],
)
def test_twenty_megabytes_are_refused(town: Town, method: str, path: str) -> None:
    body = b'{"values": {"text": "' + b"x" * 20_000_000 + b'"}}'
    browser = town.browser("admin")
    with town.unchanged():
        answer = browser.send(method, path.format(**town.home.ids), body, key=fresh_key(), **{"If-Match": '"1"'})
    assert answer.status_code == 413, answer.text[:300]
    assert answer.get_json()["code"] == "body_too_large"


def test_a_body_that_does_not_say_its_size_is_counted(town: Town) -> None:
    """Chunks without end: read up to the limit and no further, so that it is too large or not whole."""
    agent = town.browser("agent")
    body = io.BytesIO(b'{"values": "' + b"x" * 20_000_000)
    with town.unchanged():
        answer = agent.client.post(
            "/api/v1/forms/probe/records",
            base_url="https://formloom.test",
            input_stream=body,
            content_type="application/json",
            headers={"X-CSRF-Token": agent.token, "Idempotency-Key": fresh_key(), "Transfer-Encoding": "chunked"},
            environ_overrides={"wsgi.input_terminated": True},
        )
    assert answer.status_code in (400, 413), answer.text[:300]
    assert body.tell() < 2_000_000


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data"]
)
def test_only_json_is_read_as_json(town: Town, kind: str) -> None:
    browser = town.browser("agent")
    headers = {"X-CSRF-Token": browser.token, "Accept": "application/json", "Idempotency-Key": fresh_key()}
    with town.unchanged():
        answer = browser.client.post(
            "/api/v1/forms/probe/records",
            base_url="https://formloom.test",
            data=b'{"values": {}}',
            headers=headers,
            content_type=kind,
        )
    assert answer.status_code in (415, 422), answer.text


WRONG_VALUES: list[tuple[str, Any, str]] = [
    ("text", 5, "not_text"),
    ("text", ["a"], "not_text"),
    ("text", {"en": "a"}, "not_text"),
    ("text", "x" * 51, "too_long"),
    ("text", "a\nb", "line_break"),
    ("figure", True, "not_a_decimal"),
    ("figure", "NaN", "not_a_decimal"),
    ("figure", "Infinity", "not_a_decimal"),
    ("figure", "1e999", "not_a_decimal"),
    ("figure", "1E+1000000", "not_a_decimal"),
    ("figure", "1_000", "not_a_decimal"),
    ("figure", "１２", "not_a_decimal"),
    ("figure", "0x10", "not_a_decimal"),
    ("figure", "", "not_a_decimal"),
    ("figure", "1.234", "too_many_decimals"),
    ("figure", "9" * 5_000, "too_large"),
    ("figure", "0." + "0" * 5_000 + "1", "too_large"),
    ("figure", "0.0000000001", "too_many_decimals"),
    ("money", "9" * 40, "too_large"),
    ("money", [], "not_a_decimal"),
    ("percent", "abc", "not_a_decimal"),
    ("date", "2025-02-30", "not_a_date"),
    ("date", "20251224", "not_a_date"),
    ("date", "10000-01-01", "not_a_date"),
    ("date", 20251224, "not_a_date"),
    ("datetime", "yesterday", "not_a_datetime"),
    ("datetime", "2025-12-24T25:00:00Z", "not_a_datetime"),
    ("boolean", "true", "not_a_boolean"),
    ("boolean", 1, "not_a_boolean"),
    ("choice", "three", "not_an_option"),
    ("choice", ["one"], "not_text"),
    ("choice", {"key": "one"}, "not_text"),
    ("member", "1", "not_a_person"),
    ("member", 10**17, "unknown_person"),
    ("member", -1, "not_a_person"),
    ("phone", "call me", "not_a_phone"),
    ("link", "1", "not_a_record"),
    ("link", 0, "not_a_record"),
    ("link", -5, "not_a_record"),
    ("link", True, "not_a_record"),
    ("link", 10**17, "unknown_record"),
    ("link", {"id": 1}, "not_a_record"),
    ("photo", "x", "not_a_list"),
    ("file", [1], "not_a_file"),
    ("file", ["../../etc/passwd"], "not_a_file"),
    ("file", ["00000000-0000-4000-8000-000000000000"], "unknown_file"),
    ("rows", "x", "not_a_list"),
    ("rows", [1], "not_an_object"),
    ("rows", [{"nope": 1}], "unknown_key"),
    ("rows", [{"count": "1.5"}], "too_many_decimals"),
    ("rows", [{"doubled": "2"}], "computed"),
    ("rows", [{"id": "somebody-elses"}], "unknown_row"),
    ("rows", [{}] * 21, "too_many"),
    ("rows", [{"item": "x"}] * 5_000, "too_many"),
    ("twice", "4", "computed"),
    ("peek", "4", "unknown_key"),
    ("fixed", "x", "not_writable"),
    ("status", "two", "moved_by_steps_only"),
    ("nothing", 1, "unknown_key"),
    ("", 1, "unknown_key"),
    ("a" * 5_000, 1, "unknown_key"),
    ("__class__", "x", "unknown_key"),
    ("id", 1, "unknown_key"),
]


@pytest.mark.parametrize(
    ("key", "value", "code"), WRONG_VALUES, ids=[f"{k[:12]}-{str(v)[:16]}" for k, v, _ in WRONG_VALUES]
)
def test_a_wrong_value_is_refused_where_it_stands(town: Town, key: str, value: Any, code: str) -> None:
    browser = town.browser("agent")
    with town.unchanged():
        told = [
            refusal(browser, "POST", "/api/v1/forms/probe/records", {"values": {key: value}}, 422, locale)
            for locale in LOCALES
        ]
    found = [(issue["pointer"], issue["code"]) for issue in told[0]["issues"]]
    assert any(pointer.startswith(f"/{key}") and got == code for pointer, got in found), found
    speaks_both_languages(*told)


def test_an_empty_text_is_blank_and_numbers_have_one_spelling(town: Town) -> None:
    """What is let through is stored in the one canonical way."""
    values = {"text": "Ａ", "figure": "+0012.50", "money": 7, "percent": "0.5", "choice": None, "rows": []}
    answer = town.browser("agent").send("POST", "/api/v1/forms/probe/records", {"values": values}, key=fresh_key())
    if answer.status_code == 422:
        assert [issue["pointer"] for issue in answer.get_json()["issues"]] == ["/figure"]
        return
    assert answer.get_json()["values"]["figure"] == "12.50"
    assert answer.get_json()["values"]["money"] == "7.00"


@pytest.mark.parametrize("locale", LOCALES)
def test_everything_wrong_is_told_at_once(town: Town, locale: str) -> None:
    values = {"figure": "x", "date": "x", "rows": [{"count": "x"}, {"count": "y"}], "nothing": 1}
    with town.unchanged():
        problem = refusal(town.browser("agent"), "POST", "/api/v1/forms/probe/records", {"values": values}, 422, locale)
    pointers = {issue["pointer"] for issue in problem["issues"]}
    assert pointers == {"/figure", "/date", "/rows/0/count", "/rows/1/count", "/nothing"}

"""Definitions that are none: unknown types, dangling links, cycles, costly formulas. Named in both languages, nothing
published; a draft may be wrong, and its pages still open.
"""

import copy
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import pace
from tests.security.probe import PROBE
from tests.security.test_bad_input import LOCALES, refusal, speaks_both_languages
from tests.security.town import Town
from tests.web.conftest import Browser

Json = dict[str, Any]
Spoil = Callable[[Json], Any]
URL = "/api/v1/definitions/forms/{}/draft"
PUBLISH = "/api/v1/definitions/forms/{}/publish"
LAST = len(PROBE["fields"])


def label(words: str = "x") -> Json:
    return {"en": words, "zh-CN": words}


def add(**field: Any) -> Spoil:
    """One more field."""

    def spoil(form: Json) -> None:
        form["fields"].append({"key": "extra", "label": label(), **field})

    return spoil


def formula(text: str) -> Spoil:
    """One more formula field."""
    return add(type="formula", value=text)


def both(*spoils: Spoil) -> Spoil:
    def spoil(form: Json) -> None:
        for each in spoils:
            each(form)

    return spoil


def put(key: str, value: Any) -> Spoil:
    return lambda form: form.__setitem__(key, value)


NEW = f"/fields/{LAST}"

# How it is spoilt, where the first problem stands, and its code (None: any).
SPOILT: dict[str, tuple[Spoil, str, str | None]] = {
    "unknown field type": (add(type="crystal_ball"), NEW, "unknown_field_type"),
    "type is no text": (add(type=["text"]), NEW, None),
    "dangling link": (add(type="link", form="nowhere"), NEW, "unknown_form"),
    "link to another workspace": (add(type="link", form="abroad.payment"), NEW, None),
    "dangling rollup": (add(type="rollup", **{"from": "nowhere.x", "via": "y", "fn": "sum"}), NEW, None),
    "formula of itself": (formula("extra + 1"), "", "formula_cycle"),
    "formulas in a circle": (
        both(
            formula("other + 1"),
            lambda f: f["fields"].append({"key": "other", "type": "formula", "label": label(), "value": "extra + 1"}),
        ),
        "",
        "formula_cycle",
    ),
    "unknown name": (formula("nothing + 1"), NEW, None),
    "unknown function": (formula("EVAL(text)"), NEW, None),
    "python in a formula": (formula("().__class__.__mro__"), NEW, None),
    "an attribute": (formula("text.__class__"), NEW, None),
    "import": (formula('__import__("os").system("true")'), NEW, None),
    "not closed": (formula('TEXT("a'), NEW, None),
    "empty formula": (formula(""), NEW, None),
    "wrong kinds": (formula("text * date"), NEW, None),
    "10,000 parentheses": (formula("(" * 10_000 + "1" + ")" * 10_000), NEW, None),
    "a long formula": (formula("+".join(["1"] * 50_000)), NEW, None),
    "a formula's depth": (formula("-" * 5_000 + "1"), NEW, None),
    "the same key twice": (add(key="text", type="text"), "", None),
    "a reserved key": (add(key="created_by", type="text"), "", None),
    "a key with a dot": (add(key="a.b", type="text"), NEW, None),
    "a dunder key": (add(key="__class__", type="text"), NEW, None),
    "an unknown key": (put("colour", "red"), "/colour", "unknown_key"),
    "no fields": (put("fields", []), "", None),
    "fields are no list": (put("fields", {}), "/fields", None),
    "a field is no object": (lambda form: form["fields"].append(5), NEW, None),
    "another form's key": (put("key", "payment"), "/key", None),
    "a title of numbers": (put("title", 5), "/title", None),
    "a title of lists": (put("title", {"en": ["x"]}), "/title", None),
    "an unknown action": (put("access", [{"role": "agent", "may": ["own"]}]), "/access", None),
    "a pattern that explodes": (add(type="text", pattern="(a+)+$" + "(" * 100), NEW, None),
    "a huge length": (add(type="text", max_length=10**15), NEW, None),
    "a fraction": (add(type="number", decimals="x"), NEW, None),
    "deep nesting": (put("title", {"en": [[[[[[[[]]]]]]]]}), "", None),
    "500 fields with an index": (
        lambda form: form["fields"].extend(
            {"key": f"k{n}", "type": "text", "label": label(), "index": True} for n in range(500)
        ),
        "",
        None,
    ),
}


@pytest.fixture
def admin(town: Town) -> Iterator[Browser]:
    """The admin; the draft is put back afterwards."""
    browser = town.browser("admin")
    yield browser
    save(browser, copy.deepcopy(PROBE))


def save(browser: Browser, definition: Any) -> Any:
    tag = browser.get(URL.format("probe")).headers["ETag"]
    return browser.send("PUT", URL.format("probe"), {"definition": definition}, **{"If-Match": tag})


@pytest.mark.parametrize("name", SPOILT)
def test_a_definition_that_is_wrong_is_not_published(town: Town, admin: Browser, name: str) -> None:
    spoil, pointer, code = SPOILT[name]
    definition = copy.deepcopy(PROBE)
    spoil(definition)
    start = time.process_time()
    saved = save(admin, definition)
    assert saved.status_code in (200, 422), saved.text[:300]
    if saved.status_code == 200:
        assert saved.get_json()["problems"]
        with town.unchanged():
            told = []
            for locale in LOCALES:
                admin.client.set_cookie("lang", locale, domain="formloom.test")
                refused = admin.send("POST", PUBLISH.format("probe"), {}, **{"If-Match": saved.headers["ETag"]})
                assert refused.status_code == 422, refused.text[:300]
                told.append(refused.get_json())
                for page in ("/admin/forms/probe", "/admin", "/forms/probe"):
                    assert admin.get(page).status_code == 200, "a wrong draft closes no page"
            admin.client.delete_cookie("lang", domain="formloom.test")
        issues = told[0]["issues"]
        assert issues[0]["pointer"].startswith(pointer), issues[:3]
        assert code is None or code in [issue["code"] for issue in issues]
        speaks_both_languages(*told)
    assert time.process_time() - start < pace.seconds(5)
    live = town.browser("agent").get("/api/v1/forms/probe").get_json()
    assert live["version"] == 1


@pytest.mark.parametrize(
    "text",
    ["9^9^9", "9^9^9^9^9", 'REPT("a", 999999999)', "1E+1000000", "10^400 * 10^400", "1/0", '"a" * 2', "0.1^0.0001^99"],
)
def test_a_costly_formula_is_an_error_or_refused_at_once(town: Town, admin: Browser, text: str) -> None:
    definition = copy.deepcopy(PROBE)
    formula(text)(definition)
    start = time.process_time()
    answer = save(admin, definition)
    assert time.process_time() - start < pace.seconds(2)
    assert answer.status_code in (200, 422)


@pytest.mark.parametrize(
    "definition",
    [
        {},
        {"kind": "flow"},
        {"title": 5},
        {"title": []},
        {"fields": 5},
        {"title": {"en": 3}},
        {"key": {}},
        {"fields": [{"label": 5}]},
    ],
    ids=str,
)
def test_a_draft_of_anything_closes_no_page(town: Town, admin: Browser, definition: Json) -> None:
    assert save(admin, definition).status_code in (200, 422)
    for page in ("/admin", "/admin/forms/probe", "/forms/probe", "/"):
        assert admin.get(page).status_code == 200, page
    assert admin.get(URL.format("probe")).status_code == 200


def test_a_draft_is_of_a_form_that_is_there(town: Town) -> None:
    admin = town.browser("admin")
    with town.unchanged():
        for key in ("nowhere", "__class__", "x" * 300):
            body = {"definition": {**PROBE, "key": key}}
            assert admin.send("PUT", URL.format(key), body, **{"If-Match": '"0"'}).status_code == 404
            assert admin.send("POST", PUBLISH.format(key), {}, **{"If-Match": '"0"'}).status_code == 404


def test_bodies_of_definitions_name_their_place_in_both_languages(town: Town, admin: Browser) -> None:
    path = URL.format("probe")
    with town.unchanged():
        told = [
            refusal(admin, "PUT", path, b'{"definition": {"fields": [{"max": NaN}]}}', 400, each) for each in LOCALES
        ]
    assert told[0]["issues"][0]["pointer"] == "/definition/fields/0/max"
    speaks_both_languages(*told)

"""What the designer asks while a draft is worked on: nothing of it is saved."""

import re
from pathlib import Path
from typing import Any

import pytest

from apps.form_templates import form_templates
from form_engine.schemas import form_schema
from tests.web.conftest import Browser, Office

FORM: dict[str, Any] = {
    "kind": "form",
    "key": "trip",
    "title": {"en": "Trip", "zh-CN": "出行"},
    "display": ["name"],
    "fields": [
        {"key": "name", "type": "text", "label": {"en": "Name", "zh-CN": "名称"}, "required": True},
        {"key": "cost", "type": "money", "currency": "CNY", "label": "Cost"},
        {"key": "legs", "type": "table", "label": "Legs", "fields": [{"key": "km", "type": "number", "label": "Km"}]},
        {"key": "far", "type": "formula", "label": "Far", "value": "SUM(legs.km)"},
        {"key": "note", "type": "text", "label": "Note", "visible": "cost > 100"},
    ],
    "access": [
        {"role": "admin", "may": ["create", "read", "update"]},
        {"role": "clerk", "may": ["create"], "fields": {"cost": "hidden", "*": "write"}},
    ],
}
URL = "/api/v1/definitions/forms/trip"
SETTINGS = Path(__file__).parents[2] / "web" / "client" / "designer" / "settings.ts"
BASICS = frozenset(
    ("key", "type", "label", "help", "required", "visible", "default", "rules", "index", "was", "fields")
)


@pytest.fixture
def admin(office: Office) -> Browser:
    """An admin with a form that is published and has one record."""
    browser = office.admin
    assert browser.send("POST", "/api/v1/definitions/forms", {"definition": FORM}).status_code == 201
    assert browser.send("POST", f"{URL}/publish", {}, **{"If-Match": '"1"'}).status_code == 200
    return browser


def record(admin: Browser) -> int:
    values = {"name": "North", "cost": "120.00", "legs": [{"km": "3"}, {"km": "4"}]}
    made = admin.send("POST", "/api/v1/forms/trip/records", {"values": values}, key="trip-record-0001")
    assert made.status_code == 201, made.text
    return int(made.json["id"])  # type: ignore[index]


def tried(admin: Browser, formula: str, what: str = "value", path: str | None = "far", **more: Any) -> Any:
    body = {"definition": FORM, "formula": formula, "what": what, "path": path, **more}
    answer = admin.send("POST", f"{URL}/formula", body)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_formula_tells_its_type_and_its_value(admin: Browser) -> None:
    found = tried(admin, "SUM(legs.km) * cost", record=record(admin))
    assert (found["problem"], found["type"], found["value"]) == (None, "number:CNY", "840.0000")
    inside = tried(admin, "row.km > 3", "rule", "legs.km", record=1)
    assert inside["type"] == "logical"


@pytest.mark.parametrize(
    ("formula", "what", "code", "place"),
    [
        ("cost + nmae", "value", "formula_unknown_name", (7, 11)),
        ("cost +", "value", "formula_unexpected_end", None),
        ("cost + 1", "visible", "formula_wrong_result", None),
        ("row.km", "value", "formula_no_row", None),
        ("SUMM(cost)", "value", "formula_unknown_function", None),
    ],
)
def test_a_wrong_formula_tells_where(
    admin: Browser, formula: str, what: str, code: str, place: tuple[int, int] | None
) -> None:
    problem = tried(admin, formula, what)["problem"]
    assert problem["code"] == code
    assert problem["detail"]
    if place is not None:
        assert (problem["position"], problem["end"]) == place


def test_a_half_written_formula_elsewhere_is_said_so(admin: Browser) -> None:
    broken = {**FORM, "fields": [*FORM["fields"], {"key": "x", "type": "formula", "value": "1 +"}]}
    body = {"definition": broken, "formula": "1", "what": "value", "path": "far"}
    assert admin.send("POST", f"{URL}/formula", body).get_json()["problem"]["code"] == "elsewhere"


def test_the_preview_is_what_a_role_would_meet(admin: Browser) -> None:
    def shown(**asked: Any) -> Any:
        answer = admin.send("POST", f"{URL}/preview", {"definition": FORM, "locale": "en", **asked})
        assert answer.status_code == 200, answer.text
        return answer.json

    everything = shown()
    assert [each["key"] for each in everything["model"]["fields"]] == ["name", "cost", "legs", "far", "note"]
    clerk = shown(role="clerk", locale="zh-CN")
    assert clerk["model"]["fields"][0]["label"] == "名称"
    assert "cost" not in [each["key"] for each in clerk["model"]["fields"]]
    assert shown(role="nobody_known")["may"] is False
    real = shown(record=record(admin))
    assert real["model"]["record"]["values"]["far"] == "7.00"


def test_a_draft_that_cannot_be_shown_names_its_problems(admin: Browser) -> None:
    broken = {**FORM, "fields": [{"key": "x", "type": "formula", "value": "1 +"}]}
    answer = admin.send("POST", f"{URL}/preview", {"definition": broken, "locale": "en"})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_definition")
    other = admin.send("POST", f"{URL}/preview", {"definition": {**FORM, "key": "leave"}, "locale": "en"})
    assert other.status_code == 422


def test_only_admins_ask(admin: Browser, office: Office) -> None:
    del admin
    body = {"definition": FORM, "formula": "1", "what": "value", "path": "far"}
    assert office.employee.send("POST", f"{URL}/formula", body).status_code == 404
    assert office.employee.get(f"{URL}/surroundings").status_code == 404


def test_the_surroundings_tell_forms_roles_and_functions(admin: Browser) -> None:
    found = admin.get(f"{URL}/surroundings").get_json()
    trip = next(each for each in found["forms"] if each["key"] == "trip")
    assert [each["key"] for each in trip["fields"]] == ["name", "cost", "legs", "far", "note"]
    assert {each["key"] for each in found["roles"]} >= {"admin"}
    assert {"SUM", "TODAY"} <= {each["name"] for each in found["functions"]}


def test_the_pages_open(admin: Browser) -> None:
    designer = admin.get("/admin/forms/trip").text
    assert 'data-island="designer"' in designer
    assert re.search("<h1>[^<]+</h1>", designer), "the page has its heading before its script"
    assert 'data-island="form-start"' in admin.get("/admin/new-form").text


def test_every_template_can_be_published_as_it_is(office: Office) -> None:
    for each in form_templates():
        definition = {**each, "key": f"my_{each['key']}"}
        made = office.admin.send("POST", "/api/v1/definitions/forms", {"definition": definition})
        assert made.status_code == 201, made.text
        assert made.get_json()["problems"] == []


def test_the_designer_asks_for_all_that_a_type_can_say() -> None:
    """`settings.ts` and the JSON Schema name the same keys for every type."""
    text = SETTINGS.read_text("utf-8")
    shared = {name: set(re.findall(r"(?:key: |count\()'(\w+)'", body)) for name, body in _functions(text).items()}
    shared["bounds"] = {"min", "max"}
    said = dict.fromkeys(re.findall(r"case '(\w+)':", text), frozenset[str]())
    for name, body in re.findall(r"case '(\w+)':\n(.*?)(?=\n    (?:case|default))", text, re.DOTALL):
        keys = set(re.findall(r"(?:key: |(?:count|flag)\()'(\w+)'", body))
        for call in re.findall(r"\b(bounds|counts|link|shown)\(", body):
            keys |= shared[call]
        said[name] = frozenset(keys)
    for name, schema in form_schema()["$defs"].items():
        if name.startswith("field_"):
            assert said.get(name[6:], frozenset()) == set(schema["properties"]) - BASICS, name


def _functions(text: str) -> dict[str, str]:
    return dict(re.findall(r"function (\w+)\([^)]*\): Setting\[\] {\n(.*?)\n}", text, re.DOTALL))

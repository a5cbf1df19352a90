"""Calendars through HTTP: read by everybody, changed by admins, and asked by formulas from then on."""

import html
from typing import Any

from formloom.db.uow import unit_of_work

from form_engine.formula import Env, TypeScope, check, parse
from form_engine.formula.compiler import compile_formula
from form_engine.records.actor import SYSTEM
from form_engine.records.context import context_for
from tests.web.conftest import Office
from web.composition import Services

URL = "/api/v1/calendars"
DESIGN = "/api/v1/definitions/calendars"
SHOP: dict[str, Any] = {
    "kind": "calendar",
    "key": "shop",
    "title": {"en": "Shop", "zh-CN": "门店"},
    "default": True,
    "hours": {"mon": ["10:00-20:00"], "sat": ["10:00-18:00"]},
    "holidays": "CN",
    "exceptions": [{"from": "2026-03-02", "day": "off", "name": {"en": "Stocktaking", "zh-CN": "盘点"}}],
}


def publish(office: Office, body: dict[str, Any]) -> Any:
    made = office.admin.send("POST", DESIGN, {"definition": body})
    assert made.status_code == 201, made.text
    tag = {"If-Match": made.headers["ETag"]}
    return office.admin.send("POST", f"{DESIGN}/{body['key']}/publish", {}, **tag)


def next_workday(services: Services, workspace: int, formula: str) -> Any:
    with unit_of_work(services.databases, workspace) as session:
        context = context_for(session, SYSTEM)
        return str(compile_formula(check(parse(formula), TypeScope()))(Env(context=context)))


def test_formulas_count_by_the_default_calendar(services: Services, workspace: int, office: Office) -> None:
    formula = "WORKDAY(DATE(2026, 2, 27), 1)"
    assert next_workday(services, workspace, formula) == "2026-03-02", "weekends alone, while there is no calendar"
    answer = publish(office, SHOP)
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["live_version"] == 1
    assert next_workday(services, workspace, formula) == "2026-02-28"
    assert next_workday(services, workspace, "WORKDAY(DATE(2026, 2, 28), 1)") == "2026-03-07"
    assert office.employee.get(URL).get_json()["items"] == [
        {"key": "shop", "title": "门店", "default": True, "holidays": "CN"}
    ]


def test_the_days_of_a_year_are_told(office: Office) -> None:
    publish(office, SHOP)
    found = office.employee.get(f"{URL}/shop/days?year=2026").get_json()
    assert found["provisional"] is False
    days = {each["day"]: each for each in found["days"]}
    assert days["2026-03-02"] == {"day": "2026-03-02", "works": False, "own": True, "name": "盘点", "hours": []}
    assert days["2026-02-17"]["name"] == "春节"
    assert days["2026-02-28"] == {
        "day": "2026-02-28",
        "works": True,
        "own": False,
        "name": None,
        "hours": ["10:00-18:00"],
    }
    assert office.employee.get(f"{URL}/shop/days?year=2048").get_json()["provisional"] is True
    assert office.employee.get(f"{URL}/none/days?year=2026").status_code == 404
    for year in ("", "x", "99999", "1_000"):
        assert office.employee.get(f"{URL}/shop/days?year={year}").status_code == 400


def test_a_draft_is_saved_with_its_problems_and_not_published_with_them(office: Office) -> None:
    publish(office, SHOP)
    read = office.admin.get(f"{DESIGN}/shop/draft")
    wrong = {**read.get_json()["definition"], "hours": {"mon": ["12:00-10:00"]}}
    saved = office.admin.send(
        "PUT", f"{DESIGN}/shop/draft", {"definition": wrong}, **{"If-Match": read.headers["ETag"]}
    )
    assert [(one["pointer"], one["code"]) for one in saved.get_json()["problems"]] == [("/hours/mon/0", "bad_hours")]
    tag = {"If-Match": saved.headers["ETag"]}
    refused = office.admin.send("POST", f"{DESIGN}/shop/publish", {}, **tag)
    assert (refused.status_code, refused.get_json()["issues"][0]["pointer"]) == (422, "/hours/mon/0")
    assert office.admin.send("PUT", f"{DESIGN}/shop/draft", {"definition": SHOP}).status_code == 428


def test_there_is_one_default(office: Office) -> None:
    publish(office, SHOP)
    second = publish(office, {**SHOP, "key": "night"})
    assert [one["code"] for one in second.get_json()["issues"]] == ["second_default"]
    assert publish(office, {**SHOP, "key": "late", "default": False}).status_code == 200
    again = office.admin.send("POST", DESIGN, {"definition": SHOP})
    assert (again.status_code, again.get_json()["code"]) == (409, "definition_exists")


def test_only_admins_change_calendars(office: Office) -> None:
    assert office.employee.send("POST", DESIGN, {"definition": SHOP}).status_code == 404
    publish(office, SHOP)
    assert office.employee.get(f"{DESIGN}/shop/draft").status_code == 404
    for key in ("Shop", "1shop", "", "a" * 64, "sh-op", 5):
        answer = office.admin.send("POST", DESIGN, {"definition": {**SHOP, "key": key}})
        assert answer.status_code == 422
    put = office.admin.send("PUT", f"{DESIGN}/nothing/draft", {"definition": SHOP}, **{"If-Match": '"1"'})
    assert put.status_code == 404


def test_the_browser_gets_the_days_where_a_formula_asks(office: Office) -> None:
    publish(office, SHOP)
    assert '"days_off"' not in page(office)
    read = office.admin.get("/api/v1/definitions/forms/leave/draft")
    definition = read.get_json()["definition"]
    back = {"key": "back", "type": "formula", "value": "WORKDAY(to, 1)", "label": {"en": "Back", "zh-CN": "返岗"}}
    definition["fields"].append(back)
    definition["layout"][0]["items"].append("back")
    tag = {"If-Match": read.headers["ETag"]}
    saved = office.admin.send("PUT", "/api/v1/definitions/forms/leave/draft", {"definition": definition}, **tag)
    tag = {"If-Match": saved.headers["ETag"]}
    published = office.admin.send("POST", "/api/v1/definitions/forms/leave/publish", {}, **tag)
    assert published.status_code == 200, published.text
    assert '"days_off"' in page(office)


def page(office: Office) -> str:
    return html.unescape(office.employee.get("/forms/leave/new").text)

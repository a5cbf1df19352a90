"""Fields that a reader may not see are absent everywhere: detail, list, search, sort, filter, history, links, pages."""

import json
from typing import Any

import pytest

from tests.security.town import Town, fresh_key
from tests.web.conftest import Browser

SECRET, WHISPER = "424242", "psst-psst"


def ask(browser: Browser, path: str, **query: str) -> Any:
    return browser.get(path, query_string=query or None)


def tells(text: str) -> bool:
    """Whether the hidden values, or what is calculated from them, stand in it."""
    return any(word in text for word in (SECRET, "424,242", "424243", "424,243", WHISPER))


@pytest.fixture(scope="module")
def probe(town: Town) -> int:
    """A record that points to the dossier, plainly and from a row."""
    dossier = town.home.ids["dossier"]
    values = {"text": "points", "link": dossier, "rows": [{"item": "a", "dossier": dossier}]}
    answer = town.browser("agent").send("POST", "/api/v1/forms/probe/records", {"values": values}, key=fresh_key())
    assert answer.status_code == 201, answer.text
    return int(answer.get_json()["id"])


def test_the_admin_sees_them(town: Town) -> None:
    """Else the rest would prove nothing."""
    dossier = town.home.ids["dossier"]
    assert tells(town.browser("admin").get(f"/api/v1/records/{dossier}").text)
    assert tells(town.browser("admin").get(f"/records/{dossier}").text)
    assert tells(town.browser("admin").get("/forms/dossier").text)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/records/{dossier}",
        "/api/v1/records/{dossier}/history",
        "/api/v1/records/{dossier}/timeline",
        "/records/{dossier}",
        "/records/{dossier}?part=body",
        "/records/{dossier}/edit",
        "/api/v1/forms/dossier/records",
        "/api/v1/forms/dossier",
        "/forms/dossier",
        "/forms/dossier?sort=name",
        "/api/v1/records/{probe}",
        "/records/{probe}",
        "/records/{probe}/edit",
        "/api/v1/forms/probe",
        "/api/v1/forms/probe/records",
        "/forms/probe",
        "/forms/probe/new?link={dossier}",
    ],
)
def test_they_are_nowhere(town: Town, probe: int, path: str) -> None:
    with ask(town.browser("agent"), path.format(probe=probe, **town.home.ids)) as answer:
        assert answer.status_code == 200, answer.text[:300]
        assert not tells(answer.text)


def test_their_names_are_not_told_by_the_form(town: Town) -> None:
    fields = {each["key"] for each in town.browser("agent").get("/api/v1/forms/dossier").get_json()["fields"]}
    assert fields & {"secret", "whisper", "derived"} == set()
    values = town.browser("agent").get(f"/api/v1/records/{town.home.ids['dossier']}").get_json()["values"]
    assert values.keys() & {"secret", "whisper", "derived"} == set()


@pytest.mark.parametrize("q", [SECRET, WHISPER, "psst"])
def test_a_search_does_not_find_by_them(town: Town, q: str) -> None:
    assert ask(town.browser("agent"), "/api/v1/forms/dossier/records", q=q).get_json()["items"] == []
    assert "Known" not in ask(town.browser("agent"), "/forms/dossier", q=q).text
    assert ask(town.browser("agent"), "/api/v1/forms/dossier/records", q="Known").get_json()["items"]
    looked = town.browser("agent").send("POST", "/api/v1/forms/probe/lookup", {"field": "link", "q": q})
    assert looked.get_json()["items"] == []


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ("dossier", "secret"),
        ("dossier", "whisper"),
        ("dossier", "derived"),
        ("probe", "link.secret"),
        ("probe", "peek"),
    ],
)
def test_a_question_about_them_is_refused_as_about_no_field(town: Town, form: str, field: str) -> None:
    agent = town.browser("agent")
    path = f"/api/v1/forms/{form}/records"
    for op, value in (("eq", SECRET), ("gt", "1"), ("blank", True), ("starts", "4")):
        answer = ask(agent, path, filter=json.dumps({"field": field, "op": op, "value": value}))
        assert answer.status_code in (400, 422)
        unknown = ask(agent, path, filter=json.dumps({"field": "nothing", "op": op, "value": value}))
        assert [one["code"] for one in answer.get_json()["issues"]] == [
            one["code"] for one in unknown.get_json()["issues"]
        ]
    for sort in (field, f"-{field}"):
        assert ask(agent, path, sort=sort).status_code in (400, 422)
        assert ask(agent, f"/forms/{form}", sort=sort).status_code in (200, 400, 404, 422)
    chip = ask(agent, f"/forms/{form}", **{f"f.{field}": SECRET})
    assert chip.status_code in (200, 400, 404, 422)


def test_a_lookup_tells_only_what_may_be_read(town: Town, probe: int) -> None:
    asked = {"field": "rows.dossier", "values": {}, "row": {}, "record": probe}
    for field in ("link", "rows.dossier"):
        answer = town.browser("agent").send("POST", "/api/v1/forms/probe/lookup", {**asked, "field": field})
        assert [item["display"] for item in answer.get_json()["items"]] == ["Known"]
        assert not tells(answer.text)


def test_history_is_silent_about_their_changes(town: Town) -> None:
    admin, agent = town.browser("admin"), town.browser("agent")
    made = admin.send(
        "POST", "/api/v1/forms/dossier/records", {"values": {"name": "Hist", "secret": "1"}}, key=fresh_key()
    )
    record = made.get_json()["id"]
    for changes in ({"secret": SECRET}, {"whisper": WHISPER}, {"remark": "plain"}):
        assert admin.send("PATCH", f"/api/v1/records/{record}", {"changes": changes}).status_code == 200
    for path in (f"/api/v1/records/{record}/history", f"/records/{record}"):
        assert tells(admin.get(path).text)
        told = agent.get(path)
        assert "plain" in told.text
        assert not tells(told.text)
        assert "secret" not in told.text.replace("secret_", "")


def test_a_conflict_tells_nothing_of_them(town: Town) -> None:
    """Both wrote; the one who may not see the field is not told what the other wrote there."""
    admin, agent = town.browser("admin"), town.browser("agent")
    values = {"name": "Clash", "remark": "a"}
    made = admin.send("POST", "/api/v1/forms/dossier/records", {"values": values}, key=fresh_key()).get_json()
    path = f"/api/v1/records/{made['id']}"
    assert admin.send("PATCH", path, {"changes": {"secret": SECRET, "remark": "b"}}).status_code == 200
    answer = agent.send("PATCH", path, {"changes": {"remark": "c"}}, **{"If-Match": f'"{made["version"]}"'})
    assert answer.status_code == 409
    assert not tells(answer.text)


@pytest.mark.parametrize("changes", [{"secret": "1"}, {"whisper": "x"}, {"derived": "1"}, {"secret": None}])
def test_they_are_written_by_nobody_who_does_not_see_them(town: Town, changes: dict[str, Any]) -> None:
    path = f"/api/v1/records/{town.home.ids['dossier']}"
    with town.unchanged():
        answer = town.browser("agent").send("PATCH", path, {"changes": changes})
        assert answer.status_code == 422
        nothing = town.browser("agent").send("PATCH", path, {"changes": {"nothing": 1}})
    assert [one["code"] for one in answer.get_json()["issues"]] == [one["code"] for one in nothing.get_json()["issues"]]


def test_a_row_filter_hides_the_record_everywhere(town: Town) -> None:
    """Finance reads open dossiers only; this one is not."""
    finance, dossier = town.browser("finance1"), town.home.ids["dossier"]
    assert finance.get("/api/v1/forms/dossier/records").get_json()["items"] == []
    assert finance.get("/api/v1/forms/dossier/records").get_json()["count"] == 0
    for path in (f"/api/v1/records/{dossier}", f"/records/{dossier}", f"/api/v1/records/{dossier}/history"):
        assert finance.get(path).status_code == 404
    assert "Known" not in finance.get("/forms/dossier").text
    assert ask(finance, "/api/v1/forms/dossier/records", q="Known").get_json()["items"] == []


@pytest.mark.parametrize(("who", "word"), [("agent", "6222-SECRET"), ("finance1", "13812345678")])
def test_the_presets_hidden_fields_are_hidden(town: Town, who: str, word: str) -> None:
    customer = town.home.ids["secret_customer"]
    paths = (f"/api/v1/records/{customer}", f"/records/{customer}", "/forms/customer", "/api/v1/forms/customer/records")
    for path in paths:
        answer = town.browser(who).get(path)
        assert answer.status_code == 200
        assert "Secretive" in answer.text
        assert word not in answer.text
        assert word in town.browser("admin").get(paths[0]).text
    assert ask(town.browser(who), "/api/v1/forms/customer/records", q=word).get_json()["items"] == []

"""The explanation is true, and tells nobody what is not theirs to know."""

from typing import Any

import pytest

from form_engine.records.actor import SYSTEM
from tests.security.town import NOBODY, Town


def why(town: Town, who: str, path: str, about: str | None = None) -> Any:
    user = f"?user={town.home.people[about]}" if about else ""
    return town.browser(who).get(f"/api/v1/{path}/why{user}")


def test_a_line_of_a_role_says_why(town: Town) -> None:
    told = why(town, "admin", f"records/{town.home.ids['dossier']}", "finance1").get_json()
    line = next(each for each in told["lines"] if each["role"] == "finance")
    assert (line["held"], line["where"], line["holds"], line["counts"]) == (True, "open", False, False)
    assert line["words"]["en"]
    assert told["actions"]["read"] == {"allowed": False, "by": [], "others": ["line:0", "line:1", "line:2"]}
    whisper = next(each for each in told["fields"] if each["path"] == "whisper")
    assert whisper["access"] == "hidden"


def test_it_says_the_same_as_the_doors(town: Town) -> None:
    records = [town.home.ids[name] for name in ("dossier", "contract", "admins_contract", "waiting", "reviewed")]
    for who in (*town.home.people,):
        for record in records:
            told = why(town, "admin", f"records/{record}", who).get_json()
            seen = town.browser(who).get(f"/api/v1/records/{record}")
            assert told["actions"]["read"]["allowed"] == (seen.status_code == 200), (who, record)
            if seen.status_code == 200:
                shown = {each["path"] for each in told["fields"] if each["access"] != "hidden"}
                assert seen.get_json()["values"].keys() <= shown


def test_a_computed_field_names_what_hides_it(town: Town) -> None:
    told = why(town, "admin", "forms/probe", "agent").get_json()
    peek = next(each for each in told["fields"] if each["path"] == "peek")
    assert (peek["access"], peek["hidden_by"]) == ("hidden", ["dossier.secret"])


@pytest.mark.parametrize("path", ["records/{dossier}", "forms/dossier"])
def test_to_oneself_it_does_not_tell_what_is_hidden(town: Town, path: str) -> None:
    told = why(town, "agent", path.format(**town.home.ids))
    assert told.status_code == 200
    assert "secret" not in told.text
    assert "whisper" not in told.text
    assert {line["role"] for line in told.get_json()["lines"]} == {"agent"}


WARD: dict[str, Any] = {
    "kind": "form",
    "key": "ward",
    "title": {"en": "Ward", "zh-CN": "监护"},
    "fields": [
        {"key": "name", "type": "text", "label": "Name"},
        {"key": "salary", "type": "number", "decimals": 0, "label": "Salary", "index": True},
        {"key": "above", "type": "formula", "label": "Above", "value": "salary > 100"},
        {"key": "dossier", "type": "link", "form": "dossier", "label": "Dossier"},
    ],
    "access": [
        {"role": "agent", "may": ["read"], "fields": {"*": "read", "salary": "hidden"}},
        {"role": "agent", "may": ["update"], "where": "salary > 777", "fields": {"*": "read", "salary": "hidden"}},
        {"role": "agent", "may": ["update"], "where": "above", "fields": {"*": "read", "salary": "hidden"}},
        {
            "role": "agent",
            "may": ["update"],
            "where": "dossier.secret > 888",
            "fields": {"*": "read", "salary": "hidden"},
        },
        {"role": "agent", "may": ["update"], "where": 'name = "Here"', "fields": {"*": "read", "salary": "hidden"}},
    ],
}


def test_a_filter_over_what_is_hidden_is_not_told(town: Town) -> None:
    with town.session() as session:
        town.services.forms.publish_together(session, {"ward": WARD}, SYSTEM)
        given = {"name": "Here", "salary": "1000", "dossier": town.home.ids["dossier"]}
        record = town.services.records.create(session, town.services.forms, "ward", given, SYSTEM).id
    for path in (f"records/{record}", "forms/ward"):
        answer = why(town, "agent", path)
        for word in ("salary", "Salary", "777", "above", "secret", "888"):
            assert word not in answer.text, word
        lines = answer.get_json()["lines"]
        assert [line["where"] for line in lines] == [None, None, None, None, 'name = "Here"']
        assert [bool(line["words"]) for line in lines] == [False, False, False, False, True]
        assert [line["holds"] for line in lines[:4]] == [None] * 4
        admins = why(town, "admin", path, "agent").get_json()["lines"]
        assert [line["where"] for line in admins[1:4]] == ["salary > 777", "above", "dossier.secret > 888"]


def test_about_others_only_admins_ask(town: Town) -> None:
    path = f"records/{town.home.ids['dossier']}"
    assert why(town, "agent", path, "admin").status_code == 404
    assert why(town, "agent", path, "agent").status_code == 200
    assert why(town, NOBODY, path).status_code == 404
    assert why(town, NOBODY, "forms/dossier").status_code == 404
    assert why(town, "agent", f"records/{town.home.ids['admins_contract']}").status_code == 404
    abroad = town.abroad.people["admin"]
    assert town.browser("admin").get(f"/api/v1/{path}/why?user={abroad}").status_code == 404


def test_the_rights_of_a_step_are_told_as_grants(town: Town) -> None:
    told = why(town, "admin", f"records/{town.home.ids['reviewed']}", "finance1").get_json()
    assert "in_run" in told["besides"]
    assert any(each["source"].startswith("run:") and each["live"] for each in told["grants"])
    assert told["actions"]["update"]["allowed"] is False

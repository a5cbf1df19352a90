"""The life of definitions that are no forms, through the API: flows, as they are the richest."""

from typing import Any

from tests.web.conftest import Office

URL = "/api/v1/definitions/flows"
FLOW: dict[str, Any] = {
    "kind": "flow",
    "key": "review",
    "form": "leave",
    "title": {"en": "Review", "zh-CN": "复核"},
    "trigger": {"on": "button", "label": {"en": "Review", "zh-CN": "复核"}, "by": {"initiator": True}},
    "steps": [{"key": "look", "type": "approve", "by": {"role": "admin"}, "title": {"en": "Look", "zh-CN": "查看"}}],
}


def begin(office: Office, definition: dict[str, Any] = FLOW) -> dict[str, str]:
    """The tag of its first draft."""
    begun = office.admin.send("POST", URL, {"definition": definition})
    assert begun.status_code == 201, begun.text
    return {"If-Match": begun.headers["ETag"]}


def test_a_flow_is_begun_published_changed_and_taken_back(office: Office) -> None:
    published = office.admin.send("POST", f"{URL}/review/publish", {"note": "first"}, **begin(office))
    assert (published.status_code, published.get_json()["version"]) == (200, 1)
    more = {**FLOW, "steps": [*FLOW["steps"], {**FLOW["steps"][0], "key": "again"}]}
    tag = {"If-Match": published.headers["ETag"]}
    saved = office.admin.send("PUT", f"{URL}/review/draft", {"definition": more}, **tag)
    differs = office.admin.get(f"{URL}/review/diff").get_json()
    assert [(one["at"], one["kind"]) for one in differs["differences"]] == [("/steps/again", "added")]
    tag = {"If-Match": saved.headers["ETag"]}
    second = office.admin.send("POST", f"{URL}/review/publish", {}, **tag)
    assert second.get_json()["version"] == 2
    tag = {"If-Match": second.headers["ETag"]}
    back = office.admin.send("POST", f"{URL}/review/rollback", {"version": 1}, **tag)
    assert back.get_json()["definition"] == FLOW
    versions = office.admin.get(f"{URL}/review/versions").get_json()["items"]
    assert [(one["version"], one["live"], one["note"]) for one in versions] == [
        (3, True, "= 1"),
        (2, False, ""),
        (1, False, "first"),
    ]
    assert office.admin.get(f"{URL}/review/versions/2").get_json()["definition"] == more


def test_what_is_wrong_is_told_with_its_place_and_not_published(office: Office) -> None:
    wrong = {**FLOW, "steps": [{**FLOW["steps"][0], "by": {"role": "nobody_holds_it"}}]}
    tag = begin(office, wrong)
    refused = office.admin.send("POST", f"{URL}/review/publish", {}, **tag)
    assert refused.status_code == 422
    assert [(one["pointer"], one["code"]) for one in refused.get_json()["issues"]] == [("/steps/0/by", "unknown_role")]
    checked = office.admin.send("POST", f"{URL}/review/check", {"definition": FLOW})
    assert checked.get_json() == {"problems": []}
    assert office.admin.send("POST", f"{URL}/review/publish", {}, **{"If-Match": '"9"'}).status_code == 409


def test_a_key_is_taken_once_and_only_admins_design(office: Office) -> None:
    begin(office)
    again = office.admin.send("POST", URL, {"definition": FLOW})
    assert (again.status_code, again.get_json()["code"]) == (409, "definition_exists")
    assert office.employee.get(URL).status_code == 404
    assert office.employee.send("POST", URL, {"definition": FLOW}).status_code == 404
    assert [one["key"] for one in office.admin.get(URL).get_json()["items"] if one["key"] == "review"] == ["review"]
    assert office.admin.get("/api/v1/definitions/nonsense").status_code == 404


def test_the_live_flow_is_read_as_bpmn_in_the_readers_language(office: Office) -> None:
    assert office.admin.get(f"{URL}/review/bpmn").status_code == 404
    office.admin.send("POST", f"{URL}/review/publish", {}, **begin(office))
    read = office.admin.get(f"{URL}/review/bpmn")
    assert read.content_type == "application/xml; charset=utf-8"
    assert 'id="step_look"' in read.text
    assert office.employee.get(f"{URL}/review/bpmn").status_code == 404

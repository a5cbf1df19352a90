"""The life of a form through the API: drafts, checks, differences, publishing, going back."""

from typing import Any

import pytest

from tests.web.conftest import Office

URL = "/api/v1/definitions/forms/leave"


def draft(office: Office) -> tuple[dict[str, Any], dict[str, str]]:
    answer = office.admin.get(f"{URL}/draft")
    return answer.get_json()["definition"], {"If-Match": answer.headers["ETag"]}


def save(office: Office, change: Any) -> dict[str, str]:
    definition, tag = draft(office)
    change(definition)
    saved = office.admin.send("PUT", f"{URL}/draft", {"definition": definition}, **tag)
    assert saved.status_code == 200, saved.text
    return {"If-Match": saved.headers["ETag"]}


def publish(office: Office, change: Any, **more: Any) -> Any:
    return office.admin.send("POST", f"{URL}/publish", more, **save(office, change))


def add(body: dict[str, Any]) -> None:
    body["fields"].append({"key": "cover", "type": "text", "label": {"en": "Cover", "zh-CN": "代班"}})
    body["layout"][0]["items"].append("cover")


def test_versions_are_listed_and_read(office: Office) -> None:
    published = publish(office, add, note="cover")
    assert published.get_json()["version"] == 2, published.text
    items = office.admin.get(f"{URL}/versions").get_json()["items"]
    assert [(one["version"], one["live"], one["note"]) for one in items] == [
        (2, True, "cover"),
        (1, False, "leave 1.0.0"),
    ]
    first = office.admin.get(f"{URL}/versions/1").get_json()
    assert "cover" not in [each["key"] for each in first["definition"]["fields"]]
    assert office.admin.get(f"{URL}/versions/7").status_code == 404


def test_differences_are_told_by_key_and_in_both_languages(office: Office) -> None:
    def change(body: dict[str, Any]) -> None:
        add(body)
        body["fields"][0]["label"] = {"en": "Otherwise", "zh-CN": "别样"}

    save(office, change)
    told = office.admin.get(f"{URL}/diff").get_json()
    assert [one["key"] for one in told["fields"]["added"]] == ["cover"]
    assert [(one["what"], one["new"]["en"]) for one in told["fields"]["changed"]] == [("label", "Otherwise")]
    assert "New field “Cover”" in told["words"]["en"]
    assert any("代班" in line for line in told["words"]["zh-CN"])
    assert office.admin.get(f"{URL}/diff?from=1&to=live").get_json()["same"] is True
    assert office.admin.get(f"{URL}/diff?from=1&to=99").status_code == 404
    assert office.admin.get(f"{URL}/diff?from=x").status_code == 400


def test_going_back_publishes_what_was(office: Office) -> None:
    publish(office, add)
    _, tag = draft(office)
    back = office.admin.send("POST", f"{URL}/rollback", {"version": 1}, **tag)
    assert back.get_json()["version"] == 3, back.text
    assert office.admin.get(f"{URL}/diff?from=1&to=3").get_json()["same"] is True


def test_going_back_does_not_run_over_a_draft(office: Office) -> None:
    publish(office, add)
    tag = save(office, lambda body: body.update(title={"en": "Draft"}))
    refused = office.admin.send("POST", f"{URL}/rollback", {"version": 1}, **tag)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "draft_in_the_way")
    assert office.admin.send("DELETE", f"{URL}/draft", **tag).status_code == 204
    assert draft(office)[0]["title"] != {"en": "Draft"}


ASSET: dict[str, Any] = {
    "kind": "form",
    "key": "asset",
    "title": {"en": "Asset", "zh-CN": "资产"},
    "fields": [{"key": "name", "type": "text", "label": "Name"}, {"key": "price", "type": "text", "label": "Price"}],
    "access": [{"role": "admin", "may": ["create", "read", "update"]}],
}
ASSETS = "/api/v1/definitions/forms/asset"


@pytest.fixture
def assets(office: Office) -> list[int]:
    """Two records: a price that is a number, and one that is a word."""
    begun = office.admin.send("POST", "/api/v1/definitions/forms", {"definition": ASSET})
    office.admin.send("POST", f"{ASSETS}/publish", {}, **{"If-Match": begun.headers["ETag"]})
    made: list[int] = []
    for price in ("1,200", "about ten"):
        values = {"values": {"name": "A", "price": price}}
        answer = office.admin.send("POST", "/api/v1/forms/asset/records", values, key=f"asset-{len(made):06}")
        made.append(int(answer.get_json()["id"]))
    return made


def priced(office: Office, kind: str, **more: Any) -> dict[str, str]:
    """A draft in which the price is of this type."""
    answer = office.admin.get(f"{ASSETS}/draft")
    definition = answer.get_json()["definition"]
    definition["fields"][1] = {"key": "price", "type": kind, "label": "Price", **more}
    tag = {"If-Match": answer.headers["ETag"]}
    saved = office.admin.send("PUT", f"{ASSETS}/draft", {"definition": definition}, **tag)
    return {"If-Match": saved.headers["ETag"]}


def test_effects_tell_what_publishing_would_lose(office: Office, assets: list[int]) -> None:
    tag = priced(office, "number", decimals=0)
    told = office.admin.get(f"{ASSETS}/effects").get_json()
    (one,) = told["conversions"]
    assert (one["field"], one["from"], one["to"], one["records"], one["lost"]) == ("price", "text", "number", 2, 1)
    assert [(each["record"], each["old"]) for each in one["samples"]] == [(assets[1], "about ten")]
    refused = office.admin.send("POST", f"{ASSETS}/publish", {}, **tag)
    assert (refused.status_code, refused.get_json()["params"]["fields"]) == (409, {"price": 1})
    assert office.admin.send("POST", f"{ASSETS}/publish", {"accept_loss": True}, **tag).status_code == 200
    values = [office.admin.get(f"/api/v1/records/{each}").get_json()["values"] for each in assets]
    assert [each.get("price") for each in values] == ["1200", None]


def test_going_back_finds_what_did_not_convert(office: Office, assets: list[int]) -> None:
    tag = priced(office, "number", decimals=0)
    done = office.admin.send("POST", f"{ASSETS}/publish", {"accept_loss": True}, **tag)
    for record in assets:
        assert office.admin.get(f"/records/{record}").status_code == 200  # its history shows values of the old type
    back = office.admin.send("POST", f"{ASSETS}/rollback", {"version": 1}, **{"If-Match": done.headers["ETag"]})
    assert back.status_code == 200, back.text
    values = [office.admin.get(f"/api/v1/records/{each}").get_json()["values"] for each in assets]
    assert [each["price"] for each in values] == ["1,200", "about ten"]
    history = office.admin.get(f"/api/v1/records/{assets[1]}/history").get_json()["items"]
    assert [one["what"] for one in history][-1] in ("Created", "新建")
    assert office.admin.get(f"/records/{assets[1]}").status_code == 200


def test_a_value_that_a_run_holds_is_not_changed_under_its_hands(office: Office) -> None:
    def remark(body: dict[str, Any]) -> None:
        body["fields"].append({"key": "rate", "type": "text", "label": "Rate"})
        body["layout"][0]["items"].append("rate")

    assert publish(office, remark).status_code == 200
    record = office.ask(rate="12")
    retype = {"type": "number", "decimals": 0}
    refused = publish(office, lambda body: body["fields"][-1].update(retype))
    assert (refused.status_code, refused.get_json()["code"]) == (409, "runs_hold_values"), refused.text
    assert refused.get_json()["params"]["records"] == [record]
    named = {"key": "rate_number", "was": ["rate"], **retype}

    def rename(body: dict[str, Any]) -> None:
        body["fields"][-1].update(named)
        body["layout"][0]["items"][-1] = "rate_number"

    assert publish(office, rename).status_code == 200
    assert office.employee.get(f"/api/v1/records/{record}").get_json()["values"]["rate_number"] == "12"
    approve = {"decision": "approve"}
    done = office.manager.send("POST", f"/api/v1/tasks/{office.task()}/decide", approve, key="approve-held")
    assert done.status_code == 200, done.text
    assert office.employee.get(f"/api/v1/records/{record}").get_json()["values"]["rate_number"] == "12"


def test_a_new_form_is_begun_and_published(office: Office) -> None:
    body = {
        "kind": "form",
        "key": "asset",
        "title": {"en": "Asset", "zh-CN": "资产"},
        "fields": [{"key": "name", "type": "text", "label": "Name"}],
    }
    begun = office.admin.send("POST", "/api/v1/definitions/forms", {"definition": body})
    assert begun.status_code == 201, begun.text
    again = office.admin.send("POST", "/api/v1/definitions/forms", {"definition": body})
    assert again.status_code == 409
    assert "asset" in [one["key"] for one in office.admin.get("/api/v1/definitions/forms").get_json()["items"]]
    done = office.admin.send(
        "POST", "/api/v1/definitions/forms/asset/publish", {}, **{"If-Match": begun.headers["ETag"]}
    )
    assert done.get_json()["version"] == 1, done.text


def test_a_definition_is_judged_without_being_saved(office: Office) -> None:
    definition, tag = draft(office)
    definition["fields"][0]["type"] = "crystal_ball"
    judged = office.admin.send("POST", f"{URL}/check", {"definition": definition}).get_json()
    assert judged["problems"][0]["code"] == "unknown_field_type"
    assert draft(office)[1] == tag

"""Definitions over their life: odd versions, odd comparisons, bodies that ask for more than they may."""

import copy
from typing import Any

import pytest

from tests.security.probe import PROBE
from tests.security.town import Town

FORM = "/api/v1/definitions/forms/probe"
ODD = ("0", "-1", "999999999999999999999", "٣", "1e3", "%00", "live ", "__class__", "x" * 50)


@pytest.mark.parametrize("odd", ODD)
def test_odd_versions_are_not_there(town: Town, odd: str) -> None:
    admin = town.browser("admin")
    with town.unchanged():
        assert admin.get(f"{FORM}/versions/{odd}").status_code == 404
        for query in (f"from={odd}", f"to={odd}"):
            assert admin.get(f"{FORM}/diff?{query}").status_code in (400, 404)
        answer = admin.send("POST", f"{FORM}/rollback", {"version": odd}, **{"If-Match": '"1"'})
        assert answer.status_code == 422


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("publish", {"note": 5}),
        ("publish", {"accept_loss": "yes"}),
        ("publish", {"published_by": "person:1"}),
        ("publish", {"version": 7}),
        ("publish", {"note": "x" * 501}),
        ("rollback", {}),
        ("rollback", {"version": True}),
        ("rollback", {"version": 10**17}),
        ("rollback", {"version": 1, "workspace_id": 1}),
        ("check", {"definition": []}),
        ("check", {"definition": {}, "key": "payment"}),
    ],
)
def test_bodies_that_ask_for_more_are_refused(town: Town, path: str, body: dict[str, Any]) -> None:
    with town.unchanged():
        answer = town.browser("admin").send("POST", f"{FORM}/{path}", body, **{"If-Match": '"1"'})
        assert answer.status_code == 422, answer.text


def test_what_changes_a_form_names_what_it_saw(town: Town) -> None:
    admin = town.browser("admin")
    with town.unchanged():
        for method, path, body in (
            ("PUT", "draft", {"definition": PROBE}),
            ("DELETE", "draft", None),
            ("POST", "publish", {}),
            ("POST", "rollback", {"version": 1}),
        ):
            assert admin.send(method, f"{FORM}/{path}", body).status_code == 428, path
            stale = admin.send(method, f"{FORM}/{path}", body, **{"If-Match": '"999"'})
            assert stale.status_code in (409, 412), (path, stale.text)


@pytest.mark.parametrize(
    ("was", "code"),
    [
        (["text"], "duplicate_key"),
        (["old", "old"], "duplicate"),
        (["created_by@x"], "bad_format"),
        ("text", "wrong_type"),
        ([7], "wrong_type"),
    ],
)
def test_a_field_cannot_take_what_is_anothers(town: Town, was: Any, code: str) -> None:
    """Not the values of a field that is there, nor anything that is no former key."""
    body = copy.deepcopy(PROBE)
    body["fields"][1]["was"] = was
    with town.unchanged():
        answer = town.browser("admin").send("POST", f"{FORM}/check", {"definition": body})
        assert code in [each["code"] for each in answer.get_json()["problems"]], answer.text


def test_two_fields_cannot_take_the_same(town: Town) -> None:
    body = copy.deepcopy(PROBE)
    body["fields"][1]["was"] = body["fields"][2]["was"] = ["former"]
    answer = town.browser("admin").send("POST", f"{FORM}/check", {"definition": body})
    assert "duplicate_key" in [each["code"] for each in answer.get_json()["problems"]]


@pytest.mark.parametrize("key", ["", "Has Capitals", "a" * 64, "__proto__", "ключ", 5, None, "../x", "a\n"])
def test_a_form_is_begun_under_a_plain_key(town: Town, key: Any) -> None:
    with town.unchanged():
        body = {"definition": {**PROBE, "key": key}}
        answer = town.browser("admin").send("POST", "/api/v1/definitions/forms", body)
        assert answer.status_code == 422, answer.text

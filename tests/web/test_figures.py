"""Figures and pages by API: shapes, words for keys, refusals with pointers."""

from typing import Any

import pytest

from tests.web.conftest import Office
from web.desk.lists import count_text

AGGREGATE = "/api/v1/forms/leave/aggregate"
RECORDS = "/api/v1/forms/leave/records"


def asked(office: Office, question: Any) -> Any:
    answer = office.employee.send("POST", AGGREGATE, question)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_records_are_counted_and_added_up_by_group(office: Office) -> None:
    office.ask("request-0001")
    office.ask("request-0002", **{"from": "2026-04-06", "to": "2026-04-06"})
    found = asked(
        office,
        {
            "group": ["type", {"field": "from", "bucket": "month", "as": "month"}],
            "measures": ["count", {"fn": "sum", "field": "days", "as": "days"}],
            "sort": ["month"],
        },
    )
    assert found["groups"] == [
        {"keys": {"type": "annual", "month": "2026-03-01"}, "measures": {"count": 1, "days": "3"}},
        {"keys": {"type": "annual", "month": "2026-04-01"}, "measures": {"count": 1, "days": "1"}},
    ]
    assert found["more"] is False
    assert set(found["labels"]["type"]) == {"annual"}
    by_person = asked(office, {"group": ["created_by"]})["groups"]
    assert by_person == [{"keys": {"created_by": office.people["employee"].id}, "measures": {"count": 2}}]


def test_what_cannot_be_asked_is_named(office: Office) -> None:
    answer = office.employee.send("POST", AGGREGATE, {"group": ["nothing"]})
    assert answer.status_code == 400, answer.text
    assert [(one["pointer"], one["code"]) for one in answer.get_json()["issues"]] == [
        ("/group/0/field", "unknown_field")
    ]
    assert office.employee.send("POST", AGGREGATE, {"grup": []}).status_code in (400, 422)
    assert office.employee.send("POST", "/api/v1/forms/nothing/aggregate", {}).status_code == 404


@pytest.mark.parametrize(
    ("asked", "pointer", "code"),
    [
        ('filter={"field": "nothing", "value": 1}', "/filter/field", "unknown_field"),
        ('filter={"and": [{"field": "type", "op": "like", "value": "x"}]}', "/filter/and/0/op", "unknown_operator"),
        ('filter={"field": "type", "value": "x", "also": 1}', "/filter", "filter_malformed"),
        ('filter={"field": "data->>0", "value": "x"}', "/filter/field", "unknown_field"),
        ("sort=nothing", "/sort/0", "unknown_field"),
        ("sort=type;drop", "/sort/0", "unknown_field"),
        ("after=rubbish", "/after", "bad_cursor"),
        ("before=rubbish", "/before", "bad_cursor"),
        ("group=type", "/group", "unknown_key"),
        ("limit=1000", "/limit", "bad_limit"),
    ],
)
def test_what_a_list_cannot_be_asked_is_named(office: Office, asked: str, pointer: str, code: str) -> None:
    answer = office.employee.get(f"{RECORDS}?{asked}")
    assert answer.status_code == 400, answer.text
    assert [(one["pointer"], one["code"]) for one in answer.get_json()["issues"]] == [(pointer, code)]


def test_pages_lead_both_ways(office: Office) -> None:
    ids = [office.ask(f"request-000{n}") for n in range(5)]
    first = office.employee.get(f"{RECORDS}?limit=2").get_json()
    assert (first["count"], first["estimated"], first["previous"]) == (5, False, None)
    second = office.employee.get(f"{RECORDS}?limit=2&after={first['next']}").get_json()
    again = office.employee.get(f"{RECORDS}?limit=2&before={second['previous']}").get_json()
    assert [one["id"] for one in (*first["items"], *second["items"])] == ids[:0:-1]
    assert again["items"] == first["items"]
    assert again["previous"] is None


def test_an_estimate_says_so_and_is_round(office: Office) -> None:
    with office.employee.client.application.test_request_context():
        assert count_text(336_412, estimated=True) == "约 340,000 条记录"
        assert "336412" in count_text(336_412)

"""Step permissions, mass assignment, own requests: what a decision may change, and who may decide."""

from collections.abc import Iterator
from typing import Any

import pytest
from formloom.people import create_person, disable_person

from form_engine.records.actor import Actor
from tests.security.town import Town, entered, fresh_key, visitor
from tests.web.conftest import PASSWORD, Browser

SYSTEM_NAMES = (
    "id",
    "workspace_id",
    "form",
    "version",
    "number",
    "title",
    "state",
    "run_id",
    "draft",
    "created_by",
    "created_at",
    "updated_by",
    "updated_at",
    "deleted_at",
    "approved_at",
    "approved_by",
    "status_id",
    "touched",
    "data",
    "search",
)


def decide(browser: Browser, task: int, /, **body: Any) -> Any:
    return browser.send("POST", f"/api/v1/tasks/{task}/decide", body, key=fresh_key())


def reviewed(town: Town) -> tuple[Browser, int]:
    """Finance and their task on the payment that waits for review."""
    return town.browser("finance1"), int(town.home.ids["task"])


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "1.00"},
        {"payer": "somebody else"},
        {"contract": 1},
        {"slip": []},
        {"status": "confirmed"},
        {"channel": "cash"},
        {"reversal_reason": "x"},
        {"customer_name": "x"},
        {"applied_total": "1"},
        {"nothing": 1},
        *({name: 1} for name in SYSTEM_NAMES),
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_step_writes_only_its_own_fields(town: Town, changes: dict[str, Any]) -> None:
    finance, task = reviewed(town)
    lines = [{"bill": town.home.ids["bill11"], "applied": "400.00"}]
    with town.unchanged():
        answer = decide(finance, task, decision="approve", changes={"lines": lines, **changes})
    assert answer.status_code == 422, answer.text
    (name,) = changes
    assert any(issue["pointer"].startswith(f"/changes/{name}") for issue in answer.get_json()["issues"])


@pytest.mark.parametrize(
    ("lines", "pointer"),
    [
        ([], "/changes/lines"),
        (None, "/changes/lines"),
        ([{"bill": "{admins_bill}", "applied": "1.00"}], "/changes/lines/0/bill"),
        ([{"bill": "{abroad}", "applied": "1.00"}], "/changes/lines/0/bill"),
        ([{"bill": "{bill11}", "applied": "400.01"}], "/changes/lines/0/applied"),
        ([{"bill": "{bill11}", "applied": "-1.00"}], "/changes/lines/0/applied"),
        ([{"bill": "{bill11}", "applied": "0"}], "/changes/lines/0/applied"),
        ([{"bill": "{bill11}", "applied": "1.00", "open": "9"}], "/changes/lines/0/open"),
        ([{"bill": "{bill11}", "applied": "200.00"}, {"bill": "{bill11}", "applied": "200.00"}], "/changes"),
        ([{"bill": "{bill11}", "applied": "NaN"}], "/changes/lines/0/applied"),
    ],
)
def test_what_a_step_writes_is_judged(town: Town, lines: Any, pointer: str) -> None:
    finance, task = reviewed(town)
    known = {"{abroad}": town.abroad.ids["bill11"], **{f"{{{k}}}": v for k, v in town.home.ids.items()}}
    sent = lines and [{key: known.get(value, value) for key, value in row.items()} for row in lines]
    with town.unchanged():
        answer = decide(finance, task, decision="approve", changes={"lines": sent})
    assert answer.status_code == 422, answer.text
    assert any(issue["pointer"].startswith(pointer) for issue in answer.get_json()["issues"]), answer.text


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"decision": "confirm"}, 422, "/decision"),
        ({"decision": "APPROVE"}, 422, "/decision"),
        ({"decision": ""}, 422, "/decision"),
        ({"decision": ["approve"]}, 422, "/decision"),
        ({"decision": "x" * 41}, 422, "/decision"),
        ({}, 422, "/decision"),
        ({"decision": "approve", "as": "admin"}, 422, "/as"),
        ({"decision": "approve", "task": 1, "actor": "system"}, 422, "/actor"),
        ({"decision": "approve", "comment": "x" * 4_001}, 422, "/comment"),
        ({"decision": "approve", "comment": 5}, 422, "/comment"),
        ({"decision": "approve", "changes": []}, 422, "/changes"),
        ({"decision": "reject"}, 422, "/reason"),
        ({"decision": "reject", "reason": "because"}, 422, "/reason"),
        ({"decision": "reject", "reason": "amount", "changes": {"note": "x"}}, 422, "/changes"),
        ({"decision": "return", "to_step": "supervisor"}, 409, None),
        ({"decision": "approve", "to_step": "tell"}, 422, None),
        ({"decision": "withdraw"}, 409, None),
        ({"decision": "resubmit"}, 409, None),
        ({"decision": "retry"}, 409, None),
        ({"decision": "acknowledge"}, 409, None),
    ],
    ids=str,
)
def test_a_decision_that_is_not_offered_decides_nothing(
    town: Town, body: dict[str, Any], status: int, pointer: str | None
) -> None:
    finance, task = reviewed(town)
    with town.unchanged():
        answer = decide(finance, task, **body)
    assert answer.status_code in ((409, 422) if pointer is None else (status,)), answer.text
    if pointer is not None:
        assert pointer in [issue["pointer"] for issue in answer.get_json()["issues"]], answer.text


@pytest.mark.parametrize("name", SYSTEM_NAMES)
def test_nothing_of_the_houses_own_is_assigned_by_a_body(town: Town, name: str) -> None:
    agent, dossier = town.browser("agent"), town.home.ids["dossier"]
    with town.unchanged():
        inside = agent.send("PATCH", f"/api/v1/records/{dossier}", {"changes": {name: 1}})
        beside = agent.send("PATCH", f"/api/v1/records/{dossier}", {"changes": {}, name: 1})
        new = agent.send("POST", "/api/v1/forms/probe/records", {"values": {name: 1}}, key=fresh_key())
    for answer in (inside, beside, new):
        assert answer.status_code == 422, answer.text
        assert f"/{name}" in [issue["pointer"] for issue in answer.get_json()["issues"]]


def test_nobody_decides_their_own_request(town: Town, jack: Browser) -> None:
    """Creator, finance and supervisor must be three people, whatever roles one holds."""
    office = town.home.office
    term = {"start": "2020-01-01", "end": "2020-12-31", "monthly_rent": "400.00", "status": "active"}
    who = {"unit": town.home.ids["unit"], "customer": town.home.ids["customer"]}
    contract = office.add("jacks", "contract", contract_no="HT-J", owner=office.people["jack"].person_id, **who, **term)
    office.add("jacks_bill", "bill", bill_no="ZD-J", contract=contract, amount="50.00", due="2025-12-01")
    own = office.pay("jacks_bill", "10.00", by="jack", contract=contract)
    office.decide(own, "customer", "approve")
    assert office.waiting(own) == {"finance1", "finance2"}
    finances = town.task_of(own, "finance1")
    assert decide(jack, finances, decision="approve").status_code == 404
    office.allocate(own, "finance2", jacks_bill="10.00")
    assert "jack" not in office.waiting(own)
    # What finance has reviewed as Jack is not approved by Jack either.
    theirs = town.at_finance("bill_big")
    assert "jack" in office.waiting(theirs)
    body = {"lines": [{"bill": town.home.ids["bill_big"], "applied": "10.00"}]}
    assert decide(jack, town.task_of(theirs, "jack"), decision="approve", changes=body).status_code == 200
    assert "jack" not in office.waiting(theirs)
    for payment in (own, theirs):
        supervisors = town.task_of(payment, "supervisor")
        with town.unchanged():
            assert decide(jack, supervisors, decision="approve").status_code == 404


@pytest.fixture
def jack(town: Town) -> Iterator[Browser]:
    """Somebody with all the roles of all the steps, for one test."""
    roles = ("agent", "finance", "supervisor")
    with town.session() as session:
        person = create_person(session, "jack@home.test", "jack", roles=roles)
        town.services.access.set_password(session, person.id, PASSWORD)
        town.home.office.people["jack"] = Actor.person(person.id, frozenset(roles), "jack")
    yield entered(town.app, "jack@home.test")
    with town.session() as session:
        disable_person(session, person.id)
    assert entered_status(town) == 401


def entered_status(town: Town) -> int:
    """What the door says to somebody who was shut out."""
    return visitor(town.app).submit("/login", login="jack@home.test", password=PASSWORD).status_code


def test_a_payment_under_way_changes_through_its_step_alone(town: Town) -> None:
    for who in ("admin", "agent"):
        for record in (town.home.ids["waiting"], town.home.ids["reviewed"]):
            with town.unchanged():
                patched = town.browser(who).send("PATCH", f"/api/v1/records/{record}", {"changes": {"amount": "1.00"}})
                removed = town.browser(who).send("DELETE", f"/api/v1/records/{record}")
                page = town.browser(who).get(f"/records/{record}/edit", headers={"Accept": "application/json"})
            assert patched.status_code in (403, 409), patched.text
            assert removed.status_code in (403, 409), removed.text
            assert page.status_code in (403, 409)


@pytest.mark.parametrize("who", ["agent", "finance1", "admin"])
def test_a_button_is_pressed_by_those_who_may(town: Town, confirmed: int, who: str) -> None:
    with town.unchanged():
        body = {"decision": "payment_reversal", "changes": {"reversal_reason": "x"}}
        answer = town.browser(who).send("POST", f"/api/v1/records/{confirmed}/press", body, key=fresh_key())
    assert answer.status_code in (403, 404, 409), answer.text


@pytest.mark.parametrize(
    "body",
    [
        {"decision": "payment_reversal"},
        {"decision": "payment_reversal", "changes": {"reversal_reason": ""}},
        {"decision": "payment_reversal", "changes": {"reversal_reason": "x", "amount": "1.00"}},
        {"decision": "payment_reversal", "changes": {"reversal_reason": "x", "status": "void"}},
        {"decision": "payment_confirmation"},
        {"decision": "nothing"},
        {"decision": "../nothing"},
    ],
    ids=str,
)
def test_a_button_takes_what_it_asks_for(town: Town, confirmed: int, body: dict[str, Any]) -> None:
    with town.unchanged():
        answer = town.browser("supervisor").send("POST", f"/api/v1/records/{confirmed}/press", body, key=fresh_key())
    assert answer.status_code in (403, 404, 422), answer.text


@pytest.fixture(scope="module")
def confirmed(town: Town) -> int:
    """A payment that went all the way."""
    payment = town.at_supervisor("bill_big", "20.00")
    town.home.office.decide(payment, "supervisor", "approve")
    return payment

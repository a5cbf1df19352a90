"""Object access: every route × every role × somebody else's id. It looks like none, and nothing is written."""

import json
from typing import Any

import pytest
from flask import g
from werkzeug.routing import Rule

from tests.security.town import NOBODY, STAFF, Side, Town, digests, fresh_key
from tests.web.conftest import Browser
from web import events
from web.policies import Audience, policy_of

EVERYBODY = (*STAFF, NOBODY)

BODIES: dict[str, Any] = {
    "records.Record:PATCH": {"changes": {"note": "mine now"}},
    "records.Buttons:POST": {"decision": "payment_reversal", "changes": {"reversal_reason": "x"}},
    "tasks.Decide:POST": {"decision": "approve"},
    "tasks.Read:POST": {},
    "seating.Reassign:POST": {"people": [1]},
    "forms.Records:POST": {"values": {}},
    "forms.Candidates:POST": {"field": "bill"},
    "definitions.Draft:PUT": {"definition": {}},
    "definitions.Publish:POST": {},
    "record-states.Copies:POST": {},
    "record-states.Purging:POST": {"confirm": True},
    "comments.Comments:POST": {"body": "mine"},
    "comments.Comment:PUT": {"body": "mine"},
    "imports.Batch:PATCH": {"profile": {}},
    "imports.Row:PATCH": {"cells": {}},
    "imports.Run:POST": {"mode": "all"},
    "operations.Operate:POST": {"act": "cancel", "reason": "x"},
    "operations.RetiredFlow:PUT": {"retired": False},
}

BESIDES: dict[str, Any] = {
    "comment_id": 1,
    "version": 1,
    "row": 1,
    "form": "payment",
    "key": "payment",
    "batch": "1",
    "kind": "flows",
}
BESIDES |= {
    "event": "arrived",
    "connection": "erp",
    "act": "test",
    "flow": "none",
    "what": "revoke",
    "workspace": "home",
}
BESIDES |= {"visit": 1, "turn": "enable", "remedy": "retry", "gate": "invite", "alteration": "remove", "part": "day"}
BESIDES |= {"department_id": 987_654_321, "token_id": 987_654_321, "view_id": 987_654_321}
"""Arguments that are no ids of somebody's things, or stand beside one."""

KEYS = {
    "documents.Word": "letter",
    "documents.Pdf": "receipt",
    "documents.Html": "receipt",
    "record.document": "receipt",
}
"""By endpoint: the key of something that is about what the ids name."""

ELSEWHERE = {"token", "filename"}
"""Arguments that other tests look at: guests' links, static files."""


def rules(town: Town, *arguments: str) -> list[tuple[Rule, str]]:
    """Routes that take one of these ids, with each of their methods."""
    return [
        (rule, method)
        for rule in town.app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if set(arguments) & rule.arguments
    ]


def ask(town: Town, browser: Browser, rule: Rule, method: str, **values: Any) -> Any:
    """The request that would do what the route is for."""
    beside = {**BESIDES, "key": KEYS.get(rule.endpoint, BESIDES["key"])}
    given = {name: value for name, value in {**beside, **values}.items() if name in rule.arguments}
    with town.app.test_request_context():
        address = town.app.url_map.bind("").build(rule.endpoint, given)
    body = BODIES.get(f"{rule.endpoint}:{method}")
    if method in ("POST", "PUT", "PATCH") and body is None:
        body = {}
    return browser.send(method, address, body, key=fresh_key(), **{"If-Match": '"1"'})


def ids(side: Side) -> list[dict[str, Any]]:
    """Everything of a side that has an id, as arguments of routes."""
    names = ("contract", "customer", "bill12", "waiting", "reviewed")
    records = [{"record_id": side.ids[name], "comment_id": side.ids["comment"]} for name in names]
    others = {"task_id": "task", "run_id": "run", "file_id": "file", "job_id": "job", "batch_id": "batch"}
    others |= {"message_id": "message", "device_id": "device", "note_id": "note"}
    others |= {"person_id": "person", "absence_id": "absence", "report_id": "report", "letter_id": "letter"}
    return [*records, *({argument: side.ids[name]} for argument, name in others.items())]


def test_every_argument_of_an_address_is_tried(town: Town) -> None:
    """A route with an id of a new kind must join the sweep."""
    taken = {name for values in ids(town.home) for name in values} | BESIDES.keys() | ELSEWHERE
    assert {name for rule in town.app.url_map.iter_rules() for name in rule.arguments} <= taken


@pytest.mark.parametrize("who", EVERYBODY)
def test_nothing_of_another_workspace_is_there(town: Town, who: str) -> None:
    wrong = []
    with town.unchanged():
        for values in ids(town.abroad):
            for rule, method in rules(town, *values):
                if "token" in rule.arguments:
                    continue
                answer = ask(town, town.browser(who), rule, method, **values)
                if answer.status_code != 404:
                    wrong.append((method, rule.rule, answer.status_code, answer.text[:200]))
    assert wrong == []


def test_the_sweep_meets_real_things(town: Town) -> None:
    """The same requests by those who may: else the sweep would prove nothing."""
    seen = set()
    for values in ids(town.home):
        for rule, method in rules(town, *values):
            if method == "GET" and "token" not in rule.arguments:
                for who in STAFF:
                    with ask(town, town.browser(who), rule, method, **values) as answer:
                        if answer.status_code == 200:
                            seen.add(rule.rule)
                            break
    assert {
        rule.rule for rule, method in rules(town, "record_id", "task_id", "run_id", "file_id") if method == "GET"
    } - seen == {f"/{door}/<token>/files/<uuid:file_id>" for door in "gqv"} | ({"/records/<int:record_id>/edit"} - seen)


@pytest.mark.parametrize("who", [NOBODY, "agent"])
def test_nothing_that_the_role_may_not_read_is_there(town: Town, who: str) -> None:
    """Inside of the workspace: the agent has contracts of their own only, a stranger has nothing."""
    own = town.home.ids
    theirs = [{"record_id": own["admins_contract"]}, {"record_id": own["admins_bill"]}, {"task_id": own["task"]}]
    if who == NOBODY:
        theirs = [*theirs, *ids(town.home)]
    wrong = []
    with town.unchanged():
        for values in theirs:
            for rule, method in rules(town, *values):
                if "token" in rule.arguments:
                    continue
                answer = ask(town, town.browser(who), rule, method, **values)
                if answer.status_code != 404:
                    wrong.append((method, rule.rule, values, answer.status_code, answer.text[:200]))
    assert wrong == []


@pytest.mark.parametrize("who", ["agent", "finance1", "finance2", "supervisor", "admin"])
def test_a_task_is_its_persons_alone(town: Town, who: str) -> None:
    """Even colleagues of the same role, and admins, decide only what they were asked."""
    task = town.home.ids["task"]
    if who == "finance1":
        assert town.browser(who).get(f"/api/v1/tasks/{task}").status_code == 200
        return
    with town.unchanged():
        assert town.browser(who).get(f"/api/v1/tasks/{task}").status_code == 404
        body = {"decision": "approve"}
        assert town.browser(who).send("POST", f"/api/v1/tasks/{task}/decide", body, key=fresh_key()).status_code == 404
        assert town.browser(who).send("POST", f"/api/v1/tasks/{task}/read", {}).status_code == 404
        page = town.browser(who).get(f"/inbox?tab=todo&task={task}")
        assert f"/api/v1/tasks/{task}/decide" not in page.text


@pytest.mark.parametrize("who", [*EVERYBODY, "anonymous"])
@pytest.mark.parametrize("key", ["payment", "customer", "bill"])
def test_forms_are_there_for_those_who_have_a_role_in_them(town: Town, who: str, key: str) -> None:
    may = who in STAFF
    for path in (f"/api/v1/forms/{key}", f"/api/v1/forms/{key}/records", f"/forms/{key}"):
        answer = town.browser(who).get(path, headers={"Accept": "application/json"})
        assert answer.status_code == (200 if may else 401 if who == "anonymous" else 404) or (
            who == "anonymous" and "/login" in answer.headers["Location"]
        ), (path, answer.status_code)


@pytest.mark.parametrize("who", [each for each in EVERYBODY if each != "admin"])
def test_definitions_are_a_privilege_of_their_own(town: Town, who: str) -> None:
    admins = [
        (rule, method)
        for rule in town.app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if (declared := policy_of(town.app, rule.endpoint, method)) and declared.audience is Audience.ADMIN
    ]
    assert {rule.rule for rule, _ in admins} >= {"/api/v1/definitions/forms/<key>/publish", "/admin/forms/<form>"}
    named = {"message_id": "message", "run_id": "run", "record_id": "contract", "person_id": "person"}
    named |= {"absence_id": "absence", "report_id": "report", "letter_id": "letter"}
    values = {argument: town.home.ids[name] for argument, name in named.items()}
    with town.unchanged():
        for rule, method in admins:
            answer = ask(town, town.browser(who), rule, method, **values)
            assert answer.status_code == 404, (method, rule.rule, answer.status_code)


@pytest.mark.parametrize("who", EVERYBODY)
def test_ids_in_addresses_and_bodies_tell_nothing_of_others(town: Town, who: str) -> None:
    """Ids that do not stand in the path: queries, filters, prefilled forms, topics, lookups."""
    browser, far = town.browser(who), town.abroad.ids
    readable = who != NOBODY
    tree = json.dumps({"field": "contract", "op": "eq", "value": far["contract"]})
    with town.unchanged():
        found = browser.get("/api/v1/forms/payment/records", query_string={"filter": tree})
        assert found.status_code == (200 if readable else 404)
        if readable:
            assert found.get_json()["items"] == []
        page = browser.get(f"/forms/payment/new?contract={far['admins_contract']}&bill={far['bill12']}")
        assert "Secretive" not in page.text
        assert "HT-ADMIN" not in page.text
        assert "/api/v1/tasks" not in browser.get(f"/inbox?task={far['task']}").text.replace("data-lookup", "")
        asked = {"field": "bill", "values": {"contract": far["contract"]}, "record": far["waiting"]}
        answer = browser.send("POST", "/api/v1/forms/payment/lookup", asked)
        assert answer.status_code in (404, 200)
        assert not (answer.get_json().get("items"))
        foreign = browser.get("/api/v1/people?q=").get_json()["items"]
        assert {one["id"] for one in foreign} & set(town.abroad.people.values()) == set()


def test_a_prefilled_form_names_nothing_that_one_may_not_read(town: Town) -> None:
    own = town.home.ids
    page = town.browser("agent").get(f"/forms/payment/new?contract={own['admins_contract']}&bill={own['admins_bill']}")
    assert page.status_code == 200
    for word in ("Secretive", "HT-ADMIN", "ZD-ADMIN"):
        assert word not in page.text


@pytest.mark.parametrize(
    ("field", "pointer", "value"),
    [
        ("contract", "/contract", lambda town: town.abroad.ids["contract"]),
        ("contract", "/contract", lambda town: town.home.ids["admins_contract"]),
        ("contract", "/contract", lambda town: town.home.ids["bill12"]),
        ("bill", "/bill", lambda town: town.abroad.ids["bill12"]),
        ("bill", "/bill", lambda town: town.home.ids["admins_bill"]),
        ("slip", "/slip/0", lambda town: [town.abroad.ids["file"]]),
        ("slip", "/slip/0", lambda town: ["00000000-0000-4000-8000-000000000000"]),
    ],
)
def test_a_record_names_only_what_its_writer_may_read(town: Town, field: str, pointer: str, value: Any) -> None:
    values = {
        "contract": town.home.ids["contract"],
        "bill": town.home.ids["bill12"],
        "amount": "1.00",
        "channel": "bank",
        "payer": "x",
        "value_date": "2025-12-24",
        "slip": [town.home.ids["file"]],
    }
    with town.unchanged():
        body = {"values": {**values, field: value(town)}}
        answer = town.browser("agent").send("POST", "/api/v1/forms/payment/records", body, key=fresh_key())
        assert answer.status_code == 422, answer.text
        assert pointer in [issue["pointer"] for issue in answer.get_json()["issues"]]


def test_a_sweep_would_notice_a_change(town: Town) -> None:
    """A digest sees one changed word in one row."""
    path = f"/api/v1/records/{town.home.ids['dossier']}"
    before = digests(town.services.databases)
    assert town.browser("agent").send("PATCH", path, {"changes": {"remark": fresh_key()}}).status_code == 200
    after = digests(town.services.databases)
    assert {"record", "record_history"} <= {table for table in after if after[table] != before[table]}


@pytest.mark.parametrize("who", [NOBODY, "agent", "admin"])
def test_a_stream_tells_only_of_what_one_may_read(town: Town, who: str) -> None:
    own, far = town.home.ids, town.abroad.ids
    cookie = town.browser(who).client.get_cookie("formloom_session", domain="formloom.test")
    assert cookie is not None
    identity = town.services.access.session_of(cookie.value)
    assert identity is not None
    asked = ["inbox", "inbox:1", "outbox", "timers", f"record:{far['contract']}", f"record:{own['admins_contract']}"]
    asked += [f"record:{own['contract']}", "record:x", f"record:{'9' * 30}", "record:", ""]
    with town.app.test_request_context():
        g.identity = identity
        names = events._allowed(identity, asked)
    expected = {f"inbox:{town.home.people[who]}"}
    expected |= {f"record:{own['contract']}"} if who != NOBODY else set()
    expected |= {f"record:{own['admins_contract']}"} if who == "admin" else set()
    assert set(names) == expected

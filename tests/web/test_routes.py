"""Every route has a policy, and the policy holds: each route × anonymous, another role, somebody else's id."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.arguments import ARGUMENTS
from tests.web.conftest import Browser, Office
from web.policies import Audience, Policy, enforce, policy_of, without_policy

FOREIGN = {"decision": "approve", "changes": {}, "values": {}, "field": "x"}
BODIES: dict[str, Any] = {"POST": {}, "PUT": {"definition": {}}, "PATCH": {"changes": {}}}


def routes(app: Flask) -> list[tuple[Rule, str, Policy]]:
    found = []
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            declared = policy_of(app, rule.endpoint, method)
            assert declared is not None
            found.append((rule, method, declared))
    return found


def address(app: Flask, rule: Rule) -> str:
    with app.test_request_context():
        values = {name: ARGUMENTS[name] for name in rule.arguments}
        built = app.url_map.bind("").build(rule.endpoint, values)
    return str(built)


def test_every_route_has_a_policy(app: Flask) -> None:
    assert without_policy(app) == []
    assert len(routes(app)) > 40


def test_an_application_with_an_undeclared_route_does_not_start() -> None:
    app = Flask("loose")
    app.add_url_rule("/loose", view_func=lambda: "")
    with pytest.raises(RuntimeError, match="GET /loose"):
        enforce(app)


def test_nobody_gets_in_without_logging_in(app: Flask, anonymous: Browser) -> None:
    for rule, method, declared in routes(app):
        if declared.audience in (Audience.PUBLIC, Audience.GUEST):
            continue
        answer = anonymous.send(method, address(app, rule), BODIES.get(method), key="anonymous-0001")
        away = answer.status_code == 302 and "/login" in answer.headers["Location"]
        assert answer.status_code in (401, 404) or away, (method, rule.rule, answer.status_code)


def test_admins_routes_do_not_exist_for_others(app: Flask, office: Office) -> None:
    for rule, method, declared in routes(app):
        if declared.audience is not Audience.ADMIN:
            continue
        answer = office.employee.send(
            method, address(app, rule), BODIES.get(method), key="not-an-admin", **{"If-Match": '"1"'}
        )
        assert answer.status_code == 404, (method, rule.rule)


def test_somebody_elses_id_looks_like_none(app: Flask, office: Office) -> None:
    for rule, method, declared in routes(app):
        if declared.audience is Audience.PUBLIC or not rule.arguments.difference({"kind"}) or rule.endpoint == "static":
            continue
        for browser in (office.employee, office.manager, office.admin):
            answer = browser.send(
                method,
                address(app, rule),
                {"decision": "approve", "changes": {}, "values": {}, "field": "x"}
                if method == "POST"
                else BODIES.get(method),
                key=f"foreign-{browser is office.employee}",
                **{"If-Match": '"1"'},
            )
            assert answer.status_code in (404, 422), (method, rule.rule, answer.status_code, answer.text[:300])
            if method == "GET":
                assert answer.status_code == 404, (rule.rule, answer.text[:300])


def test_a_record_of_somebody_else_is_not_there(office: Office) -> None:
    mine = office.ask()
    for path in (
        f"/records/{mine}",
        f"/api/v1/records/{mine}",
        f"/api/v1/records/{mine}/history",
        f"/records/{mine}/edit",
    ):
        assert office.admin.get(path).status_code == 404, path
    assert office.employee.get(f"/records/{mine}").status_code == 200
    assert office.manager.get(f"/records/{mine}").status_code == 200


def test_demo_pages_are_not_there_outside_of_the_demo(office: Office) -> None:
    assert office.admin.get("/dev/outbox").status_code == 404

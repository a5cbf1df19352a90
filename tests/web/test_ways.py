"""Channels, connections, the ledger and webhooks in, through HTTP."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from formloom import hooks, messages, notifications
from formloom.access import throttle
from formloom.db.uow import unit_of_work
from formloom.models import Person
from formloom.outbox import Relay
from formloom.people import ensure_role
from formloom.webhooks import signed
from limits import parse
from sqlalchemy import text

from form_engine.records.actor import SYSTEM
from tests.platform.backends import Inline
from tests.web.conftest import BASE, Browser
from web.composition import Services

ORDER: dict[str, Any] = {
    "kind": "form",
    "key": "order",
    "title": {"en": "Order"},
    "display": ["code"],
    "fields": [
        {"key": "code", "type": "text", "label": "Code", "required": True},
        {"key": "amount", "type": "money", "currency": "CNY", "label": "Amount"},
    ],
    "access": [{"role": "admin", "may": ["create", "read", "update"]}],
}
FLOW: dict[str, Any] = {
    "kind": "flow",
    "key": "orders",
    "title": {"en": "Orders"},
    "form": "order",
    "trigger": {
        "on": "webhook",
        "create": {"set": {"code": {"pointer": "/order/code"}, "amount": {"pointer": "/order/amount"}}},
    },
    "steps": [{"key": "tell", "type": "notify", "to": [{"role": "admin"}], "text": "New: {code}"}],
}


@pytest.fixture
def admin(
    services: Services, workspace: int, make_person: Callable[..., Person], log_in: Callable[..., Browser]
) -> Browser:
    person = make_person("Ada", "admin")
    with unit_of_work(services.databases, workspace) as session:
        ensure_role(session, "admin", {"en": "Administrator"})
        services.forms.publish_together(session, {"order": ORDER}, SYSTEM)
        services.flows.definitions.publish_together(session, {"orders": FLOW}, SYSTEM)
    return log_in(person)


class Sender:
    """A program outside that signs."""

    def __init__(self, app: Flask, secret: str) -> None:
        self.client, self.secret = app.test_client(), secret

    def send(
        self, body: bytes, message_id: str = "msg_1", at: datetime | None = None, to: str = "orders", **other: Any
    ) -> Any:
        headers = signed([self.secret], message_id, at or datetime.now(UTC), body.decode("utf-8", "replace"))
        return self.client.post(f"/hooks/test/{to}", base_url=BASE, data=body, headers={**headers, **other})


@pytest.fixture
def sender(app: Flask, admin: Browser) -> Sender:
    return Sender(app, admin.send("POST", "/api/v1/hooks/orders/key").get_json()["signing_key"])


def count(services: Services, table: str) -> int:
    with services.databases.owner.begin() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


WRONG: dict[str, Any] = {"webhook-signature": "v1,AAAA"}
OTHER: dict[str, Any] = {"webhook-id": "other"}
GOOD = b'{"order": {"code": "A-1", "amount": 12.50}}'


def test_a_signed_webhook_starts_a_flow_once(services: Services, sender: Sender, workspace: int) -> None:
    assert (sender.send(GOOD).status_code, count(services, "run")) == (200, 1)
    again = sender.send(GOOD)
    assert (again.status_code, again.get_json()["repeated"]) == (200, True)
    assert (count(services, "run"), count(services, "record")) == (1, 1)
    with unit_of_work(services.databases, workspace) as session:
        assert session.execute(text("SELECT data->>'amount' FROM record")).scalar_one() == "12.50"
    assert sender.send(GOOD, "msg_2").status_code == 200
    assert count(services, "run") == 2


def test_no_signature_an_old_one_a_wrong_one(services: Services, sender: Sender) -> None:
    now = datetime.now(UTC)
    refused = [
        sender.client.post("/hooks/test/orders", base_url=BASE, data=GOOD),
        sender.send(GOOD, at=now - timedelta(minutes=6)),
        sender.send(GOOD, at=now + timedelta(minutes=6)),
        sender.send(GOOD, **WRONG),
        sender.send(GOOD, **OTHER),
        sender.send(GOOD, to="unknown"),
        Sender(sender.client.application, "whsec_" + "a" * 43 + "=").send(GOOD),
        sender.client.post("/hooks/nowhere/orders", base_url=BASE, data=GOOD),
    ]
    bodies = {(each.status_code, each.get_json()["code"], each.get_json()["detail"]) for each in refused}
    assert len(bodies) == 1
    assert next(iter(bodies))[:2] == (401, "signature_wrong")
    assert (count(services, "run"), count(services, "hook_delivery")) == (0, 0)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 400),
        (b'{"order": {"code": "A", "code": "B"}}', 400),
        (b'{"order": NaN}', 400),
        (b"[" * 200 + b"]" * 200, 400),
        (b'{"order": {"code": ["list"], "amount": "x"}}', 422),
        (b'{"order": {"code": "' + b"x" * 1_000_000 + b'"}}', 413),
    ],
)
def test_what_cannot_be_read_does_nothing_and_uses_up_no_id(
    services: Services, sender: Sender, body: bytes, status: int
) -> None:
    assert sender.send(body).status_code == status
    assert (count(services, "run"), count(services, "record"), count(services, "hook_delivery")) == (0, 0, 0)
    assert sender.send(GOOD).status_code == 200


def test_guessing_is_slowed_down(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(throttle.RULES, "hook_miss", parse("2/minute"))
    assert [sender.send(GOOD, **WRONG).status_code for _ in range(3)] == [401, 401, 429]
    assert sender.send(GOOD).status_code == 200  # who signs is not held up by who guesses


def test_keys_are_shown_once_and_two_are_good(admin: Browser, sender: Sender, app: Flask) -> None:
    newer = Sender(app, admin.send("POST", "/api/v1/hooks/orders/key").get_json()["signing_key"])
    assert [each.send(GOOD, name).status_code for each, name in ((sender, "a"), (newer, "b"))] == [200, 200]
    listed = admin.get("/api/v1/hooks").get_json()["items"]
    assert [(one["flow"], one["address"], len(one["keys"])) for one in listed] == [
        ("orders", f"{BASE}/hooks/test/orders", 2)
    ]
    pages = admin.get("/admin/connections").text + json.dumps(listed)
    assert sender.secret not in pages
    assert newer.secret not in pages
    assert admin.send("DELETE", "/api/v1/hooks/orders/key").status_code == 204
    assert newer.send(GOOD, "c").status_code == 401
    assert admin.send("POST", "/api/v1/hooks/none/key").status_code == 404


def test_connections_show_no_secret(admin: Browser) -> None:
    body = {
        "key": "office",
        "kind": "feishu",
        "title": "Office",
        "url": "https://open.feishu.cn/open-apis/bot/v2/hook/abcd-1234",
    }
    made = admin.send("POST", "/api/v1/connections", body)
    assert (made.status_code, made.get_json()["host"], made.get_json()["signing_key"]) == (201, "open.feishu.cn", None)
    assert admin.send("POST", "/api/v1/connections", body).status_code == 409
    private = admin.send(
        "POST", "/api/v1/connections", {**body, "key": "x", "kind": "webhook", "url": "https://10.0.0.1/"}
    )
    assert (private.status_code, private.get_json()["issues"][0]["code"]) == (422, "address_not_allowed")
    page = admin.get("/admin/connections").text
    assert "Office" in page
    assert "abcd-1234" not in page + json.dumps(admin.get("/api/v1/connections").get_json())
    shown = admin.submit("/admin/connections", key="erp", kind="webhook", title="ERP", url="https://example.com/in")
    assert shown.text.count("whsec_") == 2  # to read, and to copy
    assert "whsec_" not in admin.get("/admin/connections").text
    assert admin.submit("/admin/connections/office/remove").status_code == 303
    assert admin.send("PUT", "/api/v1/connections/office", {"title": "x"}).status_code == 404


def test_the_ledger_by_filters_and_resending(admin: Browser, services: Services, workspace: int) -> None:
    with unit_of_work(services.databases, workspace) as session:
        for number in range(3):
            messages.send(session, "mail", f"p{number}@example.test", f"Subject {number}", "Body", f"k{number}")
        session.execute(text("UPDATE message SET status = 'dead', about = :a WHERE key = 'k1'"), {
            "a": json.dumps({"failure": {"code": "not_reached", "params": {"host": "mail.test"}}})
        })  # fmt: skip
    everything = admin.get("/api/v1/messages?limit=2").get_json()
    assert [one["subject"] for one in everything["items"]] == ["Subject 2", "Subject 1"]
    rest = admin.get(f"/api/v1/messages?limit=2&before={everything['next']}").get_json()
    assert [one["subject"] for one in rest["items"]] == ["Subject 0"]
    (dead,) = admin.get("/api/v1/messages?status=dead&channel=mail&q=p1", headers={"Accept-Language": "en"}).get_json()[
        "items"
    ]
    assert (dead["error"], dead["may_resend"]) == ("无法连接到 mail.test。", True)
    assert "无法连接到 mail.test。" in admin.get("/admin/messages?status=dead").text
    sent = admin.send("POST", f"/api/v1/messages/{dead['id']}/resend", {}, key="resend-0001")
    assert (sent.status_code, sent.get_json()["status"]) == (200, "queued")
    assert admin.send("POST", f"/api/v1/messages/{dead['id']}/resend", {}, key="resend-0002").status_code == 409
    assert admin.get("/api/v1/messages?status=nonsense").status_code == 400


def test_ones_own_messages_channels_and_devices(
    admin: Browser,
    services: Services,
    workspace: int,
    make_person: Callable[..., Person],
    log_in: Callable[..., Browser],
) -> None:
    bob = make_person("Bob")
    browser = log_in(bob)
    with unit_of_work(services.databases, workspace) as session:
        line = messages.Line(
            channel="mail", recipient="b@example.test", subject="For Bob", body="x", key="k", person=bob.id
        )
        messages.post(session, line)
    assert [one["subject"] for one in browser.get("/api/v1/messages/mine").get_json()["items"]] == ["For Bob"]
    assert admin.get("/api/v1/messages/mine").get_json()["items"] == []
    assert "For Bob" in browser.get("/messages").text
    chosen = browser.send(
        "PUT", "/api/v1/channels/mine", {"channels": {"task": ["mail"]}, "quiet_from": 1320, "quiet_to": 420}
    )
    assert chosen.get_json()["channels"] == {"task": ["mail"]}
    assert browser.send("PUT", "/api/v1/channels/mine", {"channels": {"task": ["fax"]}}).status_code == 422
    assert browser.send("PUT", "/api/v1/channels/house", {"channels": {}}).status_code == 404
    assert 'value="22:00"' in browser.get("/preferences").text
    assert (
        browser.submit("/preferences/channels", **{"task:push": "1", "quiet_from": "", "quiet_to": ""}).status_code
        == 303
    )
    assert browser.get("/api/v1/channels/mine").get_json()["channels"]["task"] == ["push"]
    assert browser.get("/preferences?of=house").status_code == 404
    assert (
        browser.send(
            "POST", "/api/v1/channels/devices", {"endpoint": "https://10.0.0.1/", "keys": {"p256dh": "x", "auth": "y"}}
        ).status_code
        == 422
    )
    worker = browser.get("/push-worker.js")
    assert worker.headers["Content-Type"].startswith("text/javascript")
    worker.close()


def test_the_bell_is_acknowledged_where_it_rings(
    admin: Browser, services: Services, workspace: int, app: Flask
) -> None:
    step = {**FLOW["steps"][0], "acknowledge": {}}
    with unit_of_work(services.databases, workspace) as session:
        services.flows.definitions.publish_together(session, {"orders": {**FLOW, "steps": [step]}}, SYSTEM)
        secret = hooks.rotate(session, services.settings, "orders", "person:1")
    Sender(app, secret).send(GOOD)
    while Relay(services.databases, Inline(services.runner)).run_once():
        pass
    page = admin.get("/notifications", headers={"Accept-Language": "en"}).text
    assert "New: A-1" in page
    with unit_of_work(services.databases, workspace) as session:
        person = session.execute(text("SELECT id FROM person")).scalar_one()
        note = next(line for line in notifications.latest(session, person) if line.params.get("must"))
    assert f"/notifications/{note.id}/acknowledge" in page
    assert admin.submit(f"/notifications/{note.id}/acknowledge", next="/").status_code == 303
    assert count(services, "run WHERE status = 'approved'") == 1
    assert f"/notifications/{note.id}/acknowledge" not in admin.get("/notifications").text

"""Webhooks, bots and secrets; real receivers on loopback (TRUST)."""

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from formloom import messages
from formloom.connections import Connections
from formloom.db.engine import Databases
from formloom.errors import Conflict, InvalidInput
from formloom.messages import Line
from formloom.outbox import Relay
from formloom.outgoing import Outgoing
from formloom.sealing import seal, unseal
from formloom.settings import Settings
from sqlalchemy import text
from standardwebhooks import Webhook

from tests.platform.backends import Inline, make_due
from tests.platform.receivers import Got, Receiver, certificate, plain, receiver
from tests.platform.ways_house import LOOPBACK, House, Redirected


def test_a_webhook_is_signed_as_the_standard_says(house: House, server: Receiver) -> None:
    secret = house.connect(f"{server.url}/in", headers={"X-Api-Key": "k1"})
    house.post()
    house.go()
    (got,) = server.got
    assert Webhook(secret).verify(got.body, dict(got.headers)) == {"a": "1.50"}  # somebody else's library says so
    assert got.headers["webhook-id"] == f"msg_{house.workspace}-run:7:3:0"
    assert (got.headers["x-api-key"], got.headers["content-type"]) == ("k1", "application/json")
    (line,) = house.ledger()
    assert (line.status, line.attempts, line.error) == ("sent", 1, None)
    assert house.heard.told == [("delivered", "run:7:3:0", 200)]


def test_both_keys_sign_after_a_rotation(house: House, server: Receiver, clock: Any) -> None:
    first = house.connect(server.url)
    with house.work() as session:
        second = house.connections.rotate(session, "person:1", "erp")
    house.post("a")
    house.go()
    for secret in (first, second):
        Webhook(secret).verify(server.got[0].body, dict(server.got[0].headers))
    clock.advance(hours=25)
    house.post("b")
    house.go()
    Webhook(second).verify(server.got[1].body, dict(server.got[1].headers))
    with pytest.raises(Exception, match="No matching"):
        Webhook(first).verify(server.got[1].body, dict(server.got[1].headers))


def test_retries_with_backoff_until_dead_and_sent_again_with_the_same_id(house: House, server: Receiver) -> None:
    house.connect(server.url)
    server.reply = plain(503, b"later")
    house.post()
    house.go(most_attempts=2)
    (line,) = house.ledger()
    assert (line.status, line.attempts) == ("failed", 1)
    assert line.next_at is not None
    assert line.next_at > line.created_at
    assert line.about["failure"] == {"code": "receiver_refused", "params": {"status": 503, "said": "later"}}
    make_due(house.databases)
    house.go(most_attempts=2)
    (line,) = house.ledger()
    assert (line.status, line.next_at) == ("dead", None)
    assert house.heard.told == [("given_up", "run:7:3:0", "receiver_refused")]
    house.go()
    assert len(server.got) == 2
    server.reply = plain()
    with house.work() as session:
        messages.resend(session, line.id)
    house.go()
    assert [got.headers["webhook-id"] for got in server.got] == [f"msg_{house.workspace}-run:7:3:0"] * 3
    (line,) = house.ledger()
    assert line.status == "sent"
    with house.work() as session, pytest.raises(Conflict, match="not_to_be_resent"):
        messages.resend(session, line.id)


def test_a_receiver_that_is_gone_is_not_asked_again(house: House, server: Receiver) -> None:
    house.connect(server.url)
    server.reply = plain(410)
    house.post()
    house.go()
    make_due(house.databases)
    house.go()
    assert len(server.got) == 1
    assert [line.status for line in house.ledger()] == ["dead"]


def test_killed_between_effect_and_acknowledgement_the_same_id_comes_again(house: House, server: Receiver) -> None:
    house.connect(server.url)
    house.post()

    class Killed(BaseException):
        """As if the process ended."""

    def die(*_: object) -> None:
        raise Killed

    note = house.heard.delivered
    house.heard.delivered = die  # type: ignore[method-assign, assignment]
    with pytest.raises(Killed):
        house.go()
    house.heard.delivered = note  # type: ignore[method-assign]
    assert [line.status for line in house.ledger()] == ["queued"]
    make_due(house.databases)
    house.go()
    assert len(server.got) == 2
    assert len({got.headers["webhook-id"] for got in server.got}) == 1
    assert [line.status for line in house.ledger()] == ["sent"]


def test_two_workers_never_send_at_the_same_time(house: House, server: Receiver) -> None:
    house.connect(server.url)
    inside, go_on = threading.Event(), threading.Event()

    def slow(got: Got, handler: Any) -> None:
        inside.set()
        go_on.wait(5)
        plain()(got, handler)

    server.reply = slow
    house.post()
    with house.databases.owner.begin() as connection:
        (item,) = connection.execute(text("SELECT id FROM outbox")).scalars().all()
    first = threading.Thread(target=lambda: house.runner().run(house.workspace, item))
    first.start()
    assert inside.wait(5)
    assert house.runner().run(house.workspace, item) is False
    go_on.set()
    first.join()
    assert len(server.got) == 1


def test_loopback_is_refused_unless_allowed(databases: Databases, workspace: int, settings: Settings) -> None:
    house = House(databases, workspace, settings, Outgoing())
    with house.work() as session, pytest.raises(InvalidInput) as refused:
        house.connections.add(session, "person:1", key="x", kind="webhook", title="", url="https://127.0.0.1/x")
    assert [issue.code for issue in refused.value.issues] == ["address_not_allowed"]
    line = Line(
        channel="webhook", recipient="x", subject="", body="{}", key="k", about={"url": "https://169.254.169.254/"}
    )
    with house.work() as session:
        messages.post(session, line)
    house.go()
    assert [(one.status, one.about["failure"]["code"]) for one in house.ledger()] == [("failed", "address_not_allowed")]


def test_nothing_secret_is_readable(house: House, server: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    secret = house.connect(f"{server.url}/very-secret-path", headers={"X-Api-Key": "very-secret-header"})
    house.post()
    house.go()
    with house.databases.owner.begin() as connection:
        tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        rows = [str(row) for name in tables for row in connection.execute(text(f'SELECT t::text FROM "{name}" t'))]
    told = "\n".join([*rows, caplog.text])
    for word in ("very-secret", secret, secret.removeprefix("whsec_")):
        assert word not in told
    other = Connections(replace(house.settings, secret_key="another secret of at least 32 chars!"), Outgoing(LOOPBACK))
    with house.work() as session, pytest.raises(Conflict, match="secret_unreadable"):
        other.opened(session, other.find(session, "erp"))


def test_what_is_sealed_opens_for_its_purpose_only() -> None:
    sealed = seal("k" * 40, "connection:1:a", {"url": "x"})
    assert unseal("k" * 40, "connection:1:a", sealed) == {"url": "x"}
    assert sealed != seal("k" * 40, "connection:1:a", {"url": "x"})
    with pytest.raises(Conflict):
        unseal("k" * 40, "connection:1:b", sealed)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"key": "Bad Key"}, "/key"),
        ({"kind": "pigeon"}, "/kind"),
        ({"role": "nobody"}, "/role"),
        ({"headers": {"Host": "x"}}, "/headers/Host"),
        ({"headers": {"X-A": "a\r\nb: c"}}, "/headers/X-A"),
        ({"headers": {"webhook-id": "1"}}, "/headers/webhook-id"),
        ({"url": "https://user:pw@example.com/"}, "/url"),
        ({"kind": "feishu", "url": "https://evil.example/open-apis/bot/v2/hook/abcdefgh1"}, "/url"),
        (
            {"kind": "wecom", "url": "https://qyapi.weixin.qq.com@evil.example/cgi-bin/webhook/send?key=abcdefgh1"},
            "/url",
        ),
    ],
)
def test_a_bad_connection(house: House, server: Receiver, change: dict[str, Any], pointer: str) -> None:
    told = {"key": "erp", "kind": "webhook", "title": "ERP", "url": server.url, **change}
    with house.work() as session, pytest.raises(InvalidInput) as refused:
        house.connections.add(session, "person:1", **told)
    assert [issue.pointer for issue in refused.value.issues] == [pointer]


BOTS = {
    "wecom": ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abcd-efgh-1234", "errcode"),
    "dingtalk": ("https://oapi.dingtalk.com/robot/send?access_token=abcdefgh1234", "errcode"),
    "feishu": ("https://open.feishu.cn/open-apis/bot/v2/hook/abcd-efgh-1234", "code"),
}


@pytest.mark.parametrize("kind", sorted(BOTS))
def test_bots_speak_through_apprise_and_our_door(
    kind: str, databases: Databases, workspace: int, settings: Settings, tmp_path: Path
) -> None:
    """The chats' own hosts, played by a server with a certificate for them; a body that says no is not called sent."""
    url, code = BOTS[kind]
    host = url.split("/")[2]
    at_server, at_client = certificate(tmp_path, host)
    with receiver(tls=at_server) as server:
        outgoing = Redirected(server.port, at_client)
        house = House(databases, workspace, settings, outgoing)
        secret = "SECabcdefgh" if kind == "dingtalk" else ""
        with house.work() as session:
            made, signing = house.connections.add(
                session, "person:1", key="office", kind=kind, title="Office", url=url, secret=secret
            )
            assert (signing, made.hint) == (None, host)
            about = {"connection": "office"}
            for key in ("a", "b"):
                line = Line(channel="bot", recipient="Office", subject="S", body="你好 Hello", key=key, about=about)
                messages.post(session, line)
        server.reply = plain(200, json.dumps({code: 0}).encode())
        Relay(databases, Inline(house.runner())).run_once()
        assert [line.status for line in house.ledger()] == ["sent", "sent"]
        body = json.loads(server.got[0].body)
        assert "你好 Hello" in json.dumps(body, ensure_ascii=False)
        assert server.names[0] == host
        assert ("sign=" in server.got[0].path) is (kind == "dingtalk")
        server.reply = plain(200, json.dumps({code: 310000, "errmsg": "keywords not in content", "msg": "no"}).encode())
        with house.work() as session:
            messages.post(session, Line(channel="bot", recipient="Office", subject="", body="x", key="c", about=about))
        house.go()
        failed = house.ledger()[0]
        assert (failed.status, failed.about["failure"]["code"]) == ("failed", "bot_refused")

"""Ways to people and programs: webhooks, bots, push, preferences, secrets; real receivers on loopback (TRUST)."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import http_ece  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from formloom import channels, hooks, messages, notifications, push
from formloom.carrying import carry
from formloom.connections import Connections
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.errors import Conflict, InvalidInput, NotFound
from formloom.files import FileStore
from formloom.messages import Line
from formloom.messages.ways import deliverer
from formloom.models import Message, Person
from formloom.outbox import Relay, Runner
from formloom.outgoing import Outgoing, parse_network
from formloom.sealing import push_key, seal, unseal
from formloom.settings import Settings
from formloom.webhooks import signed
from sqlalchemy import text
from standardwebhooks import Webhook

from tests.platform.backends import Inline, make_due
from tests.platform.receivers import Got, Receiver, certificate, plain, receiver

LOOPBACK = (parse_network("127.0.0.1"),)


class Heard:
    """Keeps what a run would be told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def delivered(self, session: Any, message: Message, receipt: Any) -> None:
        self.told.append(("delivered", message.key, receipt.status))

    def given_up(self, session: Any, message: Message, code: str, params: Any) -> None:
        self.told.append(("given_up", message.key, code))


class House:
    """A workspace with all its ways, and a relay that works at once."""

    def __init__(self, databases: Databases, workspace: int, settings: Settings, outgoing: Outgoing) -> None:
        self.databases, self.workspace, self.settings = databases, workspace, settings
        self.connections, self.heard = Connections(settings, outgoing), Heard()
        self.deliver = deliverer(settings, outgoing, self.connections, FileStore.of(settings), self.heard)

    def runner(self, **more: Any) -> Runner:
        given_up = {messages.KIND: self.deliver.given_up}
        return Runner(self.databases, {messages.KIND: self.deliver}, given_up=given_up, **more)

    def work(self) -> Any:
        return unit_of_work(self.databases, self.workspace)

    def go(self, **more: Any) -> None:
        Relay(self.databases, Inline(self.runner(**more))).run_once()

    def ledger(self) -> list[Message]:
        with self.work() as session:
            return list(messages.latest(session))

    def connect(self, url: str, key: str = "erp", **more: Any) -> str:
        with self.work() as session:
            _, signing = self.connections.add(
                session, "person:1", key=key, kind="webhook", title="ERP", url=url, **more
            )
            assert signing is not None
            return signing

    def post(self, key: str = "run:7:3:0", connection: str = "erp", **more: Any) -> None:
        about = {"connection": connection, "headers": {}}
        line = Line(
            channel="webhook", recipient="ERP", subject="f.s", body='{"a": "1.50"}', key=key, about=about, **more
        )
        with self.work() as session:
            messages.post(session, line)


@pytest.fixture
def house(databases: Databases, workspace: int, settings: Settings) -> House:
    return House(databases, workspace, settings, Outgoing(LOOPBACK))


@pytest.fixture
def server() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


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


class Redirected(Outgoing):
    """Our door, to which every name is one server on loopback (port and trust of the test)."""

    def __init__(self, port: int, trust: Any) -> None:
        super().__init__(LOOPBACK, resolve=lambda *_: ["127.0.0.1"], trust=lambda: trust)
        object.__setattr__(self, "port", port)

    def _connect(self, target: Any, addresses: Any, deadline: Any) -> Any:
        return super()._connect(replace(target, port=self.port), addresses, deadline)  # type: ignore[attr-defined]


def browser() -> tuple[ec.EllipticCurvePrivateKey, dict[str, str]]:
    """A browser's half of a subscription."""
    from base64 import urlsafe_b64encode

    private = ec.generate_private_key(ec.SECP256R1())
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return private, {
        name: urlsafe_b64encode(raw).rstrip(b"=").decode() for name, raw in (("p256dh", point), ("auth", b"a" * 16))
    }


def test_push_is_encrypted_for_each_device_and_the_gone_are_forgotten(
    databases: Databases, workspace: int, settings: Settings, make_person: Callable[..., Person], tmp_path: Path
) -> None:
    person = make_person("Ada")
    at_server, at_client = certificate(tmp_path, "push.test")
    private, keys = browser()
    with receiver(tls=at_server) as server:
        server.reply = lambda got, handler: plain(410 if got.path == "/old" else 201)(got, handler)
        house = House(databases, workspace, settings, Redirected(server.port, at_client))
        with house.work() as session:
            push.subscribe(session, person.id, "https://push.test/new", keys, "Chrome · Linux")
            push.subscribe(session, person.id, "https://push.test/old", keys)
            line = Line(
                channel="push", recipient="Ada", subject="标题", body="", key="k", person=person.id, notice="n1",
                about={"href": "/inbox?task=7"},
            )  # fmt: skip
            messages.post(session, line)
        house.go()
        got = next(one for one in server.got if one.path == "/new")
        raw = http_ece.decrypt(got.body, private_key=private, auth_secret=b"a" * 16, version="aes128gcm")
        assert json.loads(raw) == {"title": "标题", "url": "/inbox?task=7", "tag": "n1"}
        assert got.headers["authorization"].startswith("vapid t=")
        assert got.headers["authorization"].endswith(f"k={push.public_key(settings)}")
        assert "标题".encode() not in got.body
        with house.work() as session:
            assert [one.endpoint for one in push.devices(session, person.id)] == ["https://push.test/new"]
            assert house.ledger()[0].status == "sent"
            push.unsubscribe(session, person.id, push.devices(session, person.id)[0].id)
            messages.post(session, replace(line, key="k2"))
        house.go()
        assert (house.ledger()[0].status, house.ledger()[0].about["failure"]["code"]) == ("dead", "no_device")
        with house.work() as session, pytest.raises(NotFound):
            push.unsubscribe(session, person.id, 1)


@pytest.mark.parametrize(
    ("endpoint", "change"),
    [
        ("http://push.test/x", {}),
        ("file:///etc/passwd", {}),
        ("https://push.test/x", {"auth": "c2hvcnQ"}),
        ("https://push.test/x", {"p256dh": "AAAA"}),
        ("https://push.test/x", {"p256dh": "###"}),
    ],
)
def test_no_subscription(
    house: House, make_person: Callable[..., Person], endpoint: str, change: dict[str, str]
) -> None:
    person = make_person("Ada")
    with house.work() as session, pytest.raises(InvalidInput):
        push.subscribe(session, person.id, endpoint, {**browser()[1], **change})


def test_a_browser_belongs_to_whoever_used_it_last(house: House, make_person: Callable[..., Person]) -> None:
    ada, bob = make_person("Ada"), make_person("Bob")
    _, keys = browser()
    with house.work() as session:
        push.subscribe(session, ada.id, "https://push.test/1", keys)
        push.subscribe(session, bob.id, "https://push.test/1", keys)
        assert (len(push.devices(session, ada.id)), len(push.devices(session, bob.id))) == (0, 1)
        for number in range(2, push.MOST_DEVICES + 1):
            push.subscribe(session, bob.id, f"https://push.test/{number}", keys)
        with pytest.raises(InvalidInput):
            push.subscribe(session, bob.id, "https://push.test/more", keys)


def test_the_installations_key_is_always_the_same(settings: Settings) -> None:
    assert push.public_key(settings) == push.public_key(replace(settings, public_url="https://x.test"))
    other = replace(settings, secret_key="another secret of at least 32 chars!")
    assert push.public_key(settings) != push.public_key(other)
    assert push_key(settings.secret_key).curve.name == "secp256r1"


def test_ways_by_choice_by_house_and_by_step(house: House, make_person: Callable[..., Person]) -> None:
    ada, bob = make_person("Ada"), make_person("Bob")
    now, zone = datetime(2026, 3, 1, 22, 30, tzinfo=ZoneInfo("Asia/Shanghai")), ZoneInfo("Asia/Shanghai")

    def ways(kind: str, **more: Any) -> dict[str, tuple[str, ...]]:
        with house.work() as session:
            people = [session.merge(each) for each in (ada, bob)]
            found = channels.reach(session, people, kind, now=now, zone=zone, **more)
            return {reach.person.name: reach.ways for reach in found}

    with house.work() as session:
        for person in (ada, bob):
            kept = session.merge(person)
            kept.email, kept.phone = f"{person.name}@example.test", "13800000000"
    ada.email = bob.email = "x@example.test"
    ada.phone = bob.phone = "13800000000"
    assert ways("notice") == {"Ada": ("mail",), "Bob": ("mail",)}
    with house.work() as session:
        channels.choose(session, channels.HOUSE, channels.Choice({"notice": ("sms",)}))
        channels.choose(session, bob.id, channels.Choice.checked({"notice": []}, 22 * 60, 7 * 60))
    assert ways("notice") == {"Ada": ("sms",), "Bob": ()}
    assert ways("notice", named=["mail", "bell"]) == {"Ada": ("mail",), "Bob": ()}
    assert ways("notice", named=["mail", "bell"], must=True) == {"Ada": ("mail",), "Bob": ("mail",)}
    with house.work() as session:
        (found,) = channels.reach(session, [bob], "reminder", now=now, zone=zone)
        assert found.delay == timedelta(hours=8, minutes=30)


@pytest.mark.parametrize(
    ("start", "end", "at", "minutes"),
    [
        (22, 7, "23:00", 480),
        (22, 7, "06:59", 1),
        (22, 7, "07:00", 0),
        (22, 7, "21:59", 0),
        (12, 14, "13:00", 60),
        (9, 9, "09:00", 0),
    ],
)
def test_quiet_hours(start: int, end: int, at: str, minutes: int) -> None:
    moment = datetime.fromisoformat(f"2026-03-01T{at}:00+08:00")
    assert channels.Choice({}, start * 60, end * 60).quiet_for(moment) == timedelta(minutes=minutes)


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY, OTHER = "whsec_" + "a" * 43 + "=", "whsec_" + "b" * 43 + "="


def test_a_delivery_that_is_one() -> None:
    headers = signed([KEY], "msg_1", NOW, '{"a":1}')
    assert hooks.verified([OTHER, KEY], headers, b'{"a":1}', NOW + timedelta(minutes=5)) == "msg_1"
    both = signed([OTHER, KEY], "msg_1", NOW, "{}")
    assert hooks.verified([KEY], both, b"{}", NOW) == "msg_1"


@pytest.mark.parametrize(
    ("change", "body", "after"),
    [
        ({}, b'{"a":2}', 0),
        ({}, b'{"a":1}', 301),
        ({}, b'{"a":1}', -301),
        ({"webhook-id": "msg_2"}, b'{"a":1}', 0),
        ({"webhook-id": ""}, b'{"a":1}', 0),
        ({"webhook-id": "a.b"}, b'{"a":1}', 0),
        ({"webhook-timestamp": "nan"}, b'{"a":1}', 0),
        ({"webhook-timestamp": "1e9"}, b'{"a":1}', 0),
        ({"webhook-timestamp": "999999999999"}, b'{"a":1}', 0),
        ({"webhook-signature": ""}, b'{"a":1}', 0),
        ({"webhook-signature": "v1,"}, b'{"a":1}', 0),
        ({"webhook-signature": "v1,###"}, b'{"a":1}', 0),
        ({"webhook-signature": "v2,AAAA"}, b'{"a":1}', 0),
        ({"webhook-signature": "v1" * 500}, b'{"a":1}', 0),
        ({}, b"\xff\xfe", 0),
    ],
)
def test_a_delivery_that_is_none(change: dict[str, str], body: bytes, after: int) -> None:
    headers = {**signed([KEY], "msg_1", NOW, '{"a":1}'), **change}
    assert hooks.verified([KEY], headers, body, NOW + timedelta(seconds=after)) is None
    assert hooks.verified([], headers, body, NOW) is None


def test_two_keys_are_good_at_a_time(house: House, clock: Any) -> None:
    with house.work() as session:
        first, second, third = (hooks.rotate(session, house.settings, "orders", "person:1") for _ in range(3))

    def good(secret: str) -> bool:
        with house.work() as session:
            now = session.execute(text("SELECT now()")).scalar_one()
            headers = signed([secret], "m", now, "{}")
            return hooks.check(session, house.settings, "orders", headers, b"{}") == "m"

    assert [good(each) for each in (first, second, third)] == [False, True, True]
    clock.advance(hours=25)
    assert [good(each) for each in (first, second, third)] == [False, False, True]
    with house.work() as session:
        assert hooks.take(session, "orders", "m")
        assert not hooks.take(session, "orders", "m")
        assert hooks.take(session, "other", "m")
        assert hooks.revoke(session, "orders", "person:1") == 2
    assert not good(third)


def test_what_stands_under_the_bell_is_carried_on_once(
    house: House, make_person: Callable[..., Person], clock: Any
) -> None:
    ada, bob = make_person("Ada"), make_person("Bob")
    with house.work() as session:
        channels.choose(session, ada.id, channels.Choice({"task": ("mail",)}))
        for person in (ada, bob):
            session.merge(person).email = f"{person.name}@example.test"
        notifications.notify(session, [ada.id, bob.id], "task_opened", {"record": 1}, "/inbox?task=7")
        notifications.notify(session, [ada.id], "reminder", {})  # its own step sends it

    def go() -> list[tuple[str, str, str]]:
        carry(house.databases, lambda *_: ("A waits", "A waits"), "https://formloom.test")
        return [(one.recipient, one.channel, one.body) for one in house.ledger()]

    told = [("Ada@example.test", "mail", "A waits\nhttps://formloom.test/inbox?task=7")]
    assert go() == told
    assert go() == told
    with house.work() as session:
        notifications.notify(session, [ada.id], "task_opened", {"record": 2}, "/inbox?task=8")
    clock.advance(minutes=11)
    assert go() == told  # a chore that stood still does not ring for what is long done
    with house.work() as session:
        notifications.notify(session, [ada.id], "task_opened", {"record": 2}, "/inbox?task=9")
        notifications.mark_seen(session, ada.id, "/inbox?task=9")
    assert go() == told  # nor for what was read meanwhile

"""Push, preferences, quiet hours, deliveries that come in, and the bell that is carried on."""

import json
from collections.abc import Callable
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
from formloom.db.engine import Databases
from formloom.errors import InvalidInput, NotFound
from formloom.messages import Line
from formloom.models import Person
from formloom.sealing import push_key
from formloom.settings import Settings
from formloom.webhooks import signed
from sqlalchemy import text

from tests.platform.receivers import certificate, plain, receiver
from tests.platform.ways_house import House, Redirected


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


def test_many_lines_at_once_are_all_carried_on(house: House, make_person: Callable[..., Person]) -> None:
    ada = make_person("Ada")
    with house.work() as session:
        channels.choose(session, ada.id, channels.Choice({"task": ("mail",)}))
        session.merge(ada).email = "ada@example.test"
        for number in range(45):
            notifications.notify(session, [ada.id], "task_opened", {}, f"/inbox?task={number}")
    for _ in range(2):
        carry(house.databases, lambda *_: ("A waits", "A waits"), "https://formloom.test")
        assert len(house.ledger()) == 45


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

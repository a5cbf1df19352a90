"""Web push (RFC 8030): to the browsers in which a person wants to be reached, encrypted for each (ADR 087).

A message carries its title and where it leads, and nothing else of a person or a record.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.errors import ExternalFailure, InvalidInput, Issue, NotFound
from formloom.messages.ports import Letter, Outcome, Undeliverable
from formloom.models import Message, PushSubscription
from formloom.outgoing import Answer, Outgoing, parse_target
from formloom.sealing import push_key
from formloom.settings import Settings

CODES = ("bad_subscription", "too_many_devices", "unknown_device", "no_device", "push_refused")

MOST_DEVICES: Final = 6
SECONDS_TO_LIVE: Final = 3 * 86_400
LONGEST_TITLE: Final = 200
_GONE: Final = frozenset({404, 410})


def public_key(settings: Settings) -> str:
    """What browsers subscribe with (`applicationServerKey`)."""
    point = push_key(settings.secret_key).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).rstrip(b"=").decode()


def subscribe(session: Session, person: int, endpoint: str, keys: Mapping[str, str], device: str = "") -> int:
    """Reach the person in this browser too; who used it before is not reached there any more.

    Raises InvalidInput for what is no subscription, or one too many.
    """
    _check(endpoint, keys)
    mine = (PushSubscription.workspace_id == workspace_of(session), PushSubscription.person_id == person)
    known = session.scalars(select(PushSubscription.endpoint).where(*mine)).all()
    if endpoint not in known and len(known) >= MOST_DEVICES:
        raise InvalidInput("invalid_input", issues=(Issue("", "too_many_devices", {"most": MOST_DEVICES}),))
    row = {"person_id": person, "keys": {name: keys[name] for name in ("p256dh", "auth")}, "device": device[:200]}
    statement = insert(PushSubscription).values(workspace_id=workspace_of(session), endpoint=endpoint, **row)
    moved = statement.on_conflict_do_update(index_elements=["workspace_id", "endpoint"], set_=row)
    found: int = session.execute(moved.returning(PushSubscription.id)).scalar_one()
    return found


def unsubscribe(session: Session, person: int, subscription: int) -> None:
    """Not in this browser any more. Raises NotFound for anybody else's."""
    mine = (PushSubscription.workspace_id == workspace_of(session), PushSubscription.person_id == person)
    gone = delete(PushSubscription).where(*mine, PushSubscription.id == subscription).returning(PushSubscription.id)
    if session.execute(gone).first() is None:
        raise NotFound("unknown_device")


def devices(session: Session, person: int) -> Sequence[PushSubscription]:
    """The browsers of a person, the latest first."""
    mine = (PushSubscription.workspace_id == workspace_of(session), PushSubscription.person_id == person)
    return session.scalars(select(PushSubscription).where(*mine).order_by(PushSubscription.id.desc())).all()


def addresses(session: Session, message: Message) -> Mapping[str, Any]:
    """The devices of whom a message is for, and where it leads."""
    found = devices(session, message.person_id or 0)
    told = [{"id": one.id, "endpoint": one.endpoint, "keys": one.keys} for one in found]
    return {"devices": told, "href": message.about.get("href", "/"), "notice": message.notice}


class WebPush:
    """One message to every device of a person; one that took it is enough."""

    outcome: ClassVar[Outcome] = "sent"

    def __init__(self, settings: Settings, outgoing: Outgoing) -> None:
        self._settings, self._outgoing = settings, outgoing
        number = push_key(settings.secret_key).private_numbers().private_value
        self._private_key = urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()

    def deliver(self, letter: Letter) -> object:
        """Send to each device. The receipt tells which of them are gone."""
        told = {"title": letter.subject[:LONGEST_TITLE], "url": letter.at["href"], "tag": letter.at["notice"]}
        gone: list[int] = []
        taken, failures = 0, []
        for device in letter.at["devices"]:
            try:
                status = self._send(device, json.dumps(told, ensure_ascii=False))
            except ExternalFailure as error:
                failures.append(error)
                continue
            if status in _GONE:
                gone.append(device["id"])
            elif status < 300:
                taken += 1
            else:
                failures.append(ExternalFailure("push_refused", {"status": status}))
        if not taken and failures:
            raise failures[-1]
        if not taken:
            raise Undeliverable("no_device", receipt={"gone": gone})
        return {"gone": gone}

    def _send(self, device: Mapping[str, Any], told: str) -> int:
        from pywebpush import WebPushException, webpush  # type: ignore[import-untyped]

        target = parse_target(device["endpoint"])
        claims = {"sub": self._subject(), "aud": f"{target.scheme}://{target.authority}"}
        through: Any = _Through(self._outgoing)
        try:
            answer: Any = webpush(
                {"endpoint": device["endpoint"], "keys": device["keys"]},
                data=told,
                vapid_private_key=self._private_key,
                vapid_claims=claims,
                ttl=SECONDS_TO_LIVE,
                requests_session=through,
            )
        except WebPushException as error:
            answer = error.response
            if answer is None:
                raise ExternalFailure("push_refused", {"status": 0}) from error
        return int(answer.status_code)

    def _subject(self) -> str:
        """Whom a push service may write to when we misbehave."""
        return (
            self._settings.public_url if self._settings.public_url.startswith("https://") else "mailto:admin@localhost"
        )


class Removal:
    """Forgets the devices of which a push service said that they are gone."""

    def delivered(self, session: Session, message: Message, receipt: Any) -> None:
        """Remove them."""
        mine = (PushSubscription.workspace_id == workspace_of(session), PushSubscription.id.in_(receipt["gone"]))
        if receipt["gone"]:
            session.execute(delete(PushSubscription).where(*mine))

    def given_up(self, session: Session, message: Message, code: str, params: Mapping[str, Any]) -> None:
        """Nobody waits for a push message."""


class _Through:
    """What `pywebpush` takes for a session of `requests`: our own way out, with all its checks."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    def post(self, endpoint: str, *, data: bytes, headers: Mapping[str, str], timeout: object = None) -> "_Answered":
        """Send it. `timeout` is ours."""
        named = {str(name): str(value) for name, value in headers.items()}
        return _Answered(self._outgoing.request("POST", endpoint, data, named))


class _Answered:
    """As much of an answer as `pywebpush` looks at; it must not raise for a status."""

    def __init__(self, answer: Answer) -> None:
        self.status_code, self.reason, self.headers = answer.status, "", answer.headers
        self.text = answer.body[:500].decode("utf-8", "replace")


def _check(endpoint: str, keys: Mapping[str, str]) -> None:
    try:
        target = parse_target(endpoint)
        point, auth = (urlsafe_b64decode(keys[name] + "=" * (-len(keys[name]) % 4)) for name in ("p256dh", "auth"))
        good = target.scheme == "https" and len(point) == 65 and point[0] == 4 and len(auth) == 16
    except (ExternalFailure, KeyError, ValueError):
        good = False
    if not good:
        raise InvalidInput("invalid_input", issues=(Issue("/endpoint", "bad_subscription"),))

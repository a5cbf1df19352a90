"""Webhooks: signing what goes out and checking what comes in, as https://www.standardwebhooks.com says (ADR 088).

One key is base64 after `whsec_`. Signed is `id.timestamp.body`; several signatures may stand in the header, so that
keys can be changed without a gap.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from standardwebhooks import Webhook

from formloom.connections import Connections
from formloom.errors import ExternalFailure
from formloom.messages.ports import Letter, Outcome, Undeliverable
from formloom.models import Message
from formloom.outgoing import Answer, Outgoing

CODES = ("receiver_refused",)

LONGEST_ANSWER_SHOWN: Final = 200


def signed(secrets: Sequence[str], message_id: str, at: datetime, body: str) -> dict[str, str]:
    """The headers of a webhook."""
    marks = [Webhook(secret).sign(message_id, at.astimezone(UTC), body) for secret in secrets]
    stamp = str(int(at.timestamp()))
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": " ".join(marks)}


class Posting:
    """Sends a webhook. `Letter.at` has `url`, `headers`, `secrets` and the moment `now`; the receipt is the answer."""

    outcome: ClassVar[Outcome] = "sent"

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    def deliver(self, letter: Letter) -> Answer:
        """Any 2xx is taken; 410 means that the receiver is gone for good."""
        headers = {**letter.at["headers"], "Content-Type": "application/json"}
        headers |= signed(letter.at["secrets"], webhook_id(letter.key), letter.at["now"], letter.body)
        answer = self._outgoing.request("POST", str(letter.at["url"]), letter.body.encode(), headers)
        if 200 <= answer.status < 300:
            return answer
        told = {"status": answer.status, "said": answer.body[:LONGEST_ANSWER_SHOWN].decode("utf-8", "replace")}
        if answer.status == 410:
            raise Undeliverable("receiver_refused", told)
        raise ExternalFailure("receiver_refused", told)


def webhook_id(key: str) -> str:
    """The id of an effect: the same each time it is sent."""
    return f"msg_{key}"


class ConnectionAddresses:
    """What bots and webhooks must know, unsealed for one attempt."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def bot(self, session: Session, message: Message) -> Mapping[str, Any]:
        """Of a bot."""
        row = self._connections.find(session, message.about["connection"])
        return {"kind": row.kind, **self._connections.opened(session, row)}

    def webhook(self, session: Session, message: Message) -> Mapping[str, Any]:
        """Of a receiver; signed with the time of the database, which is the world's and not the workspace's."""
        now, own = session.execute(select(func.now())).scalar_one(), message.about.get("headers", {})
        if "connection" not in message.about:
            key = self._connections.plain_key(session)
            return {"url": message.about["url"], "headers": own, "secrets": (key,), "now": now}
        row = self._connections.find(session, message.about["connection"])
        told = self._connections.opened(session, row)
        headers = {**own, **told["headers"]}
        return {**told, "headers": headers, "secrets": self._connections.signing(session, row), "now": now}

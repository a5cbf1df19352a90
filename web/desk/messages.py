"""The delivery ledger as people see it, in pages and by the API."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from formloom import channels, messages
from formloom.models import Message
from formloom.outgoing import parse_target
from sqlalchemy.orm import Session

from web.phrases.marking import N_
from web.speech import gettext
from web.words import sentence

STATUS = {
    "queued": N_("on its way"),
    "sent": N_("sent"),
    "delivered": N_("delivered"),
    "read": N_("read"),
    "failed": N_("failed, will be tried again"),
    "dead": N_("given up"),
    "kept": N_("kept here, not sent"),
}
TONES = {"queued": "running", "sent": "good", "delivered": "good", "read": "good", "failed": "warn", "dead": "bad"}
CHANNEL = {
    "bell": N_("Under the bell"),
    "mail": N_("Mail"),
    "sms": N_("Text message"),
    "push": N_("On devices"),
    "bot": N_("Group chat"),
    "webhook": N_("Webhook"),
}
ICONS = {"bell": "bell", "mail": "mail", "sms": "phone", "push": "phone", "bot": "users", "webhook": "send"}
KIND = {
    "task": N_("New task"),
    "reminder": N_("Reminder"),
    "escalation": N_("Overdue at others"),
    "notice": N_("Notice"),
    "copy": N_("Copy to read"),
    "mention": N_("Mention in a comment"),
    "ended": N_("End of what I started"),
    "invitation": N_("Invitation of a guest"),
    "webhook": N_("Webhook"),
    "test": N_("Test"),
    "other": N_("Other"),
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """A line of the ledger in words. ``why`` says what went wrong the last time."""

    id: int
    channel: str
    channel_word: str
    icon: str
    kind: str
    kind_word: str
    recipient: str
    subject: str
    body: str
    status: str
    status_word: str
    tone: str
    attempts: int
    why: str
    at: datetime
    sent_at: datetime | None
    next_at: datetime | None
    read_at: datetime | None
    run: int | None
    may_resend: bool


def deliveries(rows: Iterable[Message]) -> tuple[Delivery, ...]:
    """In the reader's words. Links that open a door stay out: only their recipient has them."""
    return tuple(_delivery(row) for row in rows)


def delivery_json(one: Delivery) -> dict[str, Any]:
    """As the API tells it."""
    moments = {name: getattr(one, name) for name in ("at", "sent_at", "next_at", "read_at")}
    plain = ("id", "channel", "kind", "recipient", "subject", "body", "status", "attempts", "run", "may_resend")
    told = {name: getattr(one, name) for name in plain}
    return {
        **told,
        "error": one.why or None,
        **{name: found.isoformat() if found else None for name, found in moments.items()},
    }


def choice_json(session: Session, person: int) -> dict[str, Any]:
    """What a person (or the house) chose, what the house gives, and what there is to choose from."""
    own = channels.choice(session, person) or channels.Choice()
    return {
        "channels": {kind: list(ways) for kind, ways in own.channels.items()},
        "quiet_from": own.quiet_from,
        "quiet_to": own.quiet_to,
        "house": {kind: list(ways) for kind, ways in channels.house_ways(session).items()},
        "kinds": list(channels.KINDS),
        "ways": list(channels.WAYS),
    }


def device_name(endpoint: str, device: str) -> str:
    """What a browser is called: as it said, else by its push service."""
    return device or parse_target(endpoint).host


def _delivery(row: Message) -> Delivery:
    failure = row.about.get("failure") if row.status in ("failed", "dead") else None
    return Delivery(
        id=row.id,
        channel=row.channel,
        channel_word=gettext(CHANNEL.get(row.channel, row.channel)),
        icon=ICONS.get(row.channel, "mail"),
        kind=row.kind,
        kind_word=gettext(KIND.get(row.kind, row.kind)),
        recipient=row.recipient,
        subject=row.subject,
        body=row.body.replace(messages.LINK, "…") if row.link else row.body,
        status=row.status,
        status_word=gettext(STATUS.get(row.status, row.status)),
        tone=TONES.get(row.status, "idle"),
        attempts=row.attempts,
        why=sentence(failure["code"], failure["params"]) if failure else "",
        at=row.created_at,
        sent_at=row.sent_at,
        next_at=row.next_at if row.status in ("queued", "failed") else None,
        read_at=row.read_at,
        run=row.run_id,
        may_resend=row.status in messages.RESENDABLE,
    )

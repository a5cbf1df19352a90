"""What was said to whom, by which channel, and what became of it: one row a recipient and channel (ADR 086)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from formloom import outbox
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, NotFound
from formloom.links import address
from formloom.models import Message
from formloom.settings import Settings

CODES = ("unknown_message", "not_to_be_resent")

# The outbox's kind of work that delivers a row of the ledger.
KIND = "message.deliver"
# Stands in a body for the address that `Message.link` names.
LINK = "{link}"

Channel = Literal["bell", "mail", "sms", "push", "bot", "webhook"]
CHANNELS: Final[tuple[Channel, ...]] = ("bell", "mail", "sms", "push", "bot", "webhook")
STATUSES: Final = ("queued", "sent", "delivered", "read", "failed", "dead", "kept")
RESENDABLE: Final = ("failed", "dead", "kept")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is to be said. The same `key` again is the same message and is sent once.

    Addresses that open a door go by `link` (`guest:<id>`) and `{link}` in the body, so that the ledger keeps none.
    """

    channel: Channel
    recipient: str
    subject: str
    body: str
    key: str
    kind: str = "other"
    link: str | None = None
    person: int | None = None
    run: int | None = None
    visit: int | None = None
    step: str | None = None
    notice: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


def post(session: Session, line: Line, delay: timedelta | None = None) -> int | None:
    """Note it, and have it sent once the transaction is in, `delay` later. None where the key was there already.

    What stands under the bell has arrived with that.
    """
    row = {
        "workspace_id": workspace_of(session),
        **{name: getattr(line, name) for name in ("key", "channel", "recipient", "subject", "body", "kind", "link")},
        "person_id": line.person,
        "run_id": line.run,
        "visit": line.visit,
        "step": line.step,
        "notice": line.notice,
        "about": dict(line.about),
        "status": "delivered" if line.channel == "bell" else "queued",
    }
    moments = {"sent_at": func.now()} if line.channel == "bell" else {"next_at": func.now() + (delay or timedelta())}
    statement = insert(Message).values(**row, **moments)
    once = statement.on_conflict_do_nothing(index_elements=["workspace_id", "key"]).returning(Message.id)
    message_id = session.execute(once).scalar_one_or_none()
    if message_id is not None and line.channel != "bell":
        lane = outbox.NOTICE if line.run is not None and line.person is not None else outbox.PEOPLE
        outbox.put(session, KIND, {"message": message_id}, key=_item(message_id), delay=delay, lane=lane)
    return message_id


def send(
    session: Session, channel: Channel, recipient: str, subject: str, body: str, key: str, *, link: str | None = None
) -> None:
    """One message by itself."""
    post(session, Line(channel=channel, recipient=recipient, subject=subject, body=body, key=key, link=link))


def resend(session: Session, message_id: int) -> Message:
    """Try one again that failed, was given up, or was kept; receivers see the id of the first time.

    Raises NotFound, Conflict `not_to_be_resent` for one that arrived or is on its way.
    """
    mine = (Message.workspace_id == workspace_of(session), Message.id == message_id)
    message = session.scalars(select(Message).where(*mine).with_for_update()).one_or_none()
    if message is None:
        raise NotFound("unknown_message", {"message": message_id})
    if message.status not in RESENDABLE:
        raise Conflict("not_to_be_resent", {"status": message.status})
    fresh = {"status": "queued", "sent_at": None, "next_at": func.now(), "attempts": 0}
    session.execute(update(Message).where(*mine).values(fresh))
    outbox.redo(session, KIND, {"message": message_id}, key=_item(message_id))
    session.refresh(message)
    return message


def mark_read(session: Session, notices: Sequence[str]) -> None:
    """The person has seen what these lines told: under the bell or on their device; a mail tells nobody."""
    if notices:
        seen = (Message.notice.in_(notices), Message.channel.in_(("bell", "push")), Message.read_at.is_(None))
        arrived = Message.status.in_(("sent", "delivered"))
        statement = update(Message).where(Message.workspace_id == workspace_of(session), *seen, arrived)
        session.execute(statement.values(status="read", read_at=func.now()))


def shown_body(session: Session, settings: Settings, message: Message) -> str:
    """The body as the recipient reads it."""
    if message.link is None:
        return message.body
    return message.body.replace(LINK, address(settings, session, message.link))


def _item(message_id: int) -> str:
    return f"message:{message_id}"

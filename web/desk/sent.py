"""Messages that the demo kept instead of sending them."""

from dataclasses import dataclass
from datetime import datetime

from formloom import messages
from formloom.access import Identity
from sqlalchemy.orm import Session

from web.context import services


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A mail or text message as its recipient reads it."""

    id: int
    channel: str
    recipient: str
    subject: str
    body: str
    created_at: datetime


def sent_messages(session: Session, _identity: Identity, before: int | None, limit: int) -> tuple[SentMessage, ...]:
    """A page of them, the latest first; ``before`` is the id at which the last page ended."""
    kept = messages.listing(session, messages.Wanted(status="kept"), before=before, limit=limit)
    return tuple(
        SentMessage(
            one.id,
            one.channel,
            one.recipient,
            one.subject,
            messages.shown_body(session, services().settings, one),
            one.created_at,
        )
        for one in kept
    )

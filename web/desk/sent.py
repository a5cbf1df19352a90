"""Messages that the demo kept instead of sending them."""

from dataclasses import dataclass
from datetime import datetime

from formloom import messages
from formloom.access import Identity
from sqlalchemy.orm import Session

from web.context import services
from web.desk.messages import STATUS
from web.speech import gettext


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A mail or text message as its recipient reads it."""

    channel: str
    recipient: str
    subject: str
    body: str
    status_word: str
    created_at: datetime


def sent_messages(session: Session, _identity: Identity) -> tuple[SentMessage, ...]:
    """The latest fifty."""
    return tuple(
        SentMessage(
            one.channel,
            one.recipient,
            one.subject,
            messages.shown_body(session, services().settings, one),
            gettext(STATUS.get(one.status, one.status)),
            one.created_at,
        )
        for one in messages.latest(session, 50)
    )

"""What was said to whom, and whether it arrived at the next hop."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from formloom import outbox
from formloom.db.uow import workspace_of
from formloom.links import address
from formloom.models import Message
from formloom.settings import Settings

# The outbox's kind of work that delivers a row of the ledger.
KIND = "message.deliver"
# Stands in a body for the address that `Message.link` names.
LINK = "{link}"

Channel = Literal["mail", "sms"]


def send(
    session: Session, channel: Channel, recipient: str, subject: str, body: str, key: str, *, link: str | None = None
) -> None:
    """Send once the transaction is in. The same `key` again is the same message and is sent once.

    Addresses that open a door go by `link` (`guest:<id>`) and `{link}` in the body, so that the ledger keeps none.
    """
    row = {"workspace_id": workspace_of(session), "key": key, "channel": channel, "recipient": recipient}
    statement = insert(Message).values(**row, subject=subject, body=body, link=link)
    once = statement.on_conflict_do_nothing(index_elements=["workspace_id", "key"]).returning(Message.id)
    message_id = session.execute(once).scalar_one_or_none()
    if message_id is not None:
        outbox.put(session, KIND, {"message": message_id}, key=f"message:{message_id}")


def latest(session: Session, limit: int = 50) -> Sequence[Message]:
    """The newest messages first."""
    mine = select(Message).where(Message.workspace_id == workspace_of(session))
    return session.scalars(mine.order_by(Message.id.desc()).limit(limit)).all()


def shown_body(session: Session, settings: Settings, message: Message) -> str:
    """The body as the recipient reads it."""
    if message.link is None:
        return message.body
    return message.body.replace(LINK, address(settings, session, message.link))

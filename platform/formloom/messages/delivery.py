"""The handler that takes a message from the ledger out of the house."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, update

from formloom.errors import FormloomError
from formloom.messages.ledger import shown_body
from formloom.messages.ports import Letter, Transport
from formloom.models import Message
from formloom.outbox import JobContext
from formloom.settings import Settings


class Deliverer:
    """Register it for `messages.KIND`. Sends outside any transaction, then notes what came of it."""

    def __init__(self, settings: Settings, transports: Mapping[str, Transport]) -> None:
        self._settings, self._transports = settings, transports

    def __call__(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        """Deliver one message; a failure is noted in the ledger and raised, so that the outbox tries again."""
        mine = (Message.workspace_id == context.workspace_id, Message.id == int(payload["message"]))
        with context.unit_of_work() as session:
            message = session.scalars(select(Message).where(*mine)).one()
            if message.sent_at is not None:
                return
            transport = self._transports[message.channel]
            body = shown_body(session, self._settings, message)
        letter = Letter(f"{context.workspace_id}-{message.key}", message.recipient, message.subject, body)
        try:
            transport.deliver(letter)
        except FormloomError as error:
            with context.unit_of_work() as session:
                session.execute(update(Message).where(*mine).values(status="failed", error=str(error)[:500]))
            raise
        with context.unit_of_work() as session:
            done = {"status": transport.outcome, "sent_at": func.now(), "error": None}
            session.execute(update(Message).where(*mine).values(done))
            context.finish(session)

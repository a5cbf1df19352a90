"""The handler that takes a message from the ledger out of the house."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sqlalchemy import cast, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.errors import FormloomError
from formloom.messages.ledger import shown_body
from formloom.messages.ports import Letter, Transport, Undeliverable
from formloom.models import Message
from formloom.outbox import JobContext, retry_wait
from formloom.settings import Settings

CODES = ("channel_not_there",)

Address = Callable[[Session, Message], Mapping[str, Any]]
"""What a channel must know besides the letter (keys, devices, files); asked at each attempt, and kept nowhere."""


class Heard(Protocol):
    """Somebody who waits for what becomes of the messages of a channel."""

    def delivered(self, session: Session, message: Message, receipt: Any) -> None:
        """It was taken; `receipt` is what the transport gave back. In the transaction that notes it."""

    def given_up(self, session: Session, message: Message, code: str, params: Mapping[str, Any]) -> None:
        """It is dead. In the transaction that notes it."""


class Deliverer:
    """Register it for `messages.KIND`, and its `given_up`. Sends outside any transaction, then notes what came of
    it.
    """

    def __init__(
        self,
        settings: Settings,
        transports: Mapping[str, Transport],
        addresses: Mapping[str, Address] | None = None,
        heard: Mapping[str, Heard] | None = None,
    ) -> None:
        self._settings, self._transports = settings, transports
        self._addresses, self._heard = addresses or {}, heard or {}

    def __call__(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        """Deliver one message; a failure is noted in the ledger and raised, so that the outbox tries again."""
        mine = _of(context.workspace_id, payload)
        try:
            with context.unit_of_work() as session:
                message = session.scalars(select(Message).where(*mine)).one()
                if message.sent_at is not None or message.status == "dead":
                    return
                session.execute(update(Message).where(*mine).values(attempts=context.attempt))
                transport, letter = self._letter(session, context.workspace_id, message)
            receipt = transport.deliver(letter)
        except Undeliverable as error:
            with context.unit_of_work() as session:
                self._bury(session, mine, error.code, error.params, error.receipt)
                context.finish(session)
            return
        except FormloomError as error:
            wait = func.now() + retry_wait(context.attempt)
            noted = {"status": "failed", "error": str(error)[:500], "next_at": wait, "about": _why(error)}
            with context.unit_of_work() as session:
                session.execute(update(Message).where(*mine).values(noted))
            raise
        with context.unit_of_work() as session:
            done = {"status": transport.outcome, "sent_at": func.now(), "error": None, "next_at": None}
            session.execute(update(Message).where(*mine).values(done))
            if message.channel in self._heard:
                self._heard[message.channel].delivered(session, message, receipt)
            context.finish(session)

    def given_up(self, session: Session, payload: Mapping[str, Any], error: str) -> None:
        """The outbox tries no more; whoever waits is told why it failed the last time."""
        workspace = workspace_of(session)
        message = session.scalars(select(Message).where(*_of(workspace, payload))).one_or_none()
        if message is not None and message.sent_at is None:
            failure = message.about.get("failure") or {"code": "not_reached", "params": {"host": message.recipient}}
            self._bury(session, _of(workspace, payload), failure["code"], failure["params"], None)

    def _letter(self, session: Session, workspace: int, message: Message) -> tuple[Transport, Letter]:
        transport = self._transports.get(message.channel)
        if transport is None:
            raise Undeliverable("channel_not_there", {"channel": message.channel})
        find = self._addresses.get(message.channel)
        at = find(session, message) if find is not None else {}
        body = shown_body(session, self._settings, message)
        return transport, Letter(f"{workspace}-{message.key}", message.recipient, message.subject, body, at)

    def _bury(self, session: Session, mine: Any, code: str, params: Mapping[str, Any], receipt: Any) -> None:
        message = session.scalars(select(Message).where(*mine).execution_options(populate_existing=True)).one()
        about = {**message.about, "failure": {"code": code, "params": _plain(params)}}
        dead = {"status": "dead", "error": str(FormloomError(code, params))[:500], "next_at": None, "about": about}
        session.execute(update(Message).where(*mine).values(dead))
        heard = self._heard.get(message.channel)
        if heard is not None:
            if receipt is not None:
                heard.delivered(session, message, receipt)
            heard.given_up(session, message, code, params)


def _of(workspace: int, payload: Mapping[str, Any]) -> tuple[Any, Any]:
    return Message.workspace_id == workspace, Message.id == int(payload["message"])


def _why(error: FormloomError) -> Any:
    """The failure as the ledger tells it in words, beside whatever else it holds."""
    told = {"failure": {"code": error.code, "params": _plain(error.params)}}
    return Message.about.op("||")(cast(told, JSONB))


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, int | str) else str(value) for name, value in params.items()}

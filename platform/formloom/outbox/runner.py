"""Does one piece of work: takes its lease, calls the handler, notes how it ended."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.models import OutboxItem
from formloom.outbox.heart import Heart
from formloom.outbox.queue import TOPIC
from formloom.wakeups import announce

# After this many failures somebody must look at it.
MOST_ATTEMPTS = 8
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=1)
# How long what a killed process had in hand lies idle; a living one renews it (`heart`).
LEASE = timedelta(seconds=20)

_log = structlog.get_logger(__name__)


def retry_wait(attempts: int, first: timedelta = FIRST_RETRY) -> timedelta:
    """How long to wait after so many failures: 5 s, 20 s, 80 s … at most an hour."""
    times: int = 4 ** (min(attempts, 20) - 1)
    return min(first * times, LONGEST_RETRY)


class LeaseLost(Exception):  # noqa: N818  it happened; whoever holds the item now does the work
    """Somebody else works on the item, because our lease had run out: what we were about to commit must not be."""


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a handler works with. `key` goes to receivers, so that they too do it only once."""

    databases: Databases
    workspace_id: int
    item_id: int
    key: str
    attempt: int
    lease: UUID
    lease_length: timedelta = LEASE

    def unit_of_work(self) -> AbstractContextManager[Session]:
        """A transaction in the item's workspace."""
        return unit_of_work(self.databases, self.workspace_id)

    def renew(self, session: Session, *, progressed: bool = False) -> None:
        """Hold the item for a whole lease more, and against everybody until this transaction ends.

        `progressed`: part of the work is done for good, so attempts are counted anew. Raises LeaseLost.
        """
        until = func.now() + self.lease_length
        held = {"lease_until": until, "available_at": until, **({"attempts": 1} if progressed else {})}
        self._update(session, held)

    def hand_back(self, session: Session) -> None:
        """The rest of the work is for whoever takes the item next, at once. Raises LeaseLost."""
        self._update(session, {"lease": None, "lease_until": None, "available_at": func.now(), "attempts": 0})
        announce(session, [TOPIC])

    def _update(self, session: Session, columns: Mapping[str, Any]) -> None:
        mine = (*_row(self.workspace_id, self.item_id), OutboxItem.lease == self.lease, OutboxItem.done_at.is_(None))
        statement = update(OutboxItem).where(*mine).values(columns).returning(OutboxItem.id)
        if session.execute(statement, execution_options={"synchronize_session": False}).first() is None:
            raise LeaseLost(self.key)

    def finish(self, session: Session) -> bool:
        """Mark the item done in the handler's own transaction: an effect on our database then happens exactly once.

        False when the lease was lost meanwhile: then raise, so that the transaction rolls back.
        """
        mine = (*_row(self.workspace_id, self.item_id), OutboxItem.lease == self.lease, OutboxItem.done_at.is_(None))
        done = {"done_at": func.now(), "lease": None, "lease_until": None, "last_error": None}
        return (
            session.execute(update(OutboxItem).where(*mine).values(done).returning(OutboxItem.id)).first() is not None
        )


Handler = Callable[[JobContext, Mapping[str, Any]], object]
GivenUp = Callable[[Session, Mapping[str, Any], str], object]
"""Called with the payload and the last error in the transaction that makes an item a dead letter."""


@dataclass(frozen=True, slots=True)
class Runner:
    """The handlers by kind. Any number of runners, in any number of processes, may be told of the same item."""

    databases: Databases
    handlers: Mapping[str, Handler]
    lease: timedelta = LEASE
    first_retry: timedelta = FIRST_RETRY
    most_attempts: int = MOST_ATTEMPTS
    given_up: Mapping[str, GivenUp] = field(default_factory=dict)
    _heart: Heart = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_heart", Heart(self.databases, self.lease))

    def run(self, workspace_id: int, item_id: int) -> bool:
        """Do the item unless it is done, dead or in another's hands. True when it is done; errors stay inside."""
        taken = self._take(workspace_id, item_id)
        if taken is None:
            return False
        context, kind, payload = taken
        log = _log.bind(kind=kind, workspace=workspace_id, item=item_id, attempt=context.attempt)
        try:
            with self._heart.holding(context.lease, workspace_id, item_id):
                self.handlers[kind](context, payload)
        except Exception as error:
            log.warning("job_failed", error=type(error).__name__, exc_info=True)
            self._failed(context, kind, payload, f"{type(error).__name__}: {error}"[:500])
            return False
        with context.unit_of_work() as session:
            context.finish(session)
        log.info("job_done")
        return True

    def _take(self, workspace_id: int, item_id: int) -> tuple[JobContext, str, Mapping[str, Any]] | None:
        """Until the lease ends nobody else starts; if we die, the relay finds the item again at that moment."""
        lease = uuid4()
        free = or_(OutboxItem.lease.is_(None), OutboxItem.lease_until < func.now())
        open_ = (OutboxItem.done_at.is_(None), OutboxItem.dead_at.is_(None), free)
        until = func.now() + self.lease
        taken = {"lease": lease, "lease_until": until, "available_at": until, "attempts": OutboxItem.attempts + 1}
        # Skip instead of waiting for a sibling that is just taking it.
        mine = select(OutboxItem.id).where(*_row(workspace_id, item_id), *open_).with_for_update(skip_locked=True)
        statement = update(OutboxItem).where(*_row(workspace_id, item_id), OutboxItem.id.in_(mine.scalar_subquery()))
        read = statement.values(taken).returning(
            OutboxItem.kind, OutboxItem.payload, OutboxItem.key, OutboxItem.attempts
        )
        with unit_of_work(self.databases, workspace_id) as session:
            row = session.execute(read, execution_options={"synchronize_session": False}).one_or_none()
        if row is None:
            return None
        context = JobContext(self.databases, workspace_id, item_id, row.key, row.attempts, lease, self.lease)
        if context.attempt > self.most_attempts:  # failures were counted: these attempts ended without a word
            self._failed(context, row.kind, row.payload, "the process that worked on it died, every time")
            return None
        return context, row.kind, row.payload

    def _failed(self, context: JobContext, kind: str, payload: Mapping[str, Any], error: str) -> None:
        mine = (*_row(context.workspace_id, context.item_id), OutboxItem.lease == context.lease)
        held = select(OutboxItem.attempts).where(*mine, OutboxItem.done_at.is_(None)).with_for_update()
        with context.unit_of_work() as session:
            attempts = session.execute(held).scalar_one_or_none()  # fewer than at first where it made progress
            if attempts is None:
                return
            wait = retry_wait(attempts, self.first_retry)
            fields: dict[str, Any] = {"lease": None, "lease_until": None, "last_error": error}
            fields["available_at"] = func.now() + wait
            if attempts >= self.most_attempts:
                fields["dead_at"] = func.now()
                if kind in self.given_up:
                    self.given_up[kind](session, payload, error)
            session.execute(update(OutboxItem).where(*mine).values(fields))


def _row(workspace_id: int, item_id: int) -> tuple[Any, Any]:
    return OutboxItem.workspace_id == workspace_id, OutboxItem.id == item_id

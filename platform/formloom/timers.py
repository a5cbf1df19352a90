"""What is to happen when it is time: rows with a due date, written with the record or run that needs them."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Row, func, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from formloom.db.engine import Databases
from formloom.db.retry import retrying
from formloom.db.uow import unit_of_work, workspace_of
from formloom.models import Timer
from formloom.wakeups import Listener, announce

TOPIC = "timers"
BATCH: Final = 50
"""Timers of one transaction: one durable commit for all of them, and what they lock is held some hundred
milliseconds."""

POLL_SECONDS = 2.0
MOST_ATTEMPTS = 8
FIRST_RETRY = timedelta(seconds=10)

Handler = Callable[[Session, Mapping[str, Any]], object]
"""Does database work only: when another timer of the same transaction fails, it is undone and called again alone."""

GivenUp = Callable[[Session, str, Mapping[str, Any], str], object]
"""Called with kind, payload and the last error in the transaction that notes the last failure."""

_log = structlog.get_logger(__name__)

_OPEN = f"""
    timer.done_at IS NULL AND timer.cancelled_at IS NULL AND timer.attempts < {MOST_ATTEMPTS}
    AND timer.due_at <= now() + workspace.clock_offset * interval '1 second'
    AND (timer.retry_at IS NULL OR timer.retry_at <= now())
"""
# Routing columns only. A workspace is asked for one batch after the other, so that many timers of one hold up no other.
_BUSY = text(f"""
    SELECT workspace.id FROM workspace
    WHERE EXISTS (SELECT FROM timer WHERE timer.workspace_id = workspace.id AND {_OPEN}) ORDER BY workspace.id
""")  # noqa: S608
# Who gets a row is decided by its lock, in the transaction that runs its handler: other clocks take the next ones.
_DUE = f"""
    SELECT timer.id, timer.key, timer.kind, timer.payload, timer.attempts
    FROM timer JOIN workspace ON workspace.id = timer.workspace_id
    WHERE timer.workspace_id = :workspace AND {_OPEN}
"""  # noqa: S608
_CLAIM = text(f"{_DUE} ORDER BY timer.due_at, timer.id LIMIT :most FOR UPDATE OF timer SKIP LOCKED")
_CLAIM_ONE = text(f"{_DUE} AND timer.id = :id FOR UPDATE OF timer SKIP LOCKED")
_DONE = text("UPDATE timer SET done_at = now() WHERE workspace_id = :workspace AND id = ANY (:ids)")


def set(  # noqa: A001  read as `timers.set`
    session: Session, key: str, kind: str, payload: Mapping[str, Any], due_at: datetime
) -> None:
    """Have `kind`'s handler called at `due_at` (the workspace's time). Setting a key again moves it, even fired."""
    row = {"workspace_id": workspace_of(session), "key": key, "kind": kind, "payload": dict(payload), "due_at": due_at}
    again = {"attempts": 0, "retry_at": None, "last_error": None, "done_at": None, "cancelled_at": None}
    statement = insert(Timer).values(row)
    moved = {name: statement.excluded[name] for name in ("kind", "payload", "due_at")}
    session.execute(statement.on_conflict_do_update(index_elements=["workspace_id", "key"], set_={**moved, **again}))
    announce(session, [TOPIC])


def cancel(session: Session, key: str) -> bool:
    """Cancel the timer of this key, and no other whose key begins so; False where none of it is open."""
    mine = (Timer.workspace_id == workspace_of(session), Timer.key == key)
    open_ = (Timer.done_at.is_(None), Timer.cancelled_at.is_(None))
    statement = update(Timer).where(*mine, *open_).values(cancelled_at=func.now()).returning(Timer.id)
    return session.execute(statement, execution_options={"synchronize_session": False}).first() is not None


class Clock:
    """Fires what is due. Any number of clocks may run: each timer's handler commits once.

    Several timers of a workspace fire in one transaction; where one of them fails, each is fired alone.
    """

    def __init__(self, databases: Databases, handlers: Mapping[str, Handler], given_up: GivenUp | None = None) -> None:
        self._databases, self._handlers, self._given_up = databases, handlers, given_up

    def tick(self) -> int:
        """Fire everything that is due now; returns how many fired. A handler's error is noted and tried again later."""
        fired = 0
        while some := self._round():
            fired += some
        return fired

    def run(self, stop: threading.Event, listener: Listener, poll_seconds: float = POLL_SECONDS) -> None:
        """Until `stop`: fire, then wait for a new timer or the next poll."""
        with listener.subscribe(None, [TOPIC]) as news:
            while not stop.is_set():
                try:
                    if self._round():
                        continue
                except Exception as error:
                    _log.warning("clock_failed", error=type(error).__name__)
                    stop.wait(1)
                if news.closed:
                    stop.wait(poll_seconds)
                else:
                    news.take(poll_seconds)

    def _round(self) -> int:
        """One batch of every workspace that has something due."""
        with self._databases.router.connect() as connection:
            busy = connection.scalars(_BUSY).all()
        return sum(self._batch(workspace_id) for workspace_id in busy)

    def _batch(self, workspace_id: int) -> int:
        fired, alone = self._together(workspace_id)
        return fired + sum(self._fire(workspace_id, timer_id) for timer_id in alone)

    def _together(self, workspace_id: int) -> tuple[int, list[int]]:
        """How many fired in one transaction, and the ids of those that are to be fired alone."""
        due: Sequence[Row[Any]] = ()
        try:
            with unit_of_work(self._databases, workspace_id) as session:
                due = session.execute(_CLAIM, {"workspace": workspace_id, "most": BATCH}).all()
                fresh = _one_a_subject(due)
                if len(fresh) < 2:
                    return 0, [timer.id for timer in fresh or due]
                # Done first: a handler may set its own key anew (a reminder that repeats).
                session.execute(_DONE, {"workspace": workspace_id, "ids": [timer.id for timer in fresh]})
                for timer in fresh:
                    self._handlers[timer.kind](session, timer.payload)
        except Exception as error:
            if not due:
                raise
            _log.info("timers_alone", workspace=workspace_id, count=len(due), error=type(error).__name__)
            return 0, [timer.id for timer in due]
        return len(fresh), [timer.id for timer in due if timer.attempts]

    def _fire(self, workspace_id: int, timer_id: int) -> bool:
        try:
            return retrying(lambda: self._fire_once(workspace_id, timer_id))
        except Exception as error:
            _log.warning(
                "timer_failed", workspace=workspace_id, timer=timer_id, error=type(error).__name__, exc_info=True
            )
            self._failed(workspace_id, timer_id, f"{type(error).__name__}: {error}"[:500])
            return False

    def _fire_once(self, workspace_id: int, timer_id: int) -> bool:
        with unit_of_work(self._databases, workspace_id) as session:
            timer = session.execute(_CLAIM_ONE, {"workspace": workspace_id, "id": timer_id}).one_or_none()
            if timer is None:  # another clock was faster, or it was moved or cancelled meanwhile
                return False
            session.execute(_DONE, {"workspace": workspace_id, "ids": [timer_id]})
            self._handlers[timer.kind](session, timer.payload)
            return True

    def _failed(self, workspace_id: int, timer_id: int, error: str) -> None:
        mine = (Timer.workspace_id == workspace_id, Timer.id == timer_id, Timer.done_at.is_(None))
        wait = FIRST_RETRY * func.power(4, func.least(Timer.attempts, 6))
        noted = {"attempts": Timer.attempts + 1, "last_error": error, "retry_at": func.now() + wait}
        with unit_of_work(self._databases, workspace_id) as session:
            statement = update(Timer).where(*mine).values(noted).returning(Timer.kind, Timer.payload, Timer.attempts)
            row = session.execute(statement, execution_options={"synchronize_session": False}).one_or_none()
            if row is not None and row.attempts >= MOST_ATTEMPTS and self._given_up is not None:
                self._given_up(session, row.kind, row.payload, error)


def _one_a_subject(due: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Of those that never failed the first of each subject: what one timer of a run does may cancel or move another."""
    found: dict[str, Row[Any]] = {}
    for timer in due:
        if not timer.attempts:
            found.setdefault(_subject(timer.key), timer)
    return list(found.values())


def _subject(key: str) -> str:
    """Whom a timer is about: the first two parts of its key (`run:7` of `run:7:2:0`)."""
    return ":".join(key.split(":", 2)[:2])

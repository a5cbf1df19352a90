"""What is to happen when it is time: rows with a due date, written with the record or run that needs them."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from formloom.db.engine import Databases
from formloom.db.retry import retrying
from formloom.db.uow import unit_of_work, workspace_of
from formloom.models import Timer
from formloom.wakeups import Listener, announce

TOPIC = "timers"
BATCH = 100
POLL_SECONDS = 2.0
MOST_ATTEMPTS = 8
FIRST_RETRY = timedelta(seconds=10)

Handler = Callable[[Session, Mapping[str, Any]], object]

_log = structlog.get_logger(__name__)

# Routing columns only; who gets a row is decided by its lock, in the transaction that runs its handler.
_DUE = text("""
    SELECT timer.workspace_id, timer.id
    FROM timer JOIN workspace ON workspace.id = timer.workspace_id
    WHERE timer.done_at IS NULL AND timer.cancelled_at IS NULL AND timer.attempts < :most_attempts
    AND timer.due_at <= now() + workspace.clock_offset * interval '1 second'
    AND (timer.retry_at IS NULL OR timer.retry_at <= now())
    ORDER BY timer.due_at LIMIT :most
""")


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


def cancel(session: Session, key_prefix: str) -> int:
    """Cancel all open timers whose key begins so; returns how many."""
    mine = (Timer.workspace_id == workspace_of(session), Timer.key.op("^@")(key_prefix))
    open_ = (Timer.done_at.is_(None), Timer.cancelled_at.is_(None))
    statement = update(Timer).where(*mine, *open_).values(cancelled_at=func.now()).returning(Timer.id)
    return len(session.execute(statement, execution_options={"synchronize_session": False}).all())


class Clock:
    """Fires what is due. Any number of clocks may run: each timer's handler commits once."""

    def __init__(self, databases: Databases, handlers: Mapping[str, Handler]) -> None:
        self._databases, self._handlers = databases, handlers

    def tick(self) -> int:
        """Fire everything that is due now; returns how many fired. A handler's error is noted and tried again later."""
        fired = 0
        while True:
            with self._databases.router.connect() as connection:
                due = connection.execute(_DUE, {"most_attempts": MOST_ATTEMPTS, "most": BATCH}).all()
            outcomes = [self._fire(workspace_id, timer_id) for workspace_id, timer_id in due]
            fired += sum(outcomes)
            if len(due) < BATCH or not any(outcomes):
                return fired

    def run(self, stop: threading.Event, listener: Listener, poll_seconds: float = POLL_SECONDS) -> None:
        """Until `stop`: tick, then wait for a new timer or the next poll."""
        with listener.subscribe(None, [TOPIC]) as news:
            while not stop.is_set():
                try:
                    self.tick()
                except Exception as error:
                    _log.warning("clock_failed", error=type(error).__name__)
                    stop.wait(1)
                if news.closed:
                    stop.wait(poll_seconds)
                else:
                    news.take(poll_seconds)

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
        open_ = (Timer.done_at.is_(None), Timer.cancelled_at.is_(None))
        mine = select(Timer).where(Timer.workspace_id == workspace_id, Timer.id == timer_id, *open_)
        with unit_of_work(self._databases, workspace_id) as session:
            timer = session.scalars(mine.with_for_update(skip_locked=True)).one_or_none()
            if timer is None:
                return False
            # Done first: the handler may set the same key anew (a reminder that repeats).
            timer.done_at = session.execute(select(func.now())).scalar_one()
            session.flush()
            self._handlers[timer.kind](session, timer.payload)
            return True

    def _failed(self, workspace_id: int, timer_id: int, error: str) -> None:
        mine = (Timer.workspace_id == workspace_id, Timer.id == timer_id, Timer.done_at.is_(None))
        wait = FIRST_RETRY * func.power(4, func.least(Timer.attempts, 6))
        noted = {"attempts": Timer.attempts + 1, "last_error": error, "retry_at": func.now() + wait}
        with unit_of_work(self._databases, workspace_id) as session:
            statement = update(Timer).where(*mine).values(noted)
            session.execute(statement, execution_options={"synchronize_session": False})

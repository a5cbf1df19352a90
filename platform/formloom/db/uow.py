"""The unit of work: one transaction in one workspace, committed when its block ends well."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from formloom.db.announcer import Announcer
from formloom.db.engine import Databases
from formloom.db.retry import unavailable
from formloom.errors import Unavailable

CODES = ("pool_exhausted", "database_away", "database_busy")

_WORKSPACE, _AFTER_COMMIT, _DATABASES = "formloom.workspace", "formloom.after_commit", "formloom.databases"
# One round trip: the workspace is chosen, and then asked what time it is there (the outer join keeps that order).
_ENTER = text("""
    SELECT now(), w.clock_offset, w.time_zone
    FROM (SELECT set_config('app.workspace', :workspace, true)::bigint AS id OFFSET 0) chosen
    LEFT JOIN LATERAL (SELECT clock_offset, time_zone FROM workspace WHERE workspace.id = chosen.id) w ON true
""")
CLOCK = "formloom.clock.read"
"""Where a session keeps (its transaction, now, the workspace's offset, its time zone); see `formloom.clock`."""
_log = structlog.get_logger(__name__)


@contextmanager
def unit_of_work(databases: Databases, workspace_id: int) -> Iterator[Session]:
    """A session that sees and writes one workspace only. Commits at the end of the block, rolls back on any exception.

    Raises Unavailable when no connection is to be had, it is lost, or something takes too long. Calls registered with
    `after_commit` run last, outside.
    """
    with Session(databases.app, expire_on_commit=False) as session:
        session.info[_DATABASES] = databases
        enter_workspace(session, workspace_id)
        try:
            yield session
            session.commit()  # leaving the block by an exception closes the session, which rolls back
        except DBAPIError as error:
            if (kind := unavailable(error)) is not None:
                raise kind from error
            raise
        done: list[Callable[[], object]] = session.info.pop(_AFTER_COMMIT, [])
    for call in done:
        try:
            call()
        except Exception:
            # What is registered here is a hint (a wake-up): the work is in the database and a slow poll finds it.
            _log.exception("after_commit_failed", call=getattr(call, "__qualname__", repr(call)))


def enter_workspace(session: Session, workspace_id: int) -> None:
    """Open the session's transaction inside a workspace: row-level security shows nothing else until it ends."""
    try:
        now, offset, zone = session.execute(_ENTER, {"workspace": str(workspace_id)}).one()
    except PoolTimeout as error:
        raise Unavailable("pool_exhausted", {"retry_after": 1}) from error
    except DBAPIError as error:
        if (kind := unavailable(error)) is not None:
            raise kind from error
        raise
    session.info[_WORKSPACE] = workspace_id
    if zone is not None:
        session.info[CLOCK] = (session.get_transaction(), now, offset, zone)


def workspace_of(session: Session) -> int:
    """The workspace of this session's unit of work; a KeyError when there is none, which is a bug."""
    workspace: int = session.info[_WORKSPACE]
    return workspace


def after_commit(session: Session, call: Callable[[], object]) -> None:
    """Run `call` once the transaction is in, never when it is rolled back. Its failure is logged and undoes nothing."""
    session.info.setdefault(_AFTER_COMMIT, []).append(call)


def announcer_of(session: Session) -> Announcer:
    """How this unit of work tells others (see `formloom.wakeups`)."""
    return databases_of(session).announce


def databases_of(session: Session) -> Databases:
    """Where this unit of work came from, for what must be done in one of its own after the commit."""
    databases: Databases = session.info[_DATABASES]
    return databases

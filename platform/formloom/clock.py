"""What time it is. No other code asks: tests, simulations and the demo live on days of their own.

Time is the database's, plus the workspace's offset; within a transaction it stands still.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from formloom.db.uow import CLOCK, workspace_of
from formloom.models import Workspace

_ANSWER = "formloom.clock"
_frozen: ContextVar[datetime | None] = ContextVar("formloom.clock.frozen", default=None)


def app_now(session: Session) -> datetime:
    """The workspace's present instant, in UTC."""
    return _frozen.get() or _read(session)[0]


def today(session: Session) -> date:
    """The workspace's present day, in its own time zone."""
    instant, zone = _read(session)
    return (_frozen.get() or instant).astimezone(zone).date()


def time_zone(session: Session) -> ZoneInfo:
    """The workspace's time zone."""
    return _read(session)[1]


def _read(session: Session) -> tuple[datetime, ZoneInfo]:
    """Asked with the beginning of a transaction: `now()` does not move inside one."""
    kept: tuple[object, tuple[datetime, ZoneInfo]] | None = session.info.get(_ANSWER)
    if kept is not None and kept[0] is session.get_transaction():
        return kept[1]
    entered, *read = session.info.get(CLOCK, (None,))
    if entered is not session.get_transaction():  # another transaction than the one in which the workspace was entered
        statement = select(func.now(), Workspace.clock_offset, Workspace.time_zone)
        read = list(session.execute(statement.where(Workspace.id == workspace_of(session))).one())
    now, offset, zone = read
    answer = (now.astimezone(UTC) + timedelta(seconds=offset), ZoneInfo(zone))
    session.info[_ANSWER] = (session.get_transaction(), answer)
    return answer


@contextmanager
def freeze(instant: datetime) -> Iterator[None]:
    """Within the block (and this thread or task) it is `instant`, which must know its zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    token = _frozen.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)


def travel(session: Session, instant: datetime) -> None:
    """Move the whole workspace to `instant`, for all processes, from the next transaction on; timers then fall due."""
    now = session.execute(select(func.now())).scalar_one()
    workspace = session.get_one(Workspace, workspace_of(session))
    workspace.clock_offset = round((instant - now).total_seconds())
    session.flush()

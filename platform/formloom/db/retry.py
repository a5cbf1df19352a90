"""What a database error means: once more, come again later, or a mistake of ours."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg
from sqlalchemy.exc import DBAPIError, OperationalError

from formloom.errors import Unavailable

T = TypeVar("T")

ATTEMPTS = 3
# serialization_failure, deadlock_detected
RETRIED = frozenset({"40001", "40P01"})
# connection exceptions; shutdown and crash of the server
AWAY = ("08", "57P")
# lock timeout, statement timeout, too many connections
BUSY = frozenset({"55P03", "57014", "53300"})


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's five-letter code of an error, however SQLAlchemy wrapped it."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return origin.sqlstate if isinstance(origin, psycopg.Error) else None


def unavailable(error: BaseException) -> Unavailable | None:
    """The same trouble as something to come back for (503), when it is that: server away, or busy for too long."""
    state = sqlstate(error)
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    silent = state is None and isinstance(error, (OperationalError, psycopg.OperationalError))
    if lost or silent or (state or "").startswith(AWAY):
        return Unavailable("database_away", {"retry_after": 5})
    return Unavailable("database_busy", {"retry_after": 1}) if state in BUSY else None


def retrying(work: Callable[[], T], *, attempts: int = ATTEMPTS, states: frozenset[str] = RETRIED) -> T:
    """Run a whole unit of work, again when it lost a race (at most `attempts` times in all, a few milliseconds apart).

    `work` must open its own transaction: after such an error the old one is gone.
    """
    for attempt in range(1, attempts + 1):
        try:
            return work()
        except (DBAPIError, psycopg.Error) as error:
            if sqlstate(error) not in states or attempt == attempts:
                raise
            time.sleep(random.uniform(0, 0.01) * 2**attempt)  # noqa: S311  spreading racers, no secret
    raise AssertionError("unreachable")

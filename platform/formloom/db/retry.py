"""Once more, when the database asks for it."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")

ATTEMPTS = 3
# serialization_failure, deadlock_detected
RETRIED = frozenset({"40001", "40P01"})


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's five-letter code of an error, however SQLAlchemy wrapped it."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    return origin.sqlstate if isinstance(origin, psycopg.Error) else None


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

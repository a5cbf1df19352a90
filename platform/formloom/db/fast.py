"""The pool of the hot path: raw connections of the app role, lent with next to no ceremony.

SQLAlchemy's pool does more than the hot path needs, at a twentieth of what a whole decision costs.
"""

import contextlib
import os
from collections import deque
from collections.abc import Callable
from threading import Semaphore
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from formloom.db.connect import went_stale
from formloom.errors import Unavailable

Connection = psycopg.Connection[Any]


class FastPool:
    """At most `size` connections, made when needed; the one used last is lent first."""

    def __init__(self, connect: Callable[[], Connection], size: int, timeout: float) -> None:
        self._connect, self._timeout = connect, timeout
        self._places = Semaphore(size)
        self._free: deque[Connection] = deque()
        self._process = os.getpid()
        self._closed = False

    def take(self) -> Connection:
        """A connection that the server has not closed. Raises Unavailable when all stay lent for too long."""
        if not self._places.acquire(timeout=self._timeout):
            raise Unavailable("pool_exhausted", {"retry_after": 1})
        try:
            return self._kept() or self._connect()
        except BaseException:
            self._places.release()
            raise

    def give_back(self, connection: Connection) -> None:
        """Take it back. What was left open is undone; a connection that cannot say so is dropped."""
        try:
            if connection.info.transaction_status is not TransactionStatus.IDLE:
                _undo(connection)
            if connection.closed:
                return
            if self._closed:
                connection.close()
            else:
                self._free.append(connection)
        finally:
            self._places.release()

    def close(self) -> None:
        """Close what is not lent now, and what is lent when it comes back."""
        self._closed = True
        self._drop_all()

    def _kept(self) -> Connection | None:
        if self._process != os.getpid():  # a fork: these belong to the parent
            self._free, self._process = deque(), os.getpid()
        try:
            connection = self._free.pop()
        except IndexError:
            return None
        if not went_stale(connection):
            return connection
        connection.close()
        self._drop_all()  # when one is dead its older siblings are as well
        return None

    def _drop_all(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                self._free.pop().close()


def _undo(connection: Connection) -> None:
    left_open = (TransactionStatus.INTRANS, TransactionStatus.INERROR)
    with contextlib.suppress(psycopg.Error):
        if connection.info.transaction_status in left_open:
            connection.rollback()
            return
    connection.close()

"""The hot path's pool: raw connections of the app role, lent with next to no ceremony, asked with next to none.

SQLAlchemy's pool and psycopg's cursors do more than the hot path needs: together as much as a decision's own Python.
"""

import contextlib
import os
from collections import deque
from collections.abc import Callable
from threading import Condition
from time import monotonic
from typing import Any

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from formloom.db.connect import went_stale
from formloom.errors import Unavailable

Connection = psycopg.Connection[Any]

FRESH_SECONDS = 0.02
"""What was in use so lately is not asked whether the server hung up: asking hands the interpreter to another thread."""

KEY_LOOKUPS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""The hot path only looks up by key. It is planned once a connection, perhaps while its tables are still empty, when
reading them whole looks cheap; so what is not a look-up by key is not offered to the planner."""


class Line:
    """One lent connection. `ask` is one round trip; `connection` is psycopg's own, for everything else."""

    __slots__ = ("_prepared", "connection")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._prepared: dict[bytes, bytes] = {}

    def ask(self, statement: bytes, *parameters: bytes | None) -> bytes | None:
        """The first column of the statement's only row, all as text; None is NULL, or no row.

        Prepared and run as by `row`.
        """
        result = self._run(statement, parameters)
        return result.get_value(0, 0) if result.ntuples else None

    def row(self, statement: bytes, *parameters: bytes | None) -> tuple[bytes | None, ...]:
        """The statement's only row, every column as text; empty when there is no row.

        The statement (`$1`, with its types cast) is prepared once a connection, so there should be few of them. It is
        a transaction of its own unless one is open. Raises psycopg.Error.
        """
        result = self._run(statement, parameters)
        value = result.get_value
        return tuple([value(0, column) for column in range(result.nfields)]) if result.ntuples else ()

    def _run(self, statement: bytes, parameters: tuple[bytes | None, ...]) -> PGresult:
        pgconn = self.connection.pgconn
        name = self._prepared.get(statement)
        if name is None:
            name = f"fast_{len(self._prepared)}".encode()
            result = pgconn.prepare(name, statement)
            if result.status != ExecStatus.COMMAND_OK:
                raise _error(pgconn, result)
            self._prepared[statement] = name
        result = pgconn.exec_prepared(name, parameters)  # type: ignore[arg-type]  # None is NULL
        if result.status != ExecStatus.TUPLES_OK:
            raise _error(pgconn, result)
        return result


class PlainLine(Line):
    """The same on a connection that others share: nothing is prepared, since they may forget what is."""

    __slots__ = ()

    def _run(self, statement: bytes, parameters: tuple[bytes | None, ...]) -> PGresult:
        pgconn = self.connection.pgconn
        result = pgconn.exec_params(statement, parameters)
        if result.status != ExecStatus.TUPLES_OK:
            raise _error(pgconn, result)
        return result


class FastPool:
    """At most `size` connections, made when needed; the one used last is lent first.

    Lending one that is free takes no lock: a deque gives and takes atomically. Only who finds none waits.
    """

    def __init__(self, connect: Callable[[], Connection], size: int, timeout: float) -> None:
        self._connect, self._size, self._timeout = connect, size, timeout
        self._free: deque[tuple[Line, float]] = deque()
        self._open = 0
        self._waiting = 0
        self._returned = Condition()
        self._process = os.getpid()
        self._closed = False

    def take(self) -> Line:
        """A connection that the server has not closed. Raises Unavailable when all stay lent for too long."""
        if self._process != os.getpid():
            self._forget_parent()
        while (free := self._kept()) is not None:
            line, since = free
            if monotonic() - since < FRESH_SECONDS or not went_stale(line.connection):
                return line
            self._drop(line)
        try:
            return Line(self._connect())
        except BaseException:
            self._release()
            raise

    def give_back(self, line: Line) -> None:
        """Take it back. What was left open is undone; a connection that cannot say so is dropped."""
        connection = line.connection
        if connection.pgconn.transaction_status != TransactionStatus.IDLE:
            _undo(connection)
        if connection.closed or self._closed:
            self._drop(line)
            return
        self._free.append((line, monotonic()))
        if self._waiting:
            with self._returned:
                self._returned.notify()

    def close(self) -> None:
        """Close what is not lent now, and what is lent when it comes back."""
        self._closed = True
        with contextlib.suppress(IndexError):
            while True:
                self._drop(self._free.pop()[0])

    def _kept(self) -> tuple[Line, float] | None:
        """One that is free, with the moment since when; None: there is room for one more, and it is the caller's."""
        with contextlib.suppress(IndexError):
            return self._free.pop()
        deadline = monotonic() + self._timeout
        with self._returned:
            self._waiting += 1  # before looking again: who gives back after that look sees it
            try:
                while True:
                    with contextlib.suppress(IndexError):
                        return self._free.pop()
                    if self._open < self._size:
                        self._open += 1
                        return None
                    if not self._returned.wait(deadline - monotonic()):
                        raise Unavailable("pool_exhausted", {"retry_after": 1})
            finally:
                self._waiting -= 1

    def _drop(self, line: Line) -> None:
        line.connection.close()
        self._release()

    def _release(self) -> None:
        with self._returned:
            self._open -= 1
            self._returned.notify()

    def _forget_parent(self) -> None:
        """After a fork: what was open belongs to the parent."""
        self._free, self._open, self._waiting, self._returned = deque(), 0, 0, Condition()
        self._process = os.getpid()


def _error(pgconn: PGconn, result: PGresult) -> psycopg.Error:
    """What went wrong, as psycopg says it: by SQLSTATE, or that the server is gone, which has none."""
    if pgconn.status == ConnStatus.BAD:
        return psycopg.OperationalError(result.get_error_message())
    return error_from_result(result)


def _undo(connection: Connection) -> None:
    left_open = (TransactionStatus.INTRANS, TransactionStatus.INERROR)
    with contextlib.suppress(psycopg.Error):
        if connection.info.transaction_status in left_open:
            connection.rollback()
            return
    connection.close()

"""Says, after a commit, that something changed: NOTIFY from a thread and a connection of its own."""

import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
import psycopg
import structlog

from formloom.db.connect import Server

CHANNEL = "formloom"
# PostgreSQL refuses 8000 bytes and more.
LARGEST_PAYLOAD = 7_000
# How long the first announcement waits for company. Nobody sees it; a busy process sends a hundred of them a second and
# not one a change, and its requests do not share the interpreter with as many small tasks.
GATHER_SECONDS = 0.01
Topic = tuple[int, str]

# A NOTIFY is a transaction of its own; it announces what is on the disk already, and is only a hint.
UNHURRIED = {"synchronous_commit": "off"}

_log = structlog.get_logger(__name__)


class Announcer:
    """Sends what was announced from a thread of its own, which starts with the first announcement."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._waiting: set[Topic] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def __call__(self, workspace_id: int, topics: Iterable[str]) -> None:
        """Announce at once (the change is committed already). Never blocks on the database."""
        with self._changed:
            if self._closed:
                return
            first = not self._waiting
            self._waiting.update((workspace_id, topic) for topic in topics)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="formloom-announcer", daemon=True)
                self._thread.start()
            if first:
                self._changed.notify()

    def close(self) -> None:
        """Send what waits and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        connection: psycopg.Connection[Any] | None = None
        while (batch := self._next_batch()) is not None:
            try:
                if connection is None or connection.closed:
                    connection = self._server.connect("formloom_app", autocommit=True, settings=UNHURRIED)
                for payload in _payloads(batch):
                    connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
            except psycopg.Error as error:
                _log.warning("announcement_lost", topics=len(batch), error=type(error).__name__)
        if connection is not None:
            connection.close()

    def _next_batch(self) -> list[Topic] | None:
        """Everything that came while the last batch was under way; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
        if not self._closed:
            time.sleep(GATHER_SECONDS)
        with self._changed:
            batch, self._waiting = sorted(self._waiting), set()
            return batch or None


def _payloads(batch: list[Topic]) -> Iterator[str]:
    part: list[Topic] = []
    size = 0
    for topic in batch:
        length = len(orjson.dumps(topic)) + 1
        if part and size + length > LARGEST_PAYLOAD:
            yield orjson.dumps(part).decode()
            part, size = [], 0
        part.append(topic)
        size += length
    yield orjson.dumps(part).decode()

"""Hints that something changed, from any process to any other. Nothing depends on one arriving: a slow poll does.

Announcements leave after the commit, on a connection of their own and several at once: NOTIFY inside a transaction
takes a lock that the whole database shares. One listener a process hands them to whoever subscribed.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

import orjson
import psycopg
import structlog
from sqlalchemy.orm import Session

from formloom.db.announcer import CHANNEL
from formloom.db.connect import Server
from formloom.db.uow import after_commit, announcer_of, workspace_of

# Told to every subscription when hints may have been missed (the connection was gone): look again.
EVERYTHING = "*"
_log = structlog.get_logger(__name__)


def announce(session: Session, topics: Iterable[str]) -> None:
    """After this unit of work's commit, wake those who wait for these topics of its workspace."""
    announcer, workspace_id, wanted = announcer_of(session), workspace_of(session), tuple(topics)
    after_commit(session, lambda: announcer(workspace_id, wanted))


class Subscription:
    """The topics that one waiter hears. Iterating yields each topic as it is announced, until `close`."""

    def __init__(self, leave: Callable[["Subscription"], None], topics: frozenset[str]) -> None:
        self.topics = topics
        self._leave = leave
        self._heard: dict[str, None] = {}  # a set in the order of arrival
        self._changed = threading.Condition()
        self._closed = False

    def take(self, timeout: float | None = None) -> tuple[str, ...]:
        """What was announced since the last call, each topic once; waits up to `timeout` seconds for the first."""
        with self._changed:
            self._changed.wait_for(lambda: self._heard or self._closed, timeout)
            heard, self._heard = tuple(self._heard), {}
            return heard

    def __iter__(self) -> Iterator[str]:
        while not self._closed:
            yield from self.take()

    def hear(self, topics: Iterable[str]) -> None:
        """Wake the waiter; also for those who want to wake it themselves."""
        with self._changed:
            self._heard.update(dict.fromkeys(topics))
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether nothing more will come."""
        return self._closed

    def close(self) -> None:
        """End the waiting, from any thread."""
        self._leave(self)
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __enter__(self) -> "Subscription":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Listener:
    """One connection that listens, for all subscriptions of this process. Its thread starts with the first one."""

    def __init__(self, server: Server, *, retry_seconds: float = 1.0) -> None:
        self._server = server
        self._retry_seconds = retry_seconds
        self._lock = threading.Lock()
        self._of_topic: dict[tuple[int | None, str], set[Subscription]] = defaultdict(set)
        self._stop = threading.Event()
        self._listening = threading.Event()
        self._thread: threading.Thread | None = None

    def subscribe(self, workspace_id: int | None, topics: Iterable[str]) -> Subscription:
        """Hear these topics of one workspace, of all workspaces for None."""
        wanted = frozenset(topics)
        subscription = Subscription(self._left, wanted)
        with self._lock:
            if self._stop.is_set():
                raise RuntimeError("this listener is closed")
            for topic in wanted:
                self._of_topic[workspace_id, topic].add(subscription)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="formloom-listener", daemon=True)
                self._thread.start()
        return subscription

    def wait_until_listening(self, timeout: float = 10.0) -> bool:
        """Whether it hears, waiting for it at most `timeout` seconds."""
        return self._listening.wait(timeout)

    def close(self) -> None:
        """End the thread and all subscriptions."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        for subscription in self._all():
            subscription.close()

    def _left(self, subscription: Subscription) -> None:
        with self._lock:
            for key, members in list(self._of_topic.items()):
                members.discard(subscription)
                if not members:
                    del self._of_topic[key]

    def _all(self) -> set[Subscription]:
        with self._lock:
            return {member for members in self._of_topic.values() for member in members}

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._server.connect("formloom_app", autocommit=True) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._listening.set()
                    for subscription in self._all():
                        subscription.hear([EVERYTHING])
                    while not self._stop.is_set():
                        for notice in connection.notifies(timeout=0.5):
                            self._hand_out(orjson.loads(notice.payload))
            except psycopg.Error as error:
                self._listening.clear()
                if not self._stop.is_set():
                    _log.warning("listener_reconnects", error=type(error).__name__)
                    self._stop.wait(self._retry_seconds)

    def _hand_out(self, topics: list[tuple[int, str]]) -> None:
        for workspace_id, topic in topics:
            with self._lock:
                mine = [*self._of_topic.get((workspace_id, topic), ()), *self._of_topic.get((None, topic), ())]
            for subscription in mine:
                subscription.hear([topic])

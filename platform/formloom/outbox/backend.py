"""Where work is done: a small port, and threads of this process as its first implementation (the embedded default)."""

import threading
from collections import deque
from collections.abc import Sequence
from queue import Full
from typing import Protocol

import structlog

from formloom.outbox.lanes import BULK, LANES, lanes_of
from formloom.outbox.runner import Runner

Ref = tuple[int, int]
"""(workspace id, outbox id): all that ever leaves the database."""

_log = structlog.get_logger(__name__)


class JobBackend(Protocol):
    """Takes references and sees that a Runner gets each, those of a lower lane first. May lose them: the relay brings
    up again what was not done.
    """

    def submit(self, lane: int, refs: Sequence[Ref]) -> None:
        """Take these. An exception means that none is sure to have been taken."""

    def free(self, lane: int) -> int:
        """How many more of a lane it likes to have now; what waits too long in a queue would be handed out twice."""

    def close(self) -> None:
        """Finish what is under way and end."""


class ThreadJobs:
    """Threads inside the server: no Redis, no second process."""

    def __init__(self, runner: Runner, threads: int = 2, most_waiting: int = 200) -> None:
        self._runner = runner
        # Work in bulk is a second a piece, and a queue of it shall not outlast the relay's grace.
        self._most = {**dict.fromkeys(LANES, most_waiting), BULK: min(most_waiting, 8)}
        self._waiting: dict[int, deque[Ref]] = {lane: deque() for lane in LANES}
        self._news = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, args=(lanes_of(n, threads),), name=f"formloom-job-{n}", daemon=True)
            for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, lane: int, refs: Sequence[Ref]) -> None:
        """Queue them; raises queue.Full when too many wait."""
        with self._news:
            if len(refs) > self.free(lane):
                raise Full
            self._waiting[lane].extend(refs)
            self._news.notify_all()

    def free(self, lane: int) -> int:
        """Room left in the lane's queue."""
        return self._most[lane] - len(self._waiting[lane])

    def close(self) -> None:
        """End each thread after what it is doing; what waits stays in the database for the next start."""
        with self._news:
            self._closed = True
            self._news.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self, lanes: Sequence[int]) -> None:
        while (ref := self._next(lanes)) is not None:
            try:
                self._runner.run(*ref)
            except Exception:
                _log.exception(
                    "job_not_run", workspace=ref[0], item=ref[1]
                )  # the database is away; the relay asks again

    def _next(self, lanes: Sequence[int]) -> Ref | None:
        """The first of these lanes' work; None when all is over."""
        queues = [self._waiting[lane] for lane in lanes]
        with self._news:
            self._news.wait_for(lambda: self._closed or any(queues))
            return None if self._closed else next(queue for queue in queues if queue).popleft()

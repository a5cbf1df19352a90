"""Where work is done: a small port, and threads of this process as its first implementation (the embedded default)."""

import threading
from collections.abc import Sequence
from queue import Full, SimpleQueue
from typing import Protocol

import structlog

from formloom.outbox.runner import Runner

Ref = tuple[int, int]
"""(workspace id, outbox id): all that ever leaves the database."""

_log = structlog.get_logger(__name__)


class JobBackend(Protocol):
    """Takes references and sees that a Runner gets each. May lose them: the relay brings up again what was not done."""

    def submit(self, refs: Sequence[Ref]) -> None:
        """Take these. An exception means that none is sure to have been taken."""

    def free(self) -> int:
        """How many more it likes to have now; what waits too long in a queue would be handed out twice."""

    def close(self) -> None:
        """Finish what is under way and end."""


class ThreadJobs:
    """Threads inside the server: no Redis, no second process."""

    def __init__(self, runner: Runner, threads: int = 2, most_waiting: int = 200) -> None:
        self._runner = runner
        self._queue: SimpleQueue[Ref | None] = SimpleQueue()
        self._most_waiting = most_waiting
        self._threads = [
            threading.Thread(target=self._work, name=f"formloom-job-{n}", daemon=True) for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, refs: Sequence[Ref]) -> None:
        """Queue them; raises queue.Full when too many wait."""
        if len(refs) > self.free():
            raise Full
        for ref in refs:
            self._queue.put(ref)

    def free(self) -> int:
        """Room left in the queue."""
        return self._most_waiting - self._queue.qsize()

    def close(self) -> None:
        """End each thread after what it is doing; what waits stays in the database for the next start."""
        while not self._queue.empty():
            self._queue.get()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (ref := self._queue.get()) is not None:
            try:
                self._runner.run(*ref)
            except Exception:
                _log.exception(
                    "job_not_run", workspace=ref[0], item=ref[1]
                )  # the database is away; the relay asks again

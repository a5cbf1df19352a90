"""One job under way, as its function sees it: batches that commit together with how far they are."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from formloom.db.engine import Databases
from formloom.jobs.store import topics
from formloom.models import Job
from formloom.outbox import JobContext
from formloom.wakeups import announce

SLICE_SECONDS: Final = 20.0
"""A job that can go on from its cursor gives its worker back after so long: mail and others' jobs come between."""

TELL_SECONDS: Final = 0.25
"""Watchers are told of progress no more often."""


class JobCancelled(Exception):  # noqa: N818  it happened, nothing is wrong
    """Somebody asked the job to end. Clean up what lies outside the database, and let it pass."""


class HandedBack(Exception):  # noqa: N818
    """This worker's share is over; the job goes on from its cursor, here or elsewhere. Let it pass."""


class _Same:
    """What `advance` leaves as it is."""


_SAME: Final = _Same()


@dataclass(slots=True)
class JobRun:
    """A registered function gets one, and returns what becomes the job's `result` (JSON).

    It works in batches of at most a few seconds: ``with run.batch() as session:`` is one transaction. What it did and
    ``run.advance(…, cursor=…)`` commit together, so a job whose worker was killed goes on from `cursor` in another and
    does no batch twice. A function that sets no cursor begins anew then.
    """

    context: JobContext
    job_id: int
    kind: str
    by: str
    payload: Any
    cursor: Any = None
    done: int = 0
    total: int | None = None
    slice_seconds: float = SLICE_SECONDS
    _since: float = field(default_factory=time.monotonic)
    _moved: bool = False
    _told: float = 0.0
    _news: dict[str, Any] = field(default_factory=dict)

    @property
    def databases(self) -> Databases:
        """For what must stand outside the batches."""
        return self.context.databases

    @property
    def workspace_id(self) -> int:
        return self.context.workspace_id

    @contextmanager
    def batch(self) -> Iterator[Session]:
        """A transaction of this job. Raises JobCancelled when that was asked; whoever lost the job to another worker
        can commit nothing any more.
        """
        if self._moved and time.monotonic() - self._since > self.slice_seconds:
            with self.context.unit_of_work() as session:
                self.context.hand_back(session)
            raise HandedBack
        self._news = {}
        with self.context.unit_of_work() as session:
            self.context.renew(session)
            if session.execute(select(Job.cancel_asked).where(*self._mine())).scalar_one():
                raise JobCancelled
            yield session
            if self._news:
                self._keep(session)
        self.done = self._news.get("done", self.done)
        self.total = self._news.get("total", self.total)
        if "cursor" in self._news:
            self.cursor, self._moved = self._news["cursor"], True

    def advance(
        self,
        session: Session,
        *,
        done: int | None = None,
        total: int | None = None,
        cursor: Any = _SAME,
    ) -> None:
        """How far the job is once this batch is in: `done` of `total` units in all, and where to go on from."""
        news = {"done": done, "total": total}
        self._news |= {key: value for key, value in news.items() if value is not None}
        if cursor is not _SAME:
            self._news["cursor"] = cursor

    def _keep(self, session: Session) -> None:
        """At the batch's end, so that whoever asks the job to end does not wait for it."""
        if "cursor" in self._news:
            self.context.renew(session, progressed=True)
        self._write(session, self._news)
        if time.monotonic() - self._told > TELL_SECONDS:
            self._told = time.monotonic()
            announce(session, topics(self.job_id, self.by))

    def _write(self, session: Session, columns: dict[str, Any]) -> None:
        changed = update(Job).where(*self._mine()).values(columns)
        session.execute(changed, execution_options={"synchronize_session": False})

    def end(self, state: str, **columns: Any) -> None:
        """The job's last word, together with the acknowledgement of its outbox item."""
        with self.context.unit_of_work() as session:
            self.context.renew(session)
            self._write(session, {"state": state, "finished_at": func.now(), **columns})
            announce(session, topics(self.job_id, self.by))
            self.context.finish(session)

    def _mine(self) -> tuple[Any, Any]:
        return Job.workspace_id == self.workspace_id, Job.id == self.job_id

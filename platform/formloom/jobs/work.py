"""The outbox handler behind all jobs: it finds the function of the kind, and notes how it ended."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from sqlalchemy import func, update
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.errors import FormloomError, Unavailable
from formloom.jobs.run import SLICE_SECONDS, HandedBack, JobCancelled, JobRun
from formloom.jobs.store import topics
from formloom.models import Job
from formloom.outbox import JobContext
from formloom.wakeups import announce

JobWork = Callable[[JobRun], Any]
"""Works in batches; what it returns (JSON) becomes the job's result. `{"link": "/forms/…"}` in it leads people on."""


Broke = Callable[[Session, Any], None]
"""Hears of a job, by its payload, whose workers died again and again."""


class Jobs:
    """Register it for `jobs.KIND`, and `given_up` for what happens when the outbox gives up."""

    def __init__(
        self,
        works: Mapping[str, JobWork],
        *,
        broke: Mapping[str, Broke] | None = None,
        slice_seconds: float = SLICE_SECONDS,
    ) -> None:
        self._works, self._broke, self._slice_seconds = works, broke or {}, slice_seconds

    def __call__(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        """Do the job, or a share of it. A refusal (FormloomError) ends it; any other failure is tried again from the
        cursor, as the outbox does with everything.
        """
        run = self._begin(context, int(payload["job"]))
        if run is None:
            return
        try:
            result = self._works[run.kind](run)
        except HandedBack:
            return
        except JobCancelled:
            run.end("cancelled")
        except Unavailable:
            raise  # by the outbox's timetable: it is nobody's mistake
        except FormloomError as error:
            run.end("failed", error=_told(error))
        else:
            run.end("done", result=result)

    def given_up(self, session: Session, payload: Mapping[str, Any], error: str) -> None:
        """The outbox will not try again: the watchers learn of it. Reviving the dead letter takes the job up again."""
        mine = (Job.workspace_id == workspace_of(session), Job.id == int(payload["job"]), Job.finished_at.is_(None))
        failed = {"state": "failed", "finished_at": func.now(), "error": {"code": "job_broke", "detail": error}}
        statement = update(Job).where(*mine).values(failed).returning(Job.id, Job.created_by, Job.kind, Job.payload)
        for job_id, by, kind, told in session.execute(statement, execution_options={"synchronize_session": False}):
            announce(session, topics(job_id, by))
            if kind in self._broke:
                self._broke[kind](session, told)

    def _begin(self, context: JobContext, job_id: int) -> JobRun | None:
        """None when it was cancelled in time, or is over."""
        open_ = (Job.workspace_id == context.workspace_id, Job.id == job_id, Job.state.not_in(("done", "cancelled")))
        begun = {"state": "running", "started_at": func.coalesce(Job.started_at, func.now())}
        statement = update(Job).where(*open_).values(**begun, finished_at=None, error=None).returning(Job)
        with context.unit_of_work() as session:
            context.renew(session)
            job = session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
            if job is None:
                return None
            announce(session, topics(job.id, job.created_by))
            return JobRun(
                context,
                job.id,
                job.kind,
                job.created_by,
                job.payload,
                job.cursor,
                job.done,
                job.total,
                slice_seconds=self._slice_seconds,
            )


def _told(error: FormloomError) -> dict[str, Any]:
    issues = [{"pointer": issue.pointer, "code": issue.code, "params": dict(issue.params)} for issue in error.issues]
    told = {"code": error.code, "params": dict(error.params), "issues": issues}
    plain: dict[str, Any] = orjson.loads(orjson.dumps(told, default=str, option=orjson.OPT_NON_STR_KEYS))
    return plain

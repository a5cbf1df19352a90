"""Long work that people watch: it tells how far it is, can be cancelled, and survives its worker (ADR 006).

A service starts a job in its own transaction (:func:`start`); a worker finds the function registered for its kind and
gives it a :class:`JobRun`. Routes, page and command line show :class:`~formloom.models.Job` rows.
"""

from formloom.jobs.run import HandedBack, JobCancelled, JobRun
from formloom.jobs.store import KIND, cancel, find, listing, start, topics
from formloom.jobs.work import Jobs, JobWork

CODES = ("unknown_job", "job_broke")

__all__ = [
    "CODES",
    "KIND",
    "HandedBack",
    "JobCancelled",
    "JobRun",
    "JobWork",
    "Jobs",
    "cancel",
    "find",
    "listing",
    "start",
    "topics",
]

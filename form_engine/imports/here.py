"""Writing a batch in this process: for commands, whose operator waits. The job is that of everybody else."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from formloom import jobs
from formloom.db.uow import workspace_of
from formloom.errors import Conflict
from formloom.models import OutboxItem
from formloom.outbox import Runner
from sqlalchemy import select
from sqlalchemy.orm import Session

from form_engine.imports.service import Imports
from form_engine.imports.writing import written
from form_engine.records.actor import SYSTEM

Open = Callable[[], AbstractContextManager[Session]]
PAUSE: Final = 0.5
"""Seconds between two looks at a job that another process works on."""


def run_here(
    imports: Imports,
    runner: Runner,
    unit: Open,
    batch_id: int,
    *,
    valid_only: bool,
    tell: Callable[[int], object] = lambda done: None,
) -> int:
    """Start the batch's job and work it off; returns how many records stand there afterwards.

    Whoever kills this process leaves the job to a server. Raises Conflict with the refusal's code where the job failed:
    what must be whole is taken back by then.
    """
    with unit() as session:
        counts = imports.find(session, batch_id, SYSTEM).counts
        if not counts.get("ok", 0) + counts.get("warn", 0):
            return 0
        job_id = imports.run(session, batch_id, SYSTEM, valid_only=valid_only).job_id or 0
    _work_off(runner, unit, job_id, tell)
    with unit() as session:
        batch = imports.find(session, batch_id, SYSTEM)
        if "refused" in batch.result:
            raise Conflict(batch.result["refused"])
        return written(session, batch)


def _work_off(runner: Runner, unit: Open, job_id: int, tell: Callable[[int], object]) -> None:
    while True:
        with unit() as session:
            job, workspace_id = jobs.find(session, job_id), workspace_of(session)
            open_ = (OutboxItem.workspace_id == workspace_id, OutboxItem.key == f"job:{job_id}")
            item = session.scalar(select(OutboxItem.id).where(*open_, OutboxItem.done_at.is_(None)))
        tell(job.done)
        if job.finished_at is not None:
            return
        if item is None or not runner.run(workspace_id, item):
            time.sleep(PAUSE)

"""What state a batch is in, and whose it is: begun by a job, ended by it, or settled where the job has gone."""

from typing import Any, Final

from formloom import jobs
from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.models import Job
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from form_engine.imports.models import ImportBatch
from form_engine.imports.staging import count_rows, forget_rows
from form_engine.imports.writing import written

READ, RUN, UNDO = "import.read", "import.run", "import.undo"
BUSY: Final = ("reading", "running", "undoing")


def begin_job(
    session: Session, batch: ImportBatch, by: str, state: str, kind: str, payload: dict[str, Any], total: int | None
) -> None:
    """From now on the batch is this job's."""
    batch.state = state
    batch.job_id = jobs.start(session, kind, payload, by=by, title=batch.file_name, total=total)
    session.flush()


def ended(session: Session, batch: ImportBatch, state: str, result: dict[str, Any]) -> None:
    """Nobody works on the batch any more. One that could not be read has no rows: half of them would look like all."""
    if state == "unread":
        forget_rows(session, batch.id)
        batch.counts = {}
    else:
        count_rows(session, batch)
    batch.state, batch.result, batch.ended_at = state, result, app_now(session)
    session.flush()


def settle(session: Session, batch: ImportBatch) -> None:
    """Where the job has ended without a word (cancelled before it began, given up by the outbox, swept), end for it."""
    mine = (Job.workspace_id == workspace_of(session), Job.id == batch.job_id)
    job = session.scalars(select(Job).where(*mine).execution_options(populate_existing=True)).one_or_none()
    if job is not None and job.finished_at is None:
        return
    state = {"reading": "unread", "running": "stopped"}.get(batch.state, "done")
    still = one_batch(session, batch.id).where(ImportBatch.job_id == batch.job_id, ImportBatch.state == batch.state)
    if session.scalars(still.with_for_update()).one_or_none() is None:  # the job had its word while we looked
        session.refresh(batch)
        return
    batch.job_id = None
    told = {"refused": job.error["code"]} if job is not None and job.error else {"cancelled": True}
    begun = job is not None and job.started_at is not None and batch.state == "running" and job.payload["all"]
    if begun and (count := written(session, batch)):
        payload = {"batch": batch.id, "then": state, "told": told}
        begin_job(session, batch, batch.created_by, "undoing", UNDO, payload, count)
    else:
        ended(session, batch, state, told)


def one_batch(session: Session, batch_id: int) -> Select[ImportBatch]:
    found = select(ImportBatch).where(ImportBatch.workspace_id == workspace_of(session), ImportBatch.id == batch_id)
    return found.execution_options(populate_existing=True)

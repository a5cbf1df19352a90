"""Jobs as services and routes see them: started, looked at, cancelled."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from formloom.db.uow import workspace_of
from formloom.errors import NotFound
from formloom.models import Job
from formloom.outbox import SOON, put
from formloom.wakeups import announce

KIND = "job"
"""The kind of a job's outbox item."""


def start(
    session: Session,
    kind: str,
    payload: Any,
    *,
    by: str,
    title: str = "",
    total: int | None = None,
    key: str | None = None,
) -> int:
    """Have the function registered for `kind` work on `payload` (JSON) once this transaction is in; returns the id.

    `by` is the actor's ref (`person:12`, `system`), `total` how many units there are, where that is known already.
    With `key` there is one unfinished job of this kind and key at a time: a second start returns the first's id.
    """
    row = {"workspace_id": workspace_of(session), "kind": kind, "payload": payload, "title": title, "total": total}
    new = insert(Job).values(**row, created_by=by, key=key)
    new = new.on_conflict_do_nothing(
        index_elements=["workspace_id", "kind", "key"], index_where=Job.finished_at.is_(None)
    )
    same = select(Job.id).where(
        Job.workspace_id == workspace_of(session), Job.kind == kind, Job.key == key, Job.finished_at.is_(None)
    )
    while True:
        job_id = session.execute(new.returning(Job.id)).scalar_one_or_none()
        if job_id is not None:
            put(session, KIND, {"job": job_id}, f"job:{job_id}", lane=SOON)
            announce(session, topics(job_id, by))
            return job_id
        known = session.execute(same).scalar_one_or_none()
        if known is not None:  # None: it ended while we looked
            return known


def find(session: Session, job_id: int, by: str | None = None) -> Job:
    """A job; with `by` only if that actor started it. Raises NotFound."""
    mine = (Job.created_by == by,) if by is not None else ()
    statement = select(Job).where(Job.workspace_id == workspace_of(session), Job.id == job_id, *mine)
    job = session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if job is None:
        raise NotFound("unknown_job", {"id": job_id})
    return job


def listing(
    session: Session, by: str | None = None, *, before: int | None = None, limit: int = 50, unfinished: bool = False
) -> Sequence[Job]:
    """The latest jobs first (those with an id below `before`); with `by` only those that this actor started."""
    wanted = [Job.workspace_id == workspace_of(session)]
    if by is not None:
        wanted.append(Job.created_by == by)
    if before is not None:
        wanted.append(Job.id < before)
    if unfinished:
        wanted.append(Job.finished_at.is_(None))
    return session.scalars(select(Job).where(*wanted).order_by(Job.id.desc()).limit(limit)).all()


def cancel(session: Session, job_id: int, by: str | None = None) -> Job:
    """Ask a job to end; what its finished batches did stays. One that nobody has begun ends at once, unless somebody
    waits for its word (its payload says `hears`); one that is finished stays as it is. Raises NotFound.
    """
    job = find(session, job_id, by)
    mine = (Job.workspace_id == workspace_of(session), Job.id == job_id)
    waiting = update(Job).where(*mine, Job.state == "queued", Job.payload["hears"].is_(None))
    ended = waiting.values(state="cancelled", cancel_asked=True, finished_at=func.now()).returning(Job.id)
    if session.execute(ended, execution_options={"synchronize_session": False}).first() is None:
        asked = update(Job).where(*mine, Job.finished_at.is_(None)).values(cancel_asked=True)
        session.execute(asked, execution_options={"synchronize_session": False})
    announce(session, topics(job_id, job.created_by))
    return find(session, job_id)


def topics(job_id: int, by: str) -> tuple[str, str]:
    """What is announced when a job has moved: its own topic, and that of all jobs of whoever started it."""
    return f"job:{job_id}", f"jobs:{by}"

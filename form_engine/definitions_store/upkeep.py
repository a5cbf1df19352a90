"""What a publish has left to a job, noted until the job is through: whoever stops the job does not end the work.

A row stands from the publish on and says which job does the work now; only that job may say that it is done, and one
that another has followed stops by itself. Where the job has ended and the row still stands, the next publish of the
form, or the housekeeper, begins anew with all that was asked (docs/decisions/060).
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from formloom import jobs
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work, workspace_of
from formloom.jobs import JobRun
from formloom.models import Job
from formloom.workspaces import all_workspaces, go_round
from sqlalchemy import ColumnElement, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from form_engine.models import FormUpkeep, Record

Asked = Mapping[str, Any]


def begin(session: Session, kind: str, form: str, asked: Asked, by: str) -> int:
    """Start a job that `by` can watch with `asked` and all that was left before; returns its id."""
    both = merged(asked_before(session, kind, form), asked)
    mine = Record.workspace_id == workspace_of(session), Record.form == form
    total = session.scalar(select(func.count()).select_from(Record).where(*mine))
    job = jobs.start(session, kind, {"form": form, **both}, by=by, title=form, total=total)
    row = {"workspace_id": workspace_of(session), "kind": kind, "form": form, "asked": both, "job_id": job}
    new = insert(FormUpkeep).values(row)
    changed = {"asked": new.excluded.asked, "job_id": new.excluded.job_id}
    session.execute(new.on_conflict_do_update(index_elements=["workspace_id", "kind", "form"], set_=changed))
    return job


def merged(before: Asked, asked: Asked) -> dict[str, Any]:
    """Both: of lists every entry once, of objects the later word for a key."""
    found = dict(before)
    for key, value in asked.items():
        old = found.get(key)
        if isinstance(value, Mapping):
            found[key] = {**(old or {}), **value}
        else:
            found[key] = sorted({*(old or ()), *value})
    return found


def asked_before(session: Session, kind: str, form: str) -> Asked:
    """What is left to do; nothing: {}."""
    asked: Asked | None = session.scalar(select(FormUpkeep.asked).where(*_row(session, kind, form)))
    return asked or {}


def stopped(session: Session, kind: str, forms: Collection[str]) -> set[str]:
    """Those of these forms whose job has ended without being through."""
    mine = (FormUpkeep.workspace_id == workspace_of(session), FormUpkeep.kind == kind, FormUpkeep.form.in_(forms))
    return set(session.scalars(select(FormUpkeep.form).where(*mine, _NOBODY_WORKS)))


def is_mine(session: Session, run: JobRun) -> bool:
    """Whether this job is the one that does the work: no other has followed it."""
    return session.scalar(select(FormUpkeep.job_id).where(*_row(session, run.kind, run.payload["form"]))) == run.job_id


def through(session: Session, kind: str, form: str) -> None:
    """The work is done."""
    gone = delete(FormUpkeep).where(*_row(session, kind, form))
    session.execute(gone, execution_options={"synchronize_session": False})


def sweep(databases: Databases) -> None:
    """Begin anew what was stopped, in every workspace. For the housekeeper."""
    go_round(all_workspaces(databases), "upkeep", lambda workspace_id: _resume(databases, workspace_id))


def _resume(databases: Databases, workspace_id: int) -> None:
    waiting = select(FormUpkeep.kind, FormUpkeep.form).where(FormUpkeep.workspace_id == workspace_id, _NOBODY_WORKS)
    with unit_of_work(databases, workspace_id) as session:
        for kind, form in session.execute(waiting.with_for_update(skip_locked=True)).all():
            begin(session, kind, form, {}, "system")


def _row(session: Session, kind: str, form: str) -> tuple[ColumnElement[bool], ...]:
    return FormUpkeep.workspace_id == workspace_of(session), FormUpkeep.kind == kind, FormUpkeep.form == form


_NOBODY_WORKS: Final = ~exists().where(
    Job.workspace_id == FormUpkeep.workspace_id, Job.id == FormUpkeep.job_id, Job.finished_at.is_(None)
)

__all__ = ["asked_before", "begin", "is_mine", "merged", "stopped", "sweep", "through"]

"""What a publish of date rules leaves to do: the timers of the records that are there, as a job that people can watch.

The job notes how far it is with every batch; whoever stops it does not end the work (form_engine's `upkeep`).
"""

from collections.abc import Iterable
from typing import Any, Final

from formloom.db.uow import workspace_of
from formloom.jobs import JobRun, JobWork
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.service.catalogue import Catalogue
from flow_engine.service.triggering.dates import set_timers
from form_engine.definitions_store import upkeep
from form_engine.models import Record

KIND: Final = "flow.dates"
BATCH: Final = 250


def begin(session: Session, form: str, flows: Iterable[str], by: str) -> None:
    """Have the timers of a form's records made what they should be; `flows` are those whose rule changed or went."""
    if _next(session, form, 0, 1):
        upkeep.begin(session, KIND, form, {"flows": sorted(flows)}, by)


def job(catalogue: Catalogue) -> JobWork:
    """The function of the job: the form's records in the order of their ids."""

    def work(run: JobRun) -> dict[str, Any]:
        form, flows = run.payload["form"], run.payload["flows"]
        while True:
            with run.batch() as session:
                if not upkeep.is_mine(session, run):  # a later publish asks for this and more
                    return {"records": run.done}
                ids = _next(session, form, run.cursor or 0, BATCH)
                set_timers(session, catalogue, form, ids, flows)
                if not ids:
                    upkeep.through(session, KIND, form)
                    return {"records": run.done, "link": f"/forms/{form}"}
                run.advance(session, done=run.done + len(ids), cursor=ids[-1])

    return work


def _next(session: Session, form: str, after: int, most: int) -> list[int]:
    mine = (Record.workspace_id == workspace_of(session), Record.form == form, Record.id > after)
    return list(session.scalars(select(Record.id).where(*mine).order_by(Record.id).limit(most)))

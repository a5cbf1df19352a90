"""More records than one transaction takes: a job goes through them, chunk by chunk, while the run waits (ADR 074).

A chunk and how far the job is commit together, so no record is done twice, whatever dies. Cancelling lets the run go on
with what was done; a chunk that cannot be written is an incident, and trying again goes on behind the last one.
"""

from collections.abc import Mapping
from typing import Any, Final

from formloom.errors import FormloomError, Unavailable
from formloom.jobs import JobCancelled, JobRun, JobWork
from formloom.models import Job
from formloom.wakeups import announce
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.machine import RunState
from flow_engine.machine.effects import Item
from flow_engine.service import live, operations, searching, start
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.errors import BUSY
from flow_engine.service.plays import records
from flow_engine.service.stage import Stage
from flow_engine.steps.each import Each

CHUNK: Final = 200
"""Records of one transaction: it holds the run for some hundred milliseconds."""


class Chunks:
    """The function of jobs `flow.each`, and what follows when one breaks."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def works(self) -> dict[str, JobWork]:
        """By kind of job."""
        return {records.EACH_JOB: self.work}

    def work(self, run: JobRun) -> Any:
        """All that is left, chunk by chunk."""
        told = run.payload
        after: int | None = self._after(run)
        try:
            while after is not None:
                with run.batch() as session:
                    after = self._chunk(session, run, told, after)
        except JobCancelled:
            with run.context.unit_of_work() as session:
                outcome = {"cancelled": True, "done": run.done}
                start.resume(session, self._catalogue, told["run"], told["visit"], outcome)
            raise
        except Unavailable:
            raise
        except FormloomError as error:
            if error.code == BUSY:
                raise Unavailable(BUSY) from error  # a job tries again what is unavailable, and ends with what is wrong
            with run.context.unit_of_work() as session:
                self._failed(session, told, error.code, error.params)
            raise
        return {"done": run.done}

    def broke(self, session: Session, payload: Mapping[str, Any]) -> None:
        """Its workers died, again and again: the run gets an incident."""
        self._failed(session, payload, "job_broke", {})

    def _failed(self, session: Session, told: Mapping[str, Any], code: str, params: Mapping[str, Any]) -> None:
        operations.failed(session, self._catalogue, told["run"], told["visit"], code, params)

    def _after(self, run: JobRun) -> int:
        """Behind which record to go on: this job's own place, or that of the one that broke at the same item."""
        if run.cursor is not None:
            return int(run.cursor["after"])
        told = run.payload
        with run.context.unit_of_work() as session:
            same = (Job.workspace_id == run.workspace_id, Job.kind == run.kind, Job.id < run.job_id)
            place = Job.payload.contains({key: told[key] for key in ("run", "step", "item")})
            last = session.scalars(select(Job).where(*same, place).order_by(Job.id.desc()).limit(1)).first()
            broke = last is not None and last.state == "failed"
            return int(last.cursor["after"]) if broke and last is not None and last.cursor is not None else 0

    def _chunk(self, session: Session, run: JobRun, told: Mapping[str, Any], after: int) -> int | None:
        """The next records, written; the last of them, or None at the end."""
        found = start.locked(session, told["run"])
        state = RunState.from_json(found.state) if found is not None else None
        if found is None or state is None or state.ended or state.visit(told["visit"]) is None:
            return None  # the run went another way meanwhile
        item: Item = tuple(told["item"]) if told["item"] else None
        stage = start.stage_of(session, self._catalogue, found)
        stage.item = item
        step = stage.flow.definition.step(told["step"])
        if not isinstance(step, Each) or step.search is None:
            raise LookupError(told["step"])
        ids = searching.ids_of(stage, step.search, CHUNK, after, told["up_to"])
        _do(stage, step, ids)
        announce(session, live.topics(stage))
        last = ids[-1] if len(ids) == CHUNK else None
        run.advance(session, done=run.done + len(ids), cursor={"after": ids[-1] if ids else after})
        if last is None:
            outcome = {"done": run.done + len(ids)}
            start.resume(session, self._catalogue, told["run"], told["visit"], outcome)
        return last


def _do(stage: Stage, step: Each, ids: list[int]) -> None:
    items = tuple((step.key, str(record)) for record in ids)
    for inner in step.do if items else ():
        records.do(stage, inner.key, items)
    live.keep(stage)

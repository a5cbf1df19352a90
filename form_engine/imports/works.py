"""The jobs of imports: reading a large file, writing a batch, taking one back (ADR 006 says what a job is).

A job works on a batch as long as the batch says that it is its own: every transaction asks, holding the batch's row.
Whatever ends a job too early leaves the batch in a state from which people can go on, and never half of what was to be
whole.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from formloom.db.uow import unit_of_work
from formloom.errors import Conflict, FormloomError, Unavailable
from formloom.jobs import JobCancelled, JobRun, JobWork
from sqlalchemy.orm import Session

from form_engine.imports.ahead import one_ahead
from form_engine.imports.batches import BUSY, READ, RUN, UNDO, begin_job, ended
from form_engine.imports.models import ImportBatch
from form_engine.imports.service import Imports
from form_engine.imports.writing import Chunk, WrittenTwice, written
from form_engine.records.actor import Actor
from form_engine.records.starter import starter

TOP: Final = 2**62
"""Behind the last row: where taking back begins."""


class NotOurs(Conflict):
    """The batch is another job's by now, or nobody's: this one must not touch it."""


def import_works(imports: Imports) -> Mapping[str, JobWork]:
    """By kind of job."""
    works = _Works(imports)
    return {kind: works.told(work) for kind, work in ((READ, works.read), (RUN, works.run), (UNDO, works.undo))}


class _Works:
    def __init__(self, imports: Imports) -> None:
        self.imports = imports

    def told(self, work: JobWork) -> JobWork:
        """`work`; one that was killed after its last transaction, and taken up again, has nothing left to do."""

        def do(run: JobRun) -> Any:
            try:
                return work(run)
            except NotOurs:
                with unit_of_work(run.databases, run.workspace_id) as session:
                    batch = self.imports.held(session, int(run.payload["batch"]))
                    if batch is None or batch.job_id != run.job_id:
                        raise
                    return {"import": batch.id, **batch.result}

        return do

    def read(self, run: JobRun) -> Any:
        """Begins anew after a crash: its first step forgets the rows that are there."""
        batch_id = int(run.payload["batch"])

        @contextmanager
        def unit() -> Iterator[Session]:
            with self._unit(run) as (session, _):
                yield session

        with self._ended(run, "unread"):
            counts = self.imports.read(
                unit,
                batch_id,
                self._actor(run),
                lambda session, done: run.advance(session, done=done),
                looking=lambda: unit_of_work(run.databases, run.workspace_id),
            )
        return {"import": batch_id, "counts": counts}

    def run(self, run: JobRun) -> Any:
        """Chunks of rows, each committed with the position that it reached; in two phases, for what must be whole."""
        whole = bool(run.payload["all"])
        cursor: Mapping[str, Any] = run.cursor or {"after": -1}
        with self._ended(run, "stopped", whole=whole):
            actor = self._actor(run)
            if "refused" not in cursor:
                cursor = self._write_all(run, actor, int(cursor["after"]), whole=whole)
            if "refused" in cursor:
                undone, kept = self._undo_all(run, actor)
                return self._finish(run, "failed", {"refused": cursor["refused"], "undone": undone, "kept": kept})
            with self._unit(run) as (session, batch):
                count = written(session, batch)
            return self._finish(run, "done", {"written": count}) | {"link": f"/forms/{batch.form}"}

    def undo(self, run: JobRun) -> Any:
        """`then` is the state that a batch goes on with when it was to be whole and its run was cancelled."""
        with self._ended(run, run.payload.get("then") or "done"):
            undone, kept = self._undo_all(run, self._actor(run))
            state = run.payload.get("then") or ("done" if kept else "undone")
            return self._finish(run, state, {**run.payload.get("told", {}), "undone": undone, "kept": kept})

    def _write_all(self, run: JobRun, actor: Actor, after: int, *, whole: bool) -> Mapping[str, Any]:
        """The last cursor; with `refused` in it when a batch that must be whole met a row that its form refuses.

        While the database puts one chunk in, the next is planned: that is half of the work each.
        """
        with self._unit(run) as (session, batch):
            writer = self.imports.writer(session, batch, actor)

        def planned() -> Iterator[Chunk]:
            position = after
            while True:
                with unit_of_work(run.databases, run.workspace_id) as session:
                    chunk = writer.plan(session, position)
                if chunk is None:
                    return
                position = chunk.rows[-1].position
                yield chunk

        for chunk in one_ahead(planned()):
            try:
                with self._unit(run) as (session, _):
                    position = writer.put(session, chunk, all_or_none=whole)
                    run.advance(session, done=run.done + len(chunk.rows), cursor={"after": position})
            except (Unavailable, NotOurs, WrittenTwice):
                raise
            except FormloomError as error:
                if not whole:
                    raise
                back = {"refused": error.code, "before": TOP, "undone": 0, "kept": 0}
                with self._unit(run) as (session, _):
                    run.advance(session, cursor=back)
                return back
        return {}

    def _undo_all(self, run: JobRun, actor: Actor) -> tuple[int, int]:
        cursor = dict(run.cursor or {})
        position: int | None = cursor.get("before", TOP)
        undone, kept = cursor.get("undone", 0), cursor.get("kept", 0)
        while position is not None:
            with self._unit(run) as (session, batch):
                position, back, left = self.imports.undoing(batch, actor).take_back(session, position)
                undone, kept = undone + back, kept + left
                if position is not None:
                    cursor |= {"before": position, "undone": undone, "kept": kept}
                    run.advance(session, done=undone + kept, cursor=cursor)
        return undone, kept

    def _finish(self, run: JobRun, state: str, result: dict[str, Any]) -> dict[str, Any]:
        with self._unit(run) as (session, batch):
            ended(session, batch, state, result)
        return {"import": batch.id, **result}

    def _actor(self, run: JobRun) -> Actor:
        with run.batch() as session:
            return starter(session, run.by)

    @contextmanager
    def _unit(self, run: JobRun) -> Iterator[tuple[Session, ImportBatch]]:
        """A transaction of this job on its batch. Raises NotOurs."""
        with run.batch() as session:
            yield session, self._own(session, run)

    def _own(self, session: Session, run: JobRun) -> ImportBatch:
        batch = self.imports.held(session, int(run.payload["batch"]))
        if batch is None or batch.job_id != run.job_id or batch.state not in BUSY:
            raise NotOurs("import_wrong_state", {"state": batch.state if batch is not None else "undone"})
        return batch

    @contextmanager
    def _ended(self, run: JobRun, state: str, *, whole: bool = False) -> Iterator[None]:
        """Whatever ends the job too early: `state` when it was cancelled, and for reading also when it failed.

        What is not available just now is left as it is: the outbox tries again.
        """
        try:
            yield
        except JobCancelled:
            self._leave(run, state, {"cancelled": True}, whole=whole)
            raise
        except (Unavailable, NotOurs):
            raise
        except FormloomError as error:
            self._leave(run, "unread" if state == "unread" else "failed", {"refused": error.code}, whole=whole)
            raise

    def _leave(self, run: JobRun, state: str, result: dict[str, Any], *, whole: bool) -> None:
        """With `whole` what was written is taken back by a job that nobody has asked to end."""
        with unit_of_work(run.databases, run.workspace_id) as session:
            try:
                batch = self._own(session, run)
            except NotOurs:
                return
            if whole and (count := written(session, batch)):
                payload = {"batch": batch.id, "then": state, "told": result}
                begin_job(session, batch, run.by, "undoing", UNDO, payload, count)
            else:
                ended(session, batch, state, result)

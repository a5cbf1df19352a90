"""The jobs of imports: reading a large file, writing a batch, taking one back (ADR 006 says what a job is)."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from formloom.db.uow import unit_of_work
from formloom.errors import FormloomError
from formloom.jobs import JobCancelled, JobRun, JobWork

from form_engine.imports.service import READ, RUN, UNDO, Imports, set_state
from form_engine.imports.staging import count_rows
from form_engine.imports.writing import Chunk, written
from form_engine.records.actor import Actor
from form_engine.records.starter import starter


def import_works(imports: Imports) -> Mapping[str, JobWork]:
    """By kind of job."""
    works = _Works(imports)
    return {READ: works.read, RUN: works.run, UNDO: works.undo}


class _Works:
    def __init__(self, imports: Imports) -> None:
        self.imports = imports

    def read(self, run: JobRun) -> Any:
        """Begins anew after a crash: its first step forgets the rows that are there."""
        batch_id = int(run.payload["batch"])
        actor = self._actor(run)
        with self._ended(run, batch_id, cancelled="failed"):
            counts = self.imports.read(
                run.batch, batch_id, actor, lambda session, done: run.advance(session, done=done)
            )
        return {"import": batch_id, "counts": counts}

    def run(self, run: JobRun) -> Any:
        """Chunks of rows, each committed with the position that it reached; in two phases, for what must be whole."""
        batch_id, whole = int(run.payload["batch"]), bool(run.payload["all"])
        actor = self._actor(run)
        cursor: Mapping[str, Any] = run.cursor or {"after": -1}
        with self._ended(run, batch_id, cancelled="stopped"):
            if "refused" not in cursor:
                cursor = self._write_all(run, batch_id, actor, int(cursor["after"]), whole=whole)
            if "refused" in cursor:
                return self._take_back(run, batch_id, actor, cursor)
            with run.batch() as session:
                batch = self.imports.find(session, batch_id, actor)
                count_rows(session, batch)
                batch.result = {"written": written(session, batch)}
                batch.state, batch.job_id = "done", None
                return {"import": batch_id, "written": batch.result["written"], "link": f"/forms/{batch.form}"}

    def undo(self, run: JobRun) -> Any:
        batch_id = int(run.payload["batch"])
        actor = self._actor(run)
        with self._ended(run, batch_id, cancelled="done"):
            undone, kept = self._undo_all(run, batch_id, actor)
            with run.batch() as session:
                batch = self.imports.find(session, batch_id, actor)
                batch.result = {"undone": undone, "kept": kept}
                batch.state, batch.job_id = "done" if kept else "undone", None
        return {"import": batch_id, "undone": undone, "kept": kept}

    def _write_all(self, run: JobRun, batch_id: int, actor: Actor, after: int, *, whole: bool) -> Mapping[str, Any]:
        """The last cursor; with `refused` in it when a batch that must be whole met a row that its form refuses.

        While the database puts one chunk in, the next is planned: that is half of the work each.
        """
        with run.batch() as session:
            writer = self.imports.writer(session, self.imports.find(session, batch_id, actor), actor)

        def plan(position: int) -> Chunk | None:
            with unit_of_work(run.databases, run.workspace_id) as session:
                return writer.plan(session, position)

        with ThreadPoolExecutor(1, "formloom-import") as planner:
            ahead = planner.submit(plan, after)
            while (chunk := ahead.result()) is not None:
                ahead = planner.submit(plan, chunk.rows[-1].position)
                try:
                    with run.batch() as session:
                        position = writer.put(session, chunk, all_or_none=whole)
                        run.advance(session, done=run.done + len(chunk.rows), cursor={"after": position})
                except FormloomError as error:
                    if not whole:
                        raise
                    back = {"refused": error.code, "before": 2**62, "undone": 0, "kept": 0}
                    with run.batch() as session:
                        run.advance(session, cursor=back)
                    return back
        return {}

    def _take_back(self, run: JobRun, batch_id: int, actor: Actor, cursor: Mapping[str, Any]) -> Any:
        undone, kept = self._undo_all(run, batch_id, actor)
        with run.batch() as session:
            batch = self.imports.find(session, batch_id, actor)
            batch.result = {"refused": cursor["refused"], "undone": undone, "kept": kept}
            batch.state, batch.job_id = "failed", None
        return {"import": batch_id, **batch.result}

    def _undo_all(self, run: JobRun, batch_id: int, actor: Actor) -> tuple[int, int]:
        cursor = dict(run.cursor or {})
        position: int | None = cursor.get("before", 2**62)
        undone, kept = cursor.get("undone", 0), cursor.get("kept", 0)
        while position is not None:
            with run.batch() as session:
                batch = self.imports.find(session, batch_id, actor)
                position, back, left = self.imports.writer(session, batch, actor).undo(session, position)
                undone, kept = undone + back, kept + left
                if position is not None:
                    cursor |= {"before": position, "undone": undone, "kept": kept}
                    run.advance(session, done=undone + kept, cursor=cursor)
        return undone, kept

    def _actor(self, run: JobRun) -> Actor:
        with run.batch() as session:
            return starter(session, run.by)

    @contextmanager
    def _ended(self, run: JobRun, batch_id: int, *, cancelled: str) -> Any:
        """Whatever ends the job too early leaves the batch in a state from which people can go on."""
        try:
            yield
        except JobCancelled:
            self._leave(run, batch_id, cancelled, {"cancelled": True})
            raise
        except FormloomError as error:
            self._leave(run, batch_id, "failed", {"refused": error.code})
            raise

    def _leave(self, run: JobRun, batch_id: int, state: str, result: dict[str, Any]) -> None:
        with unit_of_work(run.databases, run.workspace_id) as session:
            set_state(session, batch_id, state, result=result, job_id=None)

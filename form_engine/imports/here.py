"""Writing a batch in this process, without a job: for commands, whose operator waits."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from formloom.errors import Conflict, FormloomError
from sqlalchemy.orm import Session

from form_engine.imports.service import Imports
from form_engine.imports.staging import count_rows
from form_engine.imports.writing import written
from form_engine.records.actor import SYSTEM

Open = Callable[[], AbstractContextManager[Session]]


def run_here(
    imports: Imports, unit: Open, batch_id: int, *, valid_only: bool, tell: Callable[[int], object] = lambda done: None
) -> int:
    """Chunk by chunk, each in a unit of work of its own; returns how many records stand there afterwards.

    What must be whole is taken back when a row is refused after all, and the refusal is raised.
    """
    with unit() as session:
        batch = imports.find(session, batch_id, SYSTEM, lock=True)
        if batch.state not in ("ready", "stopped", "failed"):
            raise Conflict("import_wrong_state", {"state": batch.state})
        batch.state = "running"
    position: int | None = -1
    try:
        while position is not None:
            with unit() as session:
                batch = imports.find(session, batch_id, SYSTEM)
                position = imports.writer(session, batch, SYSTEM).write(session, position, all_or_none=not valid_only)
                tell(written(session, batch))
    except FormloomError:
        _take_back(imports, unit, batch_id)
        raise
    with unit() as session:
        batch = imports.find(session, batch_id, SYSTEM)
        count_rows(session, batch)
        count = written(session, batch)
        batch.result, batch.state = {"written": count}, "done"
    return count


def _take_back(imports: Imports, unit: Open, batch_id: int) -> None:
    position: int | None = 2**62
    while position is not None:
        with unit() as session:
            batch = imports.find(session, batch_id, SYSTEM)
            position, _, _ = imports.writer(session, batch, SYSTEM).undo(session, position)
            batch.state = "failed"

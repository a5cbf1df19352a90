"""An import's life ends some days after anybody did something with it: rows, batch, and with them the hold on its file.

What it wrote stays, with `import:<batch>` in its history; only undoing it is no longer possible.
"""

from datetime import timedelta

from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.workspaces import all_workspaces, go_round
from sqlalchemy import delete, func, select

from form_engine.imports.batches import BUSY
from form_engine.imports.models import ImportBatch
from form_engine.imports.staging import forget_rows


def sweep_imports(databases: Databases, kept: timedelta) -> int:
    """Forget old batches in every workspace; returns how many. Their files go with the sweep of files."""
    return sum(go_round(all_workspaces(databases), "sweep_imports", lambda each: _sweep(databases, each, kept)))


def _sweep(databases: Databases, workspace_id: int, kept: timedelta) -> int:
    """A batch at a time, for some have many rows. One that a job works on, or waits to, is left alone."""
    count = 0
    last = func.coalesce(ImportBatch.ended_at, ImportBatch.created_at)
    old = select(ImportBatch.id).where(
        ImportBatch.workspace_id == workspace_id, ImportBatch.state.not_in(BUSY), last < func.now() - kept
    )
    while True:
        with unit_of_work(databases, workspace_id) as session:
            batch_id = session.scalar(old.order_by(ImportBatch.id).limit(1).with_for_update(skip_locked=True))
            if batch_id is None:
                return count
            forget_rows(session, batch_id)
            session.execute(
                delete(ImportBatch).where(ImportBatch.workspace_id == workspace_id, ImportBatch.id == batch_id)
            )
        count += 1

"""Files that nobody needs: uploads that were attached to nothing, and bytes whose upload was rolled back."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, select

from formloom.db.base import InWorkspace
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.files.store import FileStore
from formloom.models import StoredFile
from formloom.workspaces import all_workspaces, go_round

KEPT_FOR: Final = timedelta(days=1)
"""So long an upload may wait for its form to be sent."""

STEP: Final = 200


def sweep_unattached(databases: Databases, files: FileStore, holders: Sequence[type[InWorkspace]]) -> int:
    """Remove every stored file older than a day that no row of `holders` (tables with a `file_id`) names; how many."""
    return sum(go_round(all_workspaces(databases), "sweep_files", lambda each: _sweep(databases, files, each, holders)))


def _sweep(databases: Databases, files: FileStore, workspace_id: int, holders: Sequence[type[InWorkspace]]) -> int:
    removed = 0
    while True:
        with unit_of_work(databases, workspace_id) as session:
            free = (
                ~exists().where(holder.workspace_id == StoredFile.workspace_id, _file_id(holder) == StoredFile.id)
                for holder in holders
            )
            old = StoredFile.created_at < func.now() - KEPT_FOR
            # Whoever is attaching one at this moment holds its row.
            wanted = select(StoredFile.id).where(StoredFile.workspace_id == workspace_id, old, *free)
            ids = session.scalars(wanted.limit(STEP).with_for_update(skip_locked=True)).all()
            gone = delete(StoredFile).where(StoredFile.workspace_id == workspace_id, StoredFile.id.in_(ids))
            session.execute(gone, execution_options={"synchronize_session": False})
        for file_id in ids:  # only when no row is left that would miss them
            files.forget(workspace_id, file_id)
        removed += len(ids)
        if len(ids) < STEP:
            return removed


def _file_id(holder: type[InWorkspace]) -> ColumnElement[UUID]:
    column: ColumnElement[UUID] = holder.file_id  # type: ignore[attr-defined]
    return column


def sweep_bytes(databases: Databases, files: FileStore, now: datetime | None = None) -> int:
    """Remove bytes older than a day that have no row (their transaction was rolled back); returns how many."""
    removed = 0
    known = set(all_workspaces(databases))
    found = files.kept_before((now or datetime.now(UTC)) - KEPT_FOR)
    while batch := [key for _, key in zip(range(STEP), found, strict=False)]:
        for workspace_id in {workspace for workspace, _ in batch} & known:
            here = {file_id for workspace, file_id in batch if workspace == workspace_id}
            with unit_of_work(databases, workspace_id) as session:
                mine = (StoredFile.workspace_id == workspace_id, StoredFile.id.in_(here))
                rows = set(session.scalars(select(StoredFile.id).where(*mine)))
            for file_id in here - rows:
                files.forget(workspace_id, file_id)
                removed += 1
    return removed

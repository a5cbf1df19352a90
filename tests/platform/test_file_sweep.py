"""Uploads that nothing needs go after a day; what a record, its history or a comment names stays."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.errors import NotFound
from formloom.files import FileStore, find, sweep_bytes, sweep_unattached
from formloom.settings import Settings
from sqlalchemy import text

from form_engine.models import RecordFile

LATER = timedelta(days=2)


@pytest.fixture
def files(settings: Settings) -> FileStore:
    return FileStore.of(settings)


def keep(databases: Databases, workspace: int, files: FileStore, *, old: bool, attach: bool) -> UUID:
    with unit_of_work(databases, workspace) as session:
        row = files.store(session, io.BytesIO(b"words"), "a.txt", "person:1")
        if old:
            session.execute(text("UPDATE stored_file SET created_at = now() - interval '25 hours'"))
        if attach:
            session.add(RecordFile(workspace_id=workspace, file_id=row.id, record_id=1, path="slip"))
        return row.id


def is_there(databases: Databases, workspace: int, files: FileStore, file_id: UUID) -> bool:
    with unit_of_work(databases, workspace) as session:
        try:
            find(session, file_id)
        except NotFound:
            return False
        _, stream = files.open(session, file_id)
        stream.close()
        return True


def test_only_what_is_old_and_attached_to_nothing_goes(databases: Databases, workspace: int, files: FileStore) -> None:
    old, attached = (keep(databases, workspace, files, old=True, attach=attach) for attach in (False, True))
    fresh = keep(databases, workspace, files, old=False, attach=False)
    assert sweep_unattached(databases, files, [RecordFile]) == 1
    there = [is_there(databases, workspace, files, each) for each in (old, attached, fresh)]
    assert there == [False, True, True]
    assert sweep_unattached(databases, files, [RecordFile]) == 0


def test_who_attaches_at_that_moment_is_waited_for(databases: Databases, workspace: int, files: FileStore) -> None:
    file_id = keep(databases, workspace, files, old=True, attach=False)
    with unit_of_work(databases, workspace) as session:
        session.add(RecordFile(workspace_id=workspace, file_id=file_id, record_id=1, path="slip"))
        session.flush()
        assert sweep_unattached(databases, files, [RecordFile]) == 0
    assert sweep_unattached(databases, files, [RecordFile]) == 0
    assert is_there(databases, workspace, files, file_id)


def test_bytes_of_a_rolled_back_upload_go(
    databases: Databases, workspace: int, files: FileStore, settings: Settings
) -> None:
    kept = keep(databases, workspace, files, old=False, attach=False)

    def fail() -> None:
        with unit_of_work(databases, workspace) as session:
            files.store(session, io.BytesIO(b"never"), "b.txt", "person:1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    folder = Path(settings.data_dir) / "files"
    foreign = folder / "elsewhere" / "ab" / "no-file-of-ours"
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"")
    other = folder / "999999" / "ab" / uuid4().hex  # of a workspace that this database does not know
    other.parent.mkdir(parents=True)
    other.write_bytes(b"")
    assert sweep_bytes(databases, files) == 0, "an upload may still be under way"
    assert sweep_bytes(databases, files, datetime.now(UTC) + LATER) == 1
    assert is_there(databases, workspace, files, kept)
    assert foreign.exists()
    assert other.exists()

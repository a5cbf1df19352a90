"""How long what came in with a sheet is kept: not for ever, and not beyond the record that was made of it."""

from datetime import timedelta
from typing import Any

from formloom.files import sweep_unattached
from formloom.models import StoredFile
from sqlalchemy import func, select, update

from form_engine.imports.models import ImportBatch, ImportRow
from form_engine.imports.tidy import sweep_imports
from form_engine.models import RecordFile
from form_engine.records.actor import SYSTEM
from form_engine.records.purge import purge
from tests.imports.conftest import Office

KEPT = timedelta(days=30)


def aged(office: Office, batch_id: int, **days: int) -> None:
    values: Any = {key: func.now() - timedelta(days=each) for key, each in days.items()}
    with office.work() as session:
        session.execute(update(ImportBatch).where(ImportBatch.id == batch_id).values(values))


def left(office: Office) -> tuple[list[int], set[int]]:
    with office.work() as session:
        batches = session.scalars(select(ImportBatch.id).order_by(ImportBatch.id)).all()
        return list(batches), set(session.scalars(select(ImportRow.batch_id)))


def test_imports_that_nobody_has_touched_for_long_are_forgotten_with_their_files(things: Office) -> None:
    done = things.run(things.upload("thing", b"Code\nA1\n"))
    lately, waiting, busy = (things.upload("thing", b"Code\nB%d\n" % n) for n in range(3))
    with things.work() as session:
        things.imports.run(session, busy.id, SYSTEM)
    for batch in (done, waiting, busy):
        aged(things, batch.id, created_at=31, ended_at=31)
    aged(things, lately.id, created_at=99, ended_at=29)
    assert sweep_imports(things.databases, KEPT) == 2
    assert left(things) == ([lately.id, busy.id], {lately.id, busy.id})
    assert [each["code"] for each in things.values("thing")] == ["A1"]
    with things.work() as session:
        session.execute(update(StoredFile).values(created_at=func.now() - timedelta(days=2)))
    assert sweep_unattached(things.databases, things.files, (RecordFile, ImportBatch)) == 2


def test_what_is_purged_stands_in_no_sheet_any_more(things: Office) -> None:
    batch = things.run(things.upload("thing", b"Code,Name\nA1,confidential\nA2,other\n"))
    record_id = things.rows(batch, "ok")[0].record_id or 0
    with things.work() as session:
        things.records.delete(session, things.forms, record_id, SYSTEM)
        purge(things.records, session, things.forms, [record_id], SYSTEM, confirmed=True)
    first, second = things.rows(batch, "ok")
    assert (first.raw, first.fixed, first.clean, first.key, first.print) == ([], None, None, None, None)
    assert second.raw == ["A2", "other"]

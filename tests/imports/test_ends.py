"""However an import ends, people can go on from there; and what should be whole is never left by half."""

from typing import Any

import pytest
from formloom import jobs, outbox
from formloom.errors import Conflict, Unavailable
from formloom.models import Job, OutboxItem
from sqlalchemy import delete, select, update

from form_engine.imports import reading
from form_engine.imports.here import run_here
from form_engine.imports.models import ImportBatch
from form_engine.imports.works import import_works
from form_engine.imports.writing import Writer, WrittenTwice
from form_engine.records.actor import SYSTEM, Actor
from tests.imports.conftest import THING, Office
from tests.imports.test_imports import codes, profile
from tests.platform.backends import Inline, make_due

MANY = b"Code,Name\n" + b"".join(b"A%d,x\n" % n for n in range(1200))


def begun(office: Office, batch: ImportBatch, **how: Any) -> int:
    """The batch's run, waiting in the outbox; returns the job's id."""
    with office.work() as session:
        return office.imports.run(session, batch.id, SYSTEM, **how).job_id or 0


def cancel(office: Office, job_id: int) -> None:
    with office.work() as session:
        jobs.cancel(session, job_id)


def breaking(office: Office, after: int, error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """The chunk after so many brings this error."""
    put, calls = Writer.put, [0]

    def broken(self: Writer, *args: Any, **named: Any) -> int:
        calls[0] += 1
        if calls[0] > after:
            raise error
        return put(self, *args, **named)

    monkeypatch.setattr(Writer, "put", broken)


def given_up(office: Office) -> None:
    """Try until the outbox has had enough."""
    work = jobs.Jobs(import_works(office.imports))
    runner = outbox.Runner(office.databases, {jobs.KIND: work}, given_up={jobs.KIND: work.given_up})
    for _ in range(12):
        make_due(office.databases)
        outbox.Relay(office.databases, Inline(runner)).run_once()


def test_a_run_that_was_cancelled_before_it_began_leaves_the_import_free(things: Office) -> None:
    batch = things.upload("thing", b"Code,Name\nA1,one\n")
    cancel(things, begun(things, batch))
    things.jobs()
    stopped = things.batch(batch.id)
    assert (stopped.state, stopped.job_id, stopped.result) == ("stopped", None, {"cancelled": True})
    assert things.run(batch).result == {"written": 1}


@pytest.mark.parametrize("valid_only", [True, False])
def test_a_dead_letter_leaves_the_import_free(
    things: Office, monkeypatch: pytest.MonkeyPatch, valid_only: bool
) -> None:
    batch = things.upload("thing", MANY, wait=True)
    job_id = begun(things, batch, valid_only=valid_only)
    with monkeypatch.context() as patched:
        breaking(things, 1, RuntimeError("no more"), patched)
        given_up(things)
    with things.work() as session:
        assert jobs.find(session, job_id).state == "failed"
    batch = things.batch(batch.id)
    if not valid_only:  # it should have been whole: half of it is taken back
        assert batch.state == "undoing"
        things.jobs()
        batch = things.batch(batch.id)
        assert (batch.result["undone"], things.values("thing")) == (500, [])
    assert (batch.state, batch.result["refused"]) == ("stopped", "job_broke")
    with things.work() as session:
        session.execute(update(OutboxItem).where(OutboxItem.dead_at.is_not(None)).values(dead_at=None, attempts=0))
    things.jobs()  # the dead letter is revived: the batch is no longer its own
    assert things.batch(batch.id).state == "stopped"
    assert things.run(batch).result == {"written": 1200}


def test_a_job_that_nobody_knows_any_more_leaves_the_import_free(things: Office) -> None:
    batch = things.upload("thing", b"Code,Name\nA1,one\n")
    job_id = begun(things, batch)
    with things.work() as session:
        session.execute(delete(Job).where(Job.id == job_id))
        session.execute(delete(OutboxItem).where(OutboxItem.key == f"job:{job_id}"))
    assert things.run(batch).result == {"written": 1}


def test_the_run_of_a_killed_command_is_gone_on_with(things: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = things.upload("thing", MANY, wait=True)

    class Killed(BaseException):
        pass

    with monkeypatch.context() as patched:
        breaking(things, 1, Killed(), patched)
        with pytest.raises(Killed):
            run_here(things.imports, things.runner, things.work, batch.id, valid_only=False)
    assert things.batch(batch.id).state == "running"
    make_due(things.databases)
    things.jobs()
    assert things.batch(batch.id).result == {"written": 1200}


def test_a_command_writes_and_tells_why_not(things: Office) -> None:
    batch = things.upload("thing", b"Code,Name\nA1,one\n")
    seen: list[int] = []
    count = run_here(things.imports, things.runner, things.work, batch.id, valid_only=False, tell=seen.append)
    assert (count, seen[-1]) == (1, 1)
    other = things.upload("thing", b"Code,Name\nB1,one\nB2,two\n")
    with things.work() as session:
        things.records.create(session, things.forms, "thing", {"code": "B2"}, SYSTEM)
    with pytest.raises(Conflict, match="not_unique"):
        run_here(things.imports, things.runner, things.work, other.id, valid_only=False)
    assert [each["code"] for each in things.values("thing")] == ["A1", "B2"]


def test_what_is_not_available_just_now_is_tried_again(things: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = things.upload("thing", MANY, wait=True)
    job_id = begun(things, batch)
    with monkeypatch.context() as patched:
        breaking(things, 1, Unavailable("database_away"), patched)
        things.jobs()
    assert (things.batch(batch.id).state, things.batch(batch.id).job_id) == ("running", job_id)
    assert len(things.values("thing")) == 200  # of 500: a page
    make_due(things.databases)
    things.jobs()
    assert things.batch(batch.id).result == {"written": 1200}


def test_a_row_becomes_one_record_whoever_writes_it(things: Office) -> None:
    batch = things.upload("thing", b"Code,Name\nA1,one\n")
    with things.work() as session:
        writer = things.imports.writer(session, batch, SYSTEM)
        chunk = writer.plan(session, -1)
        assert chunk is not None
        writer.put(session, chunk, all_or_none=False)
    publish_without_unique(things)
    with things.work() as session:
        writer = things.imports.writer(session, things.batch(batch.id), SYSTEM)
    with things.work() as session, pytest.raises(WrittenTwice):
        writer._one_by_one(session, chunk.rows, all_or_none=False)
    assert len(things.values("thing")) == 1


def publish_without_unique(office: Office) -> None:
    office.publish({**THING, "unique": []})


def test_a_whole_run_that_is_cancelled_takes_back_what_it_wrote(
    things: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = things.upload("thing", MANY, wait=True)
    job_id = begun(things, batch)
    cancelled_after_the_first_chunk(things, job_id, monkeypatch)
    things.jobs()
    batch = things.batch(batch.id)
    assert (batch.state, batch.result) == ("stopped", {"cancelled": True, "undone": 500, "kept": 0})
    assert things.values("thing") == []
    assert things.run(batch).result == {"written": 1200}


def cancelled_after_the_first_chunk(office: Office, job_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    put = Writer.put

    def then_cancel(self: Writer, *args: Any, **named: Any) -> int:
        found = put(self, *args, **named)
        cancel(office, job_id)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(Writer, "put", then_cancel)
        runner = outbox.Runner(office.databases, {jobs.KIND: jobs.Jobs(import_works(office.imports))})
        with office.work() as session:
            item = session.scalar(select(OutboxItem.id).where(OutboxItem.key == f"job:{job_id}"))
        runner.run(office.workspace, item or 0)


def test_a_run_of_what_is_valid_keeps_what_it_wrote_when_it_is_cancelled(
    things: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = things.upload("thing", MANY, wait=True)
    cancelled_after_the_first_chunk(things, begun(things, batch, valid_only=True), monkeypatch)
    batch = things.batch(batch.id)
    assert (batch.state, batch.result) == ("stopped", {"cancelled": True})
    assert things.run(batch, valid_only=True).result == {"written": 1200}


def test_what_was_not_read_to_its_end_is_not_run(things: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = things.upload("thing", MANY, wait=True)
    with things.work() as session:
        job_id = things.imports.map(session, batch.id, profile(), SYSTEM).job_id or 0
    stage = reading.stage

    def half(unit: Any, *args: Any, **named: Any) -> Any:
        stage(unit, *args, **named)
        cancel(things, job_id)
        with unit():
            pytest.fail("nothing goes on after it was cancelled")

    with monkeypatch.context() as patched:
        patched.setattr("form_engine.imports.service.stage", half)
        things.jobs()
    batch = things.batch(batch.id)
    assert (batch.state, batch.counts, len(things.rows(batch))) == ("unread", {}, 0)
    for valid_only in (True, False):
        with things.work() as session, pytest.raises(Conflict, match="import_wrong_state"):
            things.imports.run(session, batch.id, SYSTEM, valid_only=valid_only)
    with things.work() as session, pytest.raises(Conflict, match="import_wrong_state"):
        things.imports.correct(session, batch.id, 1, {0: "x"}, SYSTEM)
    with things.work() as session:
        things.imports.map(session, batch.id, profile(), SYSTEM)
    things.jobs()
    assert things.batch(batch.id).counts["ok"] == 1200


def test_a_reading_that_was_cancelled_before_it_began_is_unread(things: Office) -> None:
    batch = things.upload("thing", MANY, wait=True)
    with things.work() as session:
        job_id = things.imports.map(session, batch.id, profile(), SYSTEM).job_id or 0
    cancel(things, job_id)
    things.jobs()
    assert things.batch(batch.id).state == "unread"


def upserting(office: Office, content: bytes, actor: Actor = SYSTEM) -> ImportBatch:
    batch = office.upload("thing", content, actor)
    columns = [{"key": each, "to": each, "headers": [each.title()]} for each in ("code", "name", "price", "kind")]
    mapped = profile(upsert={"key": ["code"], "found": "update"}, duplicates={"key": ["name"]})
    with office.work() as session:
        return office.imports.map(session, batch.id, {**mapped, "columns": columns}, actor)


def test_a_row_that_the_importer_may_not_write_is_told_and_ends_nothing(things: Office) -> None:
    only_new = {"role": "adder", "may": ["create", "read", "import"]}
    updates = {"role": "adder", "may": ["update"], "where": 'kind = "tool"'}
    things.publish({**THING, "access": [*THING["access"], only_new, updates]})
    adder = things.person("adder", "adder")
    things.run(things.upload("thing", b"Code,Name,Kind\nA1,old,part\nA2,old,tool\n"))
    batch = upserting(things, b"Code,Name,Kind\nA1,n1,part\nA2,n2,tool\nA3,n3,tool\n", adder)
    assert codes(things, batch)[1:] == [(2, "error", ["action_denied"]), (3, "ok", []), (4, "ok", [])]
    with things.work() as session:
        target = things.rows(batch, "ok")[0].target_id or 0
        things.records.update(session, things.forms, target, {"kind": "part"}, SYSTEM)
    assert things.run(batch, adder, valid_only=True).result == {"written": 1}
    assert codes(things, batch)[2] == (3, "error", ["action_denied"])


def test_one_record_that_cannot_be_taken_back_keeps_no_other(things: Office) -> None:
    things.publish({**THING, "unique": [["code"], ["name"]]})
    with things.work() as session:
        for code in ("A1", "A2"):
            things.records.create(session, things.forms, "thing", {"code": code, "name": f"old {code}"}, SYSTEM)
    batch = things.run(upserting(things, b"Code,Name\nA1,one\nA2,two\nA3,three\n"))
    with things.work() as session:
        things.records.create(session, things.forms, "thing", {"code": "B1", "name": "old A1"}, SYSTEM)
    undone = things.undo(batch)
    assert (undone.state, undone.result) == ("done", {"undone": 2, "kept": 1})
    named = {each["code"]: each["name"] for each in things.values("thing")}
    assert named == {"A1": "one", "A2": "old A2", "B1": "old A1"}


def test_rows_that_changed_one_record_are_taken_back_together(things: Office) -> None:
    with things.work() as session:
        first = {"code": "A1", "name": "old", "price": "1.00"}
        made = things.records.create(session, things.forms, "thing", first, SYSTEM)
    batch = things.run(upserting(things, b"Code,Name,Price\nA1,one,\nA1,two,7\n"))
    assert {row.record_id for row in things.rows(batch, "ok")} == {made.id}
    assert (things.values("thing")[0]["name"], things.values("thing")[0]["price"]) == ("two", "7.00")
    undone = things.undo(batch)
    assert (undone.state, undone.result) == ("undone", {"undone": 2, "kept": 0})
    assert (things.values("thing")[0]["name"], things.values("thing")[0]["price"]) == ("old", "1.00")


def test_undoing_needs_no_profile_that_fits(things: Office) -> None:
    batch = things.run(things.upload("thing", b"Code,Name\nA1,one\n"))
    without = [each for each in THING["fields"] if each["key"] != "name"]
    things.publish({**THING, "fields": without})
    assert things.undo(batch).result == {"undone": 1, "kept": 0}

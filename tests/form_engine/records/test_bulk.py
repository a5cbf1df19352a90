"""Many records at once: looked at, done one by one, told of, undone together; few at once, many as a job."""

from collections.abc import Callable
from typing import Any

import pytest
from formloom import jobs
from formloom.db.uow import unit_of_work
from formloom.errors import Forbidden, NotFound
from formloom.jobs import Jobs
from formloom.models import Job
from formloom.outbox import Relay, Runner
from sqlalchemy import text

from form_engine.records import bulk, bulk_job, trail
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.bulk import Choice, Deed
from tests.platform.backends import Inline

MANY = 260


def make(office: Any, count: int, **more: Any) -> list[int]:
    with office.work() as session:
        rows = [{"code": f"B{n:04}", "amount": f"{n}.00", **more} for n in range(count)]
        return list(office.records.import_rows(session, office.forms, "budget", rows, SYSTEM))


def access(office: Any, session: Any, actor: Actor = SYSTEM) -> Any:
    return office.records.access(session, office.forms, "budget", actor)


def preview(office: Any, choice: Choice, deed: Deed, actor: Actor = SYSTEM) -> bulk.BulkPreview:
    with office.work() as session:
        return bulk.preview(office.records, session, office.forms, access(office, session, actor), choice, deed)


def act(office: Any, choice: Choice, deed: Deed, actor: Actor = SYSTEM) -> bulk_job.Outcome:
    with office.work() as session:
        return bulk_job.act(office.records, session, office.forms, access(office, session, actor), choice, deed)


def undo(office: Any, batch: str, actor: Actor = SYSTEM) -> bulk_job.Outcome:
    with office.work() as session:
        return bulk_job.take_back(office.records, session, office.forms, batch, actor)


@pytest.fixture
def work_off(office: Any) -> Callable[[], None]:
    """Do everything in the outbox."""
    work = Jobs(bulk_job.bulk_works(office.records, office.forms))
    runner = Runner(office.databases, {jobs.KIND: work}, given_up={jobs.KIND: work.given_up})
    relay = Relay(office.databases, Inline(runner))

    def run() -> None:
        while relay.run_once():
            pass

    return run


def names(office: Any) -> set[str | None]:
    with office.work() as session:
        return {data.get("name") for (data,) in session.execute(text("SELECT data FROM record"))}


def test_a_preview_shows_what_would_change_and_changes_nothing(office: Any) -> None:
    ids = make(office, 3)
    office.update(ids[0], {"name": "kept"})
    found = preview(office, Choice(ids=tuple(ids)), Deed({"name": "new"}))
    assert (found.count, found.checked, found.refused) == (3, 3, ())
    changes = [[(one.path, one.old, one.new) for one in each.changes] for each in found.sample]
    assert changes == [[("name", "kept", "new")], [("name", None, "new")], [("name", None, "new")]]
    assert names(office) == {"kept", None}
    with office.work() as session:
        assert session.scalar(text("SELECT count(*) FROM record_history WHERE action = 'updated'")) == 1


def test_a_preview_says_who_would_be_refused_as_the_deed_then_does(office: Any) -> None:
    ids = make(office, 3)
    deed = Deed({"code": "SAME"})
    assert len(preview(office, Choice(ids=tuple(ids)), deed).refused) == 0, "each by itself could have the code"
    claim = {"subject": "x", "main": ids[0]}
    office.create("claim", claim)
    told = preview(office, Choice(all=True), Deed(None))
    assert [(each.id, each.code) for each in told.refused] == [(ids[0], "linked_from_ask")]
    done = act(office, Choice(all=True), Deed(None))
    assert (done.done, [(each.id, each.code) for each in done.refused]) == (2, [(ids[0], "linked_from_ask")])
    assert office.ids("budget") == [ids[0]]


@pytest.mark.parametrize("choice", [Choice(), Choice(q="  "), Choice(filter={}), Choice(ids=())])
def test_nothing_chosen_is_nothing_touched(office: Any, choice: Choice) -> None:
    make(office, 3)
    assert preview(office, choice, Deed(None)).count == 0
    done = act(office, choice, Deed(None))
    assert (done.done, done.refused, done.job) == (0, (), None)
    assert len(office.ids("budget")) == 3


def test_one_that_fails_holds_nobody_up(office: Any) -> None:
    ids = make(office, 4)
    done = act(office, Choice(ids=(*ids, 999_999)), Deed({"code": "SAME"}))
    assert done.done == 1
    assert [(each.id, each.code) for each in done.refused] == [
        *((each, "not_unique") for each in ids[1:]),
        (999_999, "unknown_record"),
    ]


def test_who_may_not_change_a_record_changes_none(office: Any, make_person: Any) -> None:
    person = make_person("Mem", "member")
    member = Actor.person(person.id, frozenset({"member"}))
    mine, theirs = make(office, 1, owner=person.id)[0], office.create("budget", {"code": "X", "amount": "1.00"}).id
    done = act(office, Choice(ids=(mine, theirs)), Deed({"name": "x"}), member)
    assert [(each.id, each.code) for each in done.refused] == [(mine, "action_denied"), (theirs, "unknown_record")]
    with office.work() as session:
        assert bulk.count(session, access(office, session, member), Choice(all=True)) == 1


def test_another_forms_records_are_not_there(office: Any) -> None:
    claim = office.create("claim", {"subject": "x"}).id
    done = act(office, Choice(ids=(claim,)), Deed(None))
    assert [(each.id, each.code) for each in done.refused] == [(claim, "unknown_record")]


def test_a_batch_is_undone_where_nobody_changed_it_since(office: Any) -> None:
    ids = make(office, 4, name="old")
    done = act(office, Choice(all=True), Deed({"name": "new", "opened": "2026-01-05"}))
    office.update(ids[1], {"name": "newer"})
    office.update(ids[2], {"amount": "9.00"})
    back = undo(office, done.batch)
    assert back.done == 2
    assert {(each.id, each.code) for each in back.refused} == {(ids[1], "changed_since"), (ids[2], "changed_since")}
    shown = {each: office.view(each).values for each in ids}
    assert [shown[each].get("name") for each in ids] == ["old", "newer", "new", "old"]
    assert "opened" not in shown[ids[0]]
    assert undo(office, done.batch).done == 0, "an undone batch is not undone again"


def test_removed_records_come_back_with_their_links(office: Any) -> None:
    parent = make(office, 1)[0]
    claim = office.create("claim", {"subject": "x", "main": parent}).id
    done = act(office, Choice(all=True), Deed(None, force=True))
    assert "main" not in office.view(claim).values
    back = undo(office, done.batch)
    assert (back.done, back.refused) == (2, ())
    assert office.view(claim).values["main"] == parent


def test_somebody_elses_batch_is_not_there(office: Any, make_person: Any) -> None:
    make(office, 1)
    done = act(office, Choice(all=True), Deed({"name": "new"}))
    chief = Actor.person(make_person("Chen", "chief").id, frozenset({"chief"}))
    for batch in (done.batch, "nowhere"):
        with pytest.raises(NotFound, match="unknown_batch"):
            undo(office, batch, chief)


def test_many_are_a_job_that_tells_of_each_and_can_be_undone(office: Any, make_person: Any, work_off: Any) -> None:
    chief = Actor.person(make_person("Chen", "chief").id, frozenset({"chief"}))
    ids = make(office, MANY)
    with office.work() as session:
        session.execute(text("UPDATE record SET run_id = 7 WHERE id = :id"), {"id": ids[5]})
    asked = {"field": "amount", "op": "ge", "value": "0"}
    started = act(office, Choice(filter=asked), Deed({"name": "new", "amount": "0.00"}), chief)
    assert started.job is not None
    late = office.create("budget", {"code": "LATE", "amount": "1.00"}).id
    work_off()
    with office.work() as session:
        job = jobs.find(session, started.job)
        state = (job.state, job.done, job.total)
        result: Any = job.result
    assert state == ("done", MANY, MANY)
    assert (result["done"], result["kept"], result["batch"]) == (MANY - 1, 1, started.batch)
    assert [(each["id"], each["code"]) for each in result["refused"]] == [(ids[5], "record_in_run")]
    assert "name" not in office.view(late).values, "what was made later was not meant"
    back = undo(office, started.batch, chief)
    assert back.job is not None
    work_off()
    with office.work() as session:
        undone: Any = jobs.find(session, back.job).result
    assert (undone["done"], undone["kept"]) == (MANY - 1, 0)
    assert names(office) == {None}


def test_a_job_that_is_cancelled_keeps_what_it_did_and_that_can_be_undone(office: Any, work_off: Any) -> None:
    make(office, MANY)
    started = act(office, Choice(all=True), Deed({"name": "new"}))
    assert started.job is not None
    with unit_of_work(office.databases, office.workspace) as session:
        jobs.cancel(session, started.job)
    work_off()
    with office.work() as session:
        assert session.get_one(Job, (office.workspace, started.job)).state == "cancelled"
    assert names(office) == {None}


def test_a_batch_of_changes_and_removals_is_undone_page_by_page(
    office: Any, work_off: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was removed comes back before what linked to it; no page reads the whole batch."""
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(bulk_job, "STEP", 2)
    parents = make(office, 5)
    claims = [office.create("claim", {"subject": "x", "main": parent}).id for parent in parents]
    started = act(office, Choice(all=True), Deed(None, force=True))
    work_off()
    assert office.ids("budget") == []
    read: list[int] = []
    whole = trail.written_as

    def counted(session: Any, via: str, records: Any = None) -> Any:
        found = whole(session, via, records)
        read.append(len(found))
        return found

    monkeypatch.setattr(trail, "written_as", counted)
    back = undo(office, started.batch)
    assert back.job is not None
    work_off()
    with office.work() as session:
        result: Any = jobs.find(session, back.job).result
    assert (result["done"], result["kept"]) == (10, 0)
    assert max(read) <= bulk_job.STEP
    assert [office.view(claim).values["main"] for claim in claims] == parents


def many_along(office: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Budgets, with two claims each that lose their link when they go; a request may touch few."""
    monkeypatch.setattr(bulk, "MOST_TOUCHED", 5)
    parents = make(office, 4)
    for parent in parents:
        for _ in range(2):
            office.create("claim", {"subject": "x", "main": parent})
    return parents


def test_a_preview_ends_where_too_many_go_along(office: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    parents = many_along(office, monkeypatch)
    found = preview(office, Choice(ids=tuple(parents)), Deed(None, force=True))
    assert (found.count, found.checked, len(found.sample)) == (4, 2, 2)
    found = preview(office, Choice(ids=tuple(parents)), Deed(None))
    assert (found.checked, len(found.refused)) == (3, 3), "looking who holds on is work as well"


def test_a_deed_that_takes_too_many_along_is_ended_by_a_job(
    office: Any, work_off: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    many_along(office, monkeypatch)
    started = act(office, Choice(all=True), Deed(None, force=True))
    assert (started.done, started.job is not None) == (2, True)
    assert len(office.ids("budget")) == 2
    work_off()
    assert started.job is not None
    with office.work() as session:
        job = jobs.find(session, started.job)
        assert (job.done, job.total) == (2, 2)
    assert office.ids("budget") == []
    assert undo(office, started.batch).done == 12


def test_only_who_may_act_may_try_it(office: Any, make_person: Any) -> None:
    person = make_person("Mem", "member")
    member = Actor.person(person.id, frozenset({"member"}))
    mine = make(office, 1, owner=person.id)
    for deed in (Deed({"name": "x"}), Deed(None)):
        with pytest.raises(Forbidden, match="action_denied"):
            preview(office, Choice(ids=tuple(mine)), deed, member)

"""Earlier states, copies, drafts, the bin and its end."""

from typing import Any

import pytest
from formloom.errors import Conflict, Forbidden, InvalidInput, NotFound
from sqlalchemy import text

from form_engine.records import aside, copying, earlier, purge, refusal
from form_engine.records.actor import SYSTEM, Actor
from tests.form_engine.office import BUDGET


@pytest.fixture
def chief(make_person: Any) -> Actor:
    return Actor.person(make_person("Chen", "chief").id, frozenset({"chief", "admin"}))


@pytest.fixture
def member(make_person: Any) -> Actor:
    return Actor.person(make_person("Mem", "member").id, frozenset({"member"}))


def go_back(office: Any, record: int, version: int, actor: Actor = SYSTEM) -> earlier.Restored:
    with office.work() as session:
        return earlier.restore_version(office.records, session, office.forms, record, version, actor)


def copy(office: Any, record: int, actor: Actor, changes: Any = None, *, draft: bool = False) -> Any:
    with office.work() as session:
        return copying.copy(office.records, session, office.forms, record, actor, changes or {}, draft=draft)


def binned(office: Any, form: str, actor: Actor = SYSTEM, **asked: Any) -> aside.Aside:
    with office.work() as session:
        return aside.bin_of(session, office.records.access(session, office.forms, form, actor), **asked)


def drafts(office: Any, actor: Actor, **asked: Any) -> aside.Aside:
    with office.work() as session:
        access = {key: office.records.access(session, office.forms, key, actor) for key in ("budget", "claim")}
        return aside.drafts(session, access, actor, **asked)


def drop(office: Any, record: int, actor: Actor = SYSTEM) -> None:
    with office.work() as session:
        office.records.delete(session, office.forms, record, actor)


def test_an_earlier_state_comes_back_with_the_rows_it_had(office: Any) -> None:
    parent = office.create("budget", {"code": "B1", "amount": "100.00"}).id
    lines = [{"budget": parent, "cost": "1.00"}, {"budget": parent, "cost": "2.00"}]
    claim = office.create("claim", {"subject": "first", "lines": lines})
    rows = claim.data["lines"]
    office.update(claim.id, {"subject": "second", "lines": [{"id": rows[1]["id"], "cost": "9.00"}]})
    office.update(claim.id, {"subject": "third", "main": parent})
    done = go_back(office, claim.id, 1)
    assert (done.record.version, done.left) == (4, ())
    assert done.record.data == claim.data
    with office.work() as session:
        seen = office.records.view(session, office.forms, claim.id, SYSTEM)
        assert office.records.history(session, seen)[-1].via == "version:1"
    with pytest.raises(Conflict, match="nothing_to_restore"):
        go_back(office, claim.id, 1)
    assert go_back(office, claim.id, 3).record.data["subject"] == "third"


def test_going_back_asks_the_rules_of_today(office: Any) -> None:
    parent = office.create("budget", {"code": "B1", "amount": "100.00"}).id
    claim = office.create("claim", {"subject": "x", "lines": [{"budget": parent, "cost": "80.00"}]}).id
    office.update(claim, {"lines": []})
    other = office.create("claim", {"subject": "y", "lines": [{"budget": parent, "cost": "80.00"}]}).id
    office.update(other, {"state": "approved"})
    with pytest.raises(InvalidInput) as refused:
        go_back(office, claim, 1)
    assert [(issue.pointer, issue.code) for issue in refused.value.issues] == [("/lines/0/cost", "rule_failed")]


def test_what_one_may_not_write_stays_and_is_told_if_it_may_be_read(office: Any, member: Actor) -> None:
    claim = office.create("claim", {"subject": "first"}, member)
    office.update(claim.id, {"subject": "second"}, member)
    office.update(claim.id, {"state": "approved"})
    done = go_back(office, claim.id, 1, member)
    assert (done.record.data["subject"], done.record.data["state"]) == ("first", "approved")
    assert [(each.field, each.why) for each in done.left] == [("state", "moved_by_steps_only")]


@pytest.mark.parametrize("version", [0, 2, 10**15])
def test_a_version_that_never_was_is_not_found(office: Any, version: int) -> None:
    claim = office.create("claim", {"subject": "x"}).id
    with pytest.raises(NotFound, match="unknown_version"):
        go_back(office, claim, version)


def test_nobody_goes_back_who_may_not_change(office: Any, make_person: Any) -> None:
    person = make_person("Mem", "member")
    reader = Actor.person(person.id, frozenset({"member"}))
    budget = office.create("budget", {"code": "B1", "amount": "1.00", "owner": person.id}).id
    office.update(budget, {"amount": "2.00"})
    with pytest.raises(Forbidden):
        go_back(office, budget, 1, reader)


def test_a_copy_begins_anew_where_the_record_is_its_own(office: Any, chief: Actor) -> None:
    parent = office.create("budget", {"code": "B1", "amount": "100.00", "name": "n"}).id
    claim = office.create("claim", {"subject": "x", "main": parent, "lines": [{"budget": parent, "cost": "1.00"}]})
    office.update(claim.id, {"state": "approved"})
    made = copy(office, claim.id, chief)
    assert made.number != claim.number
    assert (made.data["state"], made.data["main"], made.data["subject"]) == ("open", parent, "x")
    (row,) = made.data["lines"]
    assert row["cost"] == "1.00"
    assert row["id"] != claim.data["lines"][0]["id"]
    other = copy(office, parent, chief, {"code": "B2"})
    assert (other.data["name"], other.data["code"]) == ("n", "B2")
    assert copy(office, parent, chief, draft=True).data.get("code") is None, "what must be unique is left out"


def test_a_copy_holds_only_what_one_may_read(office: Any, make_person: Any) -> None:
    person = make_person("Mem", "member", "keeper")
    form = {
        **BUDGET,
        "access": [
            {"role": "member", "may": ["read"], "fields": {"secret": "hidden", "*": "read"}},
            {"role": "keeper", "may": ["create"]},
        ],
    }
    with office.work() as session:
        office.forms.publish_together(session, {"budget": form}, SYSTEM)
    budget = office.create("budget", {"code": "B1", "amount": "1.00", "secret": "s"}).id
    made = copy(office, budget, Actor.person(person.id, frozenset({"member", "keeper"})), {"code": "B2"})
    assert "secret" not in made.data


def test_drafts_are_listed_to_their_author_alone(office: Any, member: Actor, chief: Actor) -> None:
    mine = [office.create("claim", {"subject": str(n)}, member, draft=True).id for n in range(3)]
    office.create("claim", {"subject": "done"}, member)
    assert [each.id for each in drafts(office, member).items] == mine[::-1]
    assert drafts(office, chief).items == ()
    first = drafts(office, member, limit=2)
    assert [each.id for each in drafts(office, member, after=first.next, limit=2).items] == mine[:1]
    drop(office, mine[0], member)
    assert [each.id for each in drafts(office, member).items] == mine[:0:-1]
    assert [each.id for each in binned(office, "claim", chief).items] == []


def test_the_bin_shows_what_one_may_take_out(office: Any, member: Actor, chief: Actor) -> None:
    gone = [office.create("claim", {"subject": str(n)}, member).id for n in range(5)]
    for record in gone:
        drop(office, record)
    seen, cursor = [], None
    while True:
        page = binned(office, "claim", chief, after=cursor, limit=2)
        seen += [each.id for each in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == gone[::-1]
    assert binned(office, "claim", member).items == (), "who may not delete sees no bin"
    with pytest.raises(InvalidInput, match="bad_cursor"):
        binned(office, "claim", chief, after="x.1")


def test_purging_leaves_nothing_but_a_line_in_the_audit_log(office: Any, chief: Actor, member: Actor) -> None:
    claim = office.create("claim", {"subject": "secret words"}).id
    with pytest.raises(Conflict, match="not_deleted"), office.work() as session:
        purge.purge(office.records, session, office.forms, [claim], chief, confirmed=True)
    drop(office, claim)
    with office.work() as session:
        place = {"ws": office.workspace, "id": claim, "person": member.person_id}
        for mark in ("@self", "claim.@there"):
            put = "INSERT INTO recalculation (workspace_id, record_id, cause) VALUES (:ws, :id, :mark)"
            session.execute(text(put), {**place, "mark": mark})
        comment = (
            "INSERT INTO record_comment (workspace_id, record_id, body, created_by) VALUES (:ws, :id, 'x', :person)"
        )
        session.execute(text(comment), place)
    with pytest.raises(Conflict, match="confirm_purge"), office.work() as session:
        purge.purge(office.records, session, office.forms, [claim], chief, confirmed=False)
    with pytest.raises(Forbidden), office.work() as session:
        purge.purge(office.records, session, office.forms, [claim], member, confirmed=True)
    with office.work() as session:
        purge.purge(office.records, session, office.forms, [claim], chief, confirmed=True)
    with office.work() as session:
        marks = session.scalars(text(f"SELECT cause FROM recalculation WHERE record_id = {claim}")).all()
        assert marks == ["claim.@there"], "those who hang on it are still to be worked out without it"
        for table in ("record", "record_history", "record_index", "record_link", "record_comment", "record_search"):
            column = {"record": "id", "record_link": "from_id"}.get(table, "record_id")
            assert session.scalar(text(f"SELECT count(*) FROM {table} WHERE {column} = {claim}")) == 0
        entry = session.execute(text("SELECT actor, action, subject, detail FROM audit_entry")).one()
    assert entry == (chief.ref, "record.purged", f"record:{claim}", {"form": "claim", "versions": 2})


def test_history_is_still_nobodys_to_change(office: Any) -> None:
    claim = office.create("claim", {"subject": "x"}).id

    def attempt(before: str, statement: str) -> None:
        with office.work() as session:
            session.execute(text(before))
            session.execute(text(statement))

    for before in ("SELECT 1", "SELECT set_config('app.purging', 'on', true)"):
        for statement in ("DELETE FROM record_history", "UPDATE record_history SET actor = 'nobody'"):
            with pytest.raises(Exception, match=r"only grows|permission denied"):
                attempt(before, statement)
    assert office.view(claim).version == 1


def test_another_workspaces_records_cannot_be_purged(office: Any, other_workspace: int) -> None:
    from formloom.db.uow import unit_of_work

    claim = office.create("claim", {"subject": "x"}).id
    drop(office, claim)
    with unit_of_work(office.databases, other_workspace) as session:
        assert session.scalar(text("SELECT purge_records(CAST(:ids AS bigint[]))"), {"ids": [claim]}) == []
    assert [each.id for each in binned(office, "claim").items] == [claim]


def test_what_is_wrong_beside_a_hidden_link_is_told_with_it(office: Any, member: Actor) -> None:
    hidden = office.create("budget", {"code": "B1", "amount": "0.00"}).id
    values = {"main": hidden, "lines": [{"budget": hidden, "cost": "1.001"}, {"budget": hidden, "cost": "5.00"}]}
    with pytest.raises(InvalidInput) as refused:
        office.create("claim", values, member)
    assert {(issue.pointer, issue.code) for issue in refused.value.issues} == {
        ("/main", "unknown_record"),
        ("/lines/0/budget", "unknown_record"),
        ("/lines/1/budget", "unknown_record"),
        ("/lines/0/cost", "too_many_decimals"),
        ("/subject", "required"),
    }, "what the filter and the rule would say of the hidden budget stays unsaid"


def test_rows_are_merged_by_their_ids(office: Any) -> None:
    parent = office.create("budget", {"code": "B1", "amount": "100.00"}).id
    claim = office.create(
        "claim", {"subject": "x", "lines": [{"budget": parent, "cost": "1.00"}, {"budget": parent, "cost": "2.00"}]}
    )
    one, two = claim.data["lines"]
    theirs = [{"id": one["id"], "cost": "5.00"}, {"id": two["id"]}]
    office.update(claim.id, {"lines": theirs}, expected_version=1)
    mine = [{**one}, {**two, "cost": "7.00"}, {"budget": parent, "cost": "8.00"}]
    merged = office.update(claim.id, {"lines": mine}, expected_version=1)
    assert [row["cost"] for row in merged.data["lines"]] == ["5.00", "7.00", "8.00"]
    with pytest.raises(Conflict) as refused:
        office.update(claim.id, {"lines": [{**one, "cost": "6.00"}, {**two}]}, expected_version=1)
    fields = refused.value.params["fields"]
    told = [(each["field"], each["row"], each["yours"], each["theirs"]) for each in fields]  # type: ignore[attr-defined]
    assert told == [("lines.cost", one["id"], "6.00", "5.00")]


def test_a_file_that_was_swept_meanwhile_is_told_to_who_decides() -> None:
    told = refusal.of_a_step("23503", {})
    assert (type(told), told and told.code) == (Conflict, "unknown_file")
    assert refusal.of_a_step("23502", {}) is None

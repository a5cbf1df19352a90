"""Records through the front door: numbers, links, uniqueness, merging, history, the bin."""

from typing import Any

import pytest
from formloom.errors import Conflict, Forbidden, InvalidInput, NotFound
from sqlalchemy import text

from form_engine.records.actor import SYSTEM, Actor


def budget(office: Any, code: str = "B1", amount: str = "100.00", **more: Any) -> int:
    return int(office.create("budget", {"code": code, "amount": amount, **more}).id)


def test_a_record_gets_number_title_and_first_version(office: Any) -> None:
    first = office.create("claim", {"subject": "Chairs"})
    second = office.create("claim", {"subject": "Desks"})
    assert (first.version, first.number[-5:], second.number[-5:]) == (1, "-0001", "-0002")
    assert first.title == first.number
    assert office.view(first.id).record == office.view(first.id).record


def test_a_rolled_back_transaction_leaves_no_gap_in_the_numbers(office: Any) -> None:
    with office.work() as session:
        office.records.create(session, office.forms, "claim", {"subject": "Never"}, SYSTEM)
        session.rollback()
    assert office.create("claim", {"subject": "Chairs"}).number.endswith("-0001")


def test_a_draft_counts_nowhere_until_it_is_submitted(office: Any) -> None:
    parent = budget(office)
    draft = office.create("claim", {"main": parent}, draft=True)
    assert (draft.draft, draft.number) == (True, None)
    assert office.ids("claim") == []
    assert office.view(parent).computed["claims"] == "0"
    with pytest.raises(InvalidInput) as refused:
        office.update(draft.id, {}, submit=True)
    assert [(issue.pointer, issue.code) for issue in refused.value.issues] == [("/subject", "required")]
    submitted = office.update(draft.id, {"subject": "Chairs"}, submit=True)
    assert submitted.number.endswith("-0001")
    assert office.ids("claim") == [draft.id]
    assert office.view(parent).computed["claims"] == "1"


def test_rollups_follow_their_children(office: Any) -> None:
    parent = budget(office)
    claim = office.create("claim", {"subject": "Chairs", "lines": [{"budget": parent, "cost": "30.00"}]})
    assert office.view(parent).computed["left"] == "100.00"
    office.update(claim.id, {"state": "approved"})
    computed = office.view(parent).computed
    assert (computed["spent"], computed["left"]) == ("30.00", "70.00")
    office.update(claim.id, {"state": "open"})
    assert office.view(parent).computed["left"] == "100.00"


def test_what_begins_to_count_is_judged_again(office: Any) -> None:
    parent = budget(office)
    first, second = (
        office.create("claim", {"subject": "Chairs", "lines": [{"budget": parent, "cost": "80.00"}]}) for _ in range(2)
    )
    office.update(first.id, {"state": "approved"})
    with pytest.raises(InvalidInput) as refused:
        office.update(second.id, {"state": "approved"})
    assert [(issue.pointer, issue.code) for issue in refused.value.issues] == [("/lines/0/cost", "rule_failed")]
    # A record that counts already is not in its own way.
    assert office.update(first.id, {"subject": "Stools"}).version == 3


def test_unique_values_are_held_by_the_database(office: Any) -> None:
    one = budget(office, "B1")
    with pytest.raises(InvalidInput) as refused:
        budget(office, "B1")
    assert [(issue.pointer, issue.code) for issue in refused.value.issues] == [("/code", "not_unique")]
    with office.work() as session:
        office.records.delete(session, office.forms, one, SYSTEM)
    budget(office, "B1")
    with pytest.raises(InvalidInput, match="not_unique"), office.work() as session:
        office.records.restore(session, office.forms, one, SYSTEM)


def test_the_bin_hides_and_gives_back(office: Any) -> None:
    parent = budget(office)
    claim = office.create("claim", {"subject": "Chairs", "main": parent})
    with office.work() as session:
        office.records.delete(session, office.forms, claim.id, SYSTEM)
    assert office.ids("claim") == []
    assert office.view(parent).computed["claims"] == "0"
    with pytest.raises(NotFound):
        office.view(claim.id)
    with office.work() as session:
        office.records.restore(session, office.forms, claim.id, SYSTEM)
    assert office.ids("claim") == [claim.id]
    assert office.view(parent).computed["claims"] == "1"


def test_links_lead_to_records_that_exist_and_fit(office: Any) -> None:
    empty = budget(office, amount="0.00")
    with pytest.raises(InvalidInput) as refused:
        office.create("claim", {"subject": "x", "main": 999_999, "lines": [{"budget": empty, "cost": "0.00"}]})
    assert {(issue.pointer, issue.code) for issue in refused.value.issues} == {
        ("/main", "unknown_record"),
        ("/lines/0/budget", "filtered_out"),
    }


def test_changes_of_different_fields_are_merged(office: Any) -> None:
    record = office.create("budget", {"code": "B1", "amount": "1.00", "name": "old"})
    office.update(record.id, {"name": "theirs"}, expected_version=1)
    merged = office.update(record.id, {"amount": "2.00"}, expected_version=1)
    assert (merged.version, merged.data["name"], merged.data["amount"]) == (3, "theirs", "2.00")


def test_a_conflict_names_both_values(office: Any) -> None:
    record = office.create("budget", {"code": "B1", "amount": "1.00", "name": "old"})
    office.update(record.id, {"name": "theirs"}, expected_version=1)
    with pytest.raises(Conflict) as refused:
        office.update(record.id, {"name": "mine"}, expected_version=1)
    assert refused.value.code == "version_conflict"
    assert refused.value.params["fields"] == [
        {"field": "name", "yours": "mine", "theirs": "theirs", "by": "system"},
    ]


def test_history_tells_who_changed_what(office: Any, make_person: Any) -> None:
    person = make_person("Chen", "chief")
    actor = Actor.person(person.id, frozenset({"chief"}))
    record = office.create("budget", {"code": "B1", "amount": "1.00"}, actor)
    office.update(record.id, {"amount": "2.00"}, actor)
    with office.work() as session:
        seen = office.records.view(session, office.forms, record.id, actor)
        entries = office.records.history(session, seen)
    assert [(each.action, each.actor, each.version) for each in entries] == [
        ("created", actor.ref, 1),
        ("updated", actor.ref, 2),
    ]
    assert entries[1].changes == {"amount": ("1.00", "2.00")}


def test_rights_are_asked_before_anything_is_done(office: Any, make_person: Any) -> None:
    outsider = Actor.person(make_person("Out").id)
    member = Actor.person(make_person("Mem", "member").id, frozenset({"member"}))
    with pytest.raises(Forbidden):
        office.create("claim", {"subject": "x"}, outsider)
    theirs = office.create("claim", {"subject": "x"})
    with pytest.raises(NotFound):
        office.update(theirs.id, {"subject": "y"}, member)
    mine = office.create("claim", {"subject": "x"}, member)
    assert office.update(mine.id, {"subject": "y"}, member).data["subject"] == "y"
    with pytest.raises(InvalidInput) as refused:
        office.update(mine.id, {"main": budget(office)}, member)
    assert refused.value.issues[0].code == "unknown_record"


def test_a_record_in_a_run_is_edited_by_its_steps_only(office: Any) -> None:
    record = office.create("claim", {"subject": "x"})
    with office.work() as session:
        session.execute(text("UPDATE record SET run_id = 7 WHERE id = :id"), {"id": record.id})
    with pytest.raises(Conflict, match="record_in_run"):
        office.update(record.id, {"subject": "y"})


def test_rows_come_in_bulk(office: Any) -> None:
    rows = [{"code": f"B{n}", "amount": f"{n}.00"} for n in range(1_200)]
    with office.work() as session:
        ids = office.records.import_rows(session, office.forms, "budget", rows, SYSTEM)
    assert len(set(ids)) == 1_200
    with office.work() as session:
        page = office.records.list_page(session, office.forms, "budget", SYSTEM, sort=("-amount",), limit=3)
    assert [item.values["code"] for item in page.items] == ["B1199", "B1198", "B1197"]
    assert page.count == 1_200


def test_who_links_here(office: Any) -> None:
    parent = budget(office)
    claim = office.create("claim", {"subject": "x", "lines": [{"budget": parent, "cost": "1.00"}]})
    with office.work() as session:
        seen = office.records.view(session, office.forms, parent, SYSTEM)
        found = office.records.children(session, office.forms, seen, SYSTEM)
    assert [(form, path, [item.id for item in page.items]) for form, path, page in found] == [
        ("claim", "lines.budget", [claim.id])
    ]

"""Drafts, versions, and what publishing brings up to date."""

from copy import deepcopy
from typing import Any

import pytest
from formloom.errors import Conflict, InvalidDefinition, NotFound
from sqlalchemy import text

from form_engine.records.actor import SYSTEM, Actor

OTHER = Actor.person(7)


def changed(office: Any, key: str, change: Any) -> dict[str, Any]:
    with office.work() as session:
        body = deepcopy(office.forms.body(session, key))
    change(body)
    return dict(body)


def publish(office: Any, key: str, change: Any) -> int:
    body = changed(office, key, change)
    with office.work() as session:
        revision = office.forms.draft(session, key).revision
        office.forms.save_draft(session, key, body, SYSTEM, revision=revision)
        return int(office.forms.publish(session, key, SYSTEM))


def add(field: dict[str, Any]) -> Any:
    return lambda body: body["fields"].append(field)


def problems(office: Any, key: str, change: Any) -> set[tuple[str, str]]:
    body = changed(office, key, change)
    with office.work() as session:
        return {(issue.pointer, issue.code) for issue in office.forms.problems(session, key, body)}


def test_a_draft_is_nobody_elses_to_overwrite(office: Any) -> None:
    with office.work() as session:
        draft = office.forms.draft(session, "budget")
        assert (draft.changed, draft.live_version) == (False, 1)
        theirs = {**draft.definition, "title": "Theirs"}
        revision = office.forms.save_draft(session, "budget", theirs, OTHER, revision=draft.revision)
        mine = {**draft.definition, "title": "Mine"}
        with pytest.raises(Conflict, match="revision_conflict") as refused:
            office.forms.save_draft(session, "budget", mine, SYSTEM, revision=draft.revision)
        told = {"at": "/title", "yours": "Mine", "theirs": "Theirs"}
        assert refused.value.params == {"revision": revision, "by": "person:7", "conflicts": [told]}
        kept = office.forms.draft(session, "budget")
        assert (kept.revision, kept.definition["title"]) == (revision, "Theirs")


def test_two_admins_who_change_different_things_both_get_them(office: Any) -> None:
    with office.work() as session:
        draft = office.forms.draft(session, "budget")
        first, second = deepcopy(draft.definition), deepcopy(draft.definition)
        first["fields"].append({"key": "mine", "type": "text"})
        first["fields"][0]["label"] = "Renamed"
        second["fields"].insert(1, {"key": "theirs", "type": "text"})
        del second["list"]
        office.forms.save_draft(session, "budget", first, SYSTEM, revision=draft.revision)
        office.forms.save_draft(session, "budget", second, OTHER, revision=draft.revision)
        both = office.forms.draft(session, "budget").definition
    keys = [each["key"] for each in both["fields"]]
    assert (keys[1], keys[-1], both["fields"][0]["label"], "list" in both) == ("theirs", "mine", "Renamed", False)


def test_who_saved_before_a_publish_is_merged_after_it(office: Any) -> None:
    with office.work() as session:
        draft = office.forms.draft(session, "budget")
        first = {**deepcopy(draft.definition), "title": "First"}
        saved = office.forms.save_draft(session, "budget", first, SYSTEM, revision=draft.revision)
        office.forms.publish(session, "budget", SYSTEM, revision=saved)
        second = deepcopy(first)
        second["fields"][0]["label"] = "Second"
        office.forms.save_draft(session, "budget", second, OTHER, revision=saved)
        both = office.forms.draft(session, "budget").definition
    assert (both["title"], both["fields"][0]["label"]) == ("First", "Second")


def test_versions_never_change_and_one_is_live(office: Any) -> None:
    assert publish(office, "budget", add({"key": "note", "type": "text", "label": "Note", "required": True})) == 2
    with office.work() as session:
        assert office.forms.live(session, "budget").version == 2
        assert office.forms.version(session, "budget", 1).field("note") is None
        assert "note" not in str(office.forms.body(session, "budget", 1))
        with pytest.raises(NotFound):
            office.forms.live(session, "nothing")
        with pytest.raises(Conflict, match="nothing_to_publish"):
            office.forms.publish(session, "budget", SYSTEM)


def test_what_was_published_and_rolled_back_never_was(office: Any) -> None:
    body = changed(office, "budget", add({"key": "ghost", "type": "text", "label": "Ghost"}))
    with office.work() as session:
        office.forms.publish_together(session, {"budget": body}, SYSTEM)
        assert office.forms.live(session, "budget").field("ghost")
        session.rollback()
    with office.work() as session:
        assert office.forms.live(session, "budget").field("ghost") is None
    assert publish(office, "budget", add({"key": "real", "type": "text", "label": "Real"})) == 2
    with office.work() as session:
        assert office.forms.version(session, "budget", 2).field("real")


def test_one_form_cannot_break_another(office: Any) -> None:
    def drop(body: Any) -> None:
        body["fields"] = [field for field in body["fields"] if field["key"] != "left"]
        body["list"] = ["code"]

    assert any(pointer.startswith("/claim/") for pointer, _ in problems(office, "budget", drop))


def test_what_sql_cannot_say_is_refused_with_the_reason(office: Any) -> None:
    def divide(body: Any) -> None:
        body["access"][1]["where"] = "amount / 3 > 1"

    assert problems(office, "budget", divide) == {("/access/1/where", "access_not_in_sql")}


def test_a_rollup_reads_records_and_no_clock(office: Any) -> None:
    field = {"key": "far", "type": "rollup", "label": "Far", "from": "claim", "via": "main", "fn": "count"}
    assert problems(office, "budget", add({**field, "where": "target.main.amount > 0"})) == set()
    assert problems(office, "budget", add({**field, "where": "TODAY() = TODAY()"})) == {
        ("/fields/10/where", "rollup_reads_elsewhere")
    }


def test_new_indexes_and_rollups_take_in_older_records(office: Any) -> None:
    parent = office.create("budget", {"code": "B1", "amount": "5.00", "opened": "2026-01-05"}).id
    for cost in ("1.00", "2.00"):
        office.create("claim", {"subject": "x", "lines": [{"budget": parent, "cost": cost}]})

    def index(body: Any) -> None:
        body["fields"][4]["index"] = True
        rollup = {"type": "rollup", "from": "claim.lines", "via": "budget", "of": "row.cost", "label": "Asked"}
        body["fields"] += [{"key": "asked", "fn": "sum", **rollup}, {"key": "most", "fn": "max", **rollup}]

    publish(office, "budget", index)
    with office.work() as session:
        slot = office.forms.forms(session).slots["budget"]["opened"]
        assert session.scalar(text(f"SELECT {slot} FROM record_index WHERE record_id = {parent}")).day == 5
    computed = office.view(parent).computed
    assert (computed["asked"], computed["most"]) == ("3.00", "2.00")
    assert office.ids("budget", filter={"field": "asked", "op": "eq", "value": "3"}) == [parent]


def test_all_or_none_is_published(office: Any) -> None:
    bad = changed(office, "claim", add({"key": "x", "type": "link", "form": "nowhere", "label": "X"}))
    good = changed(office, "budget", add({"key": "y", "type": "text", "label": "Y"}))
    with office.work() as session, pytest.raises(InvalidDefinition) as refused:
        office.forms.publish_together(session, {"claim": bad, "budget": good}, SYSTEM)
    assert [issue.pointer for issue in refused.value.issues] == ["/claim/fields/5/form"]
    with office.work() as session:
        assert office.forms.live_versions(session) == {"budget": 1, "claim": 1}


def test_a_write_planned_by_yesterdays_forms_is_refused(office: Any) -> None:
    with office.work() as session:
        office.forms.forms(session)
        publish(office, "budget", add({"key": "note", "type": "text", "label": "Note"}))
        with pytest.raises(Conflict, match="definition_changed"):
            office.records.create(session, office.forms, "budget", {"code": "B1", "amount": "1.00"}, SYSTEM)
    assert office.create("budget", {"code": "B1", "amount": "1.00"}).form_version == 2

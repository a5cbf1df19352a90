"""Every door shows the same records and the same fields; what is hidden is absent everywhere."""

from datetime import timedelta
from typing import Any

import pytest
from formloom.clock import app_now
from formloom.errors import InvalidInput, NotFound
from formloom.models import AccessGrant
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from form_engine.records.actor import SYSTEM, Actor

HIDDEN = {"secret", "whisper"}


@pytest.fixture
def people(make_person: Any) -> list[Actor]:
    """A chief, two members, somebody without a role."""
    made = [("A", "chief"), ("B", "member"), ("C", "member"), ("D",)]
    return [Actor.person(make_person(*each).id, frozenset(each[1:])) for each in made]


def grant(office: Any, person: Actor, record: int, fields: dict[str, str], *, lasts: int = 60) -> None:
    with office.work() as session:
        session.add(
            AccessGrant(
                workspace_id=office.workspace,
                person_id=person.person_id,
                form="budget",
                record_id=record,
                source=f"run:{record}",
                actions=["read"],
                fields=fields,
                expires_at=app_now(session) + timedelta(minutes=lasts),
            )
        )


def listed(office: Any, actor: Actor, **asked: Any) -> set[int]:
    return set(office.ids("budget", actor, limit=200, **asked))


def opened(office: Any, actor: Actor, ids: list[int]) -> set[int]:
    found = set()
    for each in ids:
        try:
            found.add(office.view(each, actor).id)
        except NotFound:
            continue
    return found


def offered(office: Any, actor: Actor) -> set[int]:
    with office.work() as session:
        page = office.records.lookup(session, office.forms, "claim", "main", actor, values={}, limit=200)
    return {item.id for item in page.items}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    owners=st.lists(st.integers(min_value=-1, max_value=3), min_size=1, max_size=6),
    grants=st.lists(
        st.tuples(st.integers(0, 5), st.integers(1, 3), st.booleans()), max_size=4, unique_by=lambda g: g[:2]
    ),
)
def test_list_get_lookup_and_search_see_the_same_records(
    office: Any, people: list[Actor], owners: list[int], grants: list[tuple[int, int, bool]]
) -> None:
    mark = f"m{id(owners)}x"
    ids = [
        office.create(
            "budget",
            {"code": f"{mark}{at}", "amount": "1.00", "owner": people[owner].person_id if owner >= 0 else None},
        ).id
        for at, owner in enumerate(owners)
    ]
    for at, who, live in grants:
        if at < len(ids):
            grant(office, people[who], ids[at], {"*": "read"}, lasts=60 if live else -1)
    for at, actor in enumerate(people):
        expected = {
            each
            for place, each in enumerate(ids)
            if at == 0
            or (at in (1, 2) and owners[place] == at)
            or any(live and (row, who) == (place, at) for row, who, live in grants)
        }
        assert listed(office, actor) & set(ids) == expected
        assert opened(office, actor, ids) == expected
        assert offered(office, actor) & set(ids) == expected
        assert listed(office, actor, q=mark) & set(ids) == expected


def test_a_blank_owner_is_nobodys(office: Any, people: list[Actor]) -> None:
    office.create("budget", {"code": "B1", "amount": "1.00"})
    guest = Actor("person", None, frozenset({"member"}))
    assert listed(office, guest) == set()


def test_hidden_fields_are_absent_everywhere(office: Any, people: list[Actor]) -> None:
    chief, member = people[0], people[1]
    record = office.create(
        "budget", {"code": "B1", "amount": "1.00", "secret": "sesame", "owner": member.person_id}, chief
    )
    office.update(record.id, {"secret": "open sesame", "name": "n"}, chief)
    view = office.view(record.id, member)
    assert HIDDEN.isdisjoint(view.values)
    assert HIDDEN.isdisjoint(view.computed)
    assert office.view(record.id, chief).computed["whisper"] == "open sesame!"
    with office.work() as session:
        entries = office.records.history(session, office.records.view(session, office.forms, record.id, member))
    assert [sorted(each.changes) for each in entries] == [["amount", "code", "owner"], ["name"]]
    assert "sesame" not in repr(entries)
    assert listed(office, member, q="sesame") == set()
    assert listed(office, chief, q="sesame") == {record.id}
    for key in HIDDEN:
        for asked in ({"filter": {"field": key, "op": "blank"}}, {"sort": (key,)}, {"sort": (f"-{key}",)}):
            with pytest.raises(InvalidInput) as refused:
                listed(office, member, **asked)
            assert refused.value.issues[0].code == "unknown_field"


def test_a_hidden_field_cannot_be_asked_for_through_a_link(office: Any, people: list[Actor]) -> None:
    member = people[1]
    with pytest.raises(InvalidInput, match="unknown_field"):
        office.ids("claim", member, filter={"field": "main.secret", "op": "eq", "value": "x"})
    assert office.ids("claim", member, filter={"field": "main.code", "op": "eq", "value": "x"}) == []


def test_a_grant_opens_only_its_fields_and_closes_what_a_filter_would_tell(office: Any, people: list[Actor]) -> None:
    member, nobody = people[1], people[3]
    record = office.create("budget", {"code": "B1", "amount": "5.00", "name": "n"})
    grant(office, nobody, record.id, {"code": "read"})
    view = office.view(record.id, nobody)
    assert (dict(view.values), dict(view.computed)) == ({"code": "B1"}, {})
    with pytest.raises(InvalidInput, match="unknown_field"):
        listed(office, nobody, filter={"field": "amount", "op": "gt", "value": "1"})
    # A member may filter by amount on their own; with a granted record that hides it, no more.
    assert listed(office, member, filter={"field": "amount", "op": "gt", "value": "1"}) == set()
    grant(office, member, record.id, {"code": "read"})
    with pytest.raises(InvalidInput, match="unknown_field"):
        listed(office, member, filter={"field": "amount", "op": "gt", "value": "1"})


def test_nobody_writes_what_is_hidden_or_read_only(office: Any, people: list[Actor]) -> None:
    member = people[1]
    record = office.create("claim", {"subject": "x"}, member)
    with pytest.raises(InvalidInput) as refused:
        office.update(record.id, {"workspace_id": 7, "created_by": 1, "version": 9}, member)
    assert {issue.code for issue in refused.value.issues} == {"unknown_key"}
    with pytest.raises(InvalidInput) as refused:
        office.update(record.id, {"state": "approved"}, member)
    assert refused.value.issues[0].code == "moved_by_steps_only"


def test_other_workspaces_do_not_exist(office: Any, other_workspace: int) -> None:
    record = office.create("budget", {"code": "B1", "amount": "1.00"})
    other = type(office)(office.databases, other_workspace, office.forms, office.records)
    with pytest.raises(NotFound):
        other.view(record.id, SYSTEM)
    with pytest.raises(NotFound):
        other.ids("budget")

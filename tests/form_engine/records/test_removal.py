"""Deleting what others link to: each link says what becomes of those who link, and restoring brings it back."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from formloom.db.uow import unit_of_work
from formloom.errors import Conflict, FormloomError, InvalidInput

from form_engine.records import removal
from form_engine.records.actor import SYSTEM, Actor

SITE: dict[str, Any] = {
    "kind": "form",
    "key": "site",
    "title": "Site",
    "display": ["name"],
    "fields": [{"key": "name", "type": "text", "label": "Name"}],
    "access": [{"role": "chief", "may": ["create", "read", "update", "delete"]}],
}


def thing(on_delete: str | None = None, **more: Any) -> dict[str, Any]:
    """A form that links to sites in every way there is, each with this policy."""
    said = {"on_delete": on_delete} if on_delete else {}
    return {
        "kind": "form",
        "key": "thing",
        "title": "Thing",
        "display": ["name"],
        "fields": [
            {"key": "name", "type": "text", "label": "Name"},
            {"key": "site", "type": "link", "form": "site", "label": "Site", **said, **more},
            {"key": "sites", "type": "links", "form": "site", "label": "Sites", **said},
            {
                "key": "lines",
                "type": "table",
                "label": "Lines",
                "fields": [
                    {"key": "at", "type": "link", "form": "site", "label": "At", **said},
                    {"key": "what", "type": "text", "label": "What"},
                ],
            },
        ],
        "access": [{"role": "clerk", "may": ["read"]}],
    }


@pytest.fixture
def world(office: Any) -> Any:
    """`world(form)`: sites, and things that link to them."""

    def publish(form: dict[str, Any]) -> Any:
        with office.work() as session:
            office.forms.publish_together(session, {"site": SITE, "thing": form}, SYSTEM)
        return office

    return publish


def remove(office: Any, record: int, actor: Actor = SYSTEM, **how: Any) -> removal.Removed:
    with office.work() as session:
        done: removal.Removed = office.records.delete(session, office.forms, record, actor, **how)
        return done


def restore(office: Any, record: int) -> removal.Removed:
    with office.work() as session:
        done: removal.Removed = office.records.restore(session, office.forms, record, SYSTEM)
        return done


def values(office: Any, record: int) -> dict[str, Any]:
    return dict(office.view(record).values)


def test_refuse_names_who_holds_on(world: Any, make_person: Any) -> None:
    office = world(thing("refuse"))
    site = office.create("site", {"name": "North"}).id
    holder = office.create("thing", {"name": "Pump", "site": site})
    with pytest.raises(Conflict) as refused:
        remove(office, site, force=True)
    assert refused.value.code == "linked_from"
    assert refused.value.params["records"] == [{"id": holder.id, "form": "thing", "title": "Pump"}]
    chief = Actor.person(make_person("Chen", "chief").id, frozenset({"chief"}))
    with pytest.raises(Conflict) as hidden:
        remove(office, site, chief)
    assert hidden.value.params == {"form": "site", "count": 1, "hidden": 1, "records": []}
    remove(office, holder.id)
    assert remove(office, site).record.deleted


def test_ask_waits_for_the_answer_and_then_clears(world: Any) -> None:
    office = world(thing())
    site, other = office.create("site", {"name": "North"}).id, office.create("site", {"name": "South"}).id
    lines = [{"at": site, "what": "a"}, {"at": other, "what": "b"}]
    holder = office.create("thing", {"site": site, "sites": [site, other], "lines": lines}).id
    with pytest.raises(Conflict, match="linked_from_ask"):
        remove(office, site)
    done = remove(office, site, force=True)
    assert (done.along, done.cleared) == ((), (holder,))
    left = values(office, holder)
    assert "site" not in left
    assert left["sites"] == [other]
    assert [line.get("at") for line in left["lines"]] == [None, other]


def test_clear_asks_nobody_and_restoring_sets_the_links_again(world: Any) -> None:
    office = world(thing("clear"))
    site = office.create("site", {"name": "North"}).id
    holder = office.create("thing", {"site": site, "sites": [site], "lines": [{"at": site, "what": "a"}]}).id
    before = values(office, holder)
    assert remove(office, site).cleared == (holder,)
    assert "sites" not in values(office, holder)
    assert restore(office, site).cleared == (holder,)
    assert values(office, holder) == before


def test_cascade_takes_records_and_rows_along_and_brings_them_back(world: Any) -> None:
    office = world(thing("cascade"))
    north, south = (office.create("site", {"name": name}).id for name in ("North", "South"))
    own = office.create("thing", {"site": north}).id
    last = office.create("thing", {"sites": [north]}).id
    several = office.create("thing", {"sites": [north, south]}).id
    row = office.create("thing", {"lines": [{"at": north, "what": "a"}, {"at": south, "what": "b"}]}).id
    before = values(office, row)
    done = remove(office, north)
    assert set(done.along) == {own, last}
    assert set(done.cleared) == {several, row}
    assert set(office.ids("thing")) == {several, row}
    assert values(office, several)["sites"] == [south]
    assert [line["what"] for line in values(office, row)["lines"]] == ["b"]
    back = restore(office, north)
    assert set(back.along) == {own, last}
    assert values(office, row) == before, "rows come back with their ids and in their places"
    assert values(office, several)["sites"] == [north, south]


def test_what_changed_meanwhile_stays_as_it_is(world: Any) -> None:
    office = world(thing("clear"))
    north, south = (office.create("site", {"name": name}).id for name in ("North", "South"))
    holder = office.create("thing", {"site": north}).id
    remove(office, north)
    office.update(holder, {"site": south})
    assert restore(office, north).left == (holder,)
    assert values(office, holder)["site"] == south


def test_a_cascade_goes_through_many_levels_and_has_an_end(office: Any) -> None:
    node = {
        "kind": "form",
        "key": "node",
        "title": "Node",
        "fields": [{"key": "above", "type": "link", "form": "node", "label": "Above", "on_delete": "cascade"}],
    }
    with office.work() as session:
        office.forms.publish_together(session, {"node": node}, SYSTEM)
    chain = [office.create("node", {}).id]
    for _ in range(20):
        chain.append(office.create("node", {"above": chain[-1]}).id)
    assert list(remove(office, chain[0]).along) == chain[1:]
    assert office.ids("node") == []
    root = office.create("node", {}).id
    with office.work() as session:
        rows = [{"above": root}] * (removal.MOST + 1)
        office.records.import_rows(session, office.forms, "node", rows, SYSTEM)
    with pytest.raises(Conflict, match="removal_too_large"):
        remove(office, root)
    assert len(office.ids("node", limit=5)) == 5


def test_an_outlook_says_it_all_and_does_nothing(world: Any) -> None:
    office = world(thing("cascade"))
    site = office.create("site", {"name": "North"}).id
    own = office.create("thing", {"site": site}).id
    row = office.create("thing", {"lines": [{"at": site}]}).id
    with office.work() as session:
        found = removal.outlook(office.records, session, office.forms, site, SYSTEM)
    assert (list(found.going), list(found.cuts)) == ([site, own], [row])
    assert set(office.ids("thing")) == {own, row}


def test_a_required_link_cannot_be_one_that_is_cleared(world: Any) -> None:
    from formloom.errors import InvalidDefinition

    with pytest.raises(InvalidDefinition, match="clear_but_required"):
        world(thing("clear", required=True))


def test_clearing_that_breaks_a_rule_refuses_the_removal(world: Any) -> None:
    form = thing("clear")
    form["rules"] = [{"assert": 'NOT(ISBLANK(site)) OR name = "free"'}]
    office = world(form)
    site = office.create("site", {"name": "North"}).id
    office.create("thing", {"site": site})
    with pytest.raises(Conflict, match="clearing_refused"):
        remove(office, site)
    assert not office.view(site).record.deleted


def test_whoever_links_to_what_goes_is_seen_or_refused(world: Any) -> None:
    """Links and removals at the same moment, many times: no live record is left linking to the bin."""
    office = world(thing("refuse"))
    for _ in range(12):
        site = office.create("site", {"name": "North"}).id

        def link(_: int, site: int = site) -> str:
            try:
                office.create("thing", {"site": site})
            except FormloomError as error:
                return error.code
            return "linked"

        def drop(_: int, site: int = site) -> str:
            try:
                remove(office, site)
            except FormloomError as error:
                return error.code
            return "removed"

        with ThreadPoolExecutor(4) as pool:
            futures = [pool.submit(link if at % 4 else drop, at) for at in range(4)]
            outcomes = [future.result() for future in futures]
        linked = outcomes.count("linked")
        with unit_of_work(office.databases, office.workspace) as session:
            held = list(removal._holds(session, [site]))
        assert len(held) == linked
        assert ("removed" in outcomes) is (linked == 0), outcomes


def test_removals_that_take_each_other_along_end(office: Any) -> None:
    """Two records that link to each other, both removed at the same moment: one goes first, the other goes along."""
    knot = {
        "kind": "form",
        "key": "knot",
        "title": "Knot",
        "fields": [{"key": "other", "type": "link", "form": "knot", "label": "Other", "on_delete": "cascade"}],
    }
    with office.work() as session:
        office.forms.publish_together(session, {"knot": knot}, SYSTEM)
    for _ in range(10):
        one = office.create("knot", {}).id
        other = office.create("knot", {"other": one}).id
        office.update(one, {"other": other})

        def drop(record: int) -> str:
            try:
                remove(office, record)
            except FormloomError as error:
                return error.code
            return "removed"

        with ThreadPoolExecutor(2) as pool:
            outcomes = sorted(pool.map(drop, [one, other]))
        assert outcomes == ["is_deleted", "removed"]
    assert office.ids("knot") == []


def test_a_draft_whose_link_has_gone_is_refused_when_it_is_submitted(world: Any) -> None:
    office = world(thing())
    site = office.create("site", {"name": "North"}).id
    draft = office.create("thing", {"site": site}, draft=True)
    remove(office, site)
    with pytest.raises(InvalidInput) as refused:
        office.update(draft.id, {}, submit=True)
    assert [(issue.pointer, issue.code) for issue in refused.value.issues] == [("/site", "unknown_record")]


def test_one_who_refuses_is_found_behind_any_number_of_links(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "MOST", 3)
    office = world(thing("clear"))
    firm = {**thing("refuse"), "key": "firm"}
    with office.work() as session:
        office.forms.publish_together(session, {"firm": firm}, SYSTEM)
    site = office.create("site", {"name": "North"}).id
    office.create("thing", {"lines": [{"at": site} for _ in range(20)]})
    office.create("thing", {"site": site, "lines": [{"at": site} for _ in range(20)]})
    holder = office.create("firm", {"lines": [{"at": site}]}).id
    with pytest.raises(Conflict, match="linked_from") as caught:
        remove(office, site)
    named: Any = caught.value.params["records"]
    assert [each["id"] for each in named] == [holder]
    for _ in range(5):
        office.create("firm", {"site": site})
    with pytest.raises(Conflict, match="linked_from"):
        remove(office, site)
    for _ in range(2):
        office.create("thing", {"site": site})
    with pytest.raises(Conflict, match="linked_from"):
        remove(office, site)
    assert not office.view(site).record.deleted

"""Both sides of a link are true, for whoever may see them."""

from typing import Any

import pytest
from formloom.errors import InvalidDefinition, InvalidInput

from form_engine.definition import check_form, compile_form, parse_form
from form_engine.query.listing import matching_ids, stream
from form_engine.records.actor import SYSTEM, Actor

SITE: dict[str, Any] = {
    "kind": "form",
    "key": "site",
    "title": "Site",
    "display": ["name"],
    "fields": [
        {"key": "name", "type": "text"},
        {"key": "pumps", "type": "backlink", "form": "pump", "via": "site"},
        {"key": "seen_by", "type": "backlink", "form": "pump", "via": "sites"},
    ],
    "access": [{"role": "clerk", "may": ["read"]}, {"role": "guard", "may": ["read"]}],
}
PUMP: dict[str, Any] = {
    "kind": "form",
    "key": "pump",
    "title": "Pump",
    "display": ["name"],
    "fields": [
        {"key": "name", "type": "text"},
        {"key": "site", "type": "link", "form": "site", "index": True},
        {"key": "sites", "type": "links", "form": "site"},
        {"key": "names", "type": "formula", "value": 'TEXTJOIN("+", TRUE, sites.name)'},
    ],
    "access": [{"role": "clerk", "may": ["read"], "where": 'name <> "Secret"'}],
}


@pytest.fixture
def world(office: Any) -> Any:
    with office.work() as session:
        office.forms.publish_together(session, {"site": SITE, "pump": PUMP}, SYSTEM)
    return office


def seen(office: Any, record: int, actor: Actor = SYSTEM) -> dict[str, Any]:
    with office.work() as session:
        return dict(office.records.view(session, office.forms, record, actor).computed)


def test_a_backlink_follows_its_links(world: Any, make_person: Any) -> None:
    north, south = (world.create("site", {"name": name}).id for name in ("North", "South"))
    first = world.create("pump", {"name": "First", "site": north, "sites": [north, south]}).id
    secret = world.create("pump", {"name": "Secret", "site": north}).id
    assert seen(world, first)["names"] == "North+South"
    assert set(seen(world, north)["pumps"]) == {first, secret}
    assert seen(world, north)["seen_by"] == seen(world, south)["seen_by"] == [first]
    assert seen(world, south)["pumps"] == []

    clerk = Actor.person(make_person("Wu", "clerk").id, frozenset({"clerk"}))
    guard = Actor.person(make_person("Li", "guard").id, frozenset({"guard"}))
    assert seen(world, north, clerk)["pumps"] == [first]
    assert seen(world, north, guard) == {}

    with world.work() as session:
        world.records.delete(session, world.forms, first, SYSTEM)
    assert seen(world, north) == {"pumps": [secret], "seen_by": []}


def test_nobody_learns_by_asking_that_hidden_records_point_here(world: Any, make_person: Any) -> None:
    north, south, west = (world.create("site", {"name": name}).id for name in ("North", "South", "West"))
    world.create("pump", {"name": "First", "site": north})
    secret = world.create("pump", {"name": "Secret", "site": south}).id
    clerk = Actor.person(make_person("Wu", "clerk").id, frozenset({"clerk"}))
    guard = Actor.person(make_person("Li", "guard").id, frozenset({"guard"}))
    pointed = {"field": "pumps", "op": "not_blank"}
    assert world.ids("site", filter=pointed) == [south, north]
    assert world.ids("site", clerk, filter=pointed) == [north]
    assert world.ids("site", clerk, filter={"field": "pumps", "op": "blank"}) == [west, south]
    with world.work() as session:
        records, forms = world.records, world.forms
        access = records.access(session, forms, "site", clerk)
        assert list(session.scalars(matching_ids(session, access, filter=pointed))) == [north]
        assert [view.id for batch in stream(session, access, filter=pointed) for view in batch] == [north]
        counted = {"measures": [{"as": "n", "fn": "count"}], "filter": pointed}
        assert [each.measures["n"] for each in records.aggregate(session, forms, "site", clerk, counted).groups] == [1]
        # Who may not read the other form, or the link in it, has no such field.
        for filter_ in (pointed, {"field": "pumps", "op": "blank"}):
            with pytest.raises(InvalidInput) as refused:
                records.list_page(session, forms, "site", guard, filter=filter_)
            assert refused.value.issues[0].code == "unknown_field"
    world.update(secret, {"name": "Third"})
    assert world.ids("site", clerk, filter=pointed) == [south, north]


def test_nobody_counts_what_they_may_not_read(office: Any, make_person: Any) -> None:
    fields = [*SITE["fields"], {"key": "n", "type": "rollup", "from": "pump", "via": "site", "fn": "count"}]
    with office.work() as session:
        office.forms.publish_together(session, {"site": {**SITE, "fields": fields}, "pump": PUMP}, SYSTEM)
    north = office.create("site", {"name": "North"}).id
    office.create("pump", {"name": "First", "site": north})
    guard = Actor.person(make_person("Li", "guard").id, frozenset({"guard"}))
    assert seen(office, north)["n"] == "1"
    assert "n" not in seen(office, north, guard)


def test_formulas_do_not_read_backlinks_and_via_must_lead_here() -> None:
    forms = {"site": parse_form(SITE), "pump": parse_form(PUMP)}
    compile_form(forms["site"], forms)
    counted = {**SITE, "fields": [*SITE["fields"], {"key": "n", "type": "formula", "value": "COUNTA(pumps)"}]}
    with pytest.raises(InvalidDefinition) as refused:
        compile_form(parse_form(counted), forms)
    assert [issue.pointer for issue in refused.value.issues] == ["/fields/3/value"]


def test_a_rollup_wants_a_link_to_one() -> None:
    fields = [*SITE["fields"], {"key": "n", "type": "rollup", "from": "pump", "via": "sites", "fn": "count"}]
    forms = {"site": parse_form({**SITE, "fields": fields}), "pump": parse_form(PUMP)}
    assert [(issue.pointer, issue.code) for issue in check_form(forms["site"], forms)] == [
        ("/fields/3/via", "not_a_link_to")
    ]

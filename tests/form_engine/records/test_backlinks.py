"""Both sides of a link are true, for whoever may see them."""

from typing import Any

import pytest
from formloom.errors import InvalidDefinition

from form_engine.definition import check_form, compile_form, parse_form
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
    assert seen(world, north, guard) == {"pumps": [], "seen_by": []}

    with world.work() as session:
        world.records.delete(session, world.forms, first, SYSTEM)
    assert seen(world, north) == {"pumps": [secret], "seen_by": []}


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

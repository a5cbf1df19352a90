"""What a link picker may offer."""

from collections.abc import Mapping
from typing import Any

from formloom.access import Identity
from sqlalchemy.orm import Session

from form_engine.definition import READ_ALL
from form_engine.query import lookup as lookup_query
from web.context import services
from web.desk.linked import linked_of, reader_of
from web.desk.world import World
from web.forms_view import needs

LIMIT = 20


def lookup(session: Session, identity: Identity, form_key: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Candidates for ``asked["field"]`` with the values that the form's formulas will read of the chosen one."""
    world = World.of(session, identity)
    form = world.form(form_key)
    access = world.access(form)
    page = lookup_query.lookup(
        session,
        access,
        asked["field"],
        values={**_stored(world, asked["record"]), **asked["values"]},
        row=asked["row"],
        q=asked["q"],
        after=asked["after"],
        limit=LIMIT,
    )
    reader = reader_of(world, READ_ALL)
    linked = linked_of(world, [item.id for item in page.items], needs(form, reader))
    flat = {key: one for records in linked.values() for key, one in records.items()}
    return {"items": [_item(item, flat) for item in page.items], "next": page.next, "linked": _others(linked, page)}


def _stored(world: World, record_id: int | None) -> Mapping[str, Any]:
    """What the record holds already: a step sends only the fields that it may change, and filters read others too."""
    if record_id is None:
        return {}
    return services().records.view(world.session, services().forms, record_id, world.actor).values


def _item(item: Any, linked: dict[int, Any]) -> dict[str, Any]:
    found = linked.get(item.id)
    title = item.title or item.number or f"#{item.id}"
    sub = item.number if item.number and item.number not in title else None
    return {"id": item.id, "display": title, "sub": sub, "values": dict(found.values) if found else {}}


def _others(linked: dict[str, dict[int, Any]], page: Any) -> dict[str, dict[str, Any]]:
    """Records that formulas reach through the candidates."""
    own = {item.id for item in page.items}
    return {
        form: {str(key): one.to_json() for key, one in records.items() if key not in own}
        for form, records in linked.items()
        if any(key not in own for key in records)
    }

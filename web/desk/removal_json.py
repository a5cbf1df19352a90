"""What a removal takes along, as the API tells it: by form, and by title only what the reader may open."""

from collections.abc import Iterable
from typing import Any

from formloom.access import Identity
from sqlalchemy.orm import Session

from form_engine.records.removal import Hold, Outlook, Removed
from web.context import services
from web.desk.record_json import record_json
from web.desk.world import World

NAMED = 20


def outlook_json(session: Session, identity: Identity, found: Outlook) -> dict[str, Any]:
    """What would become of whom."""
    world = World.of(session, identity)
    along = [(fact.id, fact.form) for fact in list(found.going.values())[1:]]
    cleared = [(hold.record, hold.form) for holds in found.cuts.values() for hold in holds]
    return {
        "along": _touched(world, along),
        "cleared": _touched(world, cleared),
        "asking": _touched(world, _who(found.asking)),
        "refusing": _touched(world, _who(found.refusing)),
    }


def removed_json(session: Session, identity: Identity, done: Removed) -> dict[str, Any]:
    """What came out of the bin."""
    record = record_json(session, identity, done.record.id)
    return {"record": record, "along": list(done.along), "linked": list(done.cleared), "left": list(done.left)}


def _who(holds: Iterable[Hold]) -> list[tuple[int, str]]:
    return [(hold.record, hold.form) for hold in holds]


def _touched(world: World, records: Iterable[tuple[int, str]]) -> list[dict[str, Any]]:
    by_form: dict[str, list[int]] = {}
    for record_id, form in dict.fromkeys(records):
        by_form.setdefault(form, []).append(record_id)
    found = []
    for form, ids in by_form.items():
        titles = services().records.titles(world.session, services().forms, ids, world.actor)
        seen = [{"id": each, "title": titles[each][1]} for each in ids if titles.get(each, ("", None))[1] is not None]
        found.append({"form": form, "count": len(ids), "records": seen[:NAMED]})
    return found

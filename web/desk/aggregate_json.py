"""Figures over a list, with words for the keys of their groups."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from formloom.access import Identity
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.definition import CompiledField
from form_engine.fields.datetime import write_datetime
from form_engine.query.aggregate import Aggregate, aggregate
from web.desk.world import World
from web.names import Names, Wanted


def aggregate_json(session: Session, identity: Identity, form_key: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """The figures; ``labels`` tells by group and key how people read it. Decimals are text."""
    world = World.of(session, identity)
    _, access = world.listable(form_key)
    found = aggregate(session, access, query)
    return {
        "groups": [
            {
                "keys": {name: _plain(value) for name, value in group.keys.items()},
                "measures": {name: _plain(value) for name, value in group.measures.items()},
            }
            for group in found.groups
        ],
        "more": found.more,
        "labels": _labels(world, found),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return write_datetime(value)
    return value.isoformat() if isinstance(value, date) else value


def _labels(world: World, found: Aggregate) -> dict[str, dict[str, str]]:
    """By group name: words for links, people and options; other keys speak for themselves."""
    wanted, by_name = Wanted(), {}
    for name, field in found.fields.items():
        if field is None:
            continue
        keys = [group.keys[name] for group in found.groups if group.keys[name] is not None]
        by_name[name] = (field, keys)
        match field.type.item.kind:
            case "record":
                wanted.records.update(keys)
            case "person":
                wanted.people.update(keys)
    names = world.names_of(wanted)
    told = {name: _words(world, field, keys, names) for name, (field, keys) in by_name.items()}
    return {name: words for name, words in told.items() if words}


def _words(world: World, field: CompiledField, keys: list[Any], names: Names) -> dict[str, str]:
    match field.type.item.kind:
        case "record":
            return {str(key): names.records[key] for key in keys if key in names.records}
        case "person":
            return {str(key): names.people[key] for key in keys if key in names.people}
    options = getattr(field.definition.config, "options", None) or {}
    return {str(key): localized(options[key].label, world.locale) for key in keys if key in options}

"""Linked records as a form's formulas need them in the browser."""

from collections.abc import Iterable, Mapping
from typing import Any

from form_engine.definition import CompiledForm
from form_engine.fields.formula import computed_json
from form_engine.formula import LinkRef, RecordValue
from form_engine.records.facts_sql import facts_of
from web.desk.world import World
from web.forms_view import Linked, Reader, needs
from web.names import Wanted
from web.speech import gettext


def reader_of(world: World, fields: Any) -> Reader:
    """The reader of a form's model: field access here, and what roles may read elsewhere."""
    accesses = {key: world.access(form) for key, form in world.forms.items()}
    return Reader(
        locale=world.locale,
        fields=fields,
        may_read=lambda form, key: (
            form in accesses and accesses[form].may("read") and accesses[form].readable(form, key)
        ),
        may_create=lambda form: form in accesses and accesses[form].may("create"),
    )


def linked_records(
    world: World, form: CompiledForm, reader: Reader, documents: Iterable[Mapping[str, Any]]
) -> dict[str, dict[int, Linked]]:
    """For every link in these documents: the record's title, and the values that shipped formulas read through it."""
    wanted = Wanted()
    for document in documents:
        wanted.gather(form, document)
    return linked_of(world, wanted.records, needs(form, reader))


def linked_of(world: World, ids: Iterable[int], needed: Mapping[str, set[str]]) -> dict[str, dict[int, Linked]]:
    """The same for ids that are known already; links of links are followed where a formula walks on."""
    found: dict[str, dict[int, Linked]] = {}
    facts = facts_of(world.session, world.forms, world.context)
    waiting, seen = list(ids), set[int]()
    while waiting:
        batch = {one for one in waiting if one not in seen}
        seen |= batch
        waiting = []
        if not batch:
            break
        known = world.titles(batch)
        for record_id, (form_key, title) in known.items():
            if title is None:
                found.setdefault(form_key, {})[record_id] = Linked(record_id, gettext("(no access)"), None, {})
                continue
            value = facts.fetch(form_key, record_id)
            values: dict[str, Any] = {}
            for key in needed.get(form_key, ()):
                inside = value.values.get(key) if value is not None else None
                values[key] = link_json(inside)
                if isinstance(inside, LinkRef) and isinstance(inside.id, int):
                    waiting.append(inside.id)
            found.setdefault(form_key, {})[record_id] = Linked(record_id, title or f"#{record_id}", None, values)
    return found


def link_json(value: Any) -> Any:
    """A formula value as plain JSON; rows of tables stay at home."""
    if isinstance(value, RecordValue):
        return value.id
    if isinstance(value, tuple):
        return [link_json(one) for one in value if not isinstance(one, RecordValue)]
    return computed_json(value)

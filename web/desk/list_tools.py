"""What the tools of a list know: which fields can be asked, grouped, added up, and how the list stands now."""

from collections.abc import Iterable, Sequence
from typing import Any

from formloom.i18n import localized

from form_engine import saved_views
from form_engine.definition import CompiledField, CompiledForm
from form_engine.fields.base import EQUALITY, ORDER
from form_engine.models import SavedView
from form_engine.permission import Access
from web.desk.lists import Row
from web.desk.query import ListQuery
from web.desk.views import Chosen, groupable
from web.desk.world import World
from web.names import Wanted
from web.speech import gettext

_ASKABLE = ("text", "number", "date", "datetime", "logical", "record", "person", "list")


def tools_model(
    world: World,
    access: Access,
    chosen: Chosen,
    query: ListQuery,
    shown: Sequence[CompiledField],
    rows: Iterable[Row],
) -> dict[str, Any]:
    """The props of the island ``list``; see ``web/client/list/model.ts``."""
    form, look = access.form, chosen.look
    return {
        "form": form.key,
        "title": localized(form.definition.title, world.locale),
        "fields": [
            *(_field(world, access, form, each, deep=True) for each in _seen(access, form)),
            *_of_every_record(),
        ],
        "filter": chosen.filter or None,
        "own": dict(query.pairs()),
        "q": query.q,
        "view": chosen.view.key if chosen.view else None,
        "look": {
            "show": look.show,
            "columns": [each.key for each in shown],
            "sort": list(chosen.order(query)),
            "by": look.by,
            "start": look.start,
            "end": look.end,
            "cover": look.cover,
            "group": look.group and {"by": look.group.by, "bucket": look.group.bucket, "desc": look.group.desc},
            "sums": list(look.sums),
            "colour": look.colour,
            "frozen": look.frozen,
            "widths": dict(look.widths),
            "layout": "cards" if look.cards else "table",
        },
        "saved": [saved_json(one, world) for one in chosen.saved],
        "kept": chosen.kept.id if chosen.kept else None,
        "may": [action for action in ("update", "delete", "export", "create") if access.may(action)],
        "rows": {str(row.id): row.version for row in rows},
        "me": world.actor.person_id,
        "names": _names(world, form, chosen.filter),
    }


def saved_json(view: SavedView, world: World) -> dict[str, Any]:
    """A saved view as the API and the tools tell it."""
    return {
        "id": view.id,
        "form": view.form,
        "title": view.title,
        "shared": view.shared,
        "mine": view.owner_id == world.actor.person_id,
        "may_change": saved_views.may_change(view, world.actor),
        "body": view.body,
    }


def _seen(access: Access, form: CompiledForm) -> list[CompiledField]:
    return [each for each in form.fields if not each.columns and access.readable(form.key, each.path)]


def _field(world: World, access: Access, form: CompiledForm, field: CompiledField, *, deep: bool) -> dict[str, Any]:
    kind = field.definition.type
    options = getattr(field.definition.config, "options", None) or {}
    target = world.forms.get(field.points_to) if field.points_to else None
    model: dict[str, Any] = {
        "key": field.key,
        "label": localized(field.definition.label, world.locale),
        "type": kind.name,
        "kind": field.type.kind,
        "item": field.type.item.kind,
        "look": kind.shown_by(field.definition.config, field.type)[0].look,
        "ops": list(kind.operators) if field.type.kind in _ASKABLE else ["blank"],
        "options": [
            {"key": key, "label": localized(one.label, world.locale), "color": getattr(one, "color", None)}
            for key, one in options.items()
        ]
        if kind.name != "cascade"
        else [],
        "sortable": bool(field.definition.index or field.computed),
        "groupable": groupable(form, field.key),
        "writable": not field.computed
        and kind.moves(field.definition.config) is None
        and kind.refers != "file"
        and access.may("update"),
    }
    if target is not None:
        model["form"] = target.key
        if deep and target.key in access.forms:
            model["fields"] = [
                _field(world, access, target, each, deep=False)
                for each in target.fields
                if not each.columns and access.readable(target.key, each.path)
            ]
    return model


def _of_every_record() -> list[dict[str, Any]]:
    """What every record has and may be asked by."""
    rest = {"options": [], "sortable": True, "groupable": False, "writable": False, "system": True}
    days = {"kind": "datetime", "item": "datetime", "look": "datetime", "ops": list(ORDER), "type": "datetime"}
    person = {"kind": "person", "item": "person", "look": "person", "ops": list(EQUALITY), "type": "member"}
    return [
        {"key": "created_at", "label": gettext("Created"), **days, **rest},
        {"key": "updated_at", "label": gettext("Changed"), **days, **rest},
        {"key": "created_by", "label": gettext("Created by"), **person, **rest},
    ]


def _names(world: World, form: CompiledForm, tree: Any) -> dict[str, dict[str, str]]:
    """Titles of the records and names of the people that a filter speaks of."""
    wanted = Wanted()
    for path, value in _conditions(tree):
        field = _at(world, form, path)
        kind = "person" if path[-1] == "created_by" else field.type.item.kind if field is not None else ""
        ids = [one for one in (value if isinstance(value, list) else [value]) if type(one) is int]
        if kind == "record":
            wanted.records.update(ids)
        elif kind == "person":
            wanted.people.update(ids)
    names = world.names_of(wanted)
    return {
        "record": {str(key): title for key, title in names.records.items()},
        "person": {str(key): name for key, name in names.people.items()},
    }


def _conditions(tree: Any) -> Iterable[tuple[list[str], Any]]:
    if not isinstance(tree, dict):
        return
    if isinstance(tree.get("field"), str):
        yield tree["field"].split("."), tree.get("value")
    for part in [*(tree.get("and") or ()), *(tree.get("or") or ()), tree.get("not")]:
        yield from _conditions(part)


def _at(world: World, form: CompiledForm, path: list[str]) -> CompiledField | None:
    field = form.field(path[0])
    target = world.forms.get(field.points_to) if field is not None and field.points_to else None
    return target.field(path[1]) if len(path) == 2 and target is not None else field

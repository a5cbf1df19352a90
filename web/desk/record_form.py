"""The form island on a new or a stored record."""

from collections.abc import Mapping
from typing import Any

from formloom.access import Identity
from formloom.errors import Conflict, Forbidden, NotFound
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.definition import CompiledField, CompiledForm, CompiledFormula, FieldAccess
from form_engine.formula import Env, ErrorValue
from form_engine.records.facts import Fact, record_value
from form_engine.records.facts_sql import facts_of
from web.context import services
from web.desk.choices import choices_to_submit
from web.desk.document import document
from web.desk.linked import linked_records, reader_of
from web.desk.world import World
from web.forms_view import Filled, Submit, Surroundings, form_model
from web.speech import gettext

UPLOAD = "/api/v1/files"
PEOPLE = "/api/v1/people"


def new_form(session: Session, identity: Identity, form_key: str, given: Mapping[str, str]) -> dict[str, Any]:
    """The page of an empty form; to those who may not create, the form is not there."""
    world = World.of(session, identity)
    form = world.form(form_key)
    access = world.access(form)
    if not access.may("create"):
        raise NotFound("unknown_form", {"form": form_key})
    fields = access.fields_for_new()
    reader = reader_of(world, fields)
    values = _followed(world, form, fields, _prefilled(world, form, fields, given))
    linked = linked_records(world, form, reader, [values])
    title = localized(form.definition.title, world.locale)
    model = form_model(
        form,
        reader,
        record=None,
        around=Surroundings(linked, world.names(form, [values])),
        context=world.context,
        submit=Submit(f"/api/v1/forms/{form.key}/records", next="/records/{id}", label=_label(form, world.locale)),
        lookup=lookup_url(form.key),
        upload=UPLOAD,
        people_url=PEOPLE,
        draft_key=_draft_key(identity, form.key, values),
    )
    model["choices"] = choices_to_submit(session, form.key, world.actor)
    for field in model["fields"]:
        if field["key"] in values:
            field["default"] = {"value": values[field["key"]]}
    return {
        "title": gettext("New: %(form)s", form=title),
        "crumbs": ((f"/forms/{form.key}", title),),
        "model": model,
    }


def edit_form(session: Session, identity: Identity, record_id: int) -> dict[str, Any]:
    """The page that changes a record; what is under way changes only through its open step."""
    world = World.of(session, identity)
    view = services().records.view(session, services().forms, record_id, world.actor)
    form, record = view.form, view.record
    if "update" not in view.may:
        raise Forbidden("action_denied")
    if record.run_id is not None:
        raise Conflict("record_in_run")
    reader = reader_of(world, view.fields)
    values = document(view.values, view.computed)
    model = form_model(
        form,
        reader,
        record=Filled(record.id, record.version, values),
        around=Surroundings(linked_records(world, form, reader, [values]), world.names(form, [values])),
        context=world.context,
        submit=Submit(
            f"/api/v1/records/{record.id}",
            "PATCH",
            etag=f'"{record.version}"',
            next=f"/records/{record.id}",
            label=gettext("Save"),
        ),
        lookup=lookup_url(form.key),
        upload=UPLOAD,
        people_url=PEOPLE,
        draft_key=f"{identity.workspace_id}:{identity.person_id}:record:{record.id}:{record.version}",
    )
    title = view.title or record.number or f"#{record.id}"
    return {
        "title": title,
        "crumbs": (
            (f"/forms/{form.key}", localized(form.definition.title, world.locale)),
            (f"/records/{record.id}", record.number or title),
        ),
        "model": model,
    }


def lookup_url(form: str) -> str:
    """Where this form's link pickers ask."""
    return f"/api/v1/forms/{form}/lookup"


def _label(form: Any, locale: str) -> str:
    words = form.definition.submit_label
    return localized(words, locale) if words else gettext("Submit")


def _followed(world: World, form: CompiledForm, fields: FieldAccess, values: dict[str, Any]) -> dict[str, Any]:
    """What defaults make of the links that were brought along (the customer of an order, its open amount)."""
    known: dict[str, Any] = dict(values)
    if not values:
        return known
    for _ in range(2):  # a default may hang on one that stands further down
        facts = facts_of(world.session, world.forms, world.context)
        own = record_value(facts, Fact(0, form.key, form.version, 0, 0, known, created_by=world.actor.person_id))
        for each in form.fields:
            if each.key in known or not isinstance(each.default, CompiledFormula) or not fields.may_write(each.path):
                continue
            value = each.default.run(Env(own=own, context=world.context))
            if value is None or isinstance(value, ErrorValue):
                continue
            clean = each.clean(each.definition.type.to_json(value, each.definition.config))
            if isinstance(clean, str | int):
                known[each.key] = clean
    return known


def _draft_key(identity: Identity, form: str, values: Mapping[str, Any]) -> str:
    """One draft for each way into the form, so that an older one is not put over what was just chosen."""
    chosen = "".join(f":{key}={value}" for key, value in sorted(values.items()) if isinstance(value, int))
    return f"{identity.workspace_id}:{identity.person_id}:new:{form}{chosen}"


def _prefilled(world: World, form: CompiledForm, fields: FieldAccess, given: Mapping[str, str]) -> dict[str, Any]:
    """The links that the address brings along (``?order=17``): fields one may fill, records one may read."""
    values: dict[str, Any] = {}
    for each in form.fields:
        raw = given.get(each.key, "")
        if each.points_to is None or not fields.may_write(each.path):
            continue
        if raw.isascii() and raw.isdigit() and len(raw) < 19 and _is_readable(world, each, int(raw)):
            values[each.key] = [int(raw)] if each.type.is_list else int(raw)
    return values


def _is_readable(world: World, column: CompiledField, record_id: int) -> bool:
    try:
        record = services().records.get(world.session, services().forms, record_id, world.actor)
    except NotFound:
        return False
    return bool(record.form == column.points_to)

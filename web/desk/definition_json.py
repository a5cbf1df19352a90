"""Forms as the API tells them: the fields that the caller may see, with what they take."""

from typing import Any

from formloom.access import Identity
from formloom.errors import NotFound
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.schemas.records import record_schema
from web.desk.linked import reader_of
from web.desk.world import World
from web.forms_view import Surroundings, form_model


def forms_json(session: Session, identity: Identity) -> list[dict[str, Any]]:
    """The forms of which the caller may list or make records."""
    world = World.of(session, identity)
    found = []
    for key, form in world.forms.items():
        access = world.access(form)
        may = [action for action in ("create", "read") if access.may(action)]
        if may:
            title = localized(form.definition.title, world.locale)
            found.append({"key": key, "title": title, "version": form.version, "may": may})
    return found


def schema_json(session: Session, identity: Identity, key: str, address: str) -> dict[str, Any]:
    """The JSON Schema of a form's records, of fields that the caller may see."""
    world = World.of(session, identity)
    form = world.form(key)
    access = world.access(form)
    if not (access.may("read") or access.may("create")):
        raise NotFound("unknown_form", {"form": key})
    return record_schema(form, access.sometimes(), access.fields_to_write(), world.locale, address)


def form_json(session: Session, identity: Identity, key: str) -> dict[str, Any]:
    """One form as the caller would fill it in."""
    world = World.of(session, identity)
    form = world.form(key)
    access = world.access(form)
    if not (access.may("read") or access.may("create")):
        raise NotFound("unknown_form", {"form": key})
    return form_model(
        form,
        reader_of(world, access.fields_for_new()),
        record=None,
        around=Surroundings(),
        context=world.context,
        submit=None,
        lookup=f"/api/v1/forms/{key}/lookup",
        upload="/api/v1/files",
        people_url="/api/v1/people",
    )

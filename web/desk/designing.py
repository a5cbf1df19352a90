"""What the form designer asks while a draft is worked on: what is around, what a formula gives, how the form looks.

Nothing is saved. A draft is compiled among the live forms, so what it shows is what publishing would make.
"""

from collections.abc import Mapping
from typing import Any

from formloom.access import Identity
from formloom.errors import InvalidInput, Issue
from formloom.models import Role
from sqlalchemy import select
from sqlalchemy.orm import Session

from form_engine.definition import WRITE_ALL, FormDef
from form_engine.definition.compile import compile_form
from form_engine.definition.parse import parse_form
from form_engine.formula.functions import CALLABLE, FUNCTIONS
from form_engine.records.actor import Actor
from form_engine.records.forms import Forms
from web.context import services
from web.desk.document import document
from web.desk.linked import linked_records, reader_of
from web.desk.record_form import UPLOAD, lookup_url
from web.desk.world import World
from web.forms_view import Filled, Surroundings, form_model

Body = dict[str, Any]


def surroundings(session: Session) -> Body:
    """Forms with their fields, roles, and the functions of the formula language."""
    roles = session.execute(select(Role.key, Role.title).order_by(Role.key))
    return {
        "forms": [
            {"key": key, "title": form.definition.title, "fields": [_field(each) for each in form.definition.fields]}
            for key, form in services().forms.forms(session).items()
        ],
        "roles": [{"key": key, "title": title} for key, title in roles],
        "functions": [{"name": name, "signature": FUNCTIONS[name].signature} for name in sorted(CALLABLE)],
    }


def _field(field: Any) -> Body:
    told: Body = {"key": field.key, "label": field.label, "type": field.type.name}
    if (leads_to := field.type.points_to(field.config)) is not None:
        told["form"] = leads_to
    if field.fields:
        told["fields"] = [_field(each) for each in field.fields]
    return told


def preview_json(session: Session, identity: Identity, key: str, asked: Body) -> Body:
    """The draft as somebody of a role (None: as whoever may do everything) would meet it, blank or on a record.

    Raises InvalidDefinition with everything that keeps the draft from being shown.
    """
    role, record_id = asked.get("role"), asked.get("record")
    locale = asked["locale"]
    definition = parsed(key, asked["definition"])
    own = World.of(session, identity)
    forms = with_draft(own.forms, definition)
    form = forms[key]
    actor = Actor.person(identity.person_id, frozenset({role}), identity.name) if role else own.actor
    world = World(session, actor, locale, forms)
    access = world.access(form)
    may = access.may("read") if record_id is not None else access.may("create")
    fields = access.sometimes() if record_id is not None else access.fields_for_new()
    if not role:
        fields, may = WRITE_ALL, True
    reader = reader_of(world, fields)
    record = _filled(session, own, record_id) if record_id is not None else None
    values = record.values if record is not None else {}
    model = form_model(
        form,
        reader,
        record=record,
        around=Surroundings(linked_records(world, form, reader, [values]), world.names(form, [values])),
        context=world.context,
        submit=None,
        lookup=lookup_url(key),
        upload=UPLOAD,
    )
    return {"may": may, "model": model}


def _filled(session: Session, own: World, record_id: int) -> Filled:
    """A record as the reader themselves may see it. Raises NotFound."""
    view = services().records.view(session, services().forms, record_id, own.actor)
    return Filled(view.record.id, view.record.version, document(view.values, view.computed))


def parsed(key: str, body: Any) -> FormDef:
    """The draft as a frozen definition. Raises InvalidDefinition; InvalidInput where it is of another key."""
    if not isinstance(body, Mapping) or body.get("key") != key:
        raise InvalidInput("invalid_input", issues=(Issue("/definition/key", "wrong_key", {"expected": key}),))
    return parse_form(dict(body))


def with_draft(forms: Forms, draft: FormDef) -> Forms:
    """The live forms with the draft in its place: nothing of it is stored, so it has no slots of its own."""
    world = {each: form.definition for each, form in forms.items()} | {draft.key: draft}
    live = forms.get(draft.key)
    compiled = compile_form(draft, world, live.version if live is not None else 0)
    return Forms({**forms.compiled, draft.key: compiled}, forms.slots, forms.filling)

"""The buttons that flows put on a record, as one bar of decisions."""

from typing import Any

from formloom.i18n import localized

from form_engine.definition import CompiledForm, FieldAccess, Level
from web.context import services
from web.desk.choices import choices_json
from web.desk.decision_model import editable, narrowed
from web.desk.linked import linked_records, reader_of
from web.desk.record_form import PEOPLE, UPLOAD, lookup_url
from web.desk.world import World
from web.forms_view import Filled, Surroundings, form_model


def buttons_decision(
    world: World, form: CompiledForm, record: Any, fields: FieldAccess, whole: dict[str, Any]
) -> dict[str, Any] | None:
    """The island's props; ``None`` where nothing can be pressed."""
    found = services().flows.buttons(world.session, form.key, record.id, world.actor)
    if not found:
        return None
    granted = FieldAccess()
    for button in found:
        granted = granted | FieldAccess.of_grant(button.fields)
    keys = editable(form, granted)
    required = frozenset.intersection(*(frozenset(button.required) for button in found))
    return {
        "task": None,
        "locale": world.locale,
        "submit": {"url": f"/api/v1/records/{record.id}/press"},
        "actions": [
            {
                "decision": button.key,
                "label": localized(button.label, world.locale),
                "hint": localized(button.title, world.locale),
                "reasons": [],
                "comment": "none",
                "to_steps": [],
                "tone": "plain",
                "choices": choices_json(world.session, button.choices),
            }
            for button in found
        ],
        "people_url": PEOPLE,
        "form": _model(world, form, record, fields, granted, whole, keys, required) if keys else None,
        "next": f"/records/{record.id}",
        "draft_key": None,
    }


def _model(
    world: World,
    form: CompiledForm,
    record: Any,
    fields: FieldAccess,
    granted: FieldAccess,
    whole: dict[str, Any],
    keys: list[str],
    required: frozenset[str],
) -> dict[str, Any]:
    reader = reader_of(world, fields.at_most(Level.READ) | granted)
    model = form_model(
        form,
        reader,
        record=Filled(record.id, record.version, whole),
        around=Surroundings(linked_records(world, form, reader, [whole]), world.names(form, [whole])),
        context=world.context,
        submit=None,
        lookup=lookup_url(form.key),
        upload=UPLOAD,
        people_url=PEOPLE,
        draft_key=None,
    )
    return narrowed(model, keys, required)

"""The page on which a sheet becomes records: what the wizard needs to know of the form."""

from typing import Any

from formloom.access import Identity
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.imports.mapping import importable
from web.context import services
from web.desk.imports_json import batch_json
from web.desk.world import World
from web.identity import actor_of


def import_page(session: Session, identity: Identity, form_key: str, batch_id: int | None) -> dict[str, Any]:
    """The title, and the props of the island ``import``. Raises NotFound and Forbidden as imports do."""
    world = World.of(session, identity)
    actor = actor_of(identity)
    # Somebody else's is not there, whether or not the reader may import.
    batch = services().imports.find(session, batch_id, actor) if batch_id is not None else None
    form = services().imports.importable(session, form_key, actor)
    writable = world.access(form).fields_for_new()
    profiles = services().stores.imports.of_form(session, form_key)
    return {
        "form": form_key,
        "title": localized(form.definition.title, world.locale),
        "model": {
            "form": form_key,
            "batch": batch_json(session, batch) if batch is not None and batch.form == form_key else None,
            "fields": [
                {
                    "key": each.key,
                    "label": localized(each.definition.label, world.locale),
                    "required": each.definition.required is True,
                    "named": each.definition.type.refers is not None,
                    "words": {
                        key: localized(one.label, world.locale)
                        for key, one in (getattr(each.definition.config, "options", None) or {}).items()
                    },
                }
                for each in form.fields
                if importable(each, writable)
            ],
            "profiles": [
                {"key": key, "title": localized(profile.title, world.locale)} for key, profile in profiles.items()
            ],
            "earlier": [
                {
                    "id": one["id"],
                    "file": one["file"],
                    "state": one["state"],
                    "at": one["created_at"],
                    "counts": one["counts"],
                }
                for one in (batch_json(session, each) for each in services().imports.listing(session, form_key, actor))
            ][:10],
        },
    }

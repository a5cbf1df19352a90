"""Writes an installed app back as a bundle, with every change that was published in the workspace since."""

from formloom.db.uow import workspace_of
from sqlalchemy import select
from sqlalchemy.orm import Session

from apps.bundle import FOLDERS, Bundle
from apps.enclosures import portable
from apps.stores import Stores
from form_engine.models import Definition


def export(session: Session, stores: Stores, app: str) -> Bundle:
    """The app as it is live now. `apps.bundle.write` puts it into a folder, byte for byte the same for the same state.

    Raises NotFound when no such app is installed.
    """
    head = {key: value for key, value in stores.apps.body(session, app).items() if key != "installed"}
    owned = select(Definition.kind, Definition.key).where(
        Definition.workspace_id == workspace_of(session), Definition.app == app, Definition.live_version.is_not(None)
    )
    definitions: dict[str, dict[str, dict[str, object]]] = {kind: {} for kind in FOLDERS}
    for kind, key in session.execute(owned.order_by(Definition.kind, Definition.key)):
        if kind in FOLDERS:
            definitions[kind][key] = stores.of_kind(kind).body(session, key)
    beside: dict[str, bytes] = {}
    for key, body in definitions["document"].items():
        definitions["document"][key], files = portable(session, stores.files, body)
        beside |= files
    return Bundle(head, definitions, beside=beside)

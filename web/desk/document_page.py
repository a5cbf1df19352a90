"""A document of a record on the screen."""

from dataclasses import dataclass

from flask import url_for
from formloom.access import Identity
from formloom.errors import NotFound
from formloom.i18n import LOCALES, localized
from markupsafe import Markup
from sqlalchemy.orm import Session

from form_engine.documents.html import html_of
from web.context import services
from web.desk.world import World


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Everything that ``pages/document.html`` shows; ``locales`` are the languages that it can be had in."""

    record_id: int
    record_title: str
    form: str
    form_title: str
    key: str
    title: str
    locale: str
    locales: tuple[str, ...]
    sheet: Markup


def document_page(session: Session, identity: Identity, record_id: int, key: str, locale: str) -> DocumentPage:
    """The document as this person may see it; NotFound where there is none for them, or it is a Word file."""
    world = World.of(session, identity)
    locale = locale if locale in LOCALES else world.locale
    prepared = services().documents.prepare(session, record_id, key, world.actor, locale, files=False)
    prepared.must("html")
    view = services().records.view(session, services().forms, record_id, world.actor)
    title = localized(services().stores.documents.live(session, key).title, world.locale)
    if view.record.draft:
        raise NotFound("unknown_document", {"document": key})
    return DocumentPage(
        record_id=record_id,
        record_title=view.title or view.number or f"#{record_id}",
        form=view.form.key,
        form_title=localized(view.form.definition.title, world.locale),
        key=key,
        title=title,
        locale=locale,
        locales=LOCALES,
        sheet=html_of(prepared.sheet, lambda file: url_for("record.file", file_id=file)),
    )

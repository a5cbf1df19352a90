"""The page of a public link: what it is about, and the fields that somebody without an account fills in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from formloom import guests
from formloom.errors import NotFound
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.definition import FieldAccess, Level
from form_engine.records.actor import Actor
from form_engine.records.guests import Opening, Subject
from web.context import services
from web.desk.linked import linked_records
from web.desk.sections import Fact, sections_of
from web.desk.world import World
from web.forms_view import Reader, Submit, Surroundings, form_model
from web.locales import current_locale
from web.speech import gettext

MOST_CHOICES = 20


@dataclass(frozen=True, slots=True)
class ReportPage:
    """Everything that ``pages/report.html`` shows."""

    title: str
    intro: str
    about: tuple[Fact, ...]
    model: dict[str, Any]


def opening_of(session: Session, link_id: UUID) -> Opening:
    """What a link opens; NotFound for a link to anything but a form, and for a form that guests may not fill."""
    subject = Subject.parse(guests.get(session, link_id).subject)
    if subject is None:
        raise NotFound("link_gone")
    return services().guests.opening(session, services().forms, subject)


def report_page(session: Session, link_id: UUID, base: str) -> ReportPage:
    """The page behind a link that was resolved; ``base`` is its address."""
    opening = opening_of(session, link_id)
    guests.opened(session, link_id)
    world = _world(session, link_id)
    form, guest = opening.form, opening.guest.definition
    begun = services().guests.begun(session, opening, {})
    entered = {key: begun[key] for key in opening.fields if key in begun}
    # What stands in records that are linked is not the guest's to see, so nothing that reads it is shipped.
    access = FieldAccess(dict.fromkeys(opening.fields, Level.WRITE))
    reader = Reader(world.locale, access, may_read=lambda _form, _key: False)
    model = form_model(
        form,
        reader,
        record=None,
        around=Surroundings(linked_records(world, form, reader, [entered]), world.names(form, [entered])),
        context=world.context,
        submit=Submit(base, label=localized(form.definition.submit_label or gettext("Send"), world.locale)),
        lookup=f"{base}/lookup",
        upload=f"{base}/files",
        draft_key=f"report:{link_id}",
    )
    for field in model["fields"]:
        field["default"] = {"value": entered[field["key"]]} if field["key"] in entered else field["default"]
    return ReportPage(
        title=localized(guest.title or form.definition.title, world.locale),
        intro=localized(guest.intro, world.locale) if guest.intro else "",
        about=_about(world, session, opening),
        model={**model, "links": False},
    )


def choices_json(session: Session, link_id: UUID, field: str, values: Mapping[str, Any], q: str) -> dict[str, Any]:
    """What a link field of the page may be set to: titles, and nothing of what stands in those records."""
    opening = opening_of(session, link_id)
    page = services().guests.choices(session, opening, field, values, q=q, limit=MOST_CHOICES)
    items: list[dict[str, Any]] = [
        {"id": each.id, "display": each.title or f"#{each.id}", "sub": None, "values": {}} for each in page.items
    ]
    return {"items": items, "next": None, "linked": {}}


def accepted(opening: Opening) -> tuple[str, ...]:
    """The media types that the page's fields take; empty: no field takes any file, or one takes every kind."""
    kinds = [each.definition.type for key in opening.fields for each in _columns(opening, key)]
    return ("image/*",) if all(kind.name != "file" for kind in kinds) else ()


def takes_files(opening: Opening) -> bool:
    """Whether any field of the page holds files."""
    kinds = [each.definition.type for key in opening.fields for each in _columns(opening, key)]
    return bool(opening.guest.definition.limits.files) and any(kind.refers == "file" for kind in kinds)


def _columns(opening: Opening, key: str) -> tuple[Any, ...]:
    column = opening.form.by_path[key]
    return (column, *column.columns)


def _about(world: World, session: Session, opening: Opening) -> tuple[Fact, ...]:
    shown = services().guests.shown(session, opening)
    access = FieldAccess(dict.fromkeys(shown, Level.READ))
    names = replace(world.names(opening.form, [shown]), linked=False)
    sections = sections_of(opening.form, access, shown, names, world.locale)
    return tuple(fact for section in sections for fact in section.facts if fact.cell.kind != "blank")


def _world(session: Session, link_id: UUID) -> World:
    return World(session, Actor.guest(link_id), current_locale(), services().forms.forms(session))

"""What somebody without an account sees of what they reported: where it stands, and what is asked of them."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from formloom import guests
from formloom.clock import app_now
from formloom.errors import NotFound
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.definition import CompiledField, CompiledForm, FieldAccess, GuestDef, Level
from form_engine.records import trail
from form_engine.records.actor import Actor
from form_engine.records.facts import Fact
from form_engine.records.facts_sql import facts_of
from form_engine.records.view import RecordView, view_of
from web.cells import Cell, cell
from web.context import services
from web.desk.document import document
from web.desk.sections import SectionView, sections_of
from web.desk.world import World
from web.locales import current_locale
from web.names import FileCard, Names, Wanted

_SUBJECT = "record:"
MOST_MOVES = 100


@dataclass(frozen=True, slots=True)
class Move:
    """The state that the record came into, and when."""

    state: Cell
    at: datetime


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """Everything that ``pages/receipt.html`` shows."""

    title: str
    number: str
    thanks: str
    state: Cell | None
    moves: tuple[Move, ...]
    sections: tuple[SectionView, ...]
    asked: str
    """Where a step of a flow asks the guest something; empty: nowhere."""
    expires_at: datetime
    now: datetime


def receipt_page(session: Session, link_id: UUID, base: str) -> ReceiptPage:
    """The page behind a receipt's link; ``base`` is its address. Raises NotFound when there is nothing to show."""
    link = guests.get(session, link_id)
    world, form, guest, fact = _reported(session, link_id)
    guests.opened(session, link_id)
    view = _view(world, form, guest, fact)
    values = document(view.values, view.computed)
    names = _names(world, form, values, base)
    status = _status(form, guest)
    return ReceiptPage(
        title=localized(guest.title or form.definition.title, world.locale),
        number=fact.number or "",
        thanks=localized(guest.receipt.thanks, world.locale) if guest.receipt.thanks else "",
        state=cell(status, values.get(status.key), names, world.locale) if status is not None else None,
        moves=_moves(session, form, status, fact, view.fields, names, world.locale) if status is not None else (),
        sections=sections_of(
            form, view.fields, values, names, world.locale, leave_out=frozenset({status.key} if status else ())
        ),
        asked=_asked(session, fact.id) if guest.receipt.answers else "",
        expires_at=link.expires_at,
        now=app_now(session),
    )


def shown_files(session: Session, link_id: UUID) -> frozenset[str]:
    """The files that stand in what the receipt shows."""
    world, form, guest, fact = _reported(session, link_id)
    wanted = Wanted()
    wanted.gather(form, _view(world, form, guest, fact).values)
    return frozenset(wanted.files)


def _reported(session: Session, link_id: UUID) -> tuple[World, CompiledForm, GuestDef, Fact]:
    """The record of a receipt, by the live form. NotFound for links to anything else, and when either is gone."""
    link = guests.get(session, link_id)
    kind, number = link.subject[: len(_SUBJECT)], link.subject[len(_SUBJECT) :]
    if kind != _SUBJECT or not number.isdecimal():
        raise NotFound("link_gone")
    forms = services().forms.forms(session)
    world = World(session, Actor.guest(link_id, link.name), current_locale(), forms)
    fact = next(iter(facts_of(session, forms, world.context).load([int(number)])), None)
    form = forms.get(fact.form) if fact is not None else None
    if fact is None or fact.deleted or form is None or form.guest is None:
        raise NotFound("link_gone")
    return world, form, form.guest.definition, fact


def _view(world: World, form: CompiledForm, guest: GuestDef, fact: Fact) -> RecordView:
    fields = FieldAccess(dict.fromkeys(guest.receipt.fields, Level.READ))
    return view_of(form, fact, facts_of(world.session, world.forms, world.context), fields, frozenset())


def _status(form: CompiledForm, guest: GuestDef) -> CompiledField | None:
    """The field that says where the record stands: the first shown one that moves along transitions."""
    shown = (form.by_path[key] for key in guest.receipt.fields)
    return next((each for each in shown if getattr(each.definition.config, "transitions", None)), None)


def _moves(
    session: Session,
    form: CompiledForm,
    status: CompiledField,
    fact: Fact,
    fields: FieldAccess,
    names: Names,
    locale: str,
) -> tuple[Move, ...]:
    changes = trail.history(session, form, fact.id, fields, MOST_MOVES)
    return tuple(
        Move(cell(status, change.changes[status.key][1], names, locale), change.at)
        for change in changes
        if status.key in change.changes and change.changes[status.key][1] is not None
    )


def _asked(session: Session, record_id: int) -> str:
    link_id = services().flows.guest_link(session, record_id)
    if link_id is None:
        return ""
    link = guests.get(session, link_id)
    if link.revoked_at is not None or link.expires_at <= app_now(session):
        return ""
    return guests.address(services().settings, session, f"guest:{link_id}")


def _names(world: World, form: CompiledForm, values: dict[str, object], base: str) -> Names:
    known = world.names(form, [values])
    files = {
        key: FileCard(key, each.name, each.media_type, each.size, f"{base}/files/{key}")
        for key, each in known.files.items()
    }
    return replace(known, files=files, linked=False)

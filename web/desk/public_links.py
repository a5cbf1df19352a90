"""Public links as staff make, print, renew and end them: each opens one form about one record, or about none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from formloom import audit, guests
from formloom.access import Identity
from formloom.errors import Forbidden, NotFound
from formloom.i18n import localized
from formloom.models import GuestLink
from markupsafe import Markup
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm, GuestDef
from form_engine.records.guests import Subject
from web.context import services
from web.desk.world import World
from web.qr import qr_svg
from web.speech import gettext

CODES = ("no_public_links",)
MOST_LABELS = 240
ACTS = frozenset({"make", "renew", "revoke"})


@dataclass(frozen=True, slots=True)
class PublicLink:
    """A form that guests fill in about a record (or about none). Without `url` no link to it works at the moment."""

    form: str
    title: str
    url: str = ""
    qr: Markup | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """A label to stick on a thing."""

    title: str
    name: str
    url: str
    qr: Markup


@dataclass(frozen=True, slots=True)
class LabelSheet:
    """Everything that ``pages/labels.html`` shows. `missing`: records whose link was ended or never made."""

    form: str
    form_title: str
    labels: tuple[Label, ...]
    missing: int


def may_issue(identity: Identity, guest: GuestDef) -> bool:
    """Whether this person may make and end links to the form."""
    return "admin" in identity.roles or bool(identity.roles & guest.issued_by)


def links_about(world: World, identity: Identity, form_key: str, record_id: int) -> tuple[PublicLink, ...]:
    """What guests may report about a record, for those who may make such links."""
    found = _ways(world, identity, form_key)
    subjects = {other.key: str(Subject(other.key, about, record_id)) for other, about in found}
    live = guests.live(world.session, subjects.values()) if subjects else {}
    return tuple(_public(world, other, live.get(subjects[other.key])) for other, _ in found)


def open_link(world: World, identity: Identity, form_key: str) -> PublicLink:
    """The link to a form about no record; NotFound where there is none to be had."""
    form = world.form(form_key)
    guest = form.guest.definition if form.guest is not None else None
    if guest is None or not guest.open or not may_issue(identity, guest):
        raise NotFound("no_public_links")
    subject = str(Subject(form_key))
    return _public(world, form, guests.live(world.session, [subject]).get(subject))


def change(session: Session, identity: Identity, form_key: str, record_id: int | None, act: str) -> None:
    """Make, renew (the old code is dead from now on) or end the link. NotFound for what one may not issue."""
    world = World.of(session, identity)
    if record_id is None:
        open_link(world, identity, form_key)
        subject = Subject(form_key)
    else:
        record = services().records.get(session, services().forms, record_id, world.actor)
        about = {other.key: field for other, field in _ways(world, identity, record.form)}
        if form_key not in about:
            raise NotFound("no_public_links")
        subject = Subject(form_key, about[form_key], record_id)
    guest = world.form(form_key).guest
    assert guest is not None  # noqa: S101 - it was found by it
    if act not in ACTS:
        raise Forbidden("action_denied")
    link = guests.live(session, [str(subject)]).get(str(subject))
    if act == "make" and link is None:
        _make(world, subject, guest.definition)
    elif link is not None and act == "renew":
        guests.renew(session, link.id, valid_for=timedelta(days=guest.definition.days))
        _noted(world, link, "renewed")
    elif link is not None and act == "revoke":
        guests.revoke(session, link.id)
        _noted(world, link, "revoked")


def make_labels(session: Session, identity: Identity, form_key: str, ids: list[int]) -> None:
    """Links for those of these records that one may see and that have none."""
    world = World.of(session, identity)
    other, about = _first_way(world, identity, form_key)
    guest = other.guest
    assert guest is not None  # noqa: S101 - it was found by it
    subjects = [Subject(other.key, about, each) for each in _seen(world, form_key, ids)]
    live = guests.live(session, [str(each) for each in subjects])
    for subject in subjects:
        if str(subject) not in live:
            _make(world, subject, guest.definition)


def label_sheet(session: Session, identity: Identity, form_key: str, ids: list[int]) -> LabelSheet:
    """The labels of these records, as far as one may see them and their links work."""
    world = World.of(session, identity)
    other, about = _first_way(world, identity, form_key)
    assert other.guest is not None  # noqa: S101 - it was found by it
    titles = _seen(world, form_key, ids)
    subjects = {each: str(Subject(other.key, about, each)) for each in titles}
    live = guests.live(session, subjects.values()) if subjects else {}
    made = [_label(world, other, titles[each], live[subject]) for each, subject in subjects.items() if subject in live]
    title = localized(world.form(form_key).definition.title, world.locale)
    return LabelSheet(form_key, title, tuple(made), len(subjects) - len(made))


def has_labels(world: World, identity: Identity, form_key: str) -> bool:
    """Whether labels of this form's records can be printed by this person."""
    return any(True for _ in _ways(world, identity, form_key))


def _ways(world: World, identity: Identity, form_key: str) -> list[tuple[CompiledForm, str]]:
    """Forms that guests may fill in about records of this one, by the link field: those that one may issue."""

    def found() -> Iterator[tuple[CompiledForm, str]]:
        for other in world.forms.values():
            if other.guest is None or not may_issue(identity, other.guest.definition):
                continue
            for about in other.guest.definition.about:
                if other.by_path[about].points_to == form_key:
                    yield other, about
                    break

    return list(found())


def _first_way(world: World, identity: Identity, form_key: str) -> tuple[CompiledForm, str]:
    world.listable(form_key)
    found = _ways(world, identity, form_key)
    if not found:
        raise NotFound("no_public_links")
    return found[0]


def _seen(world: World, form_key: str, ids: list[int]) -> Mapping[int, str]:
    """The titles of those that are records of this form and may be read, in the order asked."""
    found = world.titles(ids[:MOST_LABELS])
    return {each: title for each in ids if (kind := found.get(each)) and kind[0] == form_key and (title := kind[1])}


def _make(world: World, subject: Subject, guest: GuestDef) -> GuestLink:
    valid_for = timedelta(days=guest.days)
    link = guests.issue(world.session, str(subject), valid_for=valid_for, made_by=world.actor.ref)
    _noted(world, link, "made")
    return link


def _noted(world: World, link: GuestLink, what: str) -> None:
    audit.append(world.session, world.actor.ref, f"public_link.{what}", f"guest_link:{link.id}", {"for": link.subject})


def _public(world: World, form: CompiledForm, link: GuestLink | None) -> PublicLink:
    title = _title(world, form)
    if link is None:
        return PublicLink(form.key, title)
    url = guests.address(services().settings, world.session, f"report:{link.id}")
    return PublicLink(form.key, title, url, qr_svg(url, gettext("QR code: %(what)s", what=title)), link.expires_at)


def _label(world: World, form: CompiledForm, name: str, link: GuestLink) -> Label:
    url = guests.address(services().settings, world.session, f"report:{link.id}")
    return Label(_title(world, form), name, url, qr_svg(url, gettext("QR code: %(what)s", what=name)))


def _title(world: World, form: CompiledForm) -> str:
    assert form.guest is not None  # noqa: S101 - callers have looked
    return localized(form.guest.definition.title or form.definition.title, world.locale)

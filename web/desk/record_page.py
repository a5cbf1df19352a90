"""The page of one record."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from formloom.access import Identity
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm
from form_engine.documents.service import Offer
from form_engine.records.view import RecordView
from web import locales
from web.cells import Cell, cell, numeric
from web.context import services
from web.desk.buttons import buttons_decision
from web.desk.document import document
from web.desk.guest_door import GuestDoor, guest_door
from web.desk.history import Entry, actor_names, history_of
from web.desk.life.glance import Glance, glance_at
from web.desk.lists import Column, Row, count_text, lead_label, leads_itself, rows_of, shown_columns
from web.desk.public_links import PublicLink, links_about
from web.desk.schedules import ScheduleView, schedules_of
from web.desk.sections import SectionView, sections_of
from web.desk.timeline import RunView, runs_of
from web.desk.world import World
from web.names import Wanted
from web.speech import gettext

CHILDREN = 10
MOST_ACTS = 3


@dataclass(frozen=True, slots=True)
class Linked:
    """Records of another form that point here."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    count_text: str


@dataclass(frozen=True, slots=True)
class NextAct:
    """A form that one may fill in about this record."""

    title: str
    href: str


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Everything that ``pages/record.html`` shows."""

    id: int
    form: str
    form_title: str
    title: str
    status: Cell | None
    byline: str
    draft: bool
    may_edit: bool
    next_acts: tuple[NextAct, ...]
    documents: tuple[Offer, ...]
    task_href: str
    decision: dict[str, Any] | None
    guest_link: GuestDoor | None
    public_links: tuple[PublicLink, ...]
    sections: tuple[SectionView, ...]
    schedules: tuple[ScheduleView, ...]
    linked: tuple[Linked, ...]
    glance: Glance
    urge: dict[str, Any] | None
    runs: tuple[RunView, ...]
    history: tuple[Entry, ...]
    now: datetime


def record_page(
    session: Session, identity: Identity, record_id: int, *, chosen: str = "", after: str | None = None
) -> RecordPage:
    """The record as this person may see it; NotFound where they may not. `chosen` is the list that is open, from
    `after` on.
    """
    world = World.of(session, identity)
    view = services().records.view(session, services().forms, record_id, world.actor)
    form, record = view.form, view.record
    values = document(view.values, view.computed)
    names = world.names(form, [values])
    task_id = services().flows.open_task(session, record_id, identity.person_id)
    runs = runs_of(world, record_id)
    return RecordPage(
        id=record.id,
        form=form.key,
        form_title=localized(form.definition.title, world.locale),
        title=view.title or record.number or f"#{record.id}",
        status=_status(form, values, names, world.locale),
        byline=_byline(world, view),
        draft=record.draft,
        may_edit="update" in view.may and record.run_id is None and _writes_something(form, view.fields),
        next_acts=() if record.draft else _next_acts(world, form, record.id),
        documents=() if record.draft else services().documents.offered(session, record.id, world.actor, world.locale),
        task_href=f"/inbox?task={task_id}" if task_id else "",
        decision=buttons_decision(world, form, record, view.fields, values)
        or next((run.withdraw for run in runs if run.withdraw), None),
        urge=next((run.urge for run in runs if run.urge), None),
        guest_link=guest_door(world, record_id) if form.key in world.forms else None,
        public_links=() if record.draft else links_about(world, identity, form.key, record.id),
        sections=sections_of(form, view.fields, values, names, world.locale),
        schedules=schedules_of(world, record.id, form.key),
        linked=() if form.definition.page and form.definition.page.linked else _linked(world, view),
        glance=glance_at(world, view, values, names, runs, chosen, after),
        runs=runs,
        history=history_of(world, view),
        now=world.context.now,
    )


def _next_acts(world: World, form: CompiledForm, record_id: int) -> tuple[NextAct, ...]:
    """What comes next: forms that link here, that the reader may create, and whose link they may fill."""
    acts = []
    for other in world.forms.values():
        access = world.access(other)
        if not access.may("create"):
            continue
        fields = access.fields_for_new()
        for each in other.fields:
            leads_here = each.points_to == form.key and "." not in each.path
            if leads_here and fields.may_write(each.path):
                title = localized(other.definition.title, world.locale)
                acts.append(NextAct(title, f"/forms/{other.key}/new?{each.key}={record_id}"))
                break
    return tuple(acts[:MOST_ACTS])


def _writes_something(form: CompiledForm, fields: Any) -> bool:
    return any(not each.computed and fields.may_write(each.path) for each in form.fields)


def _status(form: CompiledForm, values: dict[str, Any], names: Any, locale: str) -> Cell | None:
    """The first field that shows as a chip is what a person asks for first."""
    for each in form.fields:
        if getattr(each.definition.config, "options", None) and values.get(each.key) and each.key == "status":
            return cell(each, values[each.key], names, locale)
    return None


def _byline(world: World, view: RecordView) -> str:
    record = view.record
    who = f"person:{record.created_by}" if record.created_by else "system"
    name = actor_names(world, [who])[who]
    parts = [record.number] if record.number and record.number != view.title else []
    made = gettext("recorded by %(name)s on %(moment)s", name=name, moment=locales.moment(record.created_at))
    return " · ".join([*parts, made])


def _linked(world: World, view: RecordView) -> tuple[Linked, ...]:
    children = services().records.children(world.session, services().forms, view, world.actor, limit=CHILDREN)
    wanted = Wanted()
    for form_key, _path, page in children:
        for item in page.items:
            wanted.gather(world.form(form_key), document(item.values, item.computed))
    names = world.names_of(wanted)
    groups = []
    ways = Counter(form_key for form_key, _path, _page in children)
    for form_key, path, page in children:
        form, access = world.listable(form_key)
        title = localized(form.definition.title, world.locale)
        if ways[form_key] > 1:  # the same records may point here in two ways: each list says by which
            through = form.by_path[path.partition(".")[0]]
            title = f"{title} · {localized(through.definition.label, world.locale)}"
        shown = shown_columns(form, access)[:6]
        heads = tuple(Column(localized(each.definition.label, world.locale), numeric(each)) for each in shown)
        if not leads_itself(form, shown):
            heads = (Column(lead_label(form, world.locale), numeric=False), *heads)
        groups.append(
            Linked(
                title,
                heads,
                rows_of(form, shown, page.items, names, world.locale),
                count_text(page.count or len(page.items), capped=page.capped),
            )
        )
    return tuple(groups)

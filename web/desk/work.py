"""A page of work: the records of a view as cards, each with what is asked on it, of whom, and how far away it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from formloom.access import Identity
from formloom.i18n import localized
from sqlalchemy.orm import Session

from flow_engine.service.waiting import Waiting
from form_engine.definition import CompiledField, CompiledForm, ViewDef
from form_engine.definition.work import Work
from form_engine.query.listing import MAX_LIMIT, list_records
from form_engine.records.view import RecordView
from web.cells import Cell, cell
from web.context import services
from web.desk.clocks import ClockLine, clock_lines, nearest
from web.desk.decision_model import LABELS
from web.desk.document import document
from web.desk.timeline import due_state
from web.desk.views import condition, views_of
from web.desk.world import World
from web.names import Names
from web.place import device_place, map_link
from web.speech import gettext, ngettext


@dataclass(frozen=True, slots=True)
class Tab:
    """Another view of the same form."""

    label: str
    href: str
    on: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody is asked. `href` leads to the reader's own task; `button` is what one presses there first."""

    step: str
    who: str
    due: datetime | None
    due_state: str
    href: str = ""
    button: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A record. `place` is WGS-84 (`31.23,121.47`), `map` leads the phone's own map there; cards of the same `rank`
    are as urgent as each other.
    """

    id: int
    title: str
    number: str
    chips: tuple[Cell, ...]
    lines: tuple[tuple[str, Cell], ...]
    asks: tuple[Ask, ...]
    clock: ClockLine | None
    rank: int
    place: str = ""
    map: str = ""
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Cards under one heading."""

    title: str
    cards: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class WorkPage:
    """Everything that ``pages/work.html`` shows."""

    form: str
    view: str
    title: str
    tabs: tuple[Tab, ...]
    groups: tuple[Group, ...]
    count: int
    count_text: str
    near: dict[str, str] | None
    """The words of the island that knows where the reader is; None: the records have no place."""
    now: datetime
    may_create: bool


def work_view(session: Session, identity: Identity, form_key: str, args: Mapping[str, str]) -> ViewDef | None:
    """The view that the address names, where it is a page of work."""
    world = World.of(session, identity)
    form, _ = world.listable(form_key)
    return next((one for one in views_of(world, form) if one.key == args.get("view") and one.work is not None), None)


def work_page(session: Session, identity: Identity, view: ViewDef) -> WorkPage:
    """The page as this person may see it: at most 200 cards, in the view's order."""
    world, work = World.of(session, identity), view.work or Work()
    form, access = world.listable(view.form)
    flows, mine = services().flows, identity.person_id if work.asks == "me" else None
    among = flows.records_waiting_for(session, form.key, mine, MAX_LIMIT) if mine is not None else None
    page = list_records(
        session,
        access,
        where=condition(form, view),
        sort=view.look.order,
        limit=MAX_LIMIT,
        among=among,
        count_to=MAX_LIMIT,
    )
    waiting = flows.waiting(session, [item.id for item in page.items], mine)
    whole = {item.id: document(item.values, item.computed) for item in page.items}
    desk = _Desk(world, view, work, form, world.names(form, whole.values()), identity.person_id)
    columns = (form.field(key) for key in view.look.columns or form.definition.list_columns)
    shown = tuple(each for each in columns if each is not None and access.readable(form.key, each.path))
    cards = [desk.card(item, whole[item.id], shown, waiting.get(item.id, ())) for item in page.items]
    return WorkPage(
        form=form.key,
        view=view.key,
        title=localized(view.title, world.locale),
        tabs=_tabs(views_of(world, form), form, view, world.locale),
        groups=tuple(desk.groups(cards, whole)),
        count=len(cards),
        count_text=ngettext("%(num)s record", "%(num)s records", len(cards)),
        near=desk.near() if cards else None,
        now=world.context.now,
        may_create=access.may("create"),
    )


def _tabs(views: Iterable[ViewDef], form: CompiledForm, chosen: ViewDef, locale: str) -> tuple[Tab, ...]:
    """This one first: a phone shows few of them."""
    named = [Tab(localized(one.title, locale), f"/forms/{form.key}?view={one.key}", one is chosen) for one in views]
    return (*sorted(named, key=lambda tab: not tab.on), Tab(gettext("All"), f"/forms/{form.key}", on=False))


@dataclass(slots=True)
class _Desk:
    """One view on one desk: makes its cards."""

    world: World
    view: ViewDef
    work: Work
    form: CompiledForm
    names: Names
    reader: int
    rank: int = -1
    urgency: object = object()

    @property
    def address(self) -> str:
        """The page's own."""
        return f"/forms/{self.form.key}?view={self.view.key}"

    def card(
        self, item: RecordView, whole: Mapping[str, Any], shown: Iterable[CompiledField], waiting: tuple[Waiting, ...]
    ) -> Card:
        """A record as a card; called in the order of the list, in which urgency falls."""
        locale, now = self.world.locale, self.world.context.now
        first = self.view.look.sort[0].by if self.view.look.sort else None
        urgency = whole.get(first) if first is not None else None
        if urgency != self.urgency:
            self.rank, self.urgency = self.rank + 1, urgency
        cells = [
            (localized(each.definition.label, locale), cell(each, whole.get(each.key), self.names, locale))
            for each in shown
        ]
        clocks = {line.title: line for one in waiting for line in clock_lines(one.clocks, locale, now)}
        where = device_place(whole.get(self.work.near or ""))
        title = item.title or item.number or f"#{item.id}"
        return Card(
            id=item.id,
            title=title,
            number=item.number or "",
            chips=tuple(found for _, found in cells if found.kind == "chip"),
            lines=tuple((label, found) for label, found in cells if found.kind not in ("chip", "blank")),
            asks=tuple(self._ask(one) for one in waiting),
            clock=nearest(clocks.values()),
            rank=self.rank,
            place=where,
            map=map_link(where, title),
            links=tuple(self._links(whole)),
        )

    def groups(self, cards: list[Card], whole: Mapping[int, Mapping[str, Any]]) -> Iterable[Group]:
        """The cards under the values of the view's group, in the order of its options; one group where it has none."""
        by = self.form.field(self.view.look.group.by) if self.view.look.group else None
        if by is None:
            return (Group("", tuple(cards)),) if cards else ()
        at = {key: number for number, key in enumerate(getattr(by.definition.config, "options", None) or {})}

        def value(card: Card) -> str:
            return str(whole[card.id].get(by.key, ""))

        def heading(found: str) -> str:
            return cell(by, found, self.names, self.world.locale).text

        cards.sort(key=lambda card: at.get(value(card), len(at)))
        return tuple(Group(heading(key), tuple(found)) for key, found in groupby(cards, value))

    def near(self) -> dict[str, str] | None:
        """What the orders are called: the usual one by the label of the field that comes first."""
        if self.work.near is None:
            return None
        first = self.form.field(self.view.look.sort[0].by) if self.view.look.sort else None
        label = localized(first.definition.label, self.world.locale) if first is not None else ""
        return {"usual": gettext("By %(field)s", field=label) if label else gettext("Usual order")}

    def _ask(self, one: Waiting) -> Ask:
        locale, mine = self.world.locale, one.person == self.reader
        asked = Ask(
            step=localized(one.step_title, locale),
            who="" if mine else one.who,
            due=one.due_at,
            due_state=due_state(one.due_at, self.world.context.now),
        )
        if not mine:
            return asked
        first = one.offers[0] if one.offers else None
        label = localized(first.label, locale) if first and first.label else ""
        label = label or gettext(LABELS.get(first.decision, first.decision)) if first else gettext("Open")
        href = f"/inbox?{urlencode({'task': one.task, 'back': self.address})}"
        return Ask(asked.step, asked.who, asked.due, asked.due_state, href, label)

    def _links(self, whole: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        for key in self.work.links:
            address, found = whole.get(key), self.form.field(key)
            if found is not None and isinstance(address, str) and address.startswith(("https://", "http://")):
                yield localized(found.definition.label, self.world.locale), address

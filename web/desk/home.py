"""The home page: counts, what comes first, what one may begin."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from formloom.access import Identity
from formloom.i18n import localized
from sqlalchemy.orm import Session

from web.context import services
from web.desk.inbox import Line, line_of, titles_of
from web.desk.world import World
from web.speech import gettext

FIRST = 6


@dataclass(frozen=True, slots=True)
class Stat:
    """A figure that is a door."""

    label: str
    value: int
    href: str
    hot: bool = False


@dataclass(frozen=True, slots=True)
class Begin:
    """A form that may be filled in."""

    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Door:
    """A page of work that is meant for this person's role."""

    title: str
    href: str
    icon: str


@dataclass(frozen=True, slots=True)
class HomePage:
    """Everything that ``pages/home.html`` shows."""

    greeting: str
    todo: int
    stats: tuple[Stat, ...]
    tasks: tuple[Line, ...]
    creatable: tuple[Begin, ...]
    now: datetime
    doors: tuple[Door, ...] = ()


def home_page(session: Session, identity: Identity) -> HomePage:
    """The first page of this person's day."""
    world = World.of(session, identity)
    now = world.context.now
    flows, person = services().flows, identity.person_id
    counts = flows.counts(session, person)
    todo = flows.inbox(session, person, "todo", limit=30)
    started = flows.inbox(session, person, "started", limit=30)
    first = todo.items[:FIRST]
    titles = titles_of(session, identity, first)
    late = sum(1 for item in todo.items if item.due_at is not None and item.due_at < now)
    under_way = sum(1 for item in started.items if item.run_status in ("open", "running"))
    stats = [
        Stat(gettext("To do"), counts["todo"], "/inbox", hot=counts["todo"] > 0),
        Stat(gettext("Overdue"), late, "/inbox"),
        Stat(gettext("Started by me, under way"), under_way, "/inbox?tab=started"),
        Stat(gettext("Copied to me"), counts["cc"], "/inbox?tab=cc"),
    ]
    return HomePage(
        greeting=_greeting(identity, now),
        todo=counts["todo"],
        stats=tuple(stats),
        tasks=tuple(line_of(item, titles[item.record], "todo", now, world.locale) for item in first),
        creatable=_creatable(world),
        now=now,
        doors=tuple(_doors(world)),
    )


def _doors(world: World) -> Iterator[Door]:
    """Only what names one of their roles: a page for everybody is nobody's day."""
    store = services().stores.views
    for view in (store.live(world.session, key) for key in store.keys(world.session)):
        form = world.forms.get(view.form)
        if view.work is None or not view.roles & world.actor.roles or form is None:
            continue
        if world.access(form).may("read"):
            title = localized(view.title, world.locale)
            yield Door(title, f"/forms/{view.form}?view={view.key}", view.icon or form.definition.icon or "form")


def _greeting(identity: Identity, now: datetime) -> str:
    hour = now.astimezone(ZoneInfo(identity.time_zone)).hour
    if hour < 11:
        return gettext("Good morning, %(name)s", name=identity.name)
    if hour < 18:
        return gettext("Good afternoon, %(name)s", name=identity.name)
    return gettext("Good evening, %(name)s", name=identity.name)


def _creatable(world: World) -> tuple[Begin, ...]:
    """Forms whose submission starts something come first: that is what people are here for."""
    found = [form for form in world.forms.values() if world.access(form).may("create")]
    flows = services().flows.definitions
    submits = {flows.live(world.session, key).form for key in flows.keys(world.session)}
    found.sort(key=lambda form: (form.key not in submits, form.key))
    return tuple(Begin(form.key, localized(form.definition.title, world.locale)) for form in found[:2])

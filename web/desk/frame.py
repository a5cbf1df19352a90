"""What the frame of every page asks: the lists one may open, the badges, the bell."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from formloom import clock
from formloom import notifications as bell
from formloom.access import Identity
from formloom.errors import NotFound
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm
from web.context import services
from web.desk.world import World
from web.locales import current_locale
from web.phrases.marking import N_
from web.speech import gettext

TOLD = {
    "task_opened": N_("%(title)s waits for you: %(step)s"),
    "copied": N_("%(title)s was shown to you"),
    "urged": N_("%(by)s asks for your decision: %(title)s, %(step)s"),
    "proxied": N_("%(title)s is asked of your proxy: %(step)s"),
    "escalated": N_("%(title)s is overdue: %(step)s"),
    "reminder": N_("Reminder: %(title)s still waits for you"),
    "run_ended": N_("%(title)s has come to its end"),
    "notice": N_("%(text)s"),
    "mentioned": N_("%(who)s mentioned you in %(title)s"),
}


@dataclass(frozen=True, slots=True)
class Note:
    """A line under the bell."""

    text: str
    href: str
    at: datetime
    read: bool
    acknowledge: int | None = None
    """The line's id, where what it tells must be acknowledged and has not been."""


@dataclass(frozen=True, slots=True)
class Notes:
    """The latest lines, with the workspace's time to measure them by."""

    items: tuple[Note, ...]
    now: datetime


def listable_forms(session: Session, identity: Identity) -> tuple[CompiledForm, ...]:
    """The forms whose records this person may list, in the order of the apps' menus."""
    world = World.of(session, identity)
    order = {key: at for at, key in enumerate(_menu(session))}
    allowed = [form for form in world.forms.values() if world.access(form).may("read")]
    return tuple(sorted(allowed, key=lambda form: (order.get(form.key, len(order)), form.key)))


def _menu(session: Session) -> list[str]:
    """The forms that installed apps put into the menu, in order."""
    apps = services().stores.apps
    bodies = [apps.live(session, key) for key in apps.keys(session)]
    return [key for body in bodies for entry in body.get("menu", ()) for key in _form_keys(entry)]


def _form_keys(entry: Any) -> list[str]:
    if isinstance(entry, str):
        return [entry]
    if isinstance(entry, Mapping):
        inner = entry.get("items") or entry.get("forms") or ()
        own = [entry["form"]] if "form" in entry else []
        return own + [key for one in inner for key in _form_keys(one)]
    return []


def badges(session: Session, identity: Identity) -> dict[str, Any]:
    """The figures of the frame."""
    return {
        "inbox": services().flows.counts(session, identity.person_id),
        "notifications": bell.unread(session, identity.person_id),
    }


def notifications(session: Session, identity: Identity, limit: int = 12) -> Notes:
    """The latest lines under this person's bell, in words."""
    rows = bell.latest(session, identity.person_id, limit)
    ids = {row.params["record"] for row in rows if isinstance(row.params.get("record"), int)}
    world = World.of(session, identity)
    titles = world.titles(ids)
    locale = current_locale()
    steps = _step_titles(session, {str(row.params["flow"]) for row in rows if "flow" in row.params})
    asked = [task for row in rows if row.params.get("must") and (task := _task_of(row.link)) is not None]
    still = services().flows.still_open(session, asked, identity.person_id) if asked else frozenset()
    notes = tuple(_note(row, titles, steps, locale, acknowledge=_task_of(row.link) in still) for row in rows)
    return Notes(notes, clock.app_now(session))


def _step_titles(session: Session, flows: set[str]) -> dict[tuple[str, str], Any]:
    """What the steps of these flows are called now; a step that is gone keeps its key."""
    store = services().flows.definitions
    live = [flow for flow in flows if flow in store.live_versions(session)]
    return {(flow, step.key): step.title for flow in live for step in store.live(session, flow).walk()}


def _note(
    row: Any,
    titles: Mapping[int, tuple[str, str | None]],
    steps: Mapping[tuple[str, str], Any],
    locale: str,
    *,
    acknowledge: bool,
) -> Note:
    record, task = row.params.get("record"), row.params.get("task")
    title = titles[record][1] if record in titles else ""
    params = {
        name: localized(value, locale) if isinstance(value, Mapping) else str(value)
        for name, value in row.params.items()
    }
    step = steps.get((params.get("flow", ""), params.get("step", "")))
    if step is not None:
        params["step"] = localized(step, locale)
    words = {"title": title or gettext("A record"), "step": "", "text": "", **params}
    text = gettext(TOLD.get(row.kind, "%(title)s")) % words
    href = row.link or (f"/inbox?task={task}" if task else f"/records/{record}" if record else "/inbox")
    return Note(text.rstrip(": "), href, row.created_at, row.read_at is not None, row.id if acknowledge else None)


def unseen(session: Session, identity: Identity, link: str) -> str:
    """The link, while unread lines under this person's bell lead to it: the page then tells by a POST that it was
    looked at, for a GET changes nothing (a browser may fetch pages that nobody looks at)."""
    return link if bell.unseen(session, identity.person_id, link) else ""


def opened(session: Session, identity: Identity, link: str) -> None:
    """This person looks at what lines under their bell lead to: they are read, and so says the delivery ledger."""
    bell.mark_seen(session, identity.person_id, link)


def acknowledged_task(session: Session, identity: Identity, note_id: int) -> int:
    """The task to which a line under this person's bell leads. Raises NotFound for anybody else's."""
    task = _task_of(bell.link_of(session, identity.person_id, note_id))
    if task is None:
        raise NotFound("unknown_task")
    return task


def _task_of(link: str | None) -> int | None:
    task = (link or "").removeprefix("/inbox?task=")
    return int(task) if task.isascii() and task.isdecimal() else None


def mark_read(session: Session, identity: Identity) -> None:
    """All of them have been seen."""
    bell.mark_read(session, identity.person_id)

"""The inbox in words: lines of a tab, the chosen task, what comes after a decision."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from formloom import clock
from formloom.access import Identity
from formloom.errors import NotFound
from formloom.i18n import localized
from sqlalchemy.orm import Session

from flow_engine.service import TABS, InboxItem
from web.context import services
from web.desk.clocks import ClockLine, clock_lines, nearest
from web.desk.task_page import task_page
from web.desk.timeline import DECIDED, due_state, run_words
from web.desk.world import World
from web.local_url import local_path
from web.locales import current_locale
from web.phrases.marking import N_
from web.speech import gettext

LABELS = {
    "todo": N_("To do"),
    "done": N_("Done"),
    "started": N_("Started by me"),
    "cc": N_("Copied to me"),
}
EMPTY = {
    "todo": (N_("All done"), N_("What people hand to you appears here by itself, most urgent first.")),
    "done": (N_("Nothing yet"), N_("What you have decided is kept here.")),
    "started": (N_("Nothing yet"), N_("What you submit is listed here with its state.")),
    "cc": (N_("Nothing yet"), N_("What others show you, without asking for a decision, appears here.")),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the inbox."""

    id: int | None
    href: str
    title: str
    subtitle: str
    at: datetime
    due: datetime | None
    due_state: str
    open: bool
    word: str
    tone: str
    clock: ClockLine | None = None


@dataclass(frozen=True, slots=True)
class TabView:
    """A tab with its badge."""

    key: str
    label: str
    count: int


def inbox_page(session: Session, identity: Identity, args: Mapping[str, str]) -> dict[str, Any]:
    """The whole page: tabs, the list, and the task that was chosen."""
    page = inbox_list(session, identity, args)
    counts = services().flows.counts(session, identity.person_id)
    chosen = page["selected"]
    beside = chosen if chosen is not None else _first(page, args)
    task, missing = None, False
    if beside is not None:
        try:
            task = task_page(session, identity, beside, local_path(args.get("back"), _after(page, beside)))
        except NotFound:
            missing = chosen is not None
    return {
        **page,
        "chosen": chosen is not None,
        "selected": beside,
        "tabs": [TabView(key, gettext(LABELS[key]), counts.get(key, 0)) for key in TABS],
        "task": task,
        "opened_missing": missing,
        "back": local_path(args.get("back"), ""),
    }


def _first(page: Mapping[str, Any], args: Mapping[str, str]) -> int | None:
    """A desk has room for the task beside the list, so the most urgent one is open already; a phone shows the list."""
    if page["tab"] != "todo" or args.get("after"):
        return None
    return next((line.id for line in page["items"] if line.id is not None), None)


def inbox_list(session: Session, identity: Identity, args: Mapping[str, str]) -> dict[str, Any]:
    """The list of a tab."""
    tab = args.get("tab", "todo")
    tab = tab if tab in TABS else "todo"
    found = services().flows.inbox(session, identity.person_id, tab, args.get("after") or None)
    now, locale = clock.app_now(session), current_locale()
    titles = titles_of(session, identity, found.items)
    raw = args.get("task", "")
    selected = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 19 else None
    title, text = EMPTY[tab]
    kept = {"tab": tab, **({"task": raw} if selected is not None else {})}
    return {
        "tab": tab,
        "items": [line_of(item, titles[item.record], tab, now, locale) for item in found.items],
        "more": f"/inbox?{urlencode({'tab': tab, 'after': found.next})}" if found.next else "",
        "selected": selected,
        "list_url": f"/inbox/list?{urlencode(kept)}",
        "empty_title": gettext(title),
        "empty_text": gettext(text),
        "now": now,
    }


def titles_of(session: Session, identity: Identity, items: Iterable[InboxItem]) -> dict[int, str]:
    """By record: what its line is called, as this person may read it."""
    known = World.of(session, identity).titles({item.record for item in items})
    return {key: gettext("(no access)") if title is None else title for key, (_, title) in known.items()}


def line_of(item: InboxItem, title: str, tab: str, now: datetime, locale: str) -> Line:
    """One line: the record's title, the step and who began it, how it stands."""
    word, tone = _state(item, tab)
    step = localized(item.step_title, locale) if item.step_title else localized(item.flow_title, locale)
    who = item.initiator or ""
    is_open = item.status == "open" and tab in ("todo", "cc")
    return Line(
        id=item.task,
        href=f"/inbox?{urlencode({'tab': tab, 'task': item.task})}" if item.task else f"/records/{item.record}",
        title=title or item.number or f"#{item.record}",
        subtitle=" · ".join(part for part in (step, who if tab != "started" else "") if part),
        at=item.at,
        due=item.due_at,
        due_state=due_state(item.due_at, now) if is_open else "",
        clock=nearest(clock_lines(item.clocks, locale, now)) if is_open else None,
        open=is_open,
        word=word,
        tone=tone,
    )


def _state(item: InboxItem, tab: str) -> tuple[str, str]:
    if tab == "started":
        return run_words(item.run_status)
    if tab == "cc":
        return (gettext("New"), "accent") if item.unread else ("", "")
    if item.decision:
        _, word, tone = DECIDED.get(item.decision, ("idle", N_("Closed"), "idle"))
        return gettext(word), tone
    return "", ""


def _after(page: dict[str, Any], chosen: int) -> str:
    """Where a decision leads: the next open task of the list, else the list."""
    ids = [line.id for line in page["items"] if line.id is not None]
    if page["tab"] != "todo":
        return f"/inbox?tab={page['tab']}"
    rest = ids[ids.index(chosen) + 1 :] + ids[: ids.index(chosen)] if chosen in ids else ids
    following = next((one for one in rest if one != chosen), None)
    return f"/inbox?tab=todo&task={following}" if following is not None else "/inbox"

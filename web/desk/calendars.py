"""Calendars, as people read them and admins change them."""

from typing import Any

from formloom.access import Identity
from formloom.clock import today
from formloom.errors import Conflict, InvalidInput, Issue, NotFound
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.calendars import WorkingCalendar, named_calendar
from form_engine.calendars.holidays import NONE_KNOWN, public_days
from form_engine.calendars.live import live_calendars
from form_engine.formula.workdays import is_workday
from web.context import services
from web.desk.admin import problems_json
from web.identity import actor_of
from web.locales import current_locale

CODES = ("calendar_exists", "unknown_calendar")


def calendars_json(session: Session) -> list[dict[str, Any]]:
    """The live calendars."""
    locale = current_locale()
    return [
        {
            "key": key,
            "title": localized(each.definition.title, locale),
            "default": each.definition.default,
            "holidays": each.definition.holidays,
        }
        for key, each in live_calendars(session).items()
    ]


def days_json(session: Session, key: str, asked: int | None) -> dict[str, Any]:
    """What differs from the week in a year, day by day, and whether its public holidays are announced."""
    calendar = named_calendar(session, key)
    if calendar is None:
        raise NotFound("unknown_calendar", {"key": key})
    year = today(session).year if asked is None else asked
    source = calendar.definition.holidays
    public = public_days(source, year, current_locale()) if source is not None else NONE_KNOWN
    special = calendar.special(year)
    days = sorted({*special.off, *special.work})
    return {
        "year": year,
        "provisional": public.provisional,
        "days": [{"day": day.isoformat(), **_of_day(calendar, day, public.off.get(day))} for day in days],
    }


def _of_day(calendar: WorkingCalendar, day: Any, public: str | None) -> dict[str, Any]:
    own = calendar.definition.exceptions.get(day)
    name = localized(own.name, current_locale()) if own is not None and own.name is not None else public
    hours = [f"{_clock(span.since)}-{_clock(span.until)}" for span in calendar.hours_on(day)]
    return {"works": is_workday(calendar, day), "own": own is not None, "name": name, "hours": hours}


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def calendar_draft_json(session: Session, key: str) -> dict[str, Any]:
    """The draft, or what is live, with what would stand in the way of publishing it."""
    store = services().stores.calendars
    draft = store.draft(session, key)
    return {
        "definition": draft.definition,
        "revision": draft.revision,
        "live_version": draft.live_version,
        "changed": draft.changed,
        "problems": problems_json(store.problems(session, key, draft.definition)),
    }


def new_calendar(session: Session, identity: Identity, definition: dict[str, Any]) -> dict[str, Any]:
    """The first draft of a calendar. Raises InvalidInput for a key that is none, Conflict for one that is taken."""
    key, store = definition.get("key"), services().stores.calendars
    if not isinstance(key, str) or not key.isidentifier() or not key.isascii() or len(key) > 63 or key != key.lower():
        raise InvalidInput("invalid_input", issues=(Issue("/definition/key", "bad_format"),))
    if store.exists(session, key):
        raise Conflict("calendar_exists", {"key": key})
    store.save_draft(session, key, definition, actor_of(identity))
    return calendar_draft_json(session, key)


def save_calendar_draft(
    session: Session, identity: Identity, key: str, definition: dict[str, Any], revision: int | None
) -> dict[str, Any]:
    """Keep a draft; it may have problems, which stand in the answer."""
    store = services().stores.calendars
    if not store.exists(session, key):
        raise NotFound("unknown_calendar", {"key": key})
    store.save_draft(session, key, definition, actor_of(identity), revision=revision)
    return calendar_draft_json(session, key)


def publish_calendar(session: Session, identity: Identity, key: str, revision: int | None) -> dict[str, Any]:
    """Make the draft what everybody counts by. Raises InvalidDefinition with every problem."""
    services().stores.calendars.publish(session, key, actor_of(identity), revision=revision)
    return calendar_draft_json(session, key)

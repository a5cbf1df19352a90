"""Calendars, as people read them."""

from typing import Any

from formloom.clock import today
from formloom.errors import NotFound
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.calendars import WorkingCalendar, named_calendar
from form_engine.calendars.holidays import NONE_KNOWN, public_days
from form_engine.calendars.live import live_calendars
from form_engine.formula.workdays import is_workday
from web.locales import current_locale
from web.phrases.marking import N_

CODES = ("unknown_calendar",)
WEEKDAY = {
    "mon": N_("Monday"),
    "tue": N_("Tuesday"),
    "wed": N_("Wednesday"),
    "thu": N_("Thursday"),
    "fri": N_("Friday"),
    "sat": N_("Saturday"),
    "sun": N_("Sunday"),
}


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

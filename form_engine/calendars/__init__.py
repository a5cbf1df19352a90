"""When people work: a kind of definition, the days that follow from it, and counting in them (ADR 046)."""

from form_engine.calendars.hours import WorkLength, business_minutes, business_time, later, worked
from form_engine.calendars.live import LiveCalendar, named_calendar
from form_engine.calendars.model import CODES, CalendarDef, DayException, Span
from form_engine.calendars.parse import parse_calendar
from form_engine.calendars.working import WorkingCalendar

__all__ = [
    "CODES",
    "CalendarDef",
    "DayException",
    "LiveCalendar",
    "Span",
    "WorkLength",
    "WorkingCalendar",
    "business_minutes",
    "business_time",
    "later",
    "named_calendar",
    "parse_calendar",
    "worked",
]

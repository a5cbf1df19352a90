"""When it is time: lengths of the definition, measured from the moment of a step, in the time that counts for them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from flow_engine.clocks.working_time import ROUND_THE_CLOCK, InCalendar, WorkingTime, end_of, moment_of
from flow_engine.elements.due import Length, Part
from flow_engine.elements.value import Formula
from form_engine.calendars import named_calendar

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

LONGEST = timedelta(days=100 * 366)
"""Of what a formula gives; a longer time is none."""


def working_time(stage: "Stage", calendar: str | None) -> WorkingTime:
    """The time of a calendar; where it is gone (publishing checks that it is there), every minute counts."""
    found = named_calendar(stage.people.session(), calendar) if calendar is not None else None
    return InCalendar(found, stage.facts.context.zone) if found is not None else ROUND_THE_CLOCK


def length_of(stage: "Stage", of: str | Formula) -> str | timedelta | None:
    """What a formula gives now: minutes as a number, a duration, or the text of one. An error or a blank is none."""
    if isinstance(of, str):
        return of
    found = stage.evaluate(of.text)
    if isinstance(found, Decimal):
        found = timedelta(seconds=int(found * 60)) if 0 < found * 60 <= LONGEST.total_seconds() else None
    if isinstance(found, timedelta):
        return found if timedelta(0) < found <= LONGEST else None
    return found if isinstance(found, str) else None


def due_at(stage: "Stage", within: Length) -> datetime | None:
    """When that long from now is over."""
    found = end_of(working_time(stage, within.calendar), stage.now, length_of(stage, within.of))
    return found.astimezone(UTC) if found is not None else None


def wake_at(stage: "Stage", after: timedelta | Part) -> datetime | None:
    """When a timer that is set now is to fire; None where there is no such moment: it is not set."""
    if isinstance(after, timedelta):
        return stage.now + after
    length = after.length
    return moment_of(working_time(stage, length.calendar), stage.now, length_of(stage, length.of), after)

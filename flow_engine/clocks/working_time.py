"""How time passes: round the clock, or only while a calendar says that people work. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, Protocol

from flow_engine.elements.due import Part
from flow_engine.elements.duration import parse_duration, share_of
from form_engine.calendars.hours import WorkLength, business_time, later, worked
from form_engine.calendars.working import WorkingCalendar

NONE: Final = timedelta(0)
LONG: Final = timedelta(days=1)
"""As far ahead as anybody who counts needs to know."""


class WorkingTime(Protocol):
    """Time that counts."""

    def passed(self, since: datetime, until: datetime) -> timedelta:
        """How much of it lies between two instants; none when `until` is not later."""

    def after(self, since: datetime, length: timedelta) -> datetime | None:
        """The first instant at which so much of it has passed; None where that never is."""

    def end(self, since: datetime, text: str) -> datetime | None:
        """The end of an ISO 8601 duration; None where the text is none, or the end is never."""

    def unbroken(self, since: datetime) -> datetime | None:
        """Until when every instant counts from then on; None where the first one does not."""


@dataclass(frozen=True, slots=True)
class RoundTheClock:
    """Every minute counts, on every day."""

    def passed(self, since: datetime, until: datetime) -> timedelta:
        """All that lies between."""
        return max(until - since, NONE)

    def after(self, since: datetime, length: timedelta) -> datetime | None:
        """Simply later."""
        try:
            return since + length
        except OverflowError:
            return None

    def end(self, since: datetime, text: str) -> datetime | None:
        """A day is 24 hours."""
        length = parse_duration(text)
        return self.after(since, length) if length is not None else None

    def unbroken(self, since: datetime) -> datetime | None:
        """As far as anybody asks."""
        return since + LONG


@dataclass(frozen=True, slots=True)
class InCalendar:
    """Only working hours count, as they are in this zone."""

    calendar: WorkingCalendar
    zone: tzinfo

    def passed(self, since: datetime, until: datetime) -> timedelta:
        """The working time between."""
        return business_time(self.calendar, since, until, self.zone)

    def after(self, since: datetime, length: timedelta) -> datetime | None:
        """When so much has been worked."""
        found = worked(self.calendar, since, length, self.zone) if length > NONE else since
        return found.astimezone(UTC) if found is not None else None

    def end(self, since: datetime, text: str) -> datetime | None:
        """A day is a working day, which keeps the time of day; hours and minutes are working time."""
        length = WorkLength.parse(text)
        return later(self.calendar, since, length, self.zone) if length is not None else None

    def unbroken(self, since: datetime) -> datetime | None:
        """Until these working hours are over."""
        local = since.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        span = next((each for each in self.calendar.hours_on(local.date()) if each.since <= minute < each.until), None)
        if span is None:
            return None
        end = datetime.combine(local.date(), datetime.min.time()) + timedelta(minutes=span.until)
        return end.replace(tzinfo=self.zone).astimezone(UTC)


ROUND_THE_CLOCK: Final = RoundTheClock()


def end_of(time: WorkingTime, since: datetime, length: str | timedelta | None) -> datetime | None:
    """When a length of time that begins at `since` is over. None for no length, or a length that is not positive."""
    if isinstance(length, timedelta):
        return time.after(since, length) if length > NONE else None
    return time.end(since, length) if length is not None else None


def moment_of(time: WorkingTime, since: datetime, length: str | timedelta | None, part: Part) -> datetime | None:
    """When that share of a length has passed, measured in time that counts."""
    end = end_of(time, since, length)
    if end is None or part.share == 1:
        return end
    return time.after(since, share_of(time.passed(since, end), part.share))

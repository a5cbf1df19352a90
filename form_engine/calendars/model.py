"""A calendar as a typed object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from form_engine.fields.base import Text

CODES: Final = (
    "bad_hours",
    "bad_day",
    "days_crossed",
    "too_many_days",
    "day_twice",
    "hours_of_day_off",
    "unknown_holidays",
    "second_default",
)

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Span:
    """Working time within a day, in minutes since midnight; `until` is not in it."""

    since: int
    until: int


@dataclass(frozen=True, slots=True)
class DayException:
    """What the firm says about one day. Without `hours` a worked day has those of its weekday, or of the first
    working one.
    """

    works: bool
    hours: tuple[Span, ...] | None = None
    name: Text | None = None


@dataclass(frozen=True, slots=True)
class CalendarDef:
    """`hours` by weekday (0 is Monday; weekdays that are not worked have none). `holidays` names a country."""

    key: str
    title: Text
    hours: tuple[tuple[Span, ...], ...]
    default: bool = False
    holidays: str | None = None
    exceptions: Mapping[date, DayException] = field(default_factory=dict)

    @property
    def weekend(self) -> frozenset[int]:
        """Weekdays that are not worked; 0 is Monday."""
        return frozenset(day for day, spans in enumerate(self.hours) if not spans)

    def hours_on(self, day: date) -> tuple[Span, ...]:
        """The hours of a day that is worked. A make-up day on a weekend has those of the first working weekday."""
        known = self.exceptions.get(day)
        if known is not None and known.hours is not None:
            return known.hours
        return self.hours[day.weekday()] or next(spans for spans in self.hours if spans)

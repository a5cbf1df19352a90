"""A calendar made ready to count by. Pure."""

from dataclasses import dataclass, field
from datetime import date

from form_engine.calendars.holidays import NONE_KNOWN, public_days
from form_engine.calendars.model import CalendarDef, Span
from form_engine.formula.workdays import SpecialDays, is_workday


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """A calendar made ready: what formulas ask (`weekend`, `special`), and the hours of a day."""

    definition: CalendarDef
    _years: dict[int, SpecialDays] = field(default_factory=dict, compare=False, repr=False)

    @property
    def weekend(self) -> frozenset[int]:
        """Weekdays that are not worked; 0 is Monday."""
        return self.definition.weekend

    def special(self, year: int) -> SpecialDays:
        """What differs from the week in this year: the country's days, and over them the firm's own."""
        known = self._years.get(year)
        if known is None:
            known = self._years[year] = _special(self.definition, year)
        return known

    def hours_on(self, day: date) -> tuple[Span, ...]:
        """The working hours of a day; none on a day of rest."""
        return self.definition.hours_on(day) if is_workday(self, day) else ()


def _special(definition: CalendarDef, year: int) -> SpecialDays:
    public = public_days(definition.holidays, year) if definition.holidays is not None else NONE_KNOWN
    off, work = set(public.off), set(public.work)
    for day, exception in definition.exceptions.items():
        if day.year == year:
            (work if exception.works else off).add(day)
            (off if exception.works else work).discard(day)
    return SpecialDays(frozenset(off), frozenset(work))

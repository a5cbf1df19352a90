"""The terms of a series as they stand in the record now, and in what it is linked with."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal, TypeVar, cast

from formloom.errors import InvalidInput, Issue

from flow_engine.elements import value as written
from flow_engine.elements.search import Search
from flow_engine.elements.terms import ChangesTerm, Given, LayerTerm, PartsTerm, Rows, StepsTerm, TermsTerm
from flow_engine.series import (
    Change,
    Due,
    Layer,
    Period,
    PutOff,
    Rise,
    Steps,
    Terms,
    TooLong,
    add_months,
    evenly,
    extended,
    joined,
)
from flow_engine.service import searching
from form_engine.formula import Env, ErrorValue, RecordValue, Value

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

T = TypeVar("T")
CODES = ("series_needs", "series_cannot_be", "series_backwards", "series_too_long", "formula_failed")
FIRST_DAY, LAST_DAY = date(1800, 1, 1), date(2400, 1, 1)
"""Schedules lie between these, so that no counting of days leaves the calendar."""

MOST_ROWS: Final = 1_000
MOST_MONTHS: Final = 1_200
MOST_DAYS: Final = 3_660


def refused(at: str, code: str, **params: object) -> InvalidInput:
    """What is wrong with the terms; `at` is the place in the step's definition whose value it is."""
    return InvalidInput("invalid_input", issues=(Issue(at, code, params),))


@dataclass(frozen=True)
class Reading:
    """Reads values at a step, at the item at which the stage is."""

    stage: "Stage"
    env: Env
    scope: str

    @classmethod
    def of(cls, stage: "Stage") -> "Reading":
        """Where the stage stands."""
        return cls(stage, stage.env(), stage.scope)

    def periods(self, term: TermsTerm) -> tuple[Period, ...]:
        """The whole schedule. Raises InvalidInput for terms that make none."""
        try:
            return joined(self._stretches(term))
        except TooLong:
            raise refused("/terms", "series_too_long", most=MOST_MONTHS) from None

    def parts(self, term: PartsTerm) -> tuple[Period, ...]:
        """One amount in equal parts."""
        amount = self._needed(self.decimal(term.amount, "/parts/amount"), "/parts/amount")
        first = self._needed(self.day(term.start, "/parts/start"), "/parts/start")
        return evenly(
            amount,
            self.whole(term.count, "/parts/count", 1, MOST_MONTHS),
            first,
            self.whole(term.every, "/parts/every", 0, MOST_MONTHS),
            self.unit(term.unit, "/parts/unit"),
        )

    # -- terms --------------------------------------------------------------------------------------------------------

    def _stretches(self, term: TermsTerm) -> tuple[Terms, ...]:
        start = self._needed(self.day(term.start, "/terms/start"), "/terms/start")
        end = self.day(term.end, "/terms/end")
        if end is not None and end < start:
            raise refused("/terms/end", "series_backwards")
        layers = tuple(self._layers(term.layers))
        first = Terms(
            start,
            end,
            self.whole(term.every, "/terms/every", 1, MOST_MONTHS),
            self._needed(self.decimal(term.rate, "/terms/rate"), "/terms/rate"),
            self._alignment(term.alignment, "/terms/alignment") or "anniversary",
            until=self._until(term, start) if end is None else None,
            steps=self._steps(term.steps, "/terms/steps"),
            layers=tuple(layer for layer, _ in layers),
            due=self._due(term),
            unit=self.unit(term.unit, "/terms/unit"),
        )
        if end is not None:
            lost = tuple(layer.ranges[0] for layer, longer in layers if longer)
            first = replace(first, end=extended(end, lost, first.grid))
        return tuple(each for each in self._changed(first, term.changes) if each.start <= first.last)

    def _until(self, term: TermsTerm, start: date) -> date:
        until = self.day(term.until, "/terms/until")
        if until is None and self.value(term.ahead, "/terms/ahead") is not None:
            ahead = self.whole(term.ahead, "/terms/ahead", 0, MOST_MONTHS)
            until = add_months(max(self.stage.facts.context.today, start), ahead)
        return self._needed(until, "/terms/end")

    def _layers(self, several: tuple[LayerTerm, ...]) -> Iterator[tuple[Layer, bool]]:
        """A layer for each range, and whether it puts the end off."""
        for number, term in enumerate(several):
            at = f"/terms/layers/{number}"
            for here in self.rows(term.rows):
                start, end = here.day(term.start, f"{at}/from"), here.day(term.end, f"{at}/to")
                if start is not None and start <= (end or LAST_DAY):
                    layer = Layer(term.kind, ((start, end or LAST_DAY),), here.truth(term.locked, f"{at}/locked"))
                    yield layer, end is not None and here.truth(term.extends, f"{at}/extends")

    def _steps(self, term: StepsTerm | None, at: str) -> Steps:
        if term is None:
            return None
        if term.rows is not None:
            listed = []
            for here in self.rows(term.rows):
                start, rate = here.day(term.start, f"{at}/from"), here.decimal(term.rate, f"{at}/rate")
                if start is not None and rate is not None:
                    listed.append((start, rate))
            return tuple(sorted(listed))
        every = self.value(term.every, f"{at}/every")
        fraction, amount = self.decimal(term.fraction, f"{at}/fraction"), self.decimal(term.amount, f"{at}/amount")
        if not every or (fraction is None and amount is None):
            return None
        return Rise(self.whole(term.every, f"{at}/every", 1, MOST_MONTHS), fraction, amount or Decimal(0))

    def _changed(self, first: Terms, term: ChangesTerm | None) -> tuple[Terms, ...]:
        """A change of the rate keeps the grid; what begins anew is a stretch of its own."""
        if term is None:
            return (first,)
        at = "/terms/changes"
        found: list[tuple[date, Reading]] = []
        for here in self.rows(term.rows):
            start = here.day(term.start, f"{at}/from")
            if start is not None:
                found.append((start, here))
        stretches = [first]
        for start, here in sorted(found, key=lambda pair: pair[0]):
            rate = here._needed(here.decimal(term.rate, f"{at}/rate"), f"{at}/rate")
            steps = here._steps(term.steps, f"{at}/steps")
            if not here.truth(term.anew, f"{at}/anew"):
                last = stretches[-1]
                stretches[-1] = replace(last, changes=(*last.changes, Change(start, rate, steps)))
                continue
            every = here.value(term.every, f"{at}/every")
            last = replace(
                stretches[-1],
                start=max(start, first.start),
                every=here.whole(term.every, f"{at}/every", 1, MOST_MONTHS) if every else stretches[-1].every,
                rate=rate,
                alignment=here._alignment(term.alignment, f"{at}/alignment") or stretches[-1].alignment,
                steps=steps,
                changes=(),
            )
            stretches = [*stretches, last] if start > stretches[-1].start else [*stretches[:-1], last]
        return tuple(stretches)

    def _due(self, term: TermsTerm) -> Due:
        due = term.due
        put_off = []
        for number, each in enumerate(due.put_off):
            at = f"/terms/due/put_off/{number}"
            for here in self.rows(each.rows):
                start, end = here.day(each.start, f"{at}/from"), here.day(each.end, f"{at}/to")
                if start is not None and end is not None and start <= end:
                    until = here.day(each.until, f"{at}/until") or date.fromordinal(end.toordinal() + 1)
                    put_off.append(PutOff(start, end, until))
        where = self.value(due.at, "/terms/due/at") or "start"
        if where not in ("start", "end"):
            raise refused("/terms/due/at", "series_cannot_be", value=str(where))
        blank = self.value(due.days, "/terms/due/days") is None
        days = 0 if blank else self.whole(due.days, "/terms/due/days", -MOST_DAYS, MOST_DAYS)
        return Due(where, days, self.truth(due.first_at_start, "/terms/due/first_at_start"), tuple(put_off))  # type: ignore[arg-type]

    def _alignment(self, given: Given, at: str) -> Literal["anniversary", "calendar"] | None:
        match self.value(given, at):
            case None | "":
                return None
            case "anniversary":
                return "anniversary"
            case "calendar":
                return "calendar"
            case other:
                raise refused(at, "series_cannot_be", value=str(other))

    # -- values -------------------------------------------------------------------------------------------------------

    def rows(self, rows: Rows) -> "Iterator[Reading]":
        """Here, or at each row or record that `where` lets through."""
        if rows.over is None:
            several: tuple[Reading, ...] = (self,)
        else:
            found = self._records(rows.over) if isinstance(rows.over, Search) else self._table(rows.over)
            scope = cast("str", rows.scope)
            several = tuple(Reading(self.stage, replace(self.env, row=row), scope) for row in found)
        for here in several:
            if rows.where is None or here.stage.flow.evaluate(rows.where.text, here.env, here.scope) is True:
                yield here

    def value(self, given: Given, at: str) -> Value:
        """What it is here; an error is refused."""
        if isinstance(given, written.Literal):
            return cast("Value", given.value)
        found = self.stage.flow.evaluate(given.text, self.env, self.scope)
        if isinstance(found, ErrorValue):
            raise refused(at, "formula_failed", error=found.code)
        return found

    def day(self, given: Given, at: str) -> date | None:
        """A date; a moment means its day in the workspace's time zone."""
        found = self.value(given, at)
        if isinstance(found, datetime):
            found = found.astimezone(self.stage.facts.context.zone).date()
        elif isinstance(found, str):
            found = _read_day(found)
        if found is not None and (not isinstance(found, date) or not FIRST_DAY <= found <= LAST_DAY):
            raise refused(at, "series_cannot_be", value=str(found))
        return found

    def decimal(self, given: Given, at: str) -> Decimal | None:
        """A number."""
        found = self.value(given, at)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, (Decimal, int, str)):
            raise refused(at, "series_cannot_be", value=str(found))
        return Decimal(found)

    def whole(self, given: Given, at: str, least: int, most: int) -> int:
        """A whole number between these."""
        found = self._needed(self.decimal(given, at), at)
        if found != int(found) or not least <= found <= most:
            raise refused(at, "series_cannot_be", value=str(found))
        return int(found)

    def unit(self, given: Given, at: str) -> Decimal:
        """What is rounded to."""
        found = self._needed(self.decimal(given, at), at)
        if found <= 0:
            raise refused(at, "series_cannot_be", value=str(found))
        return found

    def truth(self, given: Given, at: str) -> bool:
        """Yes or no; a blank is no."""
        return self.value(given, at) is True

    def _needed(self, found: T | None, at: str) -> T:
        if found is None:
            raise refused(at, "series_needs")
        return found

    def _table(self, table: str) -> tuple[RecordValue, ...]:
        rows = self.stage.value.values.get(table)
        return tuple(row for row in rows if isinstance(row, RecordValue)) if isinstance(rows, tuple) else ()

    def _records(self, search: Search) -> tuple[RecordValue, ...]:
        facts, ids = self.stage.facts, searching.ids_of(self.stage, search, MOST_ROWS)
        facts.want(search.form, ids)
        found = (facts.fetch(search.form, record) for record in ids)
        return tuple(value for value in found if value is not None)


def _read_day(text: str) -> date | str:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text

"""Records by their days: a month as a calendar, a longer time as bars."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_skeleton

from form_engine.definition import CompiledField
from form_engine.permission import Access
from form_engine.query.listing import MAX_LIMIT, list_records
from form_engine.records.view import RecordView
from web.cells import Cell, cell
from web.desk.document import document
from web.desk.lists import Row, rows_of
from web.desk.query import ListQuery
from web.desk.views import Chosen
from web.desk.world import World

PER_DAY = 4
SPANS = ("month", "quarter", "year")
FIRST, LAST = date(2, 1, 1), date(9998, 1, 1) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a calendar: its first records, and the list of the others."""

    day: date
    words: str
    today: bool
    outside: bool
    rows: tuple[Row, ...]
    hidden: int
    href: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """A month in weeks from Monday, and the ways to the months beside it."""

    title: str
    weekdays: tuple[str, ...]
    weeks: tuple[tuple[Day, ...], ...]
    before: str
    after: str
    today: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A record on a timeline: ``lead`` units before it, ``length`` units of it, ``rest`` units after it."""

    row: Row
    lane: Cell | None
    lead: int
    length: int
    rest: int
    words: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """``heads`` are the parts of the time shown, each with the number of units that it takes."""

    title: str
    units: int
    heads: tuple[tuple[str, int], ...]
    bars: tuple[Bar, ...]
    before: str
    after: str
    today: str
    spans: tuple[tuple[str, str, bool], ...]
    now: int | None
    capped: bool


def calendar_of(
    world: World, access: Access, chosen: Chosen, query: ListQuery, shown: tuple[CompiledField, ...]
) -> Calendar:
    """The month of the day that the question is about."""
    today = world.context.today
    first = _asked(query.on, today).replace(day=1)
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    items, capped = _between(world, access, chosen, query, weeks[0][0], weeks[-1][-1])
    rows = _rows(world, access, chosen, items, shown)
    by_day: dict[date, list[Row]] = {}
    for row, item in zip(rows, items, strict=True):
        start, end = _span(world, chosen, item)
        day = max(start, weeks[0][0])
        while day <= min(end, weeks[-1][-1]):
            by_day.setdefault(day, []).append(row)
            day += timedelta(days=1)
    counts = {day: len(there) for day, there in by_day.items()}
    if capped:  # more than are read at once: each day asks for its own first ones, so that none looks empty
        for day in (each for week in weeks for each in week):
            first_ones, counts[day] = _of_day(world, access, chosen, query, day)
            by_day[day] = list(_rows(world, access, chosen, first_ones, shown))
    spoken = world.locale.replace("-", "_")

    def made(day: date) -> Day:
        there = by_day.get(day, [])
        tree = {"and": [*([chosen.filter] if chosen.filter else []), _touching(chosen, day, day)]}
        words = str(format_skeleton("MMMEd", day, locale=spoken))
        href = _as_list(query, tree).address(access.form.key)
        outside = day.month != first.month
        hidden = max(counts.get(day, 0) - PER_DAY, 0)
        return Day(day, words, day == today, outside, tuple(there[:PER_DAY]), hidden, href)

    return Calendar(
        title=str(format_skeleton("yMMMM", first, locale=spoken)),
        weekdays=tuple(str(format_skeleton("E", each, locale=spoken)) for each in weeks[0]),
        weeks=tuple(tuple(made(day) for day in week) for week in weeks),
        before=replace(query, on=_shifted(first, -1).isoformat()).address(access.form.key),
        after=replace(query, on=_shifted(first, 1).isoformat()).address(access.form.key),
        today=replace(query, on="").address(access.form.key),
    )


def timeline_of(
    world: World, access: Access, chosen: Chosen, query: ListQuery, shown: tuple[CompiledField, ...]
) -> Timeline:
    """A month or a quarter by days, or a year by weeks."""
    form, today = access.form, world.context.today
    span = query.span if query.span in SPANS else "quarter"
    months = {"month": 1, "quarter": 3, "year": 12}[span]
    at = _asked(query.on, today)
    first = at.replace(day=1) if span != "year" else date(at.year, 1, 1)
    last = _shifted(first, months) - timedelta(days=1)
    step = 7 if span == "year" else 1
    units = -(-((last - first).days + 1) // step)
    items, capped = _between(world, access, chosen, query, first, last)
    by = form.field(chosen.look.by) if chosen.look.by else None
    rows = _rows(world, access, chosen, items, shown)
    lanes = _lanes(world, access, by, items)
    bars = tuple(
        _bar(row, lane, _span(world, chosen, item), first, units, step)
        for row, lane, item in zip(rows, lanes, items, strict=True)
    )
    heads = tuple((words, days) for words, days in _heads(first, months, units, step, world.locale))
    choices = tuple((each, replace(query, span=each).address(form.key), each == span) for each in SPANS)
    return Timeline(
        title=f"{first.isoformat()} – {last.isoformat()}",
        units=units,
        heads=heads,
        bars=bars,
        before=replace(query, on=_shifted(first, -months).isoformat()).address(form.key),
        after=replace(query, on=_shifted(first, months).isoformat()).address(form.key),
        today=replace(query, on="").address(form.key),
        spans=choices,
        now=(today - first).days // step if first <= today <= last else None,
        capped=capped,
    )


def _between(
    world: World, access: Access, chosen: Chosen, query: ListQuery, first: date, last: date
) -> tuple[tuple[RecordView, ...], bool]:
    look = chosen.look
    tree = {"and": [*([chosen.filter] if chosen.filter else []), _touching(chosen, first, last)]}
    lane = (look.by,) if look.by and look.show == "timeline" else ()
    order = dict.fromkeys((*lane, look.start or "created_at"))
    page = list_records(
        world.session, access, filter=tree, where=chosen.where, sort=tuple(order), limit=MAX_LIMIT, q=query.q
    )
    return page.items, page.next is not None


def _of_day(
    world: World, access: Access, chosen: Chosen, query: ListQuery, day: date
) -> tuple[tuple[RecordView, ...], int]:
    """The first records of a day, and how many it has."""
    tree = {"and": [*([chosen.filter] if chosen.filter else []), _touching(chosen, day, day)]}
    page = list_records(world.session, access, filter=tree, where=chosen.where, limit=PER_DAY, q=query.q)
    return page.items, page.count


def _touching(chosen: Chosen, first: date, last: date) -> dict[str, Any]:
    """That a record has some day between these; without an end it has the day of its start."""
    start, end = chosen.look.start, chosen.look.end
    begun = {"field": start, "op": "le", "value": last.isoformat()}
    here = {"field": start, "op": "ge", "value": first.isoformat()}
    if end is None:
        return {"and": [here, begun]}
    lasts = {"field": end, "op": "ge", "value": first.isoformat()}
    return {"and": [begun, {"or": [lasts, {"and": [here, {"field": end, "op": "blank"}]}]}]}


def _span(world: World, chosen: Chosen, item: RecordView) -> tuple[date, date]:
    values = document(item.values, item.computed)
    start = _day(world, values.get(chosen.look.start or "")) or world.context.today
    end = _day(world, values.get(chosen.look.end or "")) if chosen.look.end else None
    return start, max(end or start, start)


def _day(world: World, value: Any) -> date | None:
    if not isinstance(value, str) or not value:
        return None
    return (
        datetime.fromisoformat(value).astimezone(world.context.zone).date()
        if "T" in value
        else date.fromisoformat(value)
    )


def _rows(
    world: World, access: Access, chosen: Chosen, items: tuple[RecordView, ...], shown: tuple[CompiledField, ...]
) -> tuple[Row, ...]:
    names = world.names(access.form, (document(item.values, item.computed) for item in items))
    return rows_of(access.form, shown, items, names, world.locale, chosen.look)


def _lanes(world: World, access: Access, by: CompiledField | None, items: tuple[RecordView, ...]) -> list[Cell | None]:
    """The lane's name beside its first record."""
    if by is None:
        return [None] * len(items)
    names = world.names(access.form, (document(item.values, item.computed) for item in items))
    found: list[Cell | None] = []
    last = None
    for item in items:
        lane = cell(by, document(item.values, item.computed).get(by.key), names, world.locale)
        found.append(lane if lane != last else None)
        last = lane
    return found


def _bar(row: Row, lane: Cell | None, span: tuple[date, date], first: date, units: int, step: int) -> Bar:
    start, end = span
    lead = min(max((start - first).days // step, 0), units - 1)
    until = min(max((end - first).days // step, lead), units - 1)
    length = until - lead + 1
    words = start.isoformat() if start == end else f"{start.isoformat()} – {end.isoformat()}"
    return Bar(row, lane, lead, length, units - lead - length, words)


def _heads(first: date, months: int, units: int, step: int, locale: str) -> Iterator[tuple[str, int]]:
    """Months above the bars; of a single month its weeks."""
    if months == 1:
        day, last = first, _shifted(first, 1)
        while day < last:
            until = min(day + timedelta(days=7 - day.weekday()), last)
            yield f"{day.day}", (until - day).days
            day = until
        return
    taken = 0
    for number in range(months):
        end_at = -(-(_shifted(first, number + 1) - first).days // step) if number < months - 1 else units
        month, spoken = _shifted(first, number), locale.replace("-", "_")
        yield str(format_skeleton("MMM" if months > 3 else "yMMM", month, locale=spoken)), end_at - taken
        taken = end_at


def _asked(on: str, today: date) -> date:
    """The day that the address names, as far as there is a year of days before and after it to speak of."""
    try:
        return min(max(date.fromisoformat(on), FIRST), LAST)
    except ValueError:
        return today


def _shifted(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _as_list(query: ListQuery, tree: Any) -> ListQuery:
    return replace(query, filter=tree, says_filter=True, chosen=None, on="", look={**query.look, "show": "list"})

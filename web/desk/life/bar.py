"""The bar of a record's life: a lane for each event that asks for one, from the first day of the span to the last."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from formloom.i18n import localized

from form_engine.definition import PageDef, PageEvent
from web import locales
from web.desk.life.events import Asked, day_of, lines_of, linked_lines, related_to
from web.desk.life.moment import Moment
from web.speech import gettext, ngettext

WIDTH: Final = 1_000
MOST: Final = 200
"""Pieces of a lane; those beyond are not drawn, and the lane says so."""
OPEN_DAYS: Final = 365
_LEAST: Final = 4.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a lane, in thousandths of the bar. `tone` is the colour of its word."""

    x: float
    width: float
    tone: str
    title: str
    href: str
    point: bool


@dataclass(frozen=True, slots=True)
class Legend:
    """How many pieces have this word."""

    word: str
    tone: str
    count: int


@dataclass(frozen=True, slots=True)
class Lane:
    """One event on the bar."""

    title: str
    pieces: tuple[Piece, ...]
    legend: tuple[Legend, ...]
    said: str
    more: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """`today` is its place in thousandths, None where it is not on the bar; `done` how much is
    past; `years` are the places of new years."""

    start: date
    end: date
    open: bool
    today: float | None
    done: float
    years: tuple[tuple[float, int], ...]
    lanes: tuple[Lane, ...]
    said: str


def bar_of(asked: Asked, page: PageDef, today: date) -> Bar | None:
    """The bar; None where the form declares none, the reader may not read its ends, or it has not begun."""
    if page.span is None:
        return None
    values = asked.values
    start, end = (day_of(asked, values.get(key)) for key in page.span)
    if start is None or not all(_readable(asked, key) for key in page.span):
        return None
    open_ = end is None
    last = (
        end if end is not None else min(max(start, today), date.max - timedelta(days=OPEN_DAYS)) + timedelta(OPEN_DAYS)
    )
    if last <= start:
        return None
    scale = _Scale(start, last)
    lanes = [
        lane
        for place, event in enumerate(page.timeline)
        if event.lane and (lane := _lane(asked, event, place, scale)) is not None
    ]
    until = gettext("open-ended") if open_ else locales.day(last)
    return Bar(
        start,
        last,
        open_,
        scale.x(today) if start <= today <= last else None,
        scale.x(today, over=True) if today >= start else 0,
        tuple((scale.x(date(year, 1, 1)), year) for year in range(start.year + 1, last.year + 1))[:20],
        tuple(lanes),
        gettext("From %(start)s to %(end)s", start=locales.day(start), end=until),
    )


def _readable(asked: Asked, key: str) -> bool:
    field = asked.view.form.field(key)
    return field is not None and asked.view.fields.may_read(field.path)


@dataclass(frozen=True, slots=True)
class _Scale:
    start: date
    end: date

    def x(self, day: date, *, over: bool = False) -> float:
        """Where a day begins; `over`: where it ends."""
        inside = min(max((day - self.start).days + over, 0), self.days)
        return round(inside / self.days * WIDTH, 1)

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    def piece(self, line: Moment, begin: date) -> Piece:
        title = " · ".join(
            filter(None, (line.name or line.title, _when(begin, line.until), line.status.text, line.figure.text))
        )
        tone = line.status.tone or "accent"
        if line.until is None:
            return Piece(self.x(begin), _LEAST, tone, title, line.href, point=True)
        x = self.x(begin)
        width = max(self.x(line.until, over=True) - x - 1.5, _LEAST)
        return Piece(x, round(min(width, WIDTH - x), 1), tone, title, line.href, point=False)


def _when(begin: date, until: date | None) -> str:
    return locales.day(begin) if until is None else f"{locales.day(begin)} – {locales.day(until)}"


def _lane(asked: Asked, event: PageEvent, place: int, scale: _Scale) -> Lane | None:
    lines, more = _pieces(asked, event, place)
    lines = [line for line in lines if line.day <= scale.end and (line.until or line.day) >= scale.start]
    if not lines:
        return None
    counts = Counter((line.status.text, line.status.tone or "accent") for line in lines)
    legend = tuple(Legend(word, tone, count) for (word, tone), count in counts.most_common() if word)
    title = localized(event.title, asked.world.locale) if event.title is not None else lines[0].title
    words = ", ".join(f"{one.word} {one.count}" for one in legend)
    number = ngettext("%(num)s in all", "%(num)s in all", len(lines))
    said = f"{title}: {number}" + (f" ({words})" if words else "")
    return Lane(title, tuple(scale.piece(line, line.day) for line in lines), legend, said, more)


def _pieces(asked: Asked, event: PageEvent, place: int) -> tuple[list[Moment], bool]:
    """From the first; where there is a `from`, a piece begins there, not at the day at which its line stands."""
    spread = replace(event, date=event.start or event.date)
    if event.source is None:
        lines = lines_of(replace(asked, way="ahead", day=date.min, most=MOST + 1), spread, place)
    else:
        found = related_to(asked.world, asked.view, event)
        read = spread.columns
        items = found.dated(spread.date, since=None, until=None, limit=MOST + 1, read=read) if found else ()
        lines = list(linked_lines(asked, spread, place, found, items)) if found else []
    return lines[:MOST], len(lines) > MOST

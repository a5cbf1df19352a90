"""One line of a record's timeline, and how lines of several sources become one page of it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from web.cells import BLANK, Cell

Way = Literal["past", "ahead"]
PAGE = 10


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened on a day or is to come. `at` where the minute is known; `name` leads to `href`."""

    day: date
    place: int
    """Of its event among those that the form declares: decides among lines of one day."""
    icon: str
    title: str
    name: str = ""
    href: str = ""
    status: Cell = BLANK
    figure: Cell = BLANK
    who: str = ""
    until: date | None = None
    at: datetime | None = None
    tone: str = ""


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Lines in the order of reading, the nearest to today first; `further` is the day to go on from."""

    way: Way
    moments: tuple[Moment, ...]
    further: date | None


def merged(found: Sequence[Sequence[Moment]], way: Way, limit: int = PAGE) -> TimelinePage:
    """The nearest lines of all sources, whole days at a time.

    Each source gives its lines from the near to the far; one with more than `limit` may have left some out, so nothing
    is shown from where it ends. A day that alone has more is shown as far as it was given.
    """
    sign = -1 if way == "past" else 1

    def near(day: date) -> int:
        return sign * day.toordinal()

    ends = [near(lines[limit].day) for lines in found if len(lines) > limit]
    horizon = min(ends, default=None)
    rows = sorted((line for lines in found for line in lines), key=lambda line: (near(line.day), *_within(line, sign)))
    whole = [line for line in rows if horizon is None or near(line.day) < horizon]
    if rows and not whole:
        first = rows[0].day
        end = first in (date.min, date.max)
        shown = [line for line in rows if line.day == first]
        return TimelinePage(way, tuple(shown), None if end else first + timedelta(days=sign))
    last = whole[limit - 1].day if len(whole) > limit else None
    shown = [line for line in whole if last is None or near(line.day) <= near(last)]
    if len(shown) < len(whole):
        return TimelinePage(way, tuple(shown), whole[len(shown)].day)
    further = None if horizon is None else date.fromordinal(sign * horizon)
    return TimelinePage(way, tuple(shown), further)


def _within(line: Moment, sign: int) -> tuple[float, int]:
    return (sign * line.at.timestamp() if line.at is not None else 0, line.place)

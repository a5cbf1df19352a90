"""Lines of several sources become pages of whole days; nothing is left out and nothing comes twice."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from web.desk.life.moment import Moment, Way, merged

TODAY = date(2026, 3, 1)
LIMIT = 3


def lines(days: list[int], place: int) -> list[Moment]:
    """A source with lines so many days from today."""
    return [Moment(TODAY + timedelta(days=day), place, "", f"{place}.{at}") for at, day in enumerate(days)]


def given_by(source: list[Moment], way: Way, day: date) -> list[Moment]:
    """What a source gives for a page: from the near to the far, one more than a page holds."""
    sign = -1 if way == "past" else 1
    there = [line for line in source if (line.day <= day if way == "past" else line.day >= day)]
    return sorted(there, key=lambda line: sign * line.day.toordinal())[: LIMIT + 1]


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), max_size=9, unique=True), max_size=4), st.sampled_from(("past", "ahead")))
def test_pages_follow_each_other_without_gap_or_double(days: list[list[int]], way: Way) -> None:
    sign = -1 if way == "past" else 1
    sources = [lines([sign * day for day in each], place) for place, each in enumerate(days)]
    day: date | None = TODAY
    seen: list[Moment] = []
    for _ in range(100):
        if day is None:
            break
        page = merged([given_by(each, way, day) for each in sources], way, LIMIT)
        assert page.moments or page.further is None
        seen += page.moments
        day = page.further
    assert day is None
    assert sorted(line.title for line in seen) == sorted(line.title for each in sources for line in each)
    distances = [sign * line.day.toordinal() for line in seen]
    assert distances == sorted(distances)


def test_a_day_with_more_than_a_page_does_not_hold_up_the_rest() -> None:
    source = lines([0, 0, 0, 0, 0, 1], 0)
    first = merged([given_by(source, "ahead", TODAY)], "ahead", LIMIT)
    assert len(first.moments) == LIMIT + 1
    assert first.further == TODAY + timedelta(days=1)

"""Days that are named from today on."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from form_engine.query.relative import NAMES, Span, days, instants

TODAY = date(2026, 3, 31)  # a Tuesday, the last day of a quarter


@pytest.mark.parametrize(
    ("name", "count", "start", "end"),
    [
        ("today", None, "2026-03-31", "2026-04-01"),
        ("yesterday", None, "2026-03-30", "2026-03-31"),
        ("tomorrow", None, "2026-04-01", "2026-04-02"),
        ("this_week", None, "2026-03-30", "2026-04-06"),
        ("last_week", None, "2026-03-23", "2026-03-30"),
        ("next_week", None, "2026-04-06", "2026-04-13"),
        ("this_month", None, "2026-03-01", "2026-04-01"),
        ("last_month", None, "2026-02-01", "2026-03-01"),
        ("next_month", None, "2026-04-01", "2026-05-01"),
        ("this_quarter", None, "2026-01-01", "2026-04-01"),
        ("last_quarter", None, "2025-10-01", "2026-01-01"),
        ("next_quarter", None, "2026-04-01", "2026-07-01"),
        ("this_year", None, "2026-01-01", "2027-01-01"),
        ("last_year", None, "2025-01-01", "2026-01-01"),
        ("next_days", 30, "2026-03-31", "2026-05-01"),
        ("last_days", 7, "2026-03-24", "2026-04-01"),
        ("next_days", 0, "2026-03-31", "2026-04-01"),
        ("next_weeks", 2, "2026-03-31", "2026-04-15"),
        ("last_months", 1, "2026-02-28", "2026-04-01"),
        ("next_years", 1, "2026-03-31", "2027-04-01"),
        ("days_ago", 10, "2026-03-21", "2026-03-22"),
        ("days_ahead", 10, "2026-04-10", "2026-04-11"),
        ("overdue", None, None, "2026-03-31"),
        ("past", None, None, "2026-03-31"),
        ("future", None, "2026-04-01", None),
    ],
)
def test_what_a_word_means(name: str, count: int | None, start: str | None, end: str | None) -> None:
    expected = Span(*(None if each is None else date.fromisoformat(each) for each in (start, end)))
    assert days(name, count, TODAY) == expected


@given(st.sampled_from(NAMES), st.one_of(st.none(), st.integers(-5, 20_000)), st.dates())
def test_a_span_is_in_order_or_makes_no_sense(name: str, count: int | None, today: date) -> None:
    span = days(name, count, today)
    if span is not None and span.start is not None and span.end is not None:
        assert span.start < span.end


@pytest.mark.parametrize(("name", "count"), [("someday", None), ("today", 1), ("next_days", None), ("last_days", -1)])
def test_what_makes_no_sense_is_told(name: str, count: int | None) -> None:
    assert days(name, count, TODAY) is None


def test_moments_are_counted_from_local_midnight() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    now = datetime(2026, 3, 31, 1, tzinfo=UTC)
    span = days("today", None, TODAY)
    assert span is not None
    found = instants("today", span, now, shanghai)
    assert found.start == datetime(2026, 3, 30, 16, tzinfo=UTC)
    assert found.end - found.start == timedelta(days=1)
    assert instants("overdue", Span(None, TODAY), now, shanghai) == Span(None, now)

"""Calendars: what may be written, which days follow, and counting in working time."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from formloom.errors import InvalidDefinition
from hypothesis import given, settings
from hypothesis import strategies as st

from form_engine.calendars import (
    CalendarDef,
    WorkingCalendar,
    WorkLength,
    business_minutes,
    later,
    parse_calendar,
)
from form_engine.calendars.holidays import last_announced, public_days
from form_engine.formula import workdays

NAMES = ("kind", "key", "title", "hours", "mon", "exceptions", "from", "day")
SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEK = ["09:00-12:00", "13:00-18:00"]
OFFICE: dict[str, Any] = {
    "kind": "calendar",
    "key": "office",
    "title": "Office",
    "hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), WEEK),
    "holidays": "CN",
    "exceptions": [
        {"from": "2026-07-01", "to": "2026-07-03", "day": "off", "name": "Outing"},
        {"from": "2026-07-04", "day": "work", "hours": ["10:00-12:00"]},
    ],
}


def office(**changes: Any) -> WorkingCalendar:
    return WorkingCalendar(parse_calendar({**OFFICE, **changes}))


def problems(**changes: Any) -> set[tuple[str, str]]:
    with pytest.raises(InvalidDefinition) as caught:
        parse_calendar({**OFFICE, **changes})
    return {(issue.pointer, issue.code) for issue in caught.value.issues}


class TestParsing:
    def test_a_calendar_is_read(self) -> None:
        found = parse_calendar(OFFICE)
        assert isinstance(found, CalendarDef)
        assert found.weekend == {5, 6}
        assert [(span.since, span.until) for span in found.hours[0]] == [(540, 720), (780, 1080)]
        assert found.exceptions[date(2026, 7, 2)].works is False

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"hours": {"mon": ["12:00-09:00"]}}, ("/hours/mon/0", "bad_hours")),
            ({"hours": {"mon": ["09:00-12:00", "11:00-13:00"]}}, ("/hours/mon/1", "bad_hours")),
            ({"hours": {"mon": ["9-12"]}}, ("/hours/mon/0", "bad_format")),
            ({"hours": {}}, ("/hours", "too_short")),
            ({"hours": {"day": WEEK}}, ("/hours/day", "unknown_key")),
            ({"holidays": "QQ"}, ("/holidays", "unknown_holidays")),
            ({"exceptions": [{"from": "2026-02-30", "day": "off"}]}, ("/exceptions/0/from", "bad_day")),
            (
                {"exceptions": [{"from": "2026-02-03", "to": "2026-02-01", "day": "off"}]},
                ("/exceptions/0/to", "days_crossed"),
            ),
            (
                {"exceptions": [{"from": "2026-02-03", "to": "2028-02-01", "day": "off"}]},
                ("/exceptions/0/to", "too_many_days"),
            ),
            (
                {"exceptions": [{"from": "2026-02-03", "day": "off"}, {"from": "2026-02-03", "day": "work"}]},
                ("/exceptions/1", "day_twice"),
            ),
            (
                {"exceptions": [{"from": "2026-02-03", "day": "off", "hours": WEEK}]},
                ("/exceptions/0/hours", "hours_of_day_off"),
            ),
        ],
    )
    def test_what_is_wrong_is_told_in_its_place(self, changes: dict[str, Any], told: tuple[str, str]) -> None:
        assert problems(**changes) == {told}

    @given(
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner),
            max_leaves=12,
        )
    )
    def test_whatever_comes_in_is_a_calendar_or_refused(self, raw: object) -> None:
        with pytest.raises(InvalidDefinition):
            parse_calendar(raw)


class TestDays:
    @pytest.mark.parametrize(
        ("day", "works"),
        [
            ("2026-01-01", False),  # New Year's Day
            ("2026-01-02", False),  # given for the Sunday after it
            ("2026-01-04", True),  # that Sunday
            ("2026-02-14", True),  # a Saturday before the Spring Festival
            ("2026-02-23", False),
            ("2026-10-10", True),
            ("2026-07-02", False),  # the firm's outing
            ("2026-07-04", True),  # a Saturday, made up for it
            ("2026-07-05", False),
            ("2026-07-06", True),
            ("1999-10-01", True),  # before any holidays are known here
        ],
    )
    def test_the_country_and_over_it_the_firm(self, day: str, works: bool) -> None:
        assert workdays.is_workday(office(), date.fromisoformat(day)) is works

    def test_the_firm_may_work_on_a_holiday(self) -> None:
        calendar = office(exceptions=[{"from": "2026-01-01", "day": "work"}])
        assert workdays.is_workday(calendar, date(2026, 1, 1))
        assert calendar.hours_on(date(2026, 1, 1))

    def test_later_years_are_provisional(self) -> None:
        known = last_announced("CN")
        assert not public_days("CN", known).provisional
        beyond = public_days("CN", known + 1, "zh-CN")
        assert beyond.provisional
        assert "春节" in " ".join(beyond.off.values())
        assert not public_days("DE", known + 1).provisional

    def test_neighbours(self) -> None:
        calendar = office()
        assert workdays.add_workdays(calendar, date(2026, 1, 1), 1) == date(2026, 1, 4)
        assert workdays.add_workdays(calendar, date(2026, 1, 3), -1) == date(2025, 12, 31)
        assert workdays.add_workdays(calendar, date(2026, 1, 1), 0) == date(2026, 1, 1)

    @given(st.dates(date(1999, 6, 1), date(2051, 6, 1)), st.integers(-300, 300))
    @settings(deadline=None)
    def test_adding_and_counting_agree(self, start: date, count: int) -> None:
        calendar = office()
        end = workdays.add_workdays(calendar, start, count)
        assert end is not None
        counted = workdays.networkdays(calendar, start, end)
        own = int(workdays.is_workday(calendar, start))
        assert counted == (0 if count == 0 else count + (own if count > 0 else -own)) + (own if count == 0 else 0)

    @given(st.dates(date(2024, 1, 1), date(2028, 1, 1)), st.integers(0, 400))
    @settings(deadline=None)
    def test_counting_is_looking_at_each_day(self, start: date, length: int) -> None:
        calendar = office()
        days = [start + timedelta(days=at) for at in range(length + 1)]
        looked = sum(workdays.is_workday(calendar, day) for day in days)
        assert workdays.networkdays(calendar, start, days[-1]) == looked


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


class TestHours:
    @pytest.mark.parametrize(
        ("start", "end", "minutes"),
        [
            ("2026-07-06T09:00", "2026-07-06T18:00", 480),
            ("2026-07-06T11:30", "2026-07-06T13:30", 60),
            ("2026-07-06T20:00", "2026-07-07T08:00", 0),
            ("2026-06-30T17:00", "2026-07-06T10:00", 60 + 120 + 60),
            ("2026-07-06T10:00", "2026-06-30T17:00", -240),
            ("2026-07-06T09:00:59", "2026-07-06T09:02:00", 1),
        ],
    )
    def test_working_minutes(self, start: str, end: str, minutes: int) -> None:
        assert business_minutes(office(), at(start), at(end), SHANGHAI) == minutes

    @pytest.mark.parametrize(
        ("start", "length", "end"),
        [
            ("2026-07-06T10:00", "P1D", "2026-07-07T10:00"),
            ("2026-06-30T17:00", "P1D", "2026-07-04T17:00"),
            ("2026-07-10T20:00", "P1D", "2026-07-14T09:00"),  # Friday evening begins on Monday morning
            ("2026-07-11T12:00", "PT1H", "2026-07-13T10:00"),
            ("2026-07-06T17:00", "PT2H", "2026-07-07T10:00"),
            ("2026-07-06T11:00", "PT2H", "2026-07-06T14:00"),
            ("2026-07-06T09:00", "PT8H", "2026-07-06T18:00"),
            ("2026-07-06T09:00", "P1W", "2026-07-13T09:00"),
            ("2026-07-06T09:00", "P1DT30M", "2026-07-07T09:30"),
        ],
    )
    def test_later(self, start: str, length: str, end: str) -> None:
        found = WorkLength.parse(length)
        assert found is not None
        assert later(office(), at(start), found, SHANGHAI) == at(end)

    @pytest.mark.parametrize("text", ["", "P", "PT", "P0D", "P1M", "P1Y", "1D", "P١D", "P1D ", "PT1S"])
    def test_what_is_no_length_of_work(self, text: str) -> None:
        assert WorkLength.parse(text) is None

    def test_a_calendar_that_is_never_worked_has_no_later(self) -> None:
        calendar = WorkingCalendar(CalendarDef("x", "X", ((),) * 7))
        assert later(calendar, at("2026-07-06T10:00"), WorkLength(1, 0), SHANGHAI) is None
        assert business_minutes(calendar, at("2026-07-06T10:00"), at("2036-07-06T10:00"), SHANGHAI) == 0

    @given(
        st.integers(0, 365 * 24 * 60).map(
            lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
        ),
        st.integers(1, 3_000),
    )
    @settings(deadline=None, max_examples=50)
    def test_minutes_that_pass_are_minutes_between(self, start: datetime, minutes: int) -> None:
        whole = start.replace(second=0, microsecond=0)
        end = later(office(), whole, WorkLength(0, minutes), SHANGHAI)
        assert end is not None
        assert business_minutes(office(), whole, end, SHANGHAI) == minutes

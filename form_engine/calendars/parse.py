"""JSON → calendar."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any, Final

from formloom.errors import InvalidDefinition, Issue

from form_engine.calendars.holidays import SOURCES
from form_engine.calendars.model import WEEKDAYS, CalendarDef, DayException, Span
from form_engine.definition.bounds import check_bounds
from form_engine.schemas import Checker, schema

MOST_DAYS: Final = 366
"""Of one exception."""


def parse_calendar(raw: object) -> CalendarDef:
    """The calendar that `raw` describes. Raises InvalidDefinition with every issue, and nothing else."""
    check_bounds(raw)
    issues = list(_checker().issues(raw))
    if issues or not isinstance(raw, dict):
        raise InvalidDefinition("invalid_definition", issues=tuple(issues))
    hours = tuple(_spans(raw["hours"].get(name), f"/hours/{name}", issues) for name in WEEKDAYS)
    if raw.get("holidays") is not None and raw["holidays"] not in SOURCES:
        issues.append(Issue("/holidays", "unknown_holidays", {"source": raw["holidays"]}))
    exceptions: dict[date, DayException] = {}
    for at, each in enumerate(raw.get("exceptions", ())):
        _add(exceptions, each, f"/exceptions/{at}", issues)
    if issues:
        raise InvalidDefinition("invalid_definition", issues=tuple(issues))
    return CalendarDef(
        key=raw["key"],
        title=raw["title"],
        hours=hours,
        default=raw.get("default", False),
        holidays=raw.get("holidays"),
        exceptions=exceptions,
    )


@cache
def _checker() -> Checker:
    return Checker(schema("calendar"))


def _spans(raw: list[str] | None, at: str, issues: list[Issue]) -> tuple[Span, ...]:
    spans = tuple(Span(_minutes(each[:5]), _minutes(each[6:])) for each in raw or ())
    before = 0
    for number, span in enumerate(spans):
        if span.since < before or span.until <= span.since:
            issues.append(Issue(f"{at}/{number}", "bad_hours"))
        before = span.until
    return spans


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def _add(into: dict[date, DayException], raw: Mapping[str, Any], at: str, issues: list[Issue]) -> None:
    works = raw["day"] == "work"
    if "hours" in raw and not works:
        issues.append(Issue(f"{at}/hours", "hours_of_day_off"))
    hours = _spans(raw["hours"], f"{at}/hours", issues) if "hours" in raw else None
    for day in _days(raw, at, issues):
        if day in into:
            issues.append(Issue(at, "day_twice", {"day": day.isoformat()}))
            return
        into[day] = DayException(works, hours, raw.get("name"))


def _days(raw: Mapping[str, Any], at: str, issues: list[Issue]) -> Iterator[date]:
    ends: dict[str, date] = {}
    for end in ("from", "to"):
        if end in raw:
            try:
                ends[end] = date.fromisoformat(raw[end])
            except ValueError:
                issues.append(Issue(f"{at}/{end}", "bad_day"))
    if len(ends) < len(raw.keys() & {"from", "to"}):
        return
    first, last = ends["from"], ends.get("to", ends["from"])
    if last < first:
        issues.append(Issue(f"{at}/to", "days_crossed"))
    elif (last - first).days >= MOST_DAYS:
        issues.append(Issue(f"{at}/to", "too_many_days", {"max": MOST_DAYS}))
    else:
        yield from (first + timedelta(days=number) for number in range((last - first).days + 1))

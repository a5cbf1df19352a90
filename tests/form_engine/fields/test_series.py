"""Patterns of number series."""

from datetime import date

import pytest

from form_engine.fields import SeriesPattern
from form_engine.fields.base import ConfigError

DAY = date(2026, 3, 9)


@pytest.mark.parametrize(
    ("text", "number", "told"),
    [
        ("SK-{yyyy}{MM}-{seq:5}", 42, "SK-202603-00042"),
        ("{yy}/{dd}/{seq}", 7, "26/09/7"),
        ("合同{seq:2}号", 123, "合同123号"),
    ],
)
def test_a_number_as_people_see_it(text: str, number: int, told: str) -> None:
    assert SeriesPattern.parse(text).format(DAY, number) == told


def test_the_count_begins_again_when_what_stands_around_it_changes() -> None:
    pattern = SeriesPattern.parse("SK-{yyyy}{MM}-{seq:5}")
    assert pattern.period(DAY) == pattern.period(date(2026, 3, 31)) != pattern.period(date(2026, 4, 1))


@pytest.mark.parametrize("text", ["SK", "{seq}{seq}", "{seq:0}", "{hour}-{seq}", "{seq", "{seq}\n", "x" * 61 + "{seq}"])
def test_a_pattern_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        SeriesPattern.parse(text)

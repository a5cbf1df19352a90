"""Public holidays and make-up working days of a country, from the library `holidays`.

China's State Council announces each year's days late in the year before. For years beyond the library's announcements
the statutory days are worked out and marked provisional: the days around them will move.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final

import holidays

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2050
"""Other years have no holidays here: nobody counts working days in them, and each costs milliseconds."""

SOURCES: Final = frozenset(holidays.list_supported_countries())


@dataclass(frozen=True, slots=True)
class PublicDays:
    """Of one year: days off with their names, and weekend days that are worked in exchange."""

    off: Mapping[date, str] = field(default_factory=dict)
    work: frozenset[date] = frozenset()
    provisional: bool = False


NONE_KNOWN: Final = PublicDays()


@lru_cache(maxsize=4_096)
def public_days(source: str, year: int, locale: str = "en") -> PublicDays:
    """What the country `source` says about a year; names in the language where the library has it."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return NONE_KNOWN
    country = _country(source, year, locale)
    work = frozenset(day for day in getattr(country, "weekend_workdays", ()) if day.year == year)
    return PublicDays(dict(country), work, year > last_announced(source))


def last_announced(source: str) -> int:
    """The last year whose days were announced; for countries whose days follow from the law, any."""
    if source != "CN":
        return LAST_YEAR
    from holidays.countries.china import ChinaStaticHolidays

    return max(ChinaStaticHolidays.special_public_holidays)


def _country(source: str, year: int, locale: str) -> Any:
    wanted = locale.replace("-", "_")
    known = getattr(holidays.country_holidays(source), "supported_languages", ())
    language = next((each for each in known if each == wanted), None) or next(
        (each for each in known if each.partition("_")[0] == wanted.partition("_")[0]), None
    )
    return holidays.country_holidays(source, years=year, language=language)

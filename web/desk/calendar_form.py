"""A calendar as the form of a page says it. Pure: JSON in, JSON out; whether it can be, the store says."""

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from formloom.i18n import LOCALES

from form_engine.calendars.model import WEEKDAYS

Body = dict[str, Any]
USUAL: Final = ["09:00-12:00", "13:00-18:00"]
_SEPARATORS: Final = re.compile(r"[,，、;；\s]+")


def new_calendar(key: str, asked: Mapping[str, str]) -> Body:
    """Monday to Friday at usual hours, with China's public holidays."""
    hours = {day: list(USUAL) for day in WEEKDAYS[:5]}
    return {"kind": "calendar", "key": key, "title": _words(asked, "title"), "hours": hours, "holidays": "CN"}


def with_week(body: Body, asked: Mapping[str, str]) -> Body:
    """Its name, week, public holidays, and whether formulas ask it."""
    changed = deepcopy(body)
    changed["title"] = _words(asked, "title")
    changed["hours"] = {day: spans for day in WEEKDAYS if (spans := _spans(asked.get(f"hours_{day}", "")))}
    _set(changed, "holidays", asked.get("holidays", "").strip())
    _set(changed, "default", "default" in asked)
    return changed


def with_day(body: Body, asked: Mapping[str, str]) -> Body:
    """One more day, or run of days, of the firm's own."""
    day: Body = {"from": asked.get("from", ""), "day": asked.get("day", "off")}
    _set(day, "to", asked.get("to", ""))
    _set(day, "hours", _spans(asked.get("hours", "")) if day["day"] == "work" else [])
    _set(day, "name", _words(asked, "name"))
    changed = deepcopy(body)
    changed["exceptions"] = sorted([*body.get("exceptions", ()), day], key=lambda one: str(one["from"]))
    return changed


def without_day(body: Body, begins: str) -> Body:
    """Without the run of days that begins then."""
    changed = deepcopy(body)
    left = [one for one in body.get("exceptions", ()) if one["from"] != begins]
    _set(changed, "exceptions", left)
    return changed


def _spans(text: str) -> list[str]:
    """`9:00-12:00，13:00–18:00` as definitions write it."""
    told = text.replace("：", ":").replace("–", "-").replace("—", "-").replace("~", "-").replace("～", "-")
    parts = [part for part in _SEPARATORS.split(re.sub(r"\s*-\s*", "-", told.strip())) if part]
    return ["-".join(side if len(side) == 5 else f"0{side}" for side in part.split("-")) for part in parts]


def _words(asked: Mapping[str, str], name: str) -> dict[str, str]:
    told = {locale: asked.get(f"{name}_{locale}", "").strip()[:200] for locale in LOCALES}
    return {locale: words for locale, words in told.items() if words}


def _set(body: Body, key: str, value: Any) -> None:
    """What is empty does not stand in a definition."""
    if value:
        body[key] = value
    else:
        body.pop(key, None)

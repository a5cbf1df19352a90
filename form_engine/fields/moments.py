"""Days and times of day as people write them: `2025年1月5日`, `25/1/5`, `20250105`, `下午3点半`, a sheet's serial."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from form_engine.fields.answers import Coerced, CoerceHints, Coercer, Note, Refused, refuse
from form_engine.fields.coercion import exact, folded, is_blank
from form_engine.fields.numerals import read_digits, read_numeral

_MONTHS: Final = {
    name: at
    for at, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_Y_M_D: Final = re.compile(
    r"([0-9]{4}|[0-9]{2}) ?[年\-/.] ?([0-9]{1,2}) ?[月\-/.] ?([0-9]{1,2})(?: ?[日号])?(?![0-9])[t ,]*"
)
_COMPACT: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?![0-9]{1,3}(?![0-9]))[t ]*")
_A_B_Y: Final = re.compile(r"([0-9]{1,2}) ?([-/.]) ?([0-9]{1,2}) ?\2 ?([0-9]{4})(?![0-9])[t ,]*")
_D_MON_Y: Final = re.compile(
    r"([0-9]{1,2})(?:st|nd|rd|th)?[ \-/.]*([a-z]{3})[a-z]*[ \-/.,]*([0-9]{4}|[0-9]{2})(?![0-9])[ ,]*"
)
_MON_D_Y: Final = re.compile(r"([a-z]{3})[a-z]*[ \-/.]*([0-9]{1,2})(?:st|nd|rd|th)?[ ,\-/.]+([0-9]{4})(?![0-9])[ ,]*")
_NO_YEAR: Final = re.compile(r"[0-9]{1,2} ?[月\-/.] ?[0-9]{1,2} ?[日号]?")
_NO_DAY: Final = re.compile(r"[0-9]{4} ?[年\-/.] ?[0-9]{1,2} ?月?")
_SPOKEN: Final = re.compile(
    r"([〇零一二三四五六七八九]{2,4})年([一二三四五六七八九十]{1,3})月([一二三四五六七八九十]{1,3})[日号]?[ ,]*"
)
_WEEKDAY: Final = re.compile(
    r"[( ]*(?:星期|周|礼拜)[一二三四五六日天][) ]*|\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b[, ]*"
)
_SPAN: Final = re.compile(r"([0-9]{1,3}|[半一二两三四五六七八九十]{1,3})个?(月|年|季度?)半?")
_OPEN: Final = frozenset(("长期", "不定期", "无固定期限", "无期限", "永久", "至今", "open", "permanent", "indefinite"))
_TIME: Final = re.compile(
    r"(上午|早上|凌晨|中午|下午|傍晚|晚上|am|pm|a\.m\.|p\.m\.)? ?([0-9]{1,2})"
    r"(?: ?[:时点] ?(?:([0-9]{1,2}|半|一刻|三刻) ?(?:[:分] ?(?:([0-9]{1,2})(?:\.[0-9]{1,9})? ?秒?)?)?)?)"
    r" ?(am|pm|a\.m\.|p\.m\.)? ?(z|[+-][0-9]{2}:?[0-9]{2})?"
)
_QUARTERS: Final = {"半": 30, "一刻": 15, "三刻": 45}
_COMPACT_TIME: Final = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})?")
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001  (a spreadsheet's days have no zone)
_SERIALS: Final = (10_000, 100_000)
"""Serials that are taken for days: 1927 to 2173. Smaller and larger numbers are other things."""


def date_coercer(hints: CoerceHints) -> Coercer:
    """To `YYYY-MM-DD`. A time of day that is not midnight goes, with a note."""

    def coerce(raw: object) -> Coerced | Refused:
        read = read_moment(raw, hints, "not_a_date")
        if isinstance(read, Refused | Coerced):
            return read
        day, rest, notes = read
        clock = _clock(rest)
        if rest and clock is None:
            return refuse("not_a_date")
        if clock is not None and clock[0] != time():
            notes = (*notes, Note("time_dropped"))
        return Coerced(day.isoformat(), notes)

    return coerce


def datetime_coercer(hints: CoerceHints) -> Coercer:
    """To a moment in UTC; without an offset it is meant in the hints' zone."""

    def coerce(raw: object) -> Coerced | Refused:
        read = read_moment(raw, hints, "not_a_datetime")
        if isinstance(read, Refused | Coerced):
            return read
        day, rest, notes = read
        clock = _clock(rest) if rest else (time(), "")
        if clock is None:
            return refuse("not_a_datetime")
        told = f"{day.isoformat()}T{clock[0].isoformat('seconds')}"
        if clock[1]:
            return Coerced(told + ("Z" if clock[1] == "z" else clock[1]), notes)
        moment = datetime.fromisoformat(told).replace(tzinfo=hints.zone)
        return Coerced(moment.isoformat(), notes)

    return coerce


def time_coercer(raw: object) -> Coerced | Refused:
    """To `HH:MM:SS`; a number is a share of a day, as spreadsheets have it."""
    if is_blank(raw):
        return Coerced(None)
    if isinstance(raw, datetime):
        return Coerced(raw.time().isoformat("seconds"))
    if isinstance(raw, time):
        return Coerced(raw.isoformat("seconds"))
    if isinstance(raw, timedelta):
        raw = raw.total_seconds() / 86_400
    share = exact(raw) if isinstance(raw, float | Decimal) else None
    if share is not None and 0 <= share < 1:
        seconds = min(round(share * 86_400), 86_399)
        return Coerced(time(seconds // 3600, seconds // 60 % 60, seconds % 60).isoformat("seconds"))
    clock = _clock(folded(raw).casefold()) if isinstance(raw, str) and len(raw) <= 60 else None
    return refuse("not_a_time") if clock is None or clock[1] else Coerced(clock[0].isoformat("seconds"))


Moment = tuple[date, str, tuple[Note, ...]]


def read_moment(raw: object, hints: CoerceHints, code: str) -> Moment | Coerced | Refused:
    """The day, what follows it in text (a time of day), and notes; or blank; or why not."""
    if is_blank(raw):
        return Coerced(None)
    if isinstance(raw, datetime):
        try:
            moment = raw.astimezone(hints.zone) if raw.tzinfo else raw
        except OverflowError:  # the last hours of the year 9999
            return refuse(code)
        return moment.date(), moment.time().isoformat("seconds") if moment.time() != time() else "", ()
    if isinstance(raw, date):
        return raw, "", ()
    if isinstance(raw, int | float | Decimal) and not isinstance(raw, bool):
        return _from_number(raw, hints, code)
    if not isinstance(raw, str) or len(raw) > 100:
        return refuse(code)
    text = _WEEKDAY.sub(" ", folded(raw).casefold()).strip()
    if re.fullmatch(r"[0-9]{5}(\.[0-9]+)?", text):
        return _from_number(Decimal(text), hints, code)
    for read in (_year_first, _year_last, _named_month, _spoken):
        found = read(text, hints, code)
        if found is not None:
            return found
    return _not_a_day(text, code)


def _from_number(raw: float | Decimal, hints: CoerceHints, code: str) -> Moment | Refused:
    number = exact(raw) if not isinstance(raw, int) or abs(raw) < 10**12 else None
    if number is None:
        return refuse(code)
    if number == int(number) and 10**7 <= number < 10**8:
        found = _year_first(str(int(number)), hints, code)
        return found if found is not None else refuse(code)
    if not _SERIALS[0] <= number < _SERIALS[1]:
        return refuse(code)
    moment = (_EPOCH_1904 if hints.epoch_1904 else _EPOCH) + timedelta(seconds=round(number * 86_400))
    rest = moment.time().isoformat() if moment.time() != time() else ""
    return moment.date(), rest, (Note("date_serial"),)


def _year_first(text: str, hints: CoerceHints, code: str) -> Moment | Refused | None:
    found = _Y_M_D.match(text)
    if found is None:
        found = _COMPACT.match(text)
    if found is None:
        return None
    year, notes = _year(found[1])
    return _day(year, int(found[2]), int(found[3]), text[found.end() :], notes)


def _year_last(text: str, hints: CoerceHints, code: str) -> Moment | Refused | None:
    found = _A_B_Y.match(text)
    if found is None:
        return None
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    day_first = first > 12 if max(first, second) > 12 else hints.day_first
    notes = (Note("ambiguous_date"),) if day_first is None and first != second else ()
    day, month = (first, second) if day_first else (second, first)
    return _day(year, month, day, text[found.end() :], notes)


def _named_month(text: str, hints: CoerceHints, code: str) -> Moment | Refused | None:
    found = _D_MON_Y.match(text)
    if found is not None and found[2] in _MONTHS:
        year, notes = _year(found[3])
        return _day(year, _MONTHS[found[2]], int(found[1]), text[found.end() :], notes)
    found = _MON_D_Y.match(text)
    if found is not None and found[1] in _MONTHS:
        return _day(int(found[3]), _MONTHS[found[1]], int(found[2]), text[found.end() :], ())
    return None


def _spoken(text: str, hints: CoerceHints, code: str) -> Moment | Refused | None:
    found = _SPOKEN.match(text)
    if found is None:
        return None
    year, month, day = read_digits(found[1]), read_numeral(found[2]), read_numeral(found[3])
    if year is None or month is None or day is None:
        return refuse(code)
    full, notes = _year(str(year).zfill(len(found[1])))
    return _day(full, int(month), int(day), text[found.end() :], notes)


def _year(digits: str) -> tuple[int, tuple[Note, ...]]:
    """Two digits stand for 1969 to 2068."""
    if len(digits) == 4:
        return int(digits), ()
    year = int(digits) + (2000 if int(digits) < 69 else 1900)
    return year, (Note("two_digit_year", {"year": year}),)


def _day(year: int, month: int, day: int, rest: str, notes: tuple[Note, ...]) -> Moment | Refused:
    try:
        return date(year, month, day), rest.strip(), notes
    except ValueError:
        return refuse("no_such_day")


def _not_a_day(text: str, code: str) -> Coerced | Refused:
    """Why it is none, as exactly as can be told."""
    if text in _OPEN:
        return Coerced(None, (Note("open_ended"),))
    span = _SPAN.fullmatch(text)
    if span is not None:
        return _span(span)
    if _NO_YEAR.fullmatch(text):
        return refuse("no_year")
    if _NO_DAY.fullmatch(text):
        return refuse("no_day")
    return refuse(code)


def _span(span: re.Match[str]) -> Refused:
    worth = {"月": 1, "季": 3, "季度": 3, "年": 12}[span[2]]
    if span[1] == "半":
        return refuse("relative_date", months=worth // 2)
    count = int(span[1]) if span[1].isdigit() else int(read_numeral(span[1]) or 0)
    return refuse("relative_date", months=count * worth + (worth // 2 if span[0].endswith("半") else 0))


def _clock(text: str) -> tuple[time, str] | None:
    """A time of day and its offset, if it says one."""
    compact = _COMPACT_TIME.fullmatch(text)
    found = _TIME.fullmatch(text) if compact is None else None
    if compact is not None:
        parts: Iterator[Any] = iter((compact[1], compact[2], compact[3]))
        half, offset = "", ""
    elif found is not None:
        parts, half, offset = iter((found[2], found[3], found[4])), found[1] or found[5] or "", found[6] or ""
    else:
        return None
    hour, minute, second = (_count(part) for part in parts)
    if half in ("下午", "傍晚", "晚上", "pm", "p.m.") and hour < 12:
        hour += 12
    elif (half in ("凌晨", "am", "a.m.", "上午", "早上") and hour == 12) or (half == "晚上" and hour == 24):
        hour = 0
    if offset and offset != "z" and ":" not in offset:
        offset = f"{offset[:3]}:{offset[3:]}"
    try:
        return time(hour, minute, second), offset
    except ValueError:
        return None


def _count(part: str | None) -> int:
    return _QUARTERS[part] if part in _QUARTERS else int(part or 0)

"""Dirty text made plain: what the coercers of all types share.

People's sheets hold full-width digits, ideographic and hard spaces, dashes of six kinds and a dozen ways to say that
there is nothing. Each is folded here once; the types read what is left.
"""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from form_engine.fields.answers import Coerced, Coercer, Note, Refused, refuse

DIRTY: Final = ("no_day", "no_such_day", "no_year", "other_currency", "relative_date")
"""The codes of refusals that only coercers give, besides those of the cleaners."""

NOTES: Final = (
    "ambiguous_date",
    "converted_period",
    "date_serial",
    "format_guessed",
    "id_upgraded",
    "label_removed",
    "letters_read_as_digits",
    "open_ended",
    "part_split",
    "rounded",
    "time_dropped",
    "two_digit_year",
    "unit_removed",
    "unit_scaled",
)
"""Every code that a note may have."""

CODES: Final = (*DIRTY, *NOTES)
"""What needs words in the web layer."""

LONGEST: Final = 20_000
_BLANK: Final = frozenset(
    [
        "-",
        "--",
        "---",
        "—",
        "——",
        "–",
        "/",
        "\\",
        ".",
        "..",
        "...",
        "…",
        "无",
        "没有",
        "空",
        "暂无",
        "未知",
        "未填",
        "不详",
        "待定",
        "n/a",
        "na",
        "nil",
        "none",
        "null",
        "#n/a",
        "#null!",
        "nan",
        "不适用",
    ]
)
_LONGEST_BLANK: Final = max(map(len, _BLANK))
_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—―−﹣－ー"), "-")
_SPACES: Final = re.compile(r"[\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_UNSEEN: Final = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF])


def folded(text: str) -> str:
    """Half-width, one kind of space and dash, nothing unseen; for reading numbers, dates and options."""
    if text.isascii() and text.isprintable() and len(text) <= LONGEST:  # most cells: only spaces may be too many
        return " ".join(text.split()) if "  " in text else text.strip()
    plain = unicodedata.normalize("NFKC", text[:LONGEST].translate(_UNSEEN)).translate(_DASHES)
    return _SPACES.sub(" ", plain).strip()


def plain_text(text: str) -> str:
    """Text for people: unseen characters and outer space gone, everything else as it was written."""
    if text.isprintable():  # one line, and its only white space is the plain one
        return text.strip(" ")
    return re.sub(r"[ \t\u00a0\u3000]+$", "", text.translate(_UNSEEN).replace("\u00a0", " "), flags=re.MULTILINE).strip(
        " \t\r\n\u3000"
    )


def is_blank(raw: object) -> bool:
    """Whether a cell says that there is nothing: empty, only spaces, `-`, `无`, `N/A` …"""
    if raw is None:
        return True
    if isinstance(raw, str):
        if raw.isascii():
            told = raw.strip()
            return len(raw) < 40 and (not told or (len(told) <= _LONGEST_BLANK and told.lower() in _BLANK))
        return len(raw) < 40 and (not (told := folded(raw).casefold()) or told in _BLANK)
    return isinstance(raw, float) and raw != raw


def as_text(raw: object) -> str | None:
    """A cell as the text that people see in it: whole numbers without a point, dates in ISO form. None: it has none."""
    match raw:
        case str():
            return raw
        case bool():
            return "TRUE" if raw else "FALSE"
        case int():
            return str(raw) if abs(raw) < 10**40 else None
        case float() | Decimal():
            number = exact(raw)
            return None if number is None else f"{number:f}"
        case datetime():
            moment = raw.replace(microsecond=0, tzinfo=None)
            return moment.date().isoformat() if moment.time() == time() else moment.isoformat(" ")
        case date() | time():
            return raw.isoformat()
        case timedelta():
            return str(raw)
    return None


def exact(raw: float | Decimal | int) -> Decimal | None:
    """A spreadsheet's number as people see it: its shortest spelling, noise of binary fractions gone past 15 digits.

    None for what is no number, or absurdly large or small.
    """
    number = Decimal(repr(raw)) if isinstance(raw, float) else Decimal(raw)
    if not number.is_finite() or abs(number) >= Decimal("1e25"):
        return None
    if number and number.adjusted() < -40:
        return Decimal(0)
    if isinstance(raw, float) and len(number.as_tuple().digits) > 15:
        number = number.quantize(Decimal(1).scaleb(number.adjusted() - 14))
    whole = number.normalize()
    return (
        whole.quantize(Decimal(1))
        if isinstance(whole.as_tuple().exponent, int) and whole == whole.to_integral_value()
        else whole
    )


def reading(read: Any, code: str) -> Coercer:
    """A coercer of folded text: `read(text)` gives a value, a `Coerced` or a `Refused`; None means unreadable."""

    def coerce(raw: object) -> Coerced | Refused:
        if is_blank(raw):
            return Coerced(None)
        told = as_text(raw)
        if told is None or len(told) > LONGEST:
            return refuse(code)
        found = read(folded(told))
        if found is None:
            return refuse(code)
        return found if isinstance(found, Coerced | Refused) else Coerced(found)

    return coerce


def text_coercer(raw: object) -> Coerced | Refused:
    """For types whose cleaner takes any text: trimmed; numbers as people see them."""
    if is_blank(raw):
        return Coerced(None)
    told = as_text(raw)
    return refuse("not_text") if told is None else Coerced(plain_text(told) or None)


def list_coercer(one: Coercer, least_separators: str = r"[,，;；、\n|]") -> Coercer:
    """Several in one cell, separated as people do it."""

    def coerce(raw: object) -> Coerced | Refused:
        if is_blank(raw):
            return Coerced(None)
        told = as_text(raw)
        if told is None or len(told) > LONGEST:
            return refuse("not_text")
        values: list[Any] = []
        notes: list[Note] = []
        for part in re.split(least_separators, told):
            read = one(part)
            if isinstance(read, Refused):
                return read
            if read.value is not None and read.value not in values:
                values.append(read.value)
                notes.extend(note for note in read.notes if note not in notes)
        return Coerced(values or None, tuple(notes))

    return coerce

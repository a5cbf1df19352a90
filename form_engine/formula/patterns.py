"""TEXT's patterns: `#,##0.00`, `0.0%`, `¥0.00"元"` for numbers; `yyyy-mm-dd hh:mm`, `m月d日` for dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from .env import Context
from .numbers import HALF_AWAY, WIDE, round_to
from .spelling import spell
from .values import VALUE, Value

_LONGEST = 100
_NUMBER_PATTERN = re.compile(r"([^#0,.%]*)([#0,]*)(?:\.([0]*)(#*))?(%?)([^#0,.%]*)")
_QUOTED = re.compile(r'"([^"]*)"')
_DATE_PIECE = re.compile(r'"[^"]*"|y+|m+|d+|h+|s+|.', re.IGNORECASE | re.DOTALL)


def format_value(context: Context, value: Value, pattern: str) -> Value:
    """`value` by the pattern; a text comes back as it is. A pattern that is none of ours is `#VALUE!`."""
    if len(pattern) > _LONGEST:
        return VALUE
    if isinstance(value, datetime):
        return _format_date(value.astimezone(context.zone), pattern)
    if isinstance(value, date):
        return _format_date(value, pattern)
    if value is None:
        value = Decimal(0)
    return format_number(value, pattern) if isinstance(value, Decimal) else spell(value)


def format_number(number: Decimal, pattern: str) -> Value:
    """Half away from zero to the places that the pattern has; `,` among the digits groups by thousands."""
    match = _NUMBER_PATTERN.fullmatch(pattern)
    if match is None or not (match[2] or match[3]):
        return VALUE
    before, digits, fixed, free, percent, after = (part or "" for part in match.groups())
    shown = WIDE.scaleb(number, 2) if percent else number
    rounded = round_to(shown, len(fixed) + len(free), HALF_AWAY)
    whole, _, fraction = format(abs(rounded), "f").partition(".")
    fraction = fraction.ljust(len(fixed) + len(free), "0")[: len(fixed) + len(free)]
    while len(fraction) > len(fixed) and fraction.endswith("0"):
        fraction = fraction[:-1]
    whole = whole.lstrip("0").rjust(digits.count("0"), "0")
    if "," in digits:
        whole = _grouped(whole)
    point = "" if match[3] is None else "."
    sign = "-" if rounded < 0 else ""
    return f"{sign}{_plain(before)}{whole}{point}{fraction}{percent}{_plain(after)}"


def _grouped(digits: str) -> str:
    first = len(digits) % 3
    groups = [digits[:first]] if first else []
    return ",".join(groups + [digits[at : at + 3] for at in range(first, len(digits), 3)])


def _plain(text: str) -> str:
    return _QUOTED.sub(r"\1", text)


def _format_date(when: date, pattern: str) -> Value:
    pieces = [piece if piece.startswith('"') else piece.lower() for piece in _DATE_PIECE.findall(pattern)]
    spelled = [_date_piece(when, piece, minutes) for piece, minutes in _with_minutes(pieces)]
    return VALUE if None in spelled else "".join(text for text in spelled if text is not None)


def _with_minutes(pieces: list[str]) -> Iterator[tuple[str, bool]]:
    """Each piece, and whether an `m` here means minutes: after hours, or before seconds."""
    letters = [(at, piece[0]) for at, piece in enumerate(pieces) if piece[0] in "ymdhs"]
    minutes = set()
    for here, (at, letter) in enumerate(letters):
        previous = letters[here - 1][1] if here else ""
        following = letters[here + 1][1] if here + 1 < len(letters) else ""
        if letter == "m" and (previous == "h" or following == "s"):
            minutes.add(at)
    return ((piece, at in minutes) for at, piece in enumerate(pieces))


def _date_piece(when: date, piece: str, minutes: bool) -> str | None:
    clock = when if isinstance(when, datetime) else None
    hour, minute, second = (clock.hour, clock.minute, clock.second) if clock else (0, 0, 0)
    parts = {
        "yyyy": f"{when.year:04d}", "yy": f"{when.year % 100:02d}",
        "mm": f"{minute if minutes else when.month:02d}", "m": str(minute if minutes else when.month),
        "dd": f"{when.day:02d}", "d": str(when.day), "hh": f"{hour:02d}", "h": str(hour),
        "ss": f"{second:02d}", "s": str(second),
    }  # fmt: skip
    if piece in parts:
        return parts[piece]
    if piece.startswith('"') and len(piece) > 1:
        return piece[1:-1]
    return None if piece.isascii() and (piece.isalnum() or piece in '"#%') else piece

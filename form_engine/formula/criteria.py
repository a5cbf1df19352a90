"""Excel's criteria: a value to be equal to, or a text such as `">=100"`, `"<>void"`, `"HT*"`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from .comparison import order, same
from .numerals import read_number
from .values import ErrorValue, Value

_OPERATOR = re.compile(r"<=|>=|<>|<|>|=")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HOLDS: dict[str, Callable[[int], bool]] = {
    "<": lambda found: found < 0,
    "<=": lambda found: found <= 0,
    ">": lambda found: found > 0,
    ">=": lambda found: found >= 0,
}


def criterion(wanted: Value) -> Callable[[Value], bool]:
    """The test that a criterion stands for. A blank item meets only equality with a blank, and any `<>`."""
    if not isinstance(wanted, str):
        return lambda item: same(item, wanted)
    match = _OPERATOR.match(wanted)
    sign = match[0] if match else "="
    text = wanted[len(sign) :] if match else wanted
    if sign in _HOLDS:
        return _ordered(_read(text), _HOLDS[sign])
    equal = _equal(text)
    return equal if sign == "=" else lambda item: not equal(item)


def _ordered(bound: Value, holds: Callable[[int], bool]) -> Callable[[Value], bool]:
    def test(item: Value) -> bool:
        found = None if item is None else order(item, bound)
        return found is not None and not isinstance(found, ErrorValue) and holds(found)

    return test


def _equal(text: str) -> Callable[[Value], bool]:
    if "*" in text or "?" in text:
        return lambda item: isinstance(item, str) and glob(text, item)
    value = _read(text)
    return lambda item: same(item, value) or same(item, text)


def _read(text: str) -> Value:
    if _ISO_DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    number = read_number(text)
    return text if number is None else number


def glob(pattern: str, text: str) -> bool:
    """`*` is any run of characters, `?` any one, `~` before either makes it plain. Never worse than pattern × text."""
    parts = _parts(pattern)
    at = place = 0
    star, resume = -1, 0
    while place < len(text):
        if at < len(parts) and parts[at] == "*":
            star, resume, at = at, place, at + 1
        elif at < len(parts) and parts[at] in ("?", "=" + text[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return all(part == "*" for part in parts[at:])


def _parts(pattern: str) -> list[str]:
    parts, plain = [], False
    for character in pattern:
        if not plain and character == "~":
            plain = True
            continue
        parts.append(character if character in "*?" and not plain else "=" + character)
        plain = False
    return parts

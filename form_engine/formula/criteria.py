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


#: Longer criteria are `#VALUE!`, as in Excel.
LONGEST_CRITERION = 255


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
        matches = wildcard(text)
        return lambda item: isinstance(item, str) and matches(item)
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


def wildcard(pattern: str) -> Callable[[str], bool]:
    """`*` is any run of characters, `?` any one, `~` before either makes it plain.

    The pieces between stars are sought one after another, so that no pattern makes the search go back and forth.
    """
    *pieces, last = _pieces(pattern)
    start, *middle, end = (re.compile(piece, re.DOTALL) for piece in (*(pieces or [""]), rf"{last}\Z"))

    def matches(text: str) -> bool:
        found = (start if pieces else end).match(text)
        for piece in middle:
            found = found and piece.search(text, found.end())
        return found is not None and (not pieces or end.search(text, found.end()) is not None)

    return matches


def _pieces(pattern: str) -> list[str]:
    """The pattern between its stars, as regular expressions of a fixed length."""
    pieces, plain = [""], False
    for character in pattern:
        if plain or character not in "*?~":
            pieces[-1] += re.escape(character)
            plain = False
        elif character == "~":
            plain = True
        elif character == "?":
            pieces[-1] += "."
        else:
            pieces.append("")
    return pieces

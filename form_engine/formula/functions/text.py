"""Text. Positions and lengths count code points, from 1."""

from __future__ import annotations

from decimal import Decimal

from ..limits import MAX_TEXT
from ..numbers import ONE, whole
from ..numerals import capital_amount, read_number
from ..patterns import format_value
from ..signature import Function
from ..spelling import spell
from ..values import VALUE, ErrorValue, Value
from .operators import join

Items = tuple[Value, ...]


def _concat(*lists: Items) -> Value:
    return join([item for items in lists for item in items])


def _text_join(separator: str, skip_empty: bool, *lists: Items) -> Value:
    parts: list[Value] = []
    for items in lists:
        for item in items:
            text = spell(item)
            if text == "" and skip_empty:
                continue
            parts += [separator, text] if parts else [text]
    return join(parts)


def _left(text: str, count: Decimal = ONE) -> Value:
    return VALUE if count < 0 else text[: whole(count)]


def _right(text: str, count: Decimal = ONE) -> Value:
    return VALUE if count < 0 else text[max(len(text) - whole(count), 0) :]


def _mid(text: str, start: Decimal, count: Decimal) -> Value:
    if start < 1 or count < 0:
        return VALUE
    first = whole(start) - 1
    return text[first : first + whole(count)]


def _len(text: str) -> Value:
    return Decimal(len(text))


def _trim(text: str) -> Value:
    """Without spaces (U+0020) around it, and with single ones inside."""
    return " ".join(word for word in text.split(" ") if word)


def _substitute(text: str, old: str, new: str, occurrence: Decimal | None = None) -> Value:
    if not old:
        return text
    if occurrence is None:
        if len(text) + text.count(old) * (len(new) - len(old)) > MAX_TEXT:
            return VALUE
        return text.replace(old, new)
    if occurrence < 1:
        return VALUE
    place = -len(old)
    for _ in range(whole(occurrence)):
        place = text.find(old, place + len(old))
        if place < 0:
            return text
    replaced = text[:place] + new + text[place + len(old) :]
    return replaced if len(replaced) <= MAX_TEXT else VALUE


def _find(needle: str, text: str, start: Decimal = ONE) -> Value:
    first = whole(start) - 1
    if first < 0 or first > len(text):
        return VALUE
    place = text.find(needle, first)
    return VALUE if place < 0 else Decimal(place + 1)


def _contains(text: str, part: str) -> Value:
    return part in text


def _contains_any(text: str, *lists: Items) -> Value:
    """Whether one of these words stands in the text; blanks among them count for nothing."""
    words = (spell(item) for items in lists for item in items)
    return any(isinstance(word, str) and word != "" and word in text for word in words)


def _starts_with(text: str, prefix: str) -> Value:
    return text.startswith(prefix)


def _value(value: Value) -> Value:
    if value is None:
        return Decimal(0)
    if isinstance(value, str):
        number = read_number(value)
        return VALUE if number is None else number
    return value if isinstance(value, (Decimal, ErrorValue)) else VALUE


FUNCTIONS = (
    Function("CONCAT", "list+ -> text", _concat),
    Function("TEXTJOIN", "text logical list+ -> text", _text_join),
    Function("LEFT", "text number? -> text", _left),
    Function("RIGHT", "text number? -> text", _right),
    Function("MID", "text number number -> text", _mid),
    Function("LEN", "text -> number", _len),
    Function("TRIM", "text -> text", _trim),
    Function("UPPER", "text -> text", str.upper),
    Function("LOWER", "text -> text", str.lower),
    Function("SUBSTITUTE", "text text text number? -> text", _substitute),
    Function("FIND", "text text number? -> number", _find),
    Function("CONTAINS", "text text -> logical", _contains),
    Function("CONTAINSANY", "text list+ -> logical", _contains_any),
    Function("STARTSWITH", "text text -> logical", _starts_with),
    Function("VALUE", "any -> number", _value),
    Function("TEXT", "any text -> text", format_value, context=True),
    Function("RMB", "number -> text", capital_amount),
)

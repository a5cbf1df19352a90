"""The JSON door: every body is read here, and nothing doubtful comes through (ADR 043).

``json.loads`` accepts much that RFC 8259 does not promise: ``NaN``, duplicate keys (the last one wins, silently),
lone surrogates that the database cannot store, and nesting until the interpreter's stack ends. This module scans the
depth before it parses, refuses the rest with a JSON pointer, and never recurses deeper than :data:`MAX_DEPTH`.
"""

import json
import re
from typing import Any, NoReturn

from formloom.errors import InvalidInput, Issue

MAX_BYTES = 1_000_000
MAX_DEPTH = 64
MAX_INTEGER_DIGITS = 18
MOST_DECIMAL = 40

CODES = (
    "body_too_large",
    "not_utf8",
    "not_json",
    "too_deep",
    "duplicate_key",
    "not_a_json_number",
    "number_too_long",
    "decimal_as_text",
    "bad_characters",
)

# A string that never ends swallows the rest (`"?`), and the possessive `*+` forbids backtracking: one pass, O(n).
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


class _Refused:
    """Stands in the parsed tree where the text was refused; found again by a walk, to name its pointer."""

    __slots__ = ("code", "params")

    def __init__(self, code: str, **params: str | int) -> None:
        self.code = code
        self.params = params


def loads(body: bytes, *, decimals_as_text: bool = False) -> Any:
    """The value that ``body`` says; raises :class:`InvalidInput` whose issues carry pointer and code.

    ``decimals_as_text``: a programme outside may write ``12.50`` where ours write ``"12.50"``; it is read as that text.
    """
    if len(body) > MAX_BYTES:
        _refuse("body_too_large", limit=MAX_BYTES)
    _check_depth(body)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse("not_utf8", at=error.start)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=lambda _: _Refused("not_a_json_number"),
            parse_float=_decimal if decimals_as_text else lambda _: _Refused("decimal_as_text"),
            parse_int=_integer,
        )
    except json.JSONDecodeError as error:
        _refuse("not_json", line=error.lineno, column=error.colno)
    issues = list(_issues(value, ""))
    if issues:
        raise InvalidInput("invalid_json", issues=tuple(issues))
    return value


def _refuse(code: str, **params: Any) -> NoReturn:
    raise InvalidInput("invalid_json", issues=(Issue("", code, params),))


def _check_depth(body: bytes) -> None:
    depth = 0
    for token in _TOKEN.finditer(body):
        first = body[token.start()]
        if first in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                _refuse("too_deep", limit=MAX_DEPTH)
        elif first in b"]}":
            depth -= 1


def _integer(digits: str) -> int | _Refused:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        return _Refused("number_too_long", limit=MAX_INTEGER_DIGITS)
    return int(digits)


def _decimal(digits: str) -> str | _Refused:
    return digits if len(digits) <= MOST_DECIMAL else _Refused("number_too_long", limit=MOST_DECIMAL)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        result[key] = _Refused("duplicate_key", key=key) if key in result else value
    return result


def _issues(value: Any, pointer: str) -> Any:
    """Every refused spot below ``value``; the depth is bounded by the scan before."""
    if isinstance(value, _Refused):
        yield Issue(pointer, value.code, value.params)
    elif isinstance(value, str):
        if not _storable(value):
            yield Issue(pointer, "bad_characters", {})
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _issues(item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not _storable(key):
                yield Issue(pointer, "bad_characters", {})
                continue
            yield from _issues(item, f"{pointer}/{escape(key)}")


def _storable(text: str) -> bool:
    """PostgreSQL stores neither NUL nor half a surrogate pair."""
    if "\x00" in text:
        return False
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def escape(key: str) -> str:
    """A key as one token of a JSON pointer (RFC 6901, section 3)."""
    return key.replace("~", "~0").replace("/", "~1")

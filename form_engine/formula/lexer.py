"""Text → tokens, in one pass and within the limits, so that hostile text is answered before it costs anything."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from lark.lexer import Lexer, Token

from .errors import FormulaError
from .limits import MAX_CHARACTERS, MAX_DEPTH, MAX_NODES

#: Words of the grammar, whatever their letter case, and the two roots: no field may be called so.
RESERVED_NAMES = frozenset({"and", "or", "not", "in", "true", "false", "row", "target"})

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<NUMBER>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<STRING>"(?:[^"]++|"")*+")
      | (?P<NAME>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
      | (?P<symbol><>|<=|>=|[=<>&+\-*/^%(),{}])""",
    re.VERBOSE,
)
_CALL_FOLLOWS = re.compile(r"\s*\(")
_SYMBOLS = {
    "+": "SIGN", "-": "SIGN", "%": "PERCENT", "(": "OPEN", ")": "CLOSE", "{": "OPEN_LIST", "}": "CLOSE_LIST",
    ",": "COMMA",
}  # fmt: skip
_WORDS = {"and": "INFIX", "or": "INFIX", "in": "INFIX", "not": "NOT", "true": "TRUE", "false": "FALSE"}
_NO_NODE = frozenset({"OPEN", "CLOSE", "CLOSE_LIST", "COMMA"})
_ENDS_OPERAND = frozenset({"NUMBER", "STRING", "NAME", "TRUE", "FALSE", "CLOSE", "CLOSE_LIST", "PERCENT"})
_TYPED_FOR = {"“": '"', "”": '"', "、": ",", "。": ".", "≤": "<=", "≥": ">=", "≠": "<>", "×": "*", "÷": "/"}


class FormulaLexer(Lexer):
    """Lark's custom lexer: `lex` yields tokens with their places and raises `FormulaError`."""

    def __init__(self, lexer_conf: object) -> None:
        """Lark hands its configuration in; the tokens here need none."""

    def lex(self, data: object) -> Iterator[Token]:  # type: ignore[override]
        """The tokens of a text, or a FormulaError at the first thing that cannot be one or goes past a limit."""
        text = str(data)
        if len(text) > MAX_CHARACTERS:
            raise FormulaError("formula_too_long", limit=MAX_CHARACTERS)
        place, depth, nodes, previous = 0, 0, 0, ""
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise _stray(text, place)
            kind, start, place = str(match.lastgroup), place, match.end()
            if kind == "space":
                continue
            kind = _kind(kind, match[0], text, place, previous)
            depth += (kind in ("OPEN", "OPEN_LIST")) - (kind in ("CLOSE", "CLOSE_LIST"))
            nodes += kind not in _NO_NODE
            if depth > MAX_DEPTH:
                raise FormulaError("formula_too_deep", start, place, limit=MAX_DEPTH)
            if nodes > MAX_NODES:
                raise FormulaError("formula_too_large", start, place, limit=MAX_NODES)
            yield Token(kind, match[0], start_pos=start, end_pos=place)
            previous = kind


def _kind(kind: str, word: str, text: str, end: int, previous: str) -> str:
    if kind == "symbol":
        return _SYMBOLS.get(word, "INFIX")
    if kind != "NAME":
        return kind
    keyword = _WORDS.get(word.lower(), "NAME")
    if keyword in ("TRUE", "FALSE") or (keyword != "NAME" and previous in _ENDS_OPERAND):
        return keyword
    return "FUNCTION" if _CALL_FOLLOWS.match(text, end) else keyword


def _stray(text: str, place: int) -> FormulaError:
    if text[place] == '"':
        return FormulaError("formula_unterminated_text", place, len(text))
    wide = unicodedata.normalize("NFKC", text[place])
    meant = _TYPED_FOR.get(text[place]) or (wide if wide != text[place] and _TOKEN.match(wide) else None)
    return FormulaError("formula_unexpected_character", place, place + 1, meant, character=text[place])

"""Text → syntax tree. The grammar is in `grammar.lark`; there is no other parser (ADR 010)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedToken

from .errors import FormulaError
from .lexer import FormulaLexer
from .limits import MAX_DEPTH, MAX_DIGITS
from .nodes import Call, Literal, Name, Node, Root
from .numbers import is_bounded
from .precedence import fold

#: Excel's other names of functions; the tree knows only the first.
ALIASES = {"CONCATENATE": "CONCAT"}

ROOTS: dict[str, Root] = {"row": "row", "target": "target"}


def parse(text: str) -> Node:
    """The syntax tree of a formula. Raises `FormulaError` with the place of what is wrong."""
    try:
        tree: Any = _grammar().parse(text)
    except UnexpectedToken as error:
        token = error.token
        if token.type == "$END":
            raise FormulaError("formula_unexpected_end", len(text), len(text)) from None
        raise FormulaError("formula_unexpected", token.start_pos, token.end_pos, text=str(token)) from None
    node: Node = tree
    require_depth(node)
    return node


def require_depth(root: Node) -> None:
    """Refuse a tree deeper than the limit; whatever recurses over trees afterwards is safe."""
    level: list[Node] = [root]
    for _ in range(MAX_DEPTH):
        level = [arg for node in level if isinstance(node, Call) for arg in node.args]
        if not level:
            return
    raise FormulaError("formula_too_deep", level[0].start, level[0].end, limit=MAX_DEPTH)


class _Builder(Transformer[Token, Node]):
    """Makes nodes while Lark reduces, bottom up: no recursion, however deep the text."""

    def number(self, found: Sequence[Token]) -> Node:
        token = found[0]
        value = Decimal(str(token))
        if not is_bounded(value):
            raise FormulaError("formula_number_too_long", *_place(token), limit=MAX_DIGITS)
        return Literal(value, *_place(token))

    def string(self, found: Sequence[Token]) -> Node:
        return Literal(found[0][1:-1].replace('""', '"'), *_place(found[0]))

    def logical(self, found: Sequence[Token]) -> Node:
        return Literal(found[0].type == "TRUE", *_place(found[0]))

    def name(self, found: Sequence[Token]) -> Node:
        first, *rest = found[0].split(".")
        root = ROOTS.get(first)
        return Name(root, tuple(rest), *_place(found[0])) if root else Name("own", (first, *rest), *_place(found[0]))

    def call(self, found: Sequence[Any]) -> Node:
        name, _, arguments, close = found
        key = name.upper()
        return Call(ALIASES.get(key, key), tuple(arguments or ()), name.start_pos, close.end_pos)

    def expressions(self, found: Sequence[Any]) -> Any:
        return [item for item in found if not isinstance(item, Token)]

    def list(self, found: Sequence[Any]) -> Node:
        return Call("LIST", tuple(found[1] or ()), found[0].start_pos, found[-1].end_pos)

    def brackets(self, found: Sequence[Any]) -> Node:
        return found[1]  # type: ignore[no-any-return]

    def bracket_list(self, found: Sequence[Any]) -> Node:
        return Call("LIST", (found[1], *found[3]), found[0].start_pos, found[-1].end_pos)

    def sign(self, found: Sequence[Any]) -> Node:
        sign, operand = found
        return operand if sign == "+" else Call("-", (operand,), sign.start_pos, operand.end)

    def percent(self, found: Sequence[Any]) -> Node:
        return Call("%", (found[0],), found[0].start, found[1].end_pos)

    def expression(self, found: Sequence[Any]) -> Node:
        return found[0] if len(found) == 1 else fold(found)


def _place(token: Token) -> tuple[int, int]:
    return token.start_pos or 0, token.end_pos or 0


@cache
def _grammar() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer=FormulaLexer, transformer=_Builder(), maybe_placeholders=True)

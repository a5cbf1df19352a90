"""How tightly operators hold, for the parser and the printer.

Loose to tight, as in Excel: a sign binds tighter than %, and % tighter than ^, so `-2^2` is 4; every infix operator
folds from the left, so `2^3^2` is 64. A chain of one operator becomes one call.
"""

from __future__ import annotations

from collections.abc import Iterable

from lark import Token

from .errors import FormulaError
from .nodes import Call, Node

COMPARISONS = ("=", "<>", "<", "<=", ">", ">=", "IN")
LEVELS = (("OR",), ("AND",), ("NOT",), COMPARISONS, ("&",), ("+", "-"), ("*", "/"), ("^",), ("%",))
LEVEL = {sign: level for level, signs in enumerate(LEVELS) for sign in signs}
#: What the checker makes of + and - where dates take part, and what a person sees of it.
PLAIN = {"date+": "+", "date-": "-", "days-": "-"}
#: Above every operator: a sign, and what needs no bracket at all.
SIGN_LEVEL, ATOM_LEVEL = len(LEVELS), len(LEVELS) + 1


class _Chain:
    """Operands of one operator, while more of them may follow."""

    def __init__(self, sign: str, operands: list[Node]) -> None:
        self.sign, self.operands = sign, operands


def fold(row: Iterable[Node | Token]) -> Node:
    """The tree of a flat row of operands and operators (shunting-yard: no recursion, however long the row)."""
    operands: list[Node | _Chain] = []
    operators: list[tuple[str, Token]] = []
    for item in row:
        if not isinstance(item, Token):
            operands.append(item)
            continue
        sign = item.upper()
        level = LEVEL[sign]
        if sign == "NOT":
            if operators and LEVEL[operators[-1][0]] > level:
                raise FormulaError("formula_unexpected", item.start_pos or 0, item.end_pos or 0, text=str(item))
        else:
            _apply(operands, operators, level)
        operators.append((sign, item))
    _apply(operands, operators, 0)
    return _sealed(operands[0])


def _apply(operands: list[Node | _Chain], operators: list[tuple[str, Token]], level: int) -> None:
    """Apply what is waiting and holds at least as tightly as `level`."""
    while operators and LEVEL[operators[-1][0]] >= level:
        sign, token = operators.pop()
        right = _sealed(operands.pop())
        if sign == "NOT":
            operands.append(Call("NOT", (right,), token.start_pos or 0, right.end))
            continue
        left = operands.pop()
        if isinstance(left, _Chain) and left.sign == sign and sign not in COMPARISONS:
            left.operands.append(right)
            operands.append(left)
        else:
            operands.append(_Chain(sign, [_sealed(left), right]))


def _sealed(operand: Node | _Chain) -> Node:
    if not isinstance(operand, _Chain):
        return operand
    parts = operand.operands
    return Call(operand.sign, tuple(parts), parts[0].start, parts[-1].end)

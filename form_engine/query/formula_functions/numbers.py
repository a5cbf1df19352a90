"""Arithmetic and rounding, where PostgreSQL's numeric is exact. Division, powers and roots are not."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Integer, Numeric, and_, case, cast, func, literal

from form_engine.formula import Call, Node
from form_engine.formula.numbers import whole
from form_engine.query.errors import NotInSql
from form_engine.query.formula_functions.operation import Operation, known
from form_engine.query.sql_value import SQL_TYPES, Size, Sql

if TYPE_CHECKING:
    from form_engine.query.formula_sql import Translator

_NUMBER: Final = SQL_TYPES["number"]
_PLACES: Final = 28


def _nullable(to: Translator) -> bool:
    """Blanks count as 0, except in access rules."""
    return not to.blank_equals


def _sum(to: Translator, node: Call, args: list[Sql]) -> Sql:
    """`+`, `-`, `*`: folded from the left, as the evaluator does."""
    first, *rest = args
    found = Sql("number", to.number(node, first), _nullable(to), size=_size(first))
    if not rest:
        return Sql("number", -found.expression, _nullable(to), size=found.size)
    for each in rest:
        other, a, b = to.number(node, each), found.size, _size(each)
        if node.function == "*":
            size = Size(a.whole + b.whole, a.scale + b.scale, a.digits + b.digits)
            expression = found.expression * other
        else:
            places = max(a.scale, b.scale)
            size = Size(max(a.whole, b.whole) + 1, places, max(a.whole, b.whole) + 1 + places)
            expression = found.expression + other if node.function == "+" else found.expression - other
        found = to.sized(node, expression, size, nullable=_nullable(to))
    return found


def _size(value: Sql) -> Size:
    return value.size if value.kind == "number" else Size(1, 0, 1)


def _total(to: Translator, node: Call, args: list[Sql]) -> Sql:
    """SUM of single values, which skips blanks."""
    plain = [Sql("number", func.coalesce(to.number(node, arg), literal(0, _NUMBER)), size=_size(arg)) for arg in args]
    found = _sum(to, Call("+", node.args), plain) if len(plain) > 1 else plain[0]
    return Sql("number", found.expression, nullable=False, size=found.size)


def _count(*kinds: str) -> Operation:
    def translate(to: Translator, node: Call, args: list[Sql]) -> Sql:
        counted = [cast(arg.expression.is_not(None), Integer) for arg in args if not kinds or arg.kind in kinds]
        total: ColumnElement[Any] = literal(0, Integer)
        for each in counted:
            total = total + each
        return Sql("number", cast(total, _NUMBER), nullable=False, size=Size(4, 0, 4))

    return translate


def _extreme(name: str) -> Operation:
    def translate(to: Translator, node: Call, args: list[Sql]) -> Sql:
        kind = to.shared_kind(node, args)
        if kind not in ("number", "date", "datetime"):
            raise NotInSql("not_in_sql", node, function=node.function)
        # GREATEST and LEAST skip NULL, as MAX and MIN skip blanks.
        sizes = [_size(arg) for arg in args]
        size = Size(*(max(getattr(each, part) for each in sizes) for part in ("whole", "scale", "digits")))
        return Sql(kind, getattr(func, name)(*(arg.expression for arg in args)), size=size)

    return translate


def _absolute(to: Translator, node: Call, args: list[Sql]) -> Sql:
    return Sql("number", func.abs(to.number(node, args[0])), _nullable(to), size=_size(args[0]))


def _sign(to: Translator, node: Call, args: list[Sql]) -> Sql:
    return Sql("number", func.sign(to.number(node, args[0])), _nullable(to), size=Size(1, 0, 1))


def _percent(to: Translator, node: Call, args: list[Sql]) -> Sql:
    size = _size(args[0])
    expression = to.number(node, args[0]) * literal(Decimal("0.01"), _NUMBER)
    return to.sized(node, expression, Size(size.whole, size.scale + 2, size.digits), nullable=_nullable(to))


def _places(to: Translator, node: Call) -> int:
    """How many decimals are asked for: told by a constant, because PostgreSQL counts otherwise far out."""
    if len(node.args) < 2:
        return 0
    asked = to.constant(node.args[1])
    places = whole(asked) if isinstance(asked, Decimal) else int(asked is True) if not asked or asked is True else None
    if places is None or abs(places) > _PLACES:
        raise NotInSql("not_in_sql", node, function=node.function)
    return places


def _rounded(how: str) -> Operation:
    def translate(to: Translator, node: Call, args: list[Sql]) -> Sql:
        number, places, size = to.number(node, args[0]), _places(to, node), _size(args[0])
        expression: ColumnElement[Any] = func.round(number, places) if how == "round" else func.trunc(number, places)
        if how == "up":
            step = func.sign(number) * literal(Decimal(1).scaleb(-places), _NUMBER)
            expression = case((expression == number, expression), else_=expression + step)
        kept = max(min(size.scale, places), 0)
        grown = Size(max(size.whole + 1, 1 - places), kept, max(size.whole + 1, 1 - places) + kept)
        return to.sized(node, expression, grown, nullable=_nullable(to))

    return translate


def _integer(to: Translator, node: Call, args: list[Sql]) -> Sql:
    size = _size(args[0])
    return to.sized(
        node, func.floor(to.number(node, args[0])), Size(size.whole + 1, 0, size.whole + 1), nullable=_nullable(to)
    )


def _step(to: Translator, node: Call) -> Decimal:
    """The step of CEILING and FLOOR: a constant above 0, which nearly all are."""
    step = to.constant(node.args[1]) if len(node.args) > 1 else Decimal(1)
    if not isinstance(step, Decimal) or step <= 0:
        raise NotInSql("not_in_sql", node, function=node.function)
    return step


def _multiple(up: bool) -> Operation:
    def translate(to: Translator, node: Call, args: list[Sql]) -> Sql:
        number, step = to.number(node, args[0]), literal(_step(to, node), _NUMBER)
        beside = Size(1, 0, 1) if len(args) < 2 else _size(args[1])
        size = _divisible(node, _size(args[0]), beside)
        below = number - _remainder(number, step)
        expression = case((below == number, below), else_=below + step) if up else below
        return to.sized(node, expression, size, nullable=_nullable(to))

    return translate


def _divisible(node: Node, number: Size, divisor: Size) -> Size:
    """The size of a remainder or a multiple; beyond what the evaluator divides without an error it is refused."""
    if number.whole + divisor.scale >= _PLACES:
        raise NotInSql("too_many_digits_in_sql", node)
    whole_digits, scale = max(number.whole, divisor.whole) + 1, max(number.scale, divisor.scale)
    return Size(whole_digits, scale, whole_digits + scale)


def _remainder(number: ColumnElement[Any], divisor: ColumnElement[Any]) -> ColumnElement[Any]:
    """With the divisor's sign. NULL, and not PostgreSQL's refusal, for a divisor of 0."""
    left = func.mod(number, func.nullif(divisor, 0), type_=Numeric())
    return case((and_(left != 0, func.sign(left) != func.sign(divisor)), left + divisor), else_=left)


def _modulo(to: Translator, node: Call, args: list[Sql]) -> Sql:
    number, divisor = (to.number(node, arg) for arg in args)
    size = _divisible(node, _size(args[0]), _size(args[1]))
    found = to.sized(node, _remainder(number, divisor), size, nullable=True)
    return Sql("number", found.expression, error=known(divisor == 0), size=found.size)


OPERATIONS: Final[Mapping[str, Operation]] = {
    **dict.fromkeys(("+", "-", "*"), _sum),
    "%": _percent,
    "SUM": _total,
    "COUNT": _count("number", "date", "datetime"),
    "COUNTA": _count(),
    "MIN": _extreme("least"),
    "MAX": _extreme("greatest"),
    "ABS": _absolute,
    "SIGN": _sign,
    "ROUND": _rounded("round"),
    "ROUNDUP": _rounded("up"),
    "ROUNDDOWN": _rounded("down"),
    "INT": _integer,
    "CEILING": _multiple(up=True),
    "FLOOR": _multiple(up=False),
    "MOD": _modulo,
}

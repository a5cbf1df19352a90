"""Text. PostgreSQL counts code points, as the language does; letter cases, patterns and capitals stay out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Integer, Text, case, cast, func, literal, or_

from form_engine.formula import Call, Node
from form_engine.formula.limits import MAX_TEXT
from form_engine.query.errors import NotInSql
from form_engine.query.formula_functions.operation import Operation, known
from form_engine.query.sql_value import SQL_TYPES, Size, Sql

if TYPE_CHECKING:
    from form_engine.query.formula_sql import Translator

_NUMBER: Final = SQL_TYPES["number"]
_POSITIONS: Final = Size(6, 0, 6)
_FARTHEST: Final = 1_000_000


def spelled(to: Translator, node: Node, value: Sql) -> ColumnElement[Any]:
    """The value as text, as the language spells it; a blank is "" (NULL in access rules)."""
    match value.kind:
        case "text" | "blank":
            text = cast(value.expression, Text) if value.kind == "blank" else value.expression
        case "number":
            text = cast(func.trim_scale(value.expression), Text)
        case "logical":
            text = case((value.expression, "TRUE"), (value.expression.is_(False), "FALSE"))
        case "date":
            text = func.to_char(value.expression, "YYYY-MM-DD")
        case _:
            raise NotInSql("not_in_sql", node, kind=value.kind)
    return to.filled(Sql("text", text, value.nullable or value.kind == "blank"), "text")


def _joined(to: Translator, node: Call, args: list[Sql]) -> Sql:
    """`&` and CONCAT: a blank is nothing, in access rules too."""
    text = func.concat(*(spelled(to, node, arg) for arg in args), type_=SQL_TYPES["text"])
    return Sql("text", text, nullable=False, error=known(func.char_length(text) > MAX_TEXT))


def _test(sql: str) -> Operation:
    def translate(to: Translator, node: Call, args: list[Sql]) -> Sql:
        text, part = (spelled(to, node, arg) for arg in args)
        found = func.strpos(text, part) > 0 if sql == "contains" else func.starts_with(text, part)
        return Sql("logical", found)

    return translate


def _length(to: Translator, node: Call, args: list[Sql]) -> Sql:
    return Sql("number", cast(func.char_length(spelled(to, node, args[0])), _NUMBER), size=_POSITIONS)


def _count(to: Translator, node: Call, args: list[Sql], at: int) -> ColumnElement[Any]:
    """A count or a position, cut to a whole number; 1 where it is left out."""
    if len(args) <= at:
        return literal(1, Integer)
    number = func.greatest(func.least(to.number(node, args[at]), _FARTHEST), -_FARTHEST)
    return cast(func.trunc(number), Integer)


def _negative(to: Translator, node: Call, args: list[Sql], at: int) -> ColumnElement[bool] | None:
    return known(to.number(node, args[at]) < 0) if len(args) > at else None


def _left(to: Translator, node: Call, args: list[Sql]) -> Sql:
    count = func.greatest(_count(to, node, args, 1), 0)
    return _text(func.left(spelled(to, node, args[0]), count), _negative(to, node, args, 1))


def _right(to: Translator, node: Call, args: list[Sql]) -> Sql:
    count = func.greatest(_count(to, node, args, 1), 0)
    return _text(func.right(spelled(to, node, args[0]), count), _negative(to, node, args, 1))


def _middle(to: Translator, node: Call, args: list[Sql]) -> Sql:
    start, count = func.greatest(_count(to, node, args, 1), 1), func.greatest(_count(to, node, args, 2), 0)
    wrong = known(or_(to.number(node, args[1]) < 1, to.number(node, args[2]) < 0))
    return _text(func.substr(spelled(to, node, args[0]), start, count), wrong)


def _trimmed(to: Translator, node: Call, args: list[Sql]) -> Sql:
    text = spelled(to, node, args[0])
    return _text(func.regexp_replace(func.btrim(text, " "), " +", " ", "g"))


def _substituted(to: Translator, node: Call, args: list[Sql]) -> Sql:
    if len(args) > 3:
        raise NotInSql("not_in_sql", node, function="SUBSTITUTE")
    text = func.replace(*(spelled(to, node, arg) for arg in args), type_=SQL_TYPES["text"])
    return _text(text, known(func.char_length(text) > MAX_TEXT))


def _found(to: Translator, node: Call, args: list[Sql]) -> Sql:
    needle, text = spelled(to, node, args[0]), spelled(to, node, args[1])
    start = func.greatest(_count(to, node, args, 2), 1)
    place = func.strpos(func.substr(text, start), needle)
    wrong = or_(place == 0, start > func.char_length(text) + 1)
    if len(args) > 2:
        wrong = or_(wrong, to.number(node, args[2]) < 1)
    return Sql("number", cast(place + start - 1, _NUMBER), error=known(wrong), size=_POSITIONS)


def _text(expression: ColumnElement[Any], error: ColumnElement[bool] | None = None) -> Sql:
    return Sql("text", expression, error=error)


OPERATIONS: Final[Mapping[str, Operation]] = {
    **dict.fromkeys(("&", "CONCAT"), _joined),
    "CONTAINS": _test("contains"),
    "STARTSWITH": _test("starts"),
    "LEN": _length,
    "LEFT": _left,
    "RIGHT": _right,
    "MID": _middle,
    "TRIM": _trimmed,
    "SUBSTITUTE": _substituted,
    "FIND": _found,
}

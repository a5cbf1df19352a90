"""Dates: PostgreSQL counts days and months as the evaluator does; what leaves the calendar is an error before that.

A blank date gives a blank, a blank number beside a date is 0. Datetimes are read in the workspace's zone; moving one by
days and fractions stays out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Date, DateTime, Integer, and_, case, cast, func, literal, not_, or_

from form_engine.formula import Call, Node
from form_engine.formula.functions.date import WEEKS
from form_engine.formula.numbers import whole
from form_engine.query.errors import NotInSql
from form_engine.query.formula_functions.operation import Operation, known
from form_engine.query.sql_value import SQL_TYPES, Size, Sql

if TYPE_CHECKING:
    from form_engine.query.formula_sql import Translator

_FIRST, _LAST = literal(date(1900, 1, 1), Date()), literal(date(9999, 12, 31), Date())
_FIRST_MONTH, _LAST_MONTH = 1900 * 12, 9999 * 12 + 11
_NUMBER: Final = SQL_TYPES["number"]
_DAYS: Final = Size(8, 0, 8)


def day(to: Translator, node: Node, value: Sql) -> ColumnElement[Any]:
    """A calendar day; a datetime is its day in the workspace's zone."""
    if value.kind == "datetime":
        return cast(func.timezone(to.zone, value.expression), Date)
    if value.kind not in ("date", "blank"):
        raise NotInSql("not_in_sql", node, kind=value.kind)
    return cast(value.expression, Date)


def _part(name: str) -> Operation:
    def translate(to: Translator, node: Call, args: list[Sql]) -> Sql:
        return _number(func.extract(name, day(to, node, args[0])), Size(4, 0, 4))

    return translate


def _clock(name: str) -> Operation:
    """HOUR and MINUTE; a date is midnight."""

    def translate(to: Translator, node: Call, args: list[Sql]) -> Sql:
        value = args[0]
        if value.kind == "datetime":
            return _number(func.extract(name, func.timezone(to.zone, value.expression)), Size(2, 0, 2))
        return _number(case((day(to, node, value).is_not(None), 0)), Size(1, 0, 1))

    return translate


def _number(expression: ColumnElement[Any], size: Size, error: ColumnElement[bool] | None = None) -> Sql:
    return Sql("number", cast(expression, _NUMBER), error=error, size=size)


def _weekday(to: Translator, node: Call, args: list[Sql]) -> Sql:
    system = to.constant(node.args[1]) if len(node.args) > 1 else Decimal(1)
    week = WEEKS.get(whole(system)) if isinstance(system, Decimal) else None
    if week is None:
        raise NotInSql("not_in_sql", node, function="WEEKDAY")
    first, number = week
    monday_is_one = cast(func.extract("isodow", day(to, node, args[0])), Integer)
    return _number(func.mod(monday_is_one - 1 - first + 7, 7) + number, Size(1, 0, 1))


def _moved(sign: int) -> Operation:
    """A date and whole days; what lies between is cut downwards."""

    def translate(to: Translator, node: Call, args: list[Sql]) -> Sql:
        start, by = args
        if start.kind != "date":
            raise NotInSql("not_in_sql", node, function=node.function, kind=start.kind)
        step = to.number(node, by)
        days = func.floor(step if sign > 0 else -step)
        inside = days.between(_FIRST - start.expression, _LAST - start.expression)
        moved = case((inside, start.expression + cast(case((inside, days)), Integer)))
        return Sql("date", cast(moved, Date), error=known(not_(inside)))

    return translate


def _between(to: Translator, node: Call, args: list[Sql]) -> Sql:
    if any(arg.kind == "datetime" for arg in args) and node.function != "DAYS":
        raise NotInSql("not_in_sql", node, function=node.function, kind="datetime")
    end, start = (day(to, node, arg) for arg in args)
    return _number(end - start, _DAYS)


def _months(start: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.extract("year", start) * 12 + func.extract("month", start) - 1


def _later(start: ColumnElement[Any], months: ColumnElement[Any]) -> ColumnElement[Any]:
    """The same day so many months later, or the last one of a shorter month."""
    return cast(cast(start, DateTime) + func.make_interval(0, months), Date)


def _month_start(day: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.date_trunc("month", cast(day, DateTime)), Date)


def _months_later(same_day: bool) -> Operation:
    def translate(to: Translator, node: Call, args: list[Sql]) -> Sql:
        start, by = day(to, node, args[0]), func.trunc(to.number(node, args[1]))
        inside = (_months(start) + by).between(_FIRST_MONTH, _LAST_MONTH)
        months = cast(case((inside, by)), Integer)
        found = _later(start, months) if same_day else _later(_month_start(start), months + 1) - 1
        return Sql("date", cast(found, Date), error=known(not_(inside)))

    return translate


def _difference(to: Translator, node: Call, args: list[Sql]) -> Sql:
    """DATEDIF with a constant unit."""
    unit = to.constant(node.args[2])
    start, end = day(to, node, args[0]), day(to, node, args[1])
    short = cast(_day_number(end) < _day_number(start), Integer)
    months = _months(end) - _months(start) - short
    found: ColumnElement[Any]
    match unit.upper() if isinstance(unit, str) else None:
        case "Y":
            found = func.div(months, 12)
        case "M":
            found = months
        case "D":
            found = end - start
        case "YM":
            found = func.mod(months, 12)
        case "MD":
            found = end - (_later(_month_start(end), -short) + _day_number(start) - 1)
        case "YD":
            earlier = or_(
                func.extract("month", end) < func.extract("month", start),
                and_(func.extract("month", end) == func.extract("month", start), _day_number(end) < _day_number(start)),
            )
            years = func.extract("year", end) - func.extract("year", start) - cast(earlier, Integer)
            found = end - (_later(_month_start(start), cast(years * 12, Integer)) + _day_number(start) - 1)
        case _:
            raise NotInSql("not_in_sql", node, function="DATEDIF")
    return _number(found, _DAYS, known(start > end))


def _day_number(day: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.extract("day", day), Integer)


OPERATIONS: Final[Mapping[str, Operation]] = {
    "YEAR": _part("year"),
    "MONTH": _part("month"),
    "DAY": _part("day"),
    "HOUR": _clock("hour"),
    "MINUTE": _clock("minute"),
    "WEEKDAY": _weekday,
    "date+": _moved(1),
    "date-": _moved(-1),
    "days-": _between,
    "DAYS": _between,
    "EDATE": _months_later(same_day=True),
    "EOMONTH": _months_later(same_day=False),
    "DATEDIF": _difference,
}

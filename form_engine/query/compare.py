"""One condition on one SQL value, whatever that is made of."""

from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, func, literal_column, or_, true

from form_engine.formula import Context
from form_engine.query.filter import Condition
from form_engine.query.relative import Span
from form_engine.query.sql_value import Sql
from form_engine.query.values import NOBODY, read_operand, read_value
from form_engine.records.derive import normalised

_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {"eq": eq, "lt": lt, "le": le, "gt": gt, "ge": ge}


def compare(value: Sql, asked: Condition, context: Context) -> ColumnElement[bool]:
    """The condition; unknown (NULL) where the value is blank. Raises InvalidInput for what cannot be compared."""
    at = f"{asked.at}/value"
    if asked.op in ("starts", "contains"):
        part = normalised(read_value("text", asked.value, at))
        text = func.lower(func.normalize(value.expression, literal_column("NFKC")))
        return func.starts_with(text, part) if asked.op == "starts" else func.strpos(text, part) > 0
    if asked.op in ("in", "between"):
        given: Any = [read_operand(value.kind, each, f"{at}/{n}", context) for n, each in enumerate(asked.value)]
    else:
        given = read_operand(value.kind, asked.value, at, context)
    expression = value.expression
    if value.kind == "text" and asked.op not in ("eq", "in"):
        expression = expression.collate("C")
    return compared(expression, asked.op, given)


def compared(expression: ColumnElement[Any], op: str, given: Any) -> ColumnElement[bool]:
    """The same for values that are read already; spans of days among them."""
    if op == "in":
        spans = [each for each in given if isinstance(each, Span)]
        plain = [each for each in given if not isinstance(each, Span) and each is not NOBODY]
        return or_(expression.in_(plain), *(_in_span(expression, "eq", each) for each in spans))
    if op == "between":
        low, high = given
        least = low.start if isinstance(low, Span) else low
        above = true() if least is None else expression >= least
        if isinstance(high, Span):
            return and_(above, true() if high.end is None else expression < high.end)
        return and_(above, expression <= high)
    if given is NOBODY:
        return false()
    if isinstance(given, Span):
        return _in_span(expression, op, given)
    met: ColumnElement[bool] = _COMPARISONS[op](expression, given)
    return met


def _in_span(expression: ColumnElement[Any], op: str, span: Span) -> ColumnElement[bool]:
    """`lt` is before the span, `le` before its end, and so on."""
    after_start = expression.is_not(None) if span.start is None else expression >= span.start
    before_end = expression.is_not(None) if span.end is None else expression < span.end
    match op:
        case "eq":
            return and_(after_start, before_end)
        case "ge":
            return after_start
        case "le":
            return before_end
        case "lt":
            return false() if span.start is None else expression < span.start
        case _:
            return false() if span.end is None else expression >= span.end

"""Comparing and joining conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from sqlalchemy import ColumnElement, and_, or_

from form_engine.formula import Call
from form_engine.query.errors import NotInSql
from form_engine.query.formula_functions.operation import Operation, known
from form_engine.query.sql_value import Sql

if TYPE_CHECKING:
    from form_engine.query.formula_sql import Translator


def compared(to: Translator, met: ColumnElement[bool]) -> Sql:
    """A comparison is never blank: FALSE where a date is missing. In access rules it is unknown then."""
    return Sql("logical", known(met), nullable=False, met=met) if to.blank_equals else Sql("logical", met)


def _same(to: Translator, node: Call, args: list[Sql]) -> Sql:
    return compared(to, to.equal(node, *args))


def _differs(to: Translator, node: Call, args: list[Sql]) -> Sql:
    return compared(to, to.negated(to.equal(node, *args)))


def _ordered(operator: str) -> Operation:
    def translate(to: Translator, node: Call, args: list[Sql]) -> Sql:
        left, right = args
        kind = to.shared_kind(node, args)
        if kind not in ("number", "date", "datetime", "text"):
            raise NotInSql("not_in_sql", node, kind=kind)
        a, b = to.filled(left, kind), to.filled(right, kind)
        if kind == "text":
            a, b = a.collate("C"), b.collate("C")
        met: ColumnElement[bool] = {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]
        level = operator in ("<=", ">=") and kind in ("date", "datetime") and left.nullable and right.nullable
        return compared(to, or_(met, and_(a.is_(None), b.is_(None))) if to.blank_equals and level else met)

    return translate


def _joined(join: Callable[..., ColumnElement[bool]]) -> Operation:
    def translate(to: Translator, node: Call, args: list[Sql]) -> Sql:
        truths = [to.truth(node, arg) for arg in args]
        met = join(*(truth if arg.met is None else arg.met for truth, arg in zip(truths, args, strict=True)))
        return Sql("logical", join(*truths), nullable=not to.blank_equals, met=met if to.blank_equals else None)

    return translate


def _not(to: Translator, node: Call, args: list[Sql]) -> Sql:
    return Sql("logical", to.negated(to.truth(node, args[0])), nullable=not to.blank_equals)


def _is_blank(to: Translator, node: Call, args: list[Sql]) -> Sql:
    return Sql("logical", args[0].expression.is_(None), nullable=False)


OPERATIONS: Final[Mapping[str, Operation]] = {
    "=": _same,
    "<>": _differs,
    **{operator: _ordered(operator) for operator in ("<", "<=", ">", ">=")},
    "AND": _joined(and_),
    "OR": _joined(or_),
    "NOT": _not,
    "ISBLANK": _is_blank,
}

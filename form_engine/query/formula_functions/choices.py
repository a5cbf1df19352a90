"""Functions that choose what counts, and the two that catch errors: an error that was not chosen is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, case, false, literal, null, true

from form_engine.formula import Call
from form_engine.query.formula_functions.operation import Operation, either
from form_engine.query.sql_value import ERROR, Size, Sql

if TYPE_CHECKING:
    from form_engine.query.formula_sql import Translator

_FALSE: Final = Sql("logical", literal(False), nullable=False)


def _first(to: Translator, node: Call, cases: Sequence[tuple[Sql, ColumnElement[bool]]], otherwise: Sql) -> Sql:
    """The result of the first condition that is met; an error in a condition that is reached is the answer.

    `cases` are (result, condition) with the condition's own error in front: a result of kind error.
    """
    results = [result for result, _ in cases] + [otherwise]
    kind = to.shared_kind(node, results)
    whens: list[Any] = [(met, result.expression) for result, met in cases]
    value = case(*whens, else_=otherwise.expression)
    error = None
    if any(result.error is not None for result in results):
        wrong: list[Any] = [(met, false() if result.error is None else result.error) for result, met in cases]
        error = case(*wrong, else_=false() if otherwise.error is None else otherwise.error)
    return Sql(kind, value, nullable=True, error=error, size=_widest(results))


def _widest(results: Sequence[Sql]) -> Size:
    sizes = [each.size for each in results if each.kind == "number"] or [Size()]
    whole, scale = max(each.whole for each in sizes), max(each.scale for each in sizes)
    return Size(whole, scale, max(each.digits for each in sizes))


def _conditional(to: Translator, node: Call, pairs: Sequence[tuple[Sql, Sql]], otherwise: Sql) -> Sql:
    cases: list[tuple[Sql, ColumnElement[bool]]] = []
    for test, result in pairs:
        if test.error is not None:
            cases.append((ERROR, test.error))
        if not test.is_error:
            cases.append((result, to.truth(node, test).is_(True)))
    return _first(to, node, cases, otherwise)


def _if(to: Translator, node: Call, args: list[Sql]) -> Sql:
    test, then, *rest = args
    return _conditional(to, node, [(test, then)], rest[0] if rest else _FALSE)


def _ifs(to: Translator, node: Call, args: list[Sql]) -> Sql:
    return _conditional(to, node, list(zip(args[::2], args[1::2], strict=True)), ERROR)


def _switch(to: Translator, node: Call, args: list[Sql]) -> Sql:
    subject, *rest = args
    otherwise = rest[-1] if len(rest) % 2 else ERROR
    cases: list[tuple[Sql, ColumnElement[bool]]] = []
    if subject.error is not None:
        cases.append((ERROR, subject.error))
    for candidate, result in zip(rest[::2], rest[1::2], strict=False):
        if candidate.error is not None:
            cases.append((ERROR, candidate.error))
        if not candidate.is_error and not subject.is_error:
            cases.append((result, to.equal(node, subject, candidate).is_(True)))
    return _first(to, node, cases, otherwise)


def _if_error(to: Translator, node: Call, args: list[Sql]) -> Sql:
    attempt, otherwise = args
    if attempt.error is None:
        to.shared_kind(node, args)
        return attempt
    return _first(to, node, [(otherwise, attempt.error)], replace(attempt, error=None))


def _is_error(to: Translator, node: Call, args: list[Sql]) -> Sql:
    error = args[0].error
    return Sql("logical", false() if error is None else error, nullable=False)


def _coalesce(to: Translator, node: Call, args: list[Sql]) -> Sql:
    """The first that is not blank; an error is not blank."""
    cases: list[tuple[Sql, ColumnElement[bool]]] = []
    for arg in args:
        filled = arg.expression.is_not(None) if arg.kind != "error" else true()
        met = either(arg.error, filled)
        if arg.kind != "blank" and met is not None:
            cases.append((arg, met))
    if not cases:
        return Sql("blank", null())
    kind = to.shared_kind(node, args)
    return _first(to, node, cases, Sql(kind, null()))


CHOICES: Final[Mapping[str, Operation]] = {
    "IF": _if,
    "IFS": _ifs,
    "SWITCH": _switch,
    "IFERROR": _if_error,
    "ISERROR": _is_error,
    "COALESCE": _coalesce,
}

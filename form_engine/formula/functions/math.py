"""Arithmetic with names. Rounding is half away from zero, as Excel's ROUND."""

from __future__ import annotations

from decimal import Decimal

from ..numbers import AWAY, EXACT, HALF_AWAY, ONE, TOWARD_ZERO, ZERO, floor, modulo, power, round_to, whole
from ..signature import Function
from ..values import DIV0, NUM, ErrorValue, Value


def _round(number: Decimal, digits: Decimal = ZERO) -> Value:
    return round_to(number, whole(digits), HALF_AWAY)


def _round_up(number: Decimal, digits: Decimal = ZERO) -> Value:
    return round_to(number, whole(digits), AWAY)


def _round_down(number: Decimal, digits: Decimal = ZERO) -> Value:
    return round_to(number, whole(digits), TOWARD_ZERO)


def _multiple_below(number: Decimal, step: Decimal) -> Decimal | ErrorValue:
    left = modulo(number, step)
    return left if isinstance(left, ErrorValue) else EXACT.subtract(number, left)


def _ceiling(number: Decimal, step: Decimal = ONE) -> Value:
    """The multiple of `step` at or above; with both negative, away from zero."""
    if not step or not number:
        return ZERO
    if step < 0:
        return NUM if number > 0 else _negated(_ceiling(-number, -step))
    below = _multiple_below(number, step)
    return below if isinstance(below, ErrorValue) or below == number else EXACT.add(below, step)


def _floor(number: Decimal, step: Decimal = ONE) -> Value:
    """The multiple of `step` at or below; with both negative, toward zero."""
    if not number:
        return ZERO
    if not step:
        return DIV0
    if step < 0:
        return NUM if number > 0 else _negated(_floor(-number, -step))
    return _multiple_below(number, step)


def _negated(value: Value) -> Value:
    return EXACT.minus(value) if isinstance(value, Decimal) else value


def _sign(number: Decimal) -> Value:
    return Decimal((number > 0) - (number < 0))


def _sqrt(number: Decimal) -> Value:
    return NUM if number < 0 else EXACT.sqrt(number)


FUNCTIONS = (
    Function("ROUND", "number number? -> amount", _round),
    Function("ROUNDUP", "number number? -> amount", _round_up),
    Function("ROUNDDOWN", "number number? -> amount", _round_down),
    Function("CEILING", "number number? -> amount", _ceiling),
    Function("FLOOR", "number number? -> amount", _floor),
    Function("INT", "number -> amount", floor),
    Function("MOD", "number number -> amount", modulo),
    Function("ABS", "number -> amount", EXACT.abs),
    Function("SIGN", "number -> number", _sign),
    Function("POWER", "number number -> number", power),
    Function("SQRT", "number -> number", _sqrt),
)

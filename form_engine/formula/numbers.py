"""Decimal arithmetic of the language: 28 digits, half away from zero, exponent within ±100 (ADR 011).

The context traps what passes the bounds; whoever computes with it turns a trapped signal into `#NUM!`.
"""

from __future__ import annotations

from decimal import (
    ROUND_DOWN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    Subnormal,
)

from .limits import MAX_DIGITS, MAX_EXPONENT
from .values import DIV0, NUM, ErrorValue

EXACT = Context(
    prec=MAX_DIGITS,
    rounding=ROUND_HALF_UP,
    Emin=-MAX_EXPONENT,
    Emax=MAX_EXPONENT,
    traps=[InvalidOperation, DivisionByZero, Overflow, Subnormal],
)
#: Wide enough that rounding its results to 28 digits gives the correctly rounded power.
WIDE = Context(
    prec=60, rounding=ROUND_HALF_UP, Emin=-99_999, Emax=99_999, traps=[InvalidOperation, Overflow, Subnormal]
)

ZERO, ONE = Decimal(0), Decimal(1)
_STEPS = tuple(Decimal(1).scaleb(-digits) for digits in range(21))
HALF_AWAY, AWAY, TOWARD_ZERO = ROUND_HALF_UP, ROUND_UP, ROUND_DOWN

__all__ = [
    "AWAY", "EXACT", "HALF_AWAY", "ONE", "TOWARD_ZERO", "ZERO", "DecimalException", "canonical", "divide", "floor",
    "is_bounded", "modulo", "power", "round_to", "whole",
]  # fmt: skip


def canonical(number: Decimal) -> str:
    """The one spelling of a number: no exponent, no trailing zeros, no minus before zero."""
    return format(number.normalize(WIDE), "f") if number else "0"


def is_bounded(number: Decimal) -> bool:
    """Whether the language can hold it: 28 significant digits, an exponent within ±100."""
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    return len(digits) <= MAX_DIGITS and (not number or abs(number.adjusted()) <= MAX_EXPONENT)


def divide(dividend: Decimal, divisor: Decimal) -> Decimal | ErrorValue:
    return EXACT.divide(dividend, divisor) if divisor else DIV0


def round_to(number: Decimal, digits: int, rounding: str) -> Decimal:
    """`number` to so many decimal places; a negative count rounds to tens, hundreds."""
    if 0 <= digits < len(_STEPS) and number.adjusted() < MAX_DIGITS:  # nearly always; the rest costs four times as much
        return EXACT.plus(number.quantize(_STEPS[digits], rounding, WIDE))
    exponent = number.as_tuple().exponent
    if isinstance(exponent, str) or exponent >= -digits:
        return number
    if -digits > number.adjusted() + 1:
        up = rounding == ROUND_UP and number
        return EXACT.scaleb(ONE, -digits).copy_sign(number) if up else ZERO
    return EXACT.plus(number.quantize(Decimal(1).scaleb(-digits), rounding, WIDE))


def floor(number: Decimal) -> Decimal:
    """The greatest whole number that is not greater."""
    down = round_to(number, 0, TOWARD_ZERO)
    return EXACT.subtract(down, ONE) if down > number else down


def whole(number: Decimal, limit: int = 1_000_000) -> int:
    """`number` cut to a whole one and kept within ±limit: a count, a position, a number of digits."""
    return int(max(min(number, Decimal(limit)), Decimal(-limit)))


def modulo(number: Decimal, divisor: Decimal) -> Decimal | ErrorValue:
    """What is left, with the divisor's sign; `#NUM!` where the quotient needs more digits than we carry."""
    if not divisor:
        return DIV0
    if number and number.adjusted() - divisor.adjusted() >= MAX_DIGITS - 1:
        return NUM
    left = EXACT.remainder(number, divisor)
    return EXACT.add(left, divisor) if left and left.is_signed() != divisor.is_signed() else left


def power(base: Decimal, exponent: Decimal) -> Decimal | ErrorValue:
    """`base` to the power `exponent`, correctly rounded; 0^0 is `#NUM!`, as in Excel."""
    if not base:
        if exponent > 0:
            return ZERO
        return NUM if not exponent else DIV0
    if base < 0 and exponent != exponent.to_integral_value():
        return NUM
    return EXACT.plus(WIDE.power(base, exponent))

"""The operators: functions with a sign for a name.

A chain `a - b - c` is one call, folded from the left in a loop. Where a date takes part the checker makes `+` and `-`
into `date+` (a date and what to add), `date-` and `days-` (a date from a date): their answer is blank when the date is,
while a blank number or duration beside a date is 0, as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from .. import moments
from ..coerce import as_list, as_number
from ..comparison import order, same
from ..env import Env
from ..limits import MAX_TEXT
from ..numbers import EXACT, DecimalException, divide, power
from ..signature import Closure, Function
from ..spelling import spell
from ..values import DIV0, NUM, VALUE, ErrorValue, Value

_NOWHERE = Env()
Step = Callable[[Decimal, Decimal], Decimal | ErrorValue]


def _arithmetic(step: Step, otherwise: Callable[[Value, Value], Value]) -> Callable[[Sequence[Closure]], Closure]:
    """`step` for two numbers, the common case and a fast one; `otherwise` for dates and durations."""

    def apply(left: Value, right: Value, env: Env) -> Value:
        if isinstance(left, ErrorValue):
            return left
        if isinstance(right, ErrorValue):
            return right
        if isinstance(left, (date, timedelta)) or isinstance(right, (date, timedelta)):
            return otherwise(_beside(left, right), _beside(right, left))
        first, second = as_number(left, env), as_number(right, env)
        if type(first) is Decimal and type(second) is Decimal:
            return step(first, second)
        return first if isinstance(first, ErrorValue) else second

    def build(args: Sequence[Closure]) -> Closure:
        first, *rest = args
        if len(rest) == 1:
            second = rest[0]

            def two(env: Env) -> Value:
                left, right = first(env), second(env)
                try:
                    if type(left) is Decimal and type(right) is Decimal:
                        return step(left, right)
                    return apply(left, right, env)
                except DecimalException:
                    return NUM

            return two

        def chain(env: Env) -> Value:
            result = first(env)
            try:
                for operand in rest:
                    right = operand(env)
                    if type(result) is Decimal and type(right) is Decimal:
                        result = step(result, right)
                    else:
                        result = apply(result, right, env)
            except DecimalException:
                return NUM
            return result

        return chain

    return build


def _beside(value: Value, other: Value) -> Value:
    """What a blank or a logical counts as next to a date or a duration."""
    if value is None and isinstance(other, timedelta):
        return timedelta(0)
    return as_number(value, _NOWHERE) if value is None or isinstance(value, bool) else value


def _times(left: Value, right: Value) -> Value:
    if isinstance(left, timedelta) and isinstance(right, Decimal):
        return moments.scaled(left, right)
    if isinstance(right, timedelta) and isinstance(left, Decimal):
        return moments.scaled(right, left)
    return VALUE


def _over(left: Value, right: Value) -> Value:
    if not isinstance(left, timedelta):
        return VALUE
    if isinstance(right, timedelta):
        return moments.ratio(left, right) if right else DIV0
    if isinstance(right, Decimal):
        return moments.scaled(left, right, divide=True) if right else DIV0
    return VALUE


def _no_power(left: Value, right: Value) -> Value:
    return VALUE


def _minus(args: Sequence[Closure]) -> Closure:
    if len(args) > 1:
        return _subtract(args)
    operand = args[0]

    def negate(env: Env) -> Value:
        value = operand(env)
        if isinstance(value, timedelta):
            return -value
        number = as_number(value, env)
        try:
            return EXACT.minus(number) if type(number) is Decimal else number
        except DecimalException:
            return NUM

    return negate


_subtract = _arithmetic(EXACT.subtract, moments.minus)


def _step(by: Value) -> Value:
    """What a date is moved by: a blank is no days at all."""
    return by if isinstance(by, (timedelta, ErrorValue)) else as_number(by, _NOWHERE)


def _later(start: Value, by: Value) -> Value:
    step = _step(by)
    return step if isinstance(step, ErrorValue) else moments.plus(start, step)


def _earlier(start: Value, by: Value) -> Value:
    step = _step(by)
    return step if isinstance(step, ErrorValue) else moments.minus(start, step)


def _equality(wanted: bool) -> Callable[[Sequence[Closure]], Closure]:
    def build(args: Sequence[Closure]) -> Closure:
        first, second = args

        def equal(env: Env) -> Value:
            left, right = first(env), second(env)
            if isinstance(left, ErrorValue):
                return left
            if isinstance(right, ErrorValue):
                return right
            return same(left, right) is wanted

        return equal

    return build


def _ordering(holds: Callable[[int], bool]) -> Callable[[Sequence[Closure]], Closure]:
    def build(args: Sequence[Closure]) -> Closure:
        first, second = args

        def compare(env: Env) -> Value:
            left, right = first(env), second(env)
            if type(left) is Decimal and type(right) is Decimal:
                return holds((left > right) - (left < right))
            if isinstance(left, ErrorValue):
                return left
            if isinstance(right, ErrorValue):
                return right
            found = order(left, right)
            if isinstance(found, ErrorValue):
                return found
            return found is not None and holds(found)

        return compare

    return build


def _is_in(args: Sequence[Closure]) -> Closure:
    needle, haystack = args

    def found(env: Env) -> Value:
        value, items = needle(env), as_list(haystack(env), env)
        if isinstance(value, ErrorValue):
            return value
        return any(same(value, item) for item in items) if isinstance(items, tuple) else items

    return found


def join(parts: Sequence[Value]) -> Value:
    """The parts spelled one after another; the first error among them wins, too long a text is `#VALUE!`."""
    spelled, length = [], 0
    for part in parts:
        text = part if type(part) is str else spell(part)
        if isinstance(text, ErrorValue):
            return text
        spelled.append(text)
        length += len(text)
    return "".join(spelled) if length <= MAX_TEXT else VALUE


def _join(args: Sequence[Closure]) -> Closure:
    def joined(env: Env) -> Value:
        return join([arg(env) for arg in args])

    return joined


def _hundredth(number: Decimal) -> Value:
    return EXACT.divide(number, Decimal(100))


FUNCTIONS = (
    Function("+", "any any+ -> plus", lazy=_arithmetic(EXACT.add, moments.plus)),
    Function("-", "any any* -> minus", lazy=_minus),
    Function("*", "any any+ -> times", lazy=_arithmetic(EXACT.multiply, _times)),
    Function("/", "any any+ -> over", lazy=_arithmetic(divide, _over)),
    Function("^", "number number+ -> number", lazy=_arithmetic(power, _no_power)),
    Function("%", "number -> number", _hundredth),
    Function("date+", "instant any -> plus", _later),
    Function("date-", "instant any -> minus", _earlier),
    Function("days-", "instant instant -> minus", moments.minus),
    Function("&", "text text+ -> text", lazy=_join),
    Function("=", "any any -> equality", lazy=_equality(wanted=True)),
    Function("<>", "any any -> equality", lazy=_equality(wanted=False)),
    Function("<", "any any -> ordering", lazy=_ordering(lambda found: found < 0)),
    Function("<=", "any any -> ordering", lazy=_ordering(lambda found: found <= 0)),
    Function(">", "any any -> ordering", lazy=_ordering(lambda found: found > 0)),
    Function(">=", "any any -> ordering", lazy=_ordering(lambda found: found >= 0)),
    Function("IN", "any list -> membership", lazy=_is_in),
)

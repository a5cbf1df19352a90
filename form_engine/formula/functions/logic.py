"""Logic: the only functions that choose what to compute, and the two that catch errors.

AND and OR look at all their arguments, so that an error in any of them is seen, as in Excel.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..coerce import as_logical
from ..comparison import same
from ..env import Env
from ..signature import Closure, Function
from ..values import NA, ErrorValue, Value


def _if(args: Sequence[Closure]) -> Closure:
    condition, then = args[0], args[1]
    otherwise: Closure = args[2] if len(args) > 2 else lambda env: False

    def choose(env: Env) -> Value:
        holds = as_logical(condition(env), env)
        if isinstance(holds, ErrorValue):
            return holds
        return then(env) if holds else otherwise(env)

    return choose


def _ifs(args: Sequence[Closure]) -> Closure:
    cases = list(zip(args[::2], args[1::2], strict=False))

    def choose(env: Env) -> Value:
        for condition, value in cases:
            holds = as_logical(condition(env), env)
            if isinstance(holds, ErrorValue):
                return holds
            if holds:
                return value(env)
        return NA

    return choose


def _switch(args: Sequence[Closure]) -> Closure:
    subject, *rest = args
    cases = list(zip(rest[::2], rest[1::2], strict=False))
    default: Closure = rest[-1] if len(rest) % 2 else lambda env: NA

    def choose(env: Env) -> Value:
        value = subject(env)
        if isinstance(value, ErrorValue):
            return value
        for candidate, result in cases:
            found = candidate(env)
            if isinstance(found, ErrorValue):
                return found
            if same(value, found):
                return result(env)
        return default(env)

    return choose


def _if_error(args: Sequence[Closure]) -> Closure:
    attempt, otherwise = args

    def choose(env: Env) -> Value:
        value = attempt(env)
        return otherwise(env) if isinstance(value, ErrorValue) else value

    return choose


def _coalesce(args: Sequence[Closure]) -> Closure:
    def first(env: Env) -> Value:
        for arg in args:
            value = arg(env)
            if value is not None:
                return value
        return None

    return first


def _is_blank(value: Value) -> Value:
    """A list without items is blank too; an empty text is a text."""
    return value is None or value == ()


def _is_error(value: Value) -> Value:
    return isinstance(value, ErrorValue)


def _and(*conditions: bool) -> Value:
    return all(conditions)


def _or(*conditions: bool) -> Value:
    return any(conditions)


def _not(condition: bool) -> Value:
    return not condition


FUNCTIONS = (
    Function("IF", "logical any any? -> if", lazy=_if),
    Function("IFS", "logical any+ -> ifs", lazy=_ifs),
    Function("SWITCH", "any any any+ -> switch", lazy=_switch),
    Function("IFERROR", "any any -> common", lazy=_if_error),
    Function("COALESCE", "any any+ -> common", lazy=_coalesce),
    Function("ISBLANK", "any -> logical", _is_blank),
    Function("ISERROR", "raw -> logical", _is_error),
    Function("AND", "logical+ -> logical", _and),
    Function("OR", "logical+ -> logical", _or),
    Function("NOT", "logical -> logical", _not),
)

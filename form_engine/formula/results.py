"""What type a call has, given its arguments' types: the rules that a signature names behind its arrow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce

from .types import ANY, BLANK, DATE, DATETIME, DURATION, LOGICAL, NUMBER, SCALARS, Type, common, parse_type

_AS_NUMBER = frozenset({"number", "logical", "blank"})
_ORDERED = frozenset({"number", "text", "logical", "date", "datetime", "duration"})
_DATED = frozenset({"date", "datetime"})
_STEPS = frozenset({"number", "logical", "blank", "duration"})
_SPELLED = frozenset({"text", "number", "logical", "date", "datetime", "duration", "person", "blank", "any"})
_ACCEPTED: Mapping[str, frozenset[str]] = {
    "number": frozenset({"number", "logical", "blank", "any"}),
    "text": _SPELLED,
    "logical": frozenset({"logical", "number", "blank", "any"}),
    "date": frozenset({"date", "datetime", "blank", "any"}),
    "moment": frozenset({"date", "datetime", "blank", "any"}),
    "instant": frozenset({"date", "datetime", "blank", "any"}),
    "person": frozenset({"person", "blank", "any"}),
    "location": frozenset({"location", "blank", "any"}),
    "numbers": frozenset({"number", "logical", "duration", "blank", "any"}),
    "orderables": _ORDERED | {"blank", "any"},
}


class Mismatch(Exception):  # noqa: N818  (a finding, made into a FormulaError by the checker, who knows the place)
    """Types that do not go together."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code, params)
        self.code, self.params = code, params


def accepts(kind: str, given: Type) -> bool:
    """Whether a parameter of this kind takes an argument of this type."""
    if kind in ("any", "raw", "list"):
        return True
    judged = given.item if kind in ("numbers", "orderables") else given
    return judged.kind in _ACCEPTED[kind]


def result_type(rule: str, types: Sequence[Type]) -> Type:
    """The type that a call has. Raises `Mismatch`."""
    return _RULES[rule](types) if rule in _RULES else parse_type(rule)


def dated_operator(sign: str, left: Type, right: Type) -> str | None:
    """The operator that `+` or `-` becomes where a date stands left: `date+`, `date-`, `days-`, or None."""
    if left.kind not in _DATED:
        return None
    if sign == "-" and left.kind == right.kind:
        return "days-"
    return f"date{sign}" if right.kind in _STEPS else None


def _differ(left: Type, right: Type) -> Mismatch:
    money = left.kind == right.kind == "number"
    return Mismatch("formula_currencies_differ" if money else "formula_types_differ", left=str(left), right=str(right))


def _numeric(left: Type, right: Type) -> bool:
    return left.kind in _AS_NUMBER and right.kind in _AS_NUMBER


def _one_currency(left: Type, right: Type) -> Type:
    if left.currency and right.currency and left.currency != right.currency:
        raise _differ(left, right)
    return left if left.currency else right if right.currency else NUMBER


def _fold(step: Callable[[Type, Type], Type]) -> Callable[[Sequence[Type]], Type]:
    return lambda types: reduce(
        lambda left, right: ANY if "any" in (left.kind, right.kind) else step(left, right), types
    )


def _plus(left: Type, right: Type) -> Type:
    if _numeric(left, right):
        return _one_currency(left, right)
    if right.kind in ("date", "datetime"):
        left, right = right, left
    if left.kind in ("date", "datetime") and (right.kind in _AS_NUMBER or (left, right) == (DATETIME, DURATION)):
        return left
    if {left.kind, right.kind} <= {"duration", "blank"}:
        return DURATION
    raise _differ(left, right)


def _minus(left: Type, right: Type) -> Type:
    if left.kind == right.kind and left.kind in ("date", "datetime"):
        return NUMBER if left == DATE else DURATION
    if left.kind == "blank" and right.kind in ("date", "datetime"):
        return NUMBER if right == DATE else DURATION
    if right.kind in ("date", "datetime"):
        raise _differ(left, right)
    return _plus(left, right)


def _negated(types: Sequence[Type]) -> Type:
    if len(types) > 1:
        return _fold(_minus)(types)
    given = types[0]
    if given.kind not in (*_AS_NUMBER, "duration", "any"):
        raise Mismatch("formula_type", wanted="number", got=str(given))
    return NUMBER if given.kind in ("logical", "blank") else given


def _times(left: Type, right: Type) -> Type:
    if _numeric(left, right):
        money = [given for given in (left, right) if given.currency]
        return money[0] if len(money) == 1 else NUMBER
    if DURATION in (left, right) and (left.kind in _AS_NUMBER or right.kind in _AS_NUMBER):
        return DURATION
    raise _differ(left, right)


def _over(left: Type, right: Type) -> Type:
    if _numeric(left, right):
        if left.currency and right.currency:
            _one_currency(left, right)
        return left if left.currency and not right.currency else NUMBER
    if left == DURATION and (right == DURATION or right.kind in _AS_NUMBER):
        return NUMBER if right == DURATION else DURATION
    raise _differ(left, right)


def _equality(types: Sequence[Type]) -> Type:
    left, right = types
    if left.is_list or right.is_list or common(left, right) is None:
        raise _differ(left, right)
    return LOGICAL


def _ordering(types: Sequence[Type]) -> Type:
    _equality(types)
    for given in types:
        if given.kind not in (*_ORDERED, "blank", "any"):
            raise Mismatch("formula_type", wanted="number, text, date", got=str(given))
    return LOGICAL


def _membership(types: Sequence[Type]) -> Type:
    return _equality((types[0], types[1].item))


def _common(types: Sequence[Type]) -> Type:
    def both(left: Type, right: Type) -> Type:
        found = common(left, right)
        if found is None:
            raise _differ(left, right)
        return found

    return reduce(both, types, BLANK)


def _if(types: Sequence[Type]) -> Type:
    """Without an else, Excel answers FALSE: then only a logical branch has a type of its own."""
    return _common(types[1:]) if len(types) > 2 or types[1] == LOGICAL else ANY


def _ifs(types: Sequence[Type]) -> Type:
    if len(types) % 2:
        raise Mismatch("formula_argument_count", given=len(types), least=len(types) + 1, most=None)
    for given in types[::2]:
        if not accepts("logical", given):
            raise Mismatch("formula_type", wanted="logical", got=str(given))
    return _common(types[1::2])


def _switch(types: Sequence[Type]) -> Type:
    subject, *rest = types
    for candidate in rest[: len(rest) // 2 * 2 : 2]:
        _equality((subject, candidate))
    results = rest[1::2] + ([rest[-1]] if len(rest) % 2 else [])
    return _common(results)


def _total(types: Sequence[Type]) -> Type:
    items = [given.item for given in types]
    if any(item == DURATION for item in items):
        return _common(items)
    return reduce(_one_currency, items, NUMBER)


def _sum_if(types: Sequence[Type]) -> Type:
    summed = types[-1] if len(types) > 2 else types[0]
    if not accepts("numbers", summed):
        raise Mismatch("formula_type", wanted="number", got=str(summed))
    return _total([summed])


def _list_of(item: Type) -> Type:
    return item if item.is_list else Type("list", of=item)


_RULES: Mapping[str, Callable[[Sequence[Type]], Type]] = {
    "plus": _fold(_plus),
    "minus": _negated,
    "times": _fold(_times),
    "over": _fold(_over),
    "equality": _equality,
    "ordering": _ordering,
    "membership": _membership,
    "common": _common,
    "if": _if,
    "ifs": _ifs,
    "switch": _switch,
    "total": _total,
    "sumif": _sum_if,
    "extreme": lambda types: _common([given.item for given in types]),
    "amount": lambda types: types[0] if types[0].currency else NUMBER,
    "item": lambda types: types[0].item,
    "items": lambda types: _list_of(types[0].item),
    "list": lambda types: _list_of(_common(types) if types else ANY),
    "filter": lambda types: _list_of(types[-1] if len(types) > 2 else types[0].item),
}
RULES = frozenset(_RULES) | SCALARS

"""Totals over lists and single values. Blanks are skipped; a text among numbers is `#VALUE!`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from .. import moments
from ..coerce import as_number
from ..comparison import order
from ..criteria import LONGEST_CRITERION, criterion
from ..env import Env
from ..numbers import EXACT, ZERO
from ..signature import Function
from ..values import DIV0, NUM, VALUE, ErrorValue, RecordValue, Value

_NOWHERE = Env()
Items = tuple[Value, ...]


def _present(lists: Sequence[Items]) -> Iterator[Value]:
    return (item for items in lists for item in items if item is not None)


def _numbers(lists: Sequence[Items]) -> list[Decimal] | ErrorValue:
    numbers = []
    for item in _present(lists):
        number = as_number(item, _NOWHERE)
        if type(number) is not Decimal:
            return VALUE
        numbers.append(number)
    return numbers


def _total(numbers: Sequence[Decimal]) -> Decimal:
    total = ZERO
    for number in numbers:
        total = EXACT.add(total, number)
    return total


def _sum(*lists: Items) -> Value:
    """Numbers, or durations when the first item is one."""
    if isinstance(next(_present(lists), None), timedelta):
        total: Value = timedelta(0)
        for item in _present(lists):
            total = moments.plus(total, item) if isinstance(total, timedelta) else total
        return total
    numbers = _numbers(lists)
    return numbers if isinstance(numbers, ErrorValue) else _total(numbers)


def _average(*lists: Items) -> Value:
    numbers = _numbers(lists)
    if isinstance(numbers, ErrorValue):
        return numbers
    return EXACT.divide(_total(numbers), Decimal(len(numbers))) if numbers else DIV0


def _median(*lists: Items) -> Value:
    numbers = _numbers(lists)
    if isinstance(numbers, ErrorValue):
        return numbers
    if not numbers:
        return NUM
    numbers.sort()
    middle = len(numbers) // 2
    if len(numbers) % 2:
        return numbers[middle]
    return EXACT.divide(EXACT.add(numbers[middle - 1], numbers[middle]), Decimal(2))


def _extreme(lists: Sequence[Items], wanted: int) -> Value:
    """The least (`wanted` -1) or the greatest (1) of what can be ordered; blank when there is nothing."""
    best: Value = None
    for item in _present(lists):
        if best is None:
            best = item
            if isinstance(item, RecordValue):
                return VALUE
            continue
        found = order(item, best)
        if isinstance(found, ErrorValue):
            return found
        if found == wanted:
            best = item
    return best


def _min(*lists: Items) -> Value:
    return _extreme(lists, -1)


def _max(*lists: Items) -> Value:
    return _extreme(lists, 1)


def _count(*lists: Items) -> Value:
    return Decimal(sum(isinstance(item, (Decimal, date, timedelta)) for item in _present(lists)))


def _count_all(*lists: Items) -> Value:
    return Decimal(sum(1 for _ in _present(lists)))


def _too_long(wanted: Value) -> bool:
    return isinstance(wanted, str) and len(wanted) > LONGEST_CRITERION


def _count_if(items: Items, wanted: Value) -> Value:
    if _too_long(wanted):
        return VALUE
    holds = criterion(wanted)
    return Decimal(sum(holds(item) for item in items))


def _sum_if(items: Items, wanted: Value, amounts: Items | None = None) -> Value:
    """The amounts (or the items themselves) at the places whose item meets the criterion."""
    added = items if amounts is None else amounts
    if len(added) != len(items) or _too_long(wanted):
        return VALUE
    holds = criterion(wanted)
    return _sum(tuple(amount for item, amount in zip(items, added, strict=True) if holds(item)))


def _sum_product(*lists: Items) -> Value:
    """Lists multiplied item by item, then summed; they must be equally long. A blank counts as 0."""
    if len({len(items) for items in lists}) > 1:
        return VALUE
    total = ZERO
    for row in zip(*lists, strict=True):
        product: Decimal | None = None
        for item in row:
            number = as_number(item, _NOWHERE)
            if type(number) is not Decimal:
                return VALUE
            product = number if product is None else EXACT.multiply(product, number)
        total = EXACT.add(total, product or ZERO)
    return total


FUNCTIONS = (
    Function("SUM", "numbers+ -> total", _sum),
    Function("AVERAGE", "numbers+ -> total", _average),
    Function("MEDIAN", "numbers+ -> total", _median),
    Function("MIN", "orderables+ -> extreme", _min),
    Function("MAX", "orderables+ -> extreme", _max),
    Function("COUNT", "list+ -> number", _count),
    Function("COUNTA", "list+ -> number", _count_all),
    Function("COUNTIF", "list any -> number", _count_if),
    Function("SUMIF", "list any numbers? -> sumif", _sum_if),
    Function("SUMPRODUCT", "numbers+ -> number", _sum_product),
)

"""Lists: making, choosing and ordering their items."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cmp_to_key

from ..coerce import as_list, as_logical
from ..comparison import order
from ..env import Env
from ..limits import MAX_ITEMS
from ..numbers import ONE, whole
from ..signature import Closure, Function
from ..values import NUM, REF, VALUE, ErrorValue, LinkRef, RecordValue, Value

Items = tuple[Value, ...]


def _list(*items: Value) -> Value:
    return items


def _first(items: Items) -> Value:
    return items[0] if items else None


def _last(items: Items) -> Value:
    return items[-1] if items else None


def _at(items: Items, position: Decimal) -> Value:
    place = whole(position)
    return items[place - 1] if 1 <= place <= len(items) else REF


def _unique(items: Items) -> Value:
    """Each value once, where it came first."""
    kept: dict[object, Value] = {}
    for item in items:
        kept.setdefault(_identity(item), item)
    return tuple(kept.values())


def _identity(value: Value) -> object:
    """Equal for values of one kind that are the same; a link is the record that it leads to."""
    if isinstance(value, (LinkRef, RecordValue)) and value.id is not None:
        return LinkRef, value.form, value.id
    return type(value), value


def _sort(items: Items, direction: Decimal = ONE) -> Value:
    """Ascending, or descending with -1; equal items keep their places, blanks come last."""
    if direction not in (1, -1):
        return VALUE
    present = [item for item in items if item is not None]
    for item in present:
        if isinstance(order(item, present[0]), ErrorValue):
            return VALUE
    present.sort(key=cmp_to_key(_compare), reverse=direction < 0)
    return (*present, *(None for _ in range(len(items) - len(present))))


def _compare(left: Value, right: Value) -> int:
    found = order(left, right)
    return found if isinstance(found, int) else 0


def _filter(args: Sequence[Closure]) -> Closure:
    """`FILTER(rows, condition)` keeps rows; with a third argument it gives that of each row kept.

    The checker turns `FILTER(lines.applied, row.kind = "fee")` into `FILTER(lines, row.kind = "fee", row.applied)`.
    """
    rows, condition = args[0], args[1]
    result = args[2] if len(args) > 2 else None

    def kept(env: Env) -> Value:
        items = as_list(rows(env), env)
        if not isinstance(items, tuple):
            return items
        found: list[Value] = []
        for item in items:
            row = _record(item, env)
            if not isinstance(row, RecordValue):
                return row
            inner = Env(env.own, row, env.target, env.context)
            holds = as_logical(condition(inner), inner)
            if isinstance(holds, ErrorValue):
                return holds
            if holds:
                value = item if result is None else result(inner)
                found.extend(value if isinstance(value, tuple) else (value,))
        return tuple(found) if len(found) <= MAX_ITEMS else NUM

    return kept


def _record(item: Value, env: Env) -> Value:
    if isinstance(item, LinkRef):
        return env.own.fetch(item.form, item.id) or REF
    return item if isinstance(item, RecordValue) else VALUE


FUNCTIONS = (
    Function("LIST", "any* -> list", _list),
    Function("FIRST", "list -> item", _first),
    Function("LAST", "list -> item", _last),
    Function("AT", "list number -> item", _at),
    Function("UNIQUE", "list -> items", _unique),
    Function("SORT", "list number? -> items", _sort),
    Function("FILTER", "list logical any? -> filter", lazy=_filter),
)

"""Equality and order of values (ADR 011): exact, by kind, with a blank equal to nothing but 0, "" and blank."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from .values import VALUE, ErrorValue, LinkRef, RecordValue, Value


def same(left: Value, right: Value) -> bool:
    """`left = right`. Values of different kinds are different; a link equals the record that it leads to."""
    if left is None or right is None:
        other = right if left is None else left
        return other is None or (other == "" if isinstance(other, str) else isinstance(other, Decimal) and not other)
    if isinstance(left, (LinkRef, RecordValue)) and isinstance(right, (LinkRef, RecordValue)):
        return left == right or (left.id is not None and (left.form, left.id) == (right.form, right.id))
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right


def order(left: Value, right: Value) -> int | ErrorValue | None:
    """-1, 0 or 1 as `left` is before, level with or after `right`.

    A blank counts as 0 or "" beside a number or a text; beside a date it has no order (None: every comparison is
    FALSE). Texts are ordered by code points. Kinds that have no order between them give `#VALUE!`.
    """
    if left is None and right is None:
        return 0
    if left is None or right is None:
        blank, other = left is None, right if left is None else left
        if isinstance(other, (datetime, date, timedelta)):
            return None
        substitute: Value = "" if isinstance(other, str) else False if isinstance(other, bool) else Decimal(0)
        return order(substitute, right) if blank else order(left, substitute)
    if type(left) is not type(right) or not isinstance(left, (Decimal, str, bool, date, timedelta)):
        return VALUE
    if left == right:
        return 0
    return -1 if left < right else 1  # type: ignore[operator]

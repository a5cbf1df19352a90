"""Who asks, and who stands above whom. The organisation is asked through the context."""

from __future__ import annotations

from decimal import Decimal

from ..env import Context
from ..numbers import ONE, whole
from ..signature import Function
from ..values import NUM, PersonValue, Value


def _has_role(context: Context, role: str) -> Value:
    return role in context.roles


def _manager(context: Context, person: PersonValue, level: Decimal = ONE) -> Value:
    """The manager one level above, or `level` levels; blank where nobody stands there."""
    if level < 1:
        return NUM
    return context.organisation.manager(person, whole(level)) if context.organisation else None


def _department(context: Context, person: PersonValue) -> Value:
    return context.organisation.department(person) if context.organisation else None


FUNCTIONS = (
    Function("ME", "-> person", lambda context: context.me, context=True),
    Function("INITIATOR", "-> person", lambda context: context.initiator, context=True),
    Function("HASROLE", "text -> logical", _has_role, context=True),
    Function("MANAGER", "person number? -> person", _manager, context=True),
    Function("DEPARTMENT", "person -> text", _department, context=True),
)

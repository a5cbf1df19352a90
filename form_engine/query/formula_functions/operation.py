"""What an operation is, and what operations share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import ColumnElement, false, func, or_

from form_engine.formula import Call
from form_engine.query.sql_value import Sql

if TYPE_CHECKING:
    from form_engine.query.formula_sql import Translator

Operation: TypeAlias = "Callable[[Translator, Call, list[Sql]], Sql]"


def known(condition: ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition, false where it is unknown."""
    found: ColumnElement[bool] = func.coalesce(condition, false())
    return found


def either(*conditions: ColumnElement[bool] | None) -> ColumnElement[bool] | None:
    """True where one of these is; None where none can be."""
    given = [each for each in conditions if each is not None]
    return or_(*given) if given else None

"""The records that a question is about: live ones of one form, that the actor may read, that meet the conditions."""

from collections.abc import Sequence
from typing import Any

from formloom.db.uow import workspace_of
from sqlalchemy import ClauseElement, ColumnElement, Select, and_, inspect, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql import visitors

from form_engine.models import Record, record_index
from form_engine.permission.access import Access
from form_engine.query.columns import FormColumns
from form_engine.query.evaluate import evaluator


def indexed_columns(access: Access, root: str = "own", index: Any = None) -> FormColumns:
    """The form's columns with its typed slots, as definitions read them: a blank is 0 or an empty text."""
    slots = record_index.alias("slots") if index is None else index
    return FormColumns(access.forms, access.form, evaluator(access.context), Record, slots, root)


def found(
    session: Session,
    access: Access,
    columns: FormColumns,
    conditions: Sequence[ColumnElement[bool]],
    wanted: Sequence[ColumnElement[Any]] = (),
    action: str = "read",
    beside: Sequence[Any] = (),
) -> Select[Any]:
    """A SELECT of the ids and of what is `wanted` beside them.

    Only records that count have a row in the index. The record itself is joined only if something asks for its
    columns: a question that the slots can answer never touches the documents. What stands `beside` are lateral sets
    over the record; a record for which one is empty stays.
    """
    index = columns.index
    allowed = [access.predicate(each) for each in dict.fromkeys(("read", action))]
    statement = select(index.c.record_id.label("id"), *wanted).where(
        index.c.workspace_id == workspace_of(session), index.c.form == access.form.key, *allowed, *conditions
    )
    if beside or reads(Record, *allowed, *conditions, *wanted):
        here = and_(index.c.workspace_id == Record.workspace_id, index.c.record_id == Record.id)
        statement = statement.select_from(index).join(Record, here)
        for each in beside:
            statement = statement.outerjoin(each, true())
    return statement


def reads(record: Any, *clauses: ClauseElement) -> bool:
    """Whether a column of this `record` (the table, or the alias) stands anywhere in these, subqueries included."""
    source = inspect(record).selectable
    return any(getattr(part, "table", None) is source for clause in clauses for part in visitors.iterate(clause))

"""Which records a search means, now: one question to the database, whatever the formula reads of the run's record."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select

from flow_engine.definition.compile import scope_with
from flow_engine.elements.search import Search
from form_engine.permission import access_for
from form_engine.query.evaluate import evaluator
from form_engine.query.formula_sql import Translator
from form_engine.query.found import found, indexed_columns
from form_engine.query.order import read_sort
from form_engine.records.actor import Actor

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage


def ids_of(stage: "Stage", search: Search, most: int, after: int = 0, up_to: int | None = None) -> list[int]:
    """The ids of the first so many, in the search's order; beyond the id `after` in the order of ids, which chunks use.

    A condition that is blank or an error for a candidate leaves it out.
    """
    statement, order = _question(stage, search, chunks=after > 0 or up_to is not None)
    id_ = statement.selected_columns.id
    if up_to is not None:
        statement = statement.where(id_ > after, id_ <= up_to)
    rows = stage.people.session().execute(statement.order_by(*order).limit(most))
    return [row.id for row in rows]


def counted(stage: "Stage", search: Search) -> tuple[int, int]:
    """How many there are, and the highest id."""
    statement, _ = _question(stage, search, chunks=True)
    held = statement.subquery()
    count, highest = stage.people.session().execute(select(func.count(), func.max(held.c.id)).select_from(held)).one()
    return count, highest or 0


def _question(stage: "Stage", search: Search, *, chunks: bool) -> tuple[Select[Any], Sequence[Any]]:
    session = stage.people.session()
    access = access_for(session, stage.forms, stage.forms[search.form], Actor.flow(stage.flow.key))
    columns = indexed_columns(access, root="target")
    env = stage.env()
    ask = Translator(columns, evaluator(stage.facts.context, env.own, env.row))
    conditions = []
    if search.where is not None:
        node = stage.flow.formulas[scope_with(stage.scope, search.form), search.where.text].node
        conditions.append(ask.condition(node))
    if search.via is not None:
        conditions.append(columns.path((search.via,)).expression == stage.record.id)
    if chunks or not search.sort:
        return found(session, access, columns, conditions), (columns.id,)
    keys = read_sort(columns, search.sort, access.readable)
    wanted = [key.value.expression.label(f"key_{at}") for at, key in enumerate(keys)]
    return found(session, access, columns, conditions, wanted), [key.ordered() for key in keys]

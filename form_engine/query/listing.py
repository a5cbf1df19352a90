"""Pages of records: filtered, searched, sorted, by keyset, with a capped count. Lists, lookups, exports come here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from formloom.db.uow import workspace_of
from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from form_engine.formula import Node
from form_engine.models import Record, record_index
from form_engine.permission.access import Access
from form_engine.query.columns import FormColumns
from form_engine.query.errors import refuse
from form_engine.query.evaluate import evaluator
from form_engine.query.filter import read_filter
from form_engine.query.formula_sql import Translator
from form_engine.query.order import SortKey, after, cursor_of, read_sort
from form_engine.query.where import Where
from form_engine.records.derive import holdable, normalised, searched_fields
from form_engine.records.facts_sql import facts_of
from form_engine.records.view import RecordView, view_of

MAX_LIMIT: Final = 200
COUNT_CAP: Final = 5_000
MAX_SEARCH: Final = 100


@dataclass(frozen=True, slots=True)
class Page:
    """`next` continues after the last item (None at the end). `count` is of all pages; `capped`: there are more."""

    items: tuple[RecordView, ...]
    next: str | None
    count: int
    capped: bool = False


def list_records(
    session: Session,
    access: Access,
    *,
    filter: object = None,  # noqa: A002 - the word that callers know
    where: Node | None = None,
    sort: Sequence[str] = (),
    after: str | None = None,
    limit: int = 50,
    q: str = "",
) -> Page:
    """The records of a form that the actor may read and that meet all of: the filter (a tree as JSON), `where`
    (a checked formula over own names, from a definition), and the words `q`.

    Raises InvalidInput for what cannot be asked, naming it; a field that the reader may not read is unknown.
    """
    columns = indexed_columns(access)
    conditions = [Where(columns, access.readable)(read_filter(filter))]
    if where is not None:
        conditions.append(Translator(columns, columns.evaluate).condition(where))
    return page_of(session, access, columns, conditions, sort=sort, cursor=after, limit=limit, q=q)


def indexed_columns(access: Access, root: str = "own") -> FormColumns:
    """The form's columns with its typed slots, as filters read them: a blank is 0 or an empty text."""
    return FormColumns(access.forms, access.form, evaluator(access.context), Record, record_index.alias("slots"), root)


def page_of(
    session: Session,
    access: Access,
    columns: FormColumns,
    conditions: Sequence[ColumnElement[bool]],
    *,
    sort: Sequence[str],
    cursor: str | None,
    limit: int,
    q: str,
) -> Page:
    """One page of what meets the conditions and may be read."""
    if not 1 <= limit <= MAX_LIMIT:
        raise refuse("/limit", "bad_limit", limit=MAX_LIMIT)
    if not access.may("read"):
        return Page((), None, 0)
    keys = read_sort(columns, sort, access.readable)
    found = _found(session, access, columns, [*conditions, _matches(access, q)])
    # Probe first: few are counted and sorted in memory, many are walked along the order's own index.
    count = (
        session.scalar(
            select(func.count()).select_from(found.with_only_columns(Record.id).limit(COUNT_CAP + 1).subquery())
        )
        or 0
    )
    ordered = _ordered(found, keys, cursor, limit, few=count <= COUNT_CAP)
    rows = session.execute(ordered).all() if count else []
    shown = rows[:limit]
    items = _views(session, access, [row[0] for row in shown])
    following = cursor_of(keys, shown[-1][1:]) if len(rows) > limit else None
    return Page(items, following, min(count, COUNT_CAP), capped=count > COUNT_CAP)


def _found(
    session: Session, access: Access, columns: FormColumns, conditions: list[ColumnElement[bool]]
) -> Select[Any]:
    """Records that count (only they have a row in the index), of this form, readable, meeting the conditions."""
    index = columns.index
    joined = and_(index.c.workspace_id == Record.workspace_id, index.c.record_id == Record.id)
    return (
        select(Record.id)
        .join(index, joined)
        .where(
            index.c.workspace_id == workspace_of(session),
            index.c.form == access.form.key,
            access.predicate("read"),
            *conditions,
        )
    )


def _ordered(found: Select[Any], keys: Sequence[SortKey], cursor: str | None, limit: int, *, few: bool) -> Select[Any]:
    beyond = after(keys, cursor) if cursor is not None else true()
    columns = [key.value.expression.label(f"key_{at}") for at, key in enumerate(keys)]
    wanted = found.add_columns(*columns).where(beyond)
    if not few:
        return wanted.order_by(*(key.ordered() for key in keys)).limit(limit + 1)
    # OFFSET 0 is a fence: PostgreSQL finds first and sorts then, whatever its statistics of other forms tell it.
    held = wanted.offset(0).subquery("held")
    order = [
        (held.c[f"key_{at}"].desc() if key.descending else held.c[f"key_{at}"].asc()).nulls_last()
        for at, key in enumerate(keys)
    ]
    return select(held.c.id, *(held.c[f"key_{at}"] for at in range(len(keys)))).order_by(*order).limit(limit + 1)


def _matches(access: Access, q: str) -> ColumnElement[bool]:
    """Every word of `q` stands somewhere in what this reader may read."""
    if len(q) > MAX_SEARCH:
        raise refuse("/q", "filter_too_long", limit=MAX_SEARCH)
    if not holdable(q):
        return false()
    words = normalised(q).split()
    if not words:
        return true()
    fields = searched_fields(access.form)
    if all(access.readable(access.form.key, field.path) for field in fields):
        return and_(true(), *(func.strpos(Record.search, word) > 0 for word in words))
    shown = [field for field in fields if access.readable(access.form.key, field.path)]
    texts = [func.lower(Record.number), *(func.lower(Record.data[field.key].astext) for field in shown)]
    return and_(true(), *(or_(*(func.strpos(text, word) > 0 for text in texts)) for word in words))


def _views(session: Session, access: Access, ids: Sequence[int]) -> tuple[RecordView, ...]:
    facts = facts_of(session, access.forms, access.context)
    facts.want(access.form.key, ids)
    rights = access.rights(session, ids)
    known = ((facts.fact(access.form.key, record_id), rights.get(record_id)) for record_id in ids)
    return tuple(view_of(access.form, fact, facts, right.fields, right.may) for fact, right in known if fact and right)


__all__ = ["Page", "indexed_columns", "list_records", "page_of"]

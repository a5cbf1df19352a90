"""Pages of records: filtered, searched, sorted, by keyset, counted. Lists, lookups, exports and bulk work come here."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from form_engine.definition import FieldAccess, Level
from form_engine.definition.access import TITLE
from form_engine.formula import Node
from form_engine.permission.access import Access
from form_engine.query.columns import FormColumns
from form_engine.query.count import EXACT, Count, count_up_to, sampled_index
from form_engine.query.errors import refuse
from form_engine.query.filter import read_filter
from form_engine.query.formula_sql import Translator
from form_engine.query.found import found, indexed_columns
from form_engine.query.order import Cursor, SortKey, beyond, parts, read_cursor, read_sort, write_cursor
from form_engine.query.reach import reach_of
from form_engine.query.search import candidates, contains, words_of
from form_engine.query.where import Where
from form_engine.records.facts_sql import facts_of
from form_engine.records.view import RecordView, view_of

MAX_LIMIT: Final = 200
FEW: Final = 2_000
"""So many are found first and sorted then; more are walked along the order's own index."""


@dataclass(frozen=True, slots=True)
class Page:
    """`next` continues after the last item, `previous` ends before the first (None where nothing is there).

    `count` is of all pages: exact, or `estimated`, or, where the caller wanted no more, a least (`capped`).
    """

    items: tuple[RecordView, ...]
    next: str | None
    count: int
    capped: bool = False
    estimated: bool = False
    previous: str | None = None


def list_records(
    session: Session,
    access: Access,
    *,
    filter: object = None,  # noqa: A002 - the word that callers know
    where: Node | None = None,
    sort: Sequence[str] = (),
    after: str | None = None,
    before: str | None = None,
    limit: int = 50,
    q: str = "",
    among: Collection[int] | None = None,
    count_to: int = EXACT,
) -> Page:
    """The records of a form that the actor may read and that meet all of: the filter (a tree as JSON), `where`
    (a checked formula over own names, from a definition), the words `q`, and if told to be `among` these ids.

    Counting ends at `count_to`; beyond `EXACT` the count is estimated. Raises InvalidInput for what cannot be asked,
    naming it; a field that the reader may not read is unknown.
    """
    columns = indexed_columns(access)
    conditions = conditions_of(session, access, columns, filter, where, q)
    if among is not None:
        conditions.append(columns.id.in_(among))

    def estimate() -> int:
        index, share = sampled_index(session)
        sampled = indexed_columns(access, index=index)
        asked = found(session, access, sampled, conditions_of(session, access, sampled, filter, where, q))
        return round(count_up_to(session, asked, 10 * EXACT).number / share)

    return page_of(
        session,
        access,
        columns,
        conditions,
        sort=sort,
        after=after,
        before=before,
        limit=limit,
        count_to=count_to,
        estimate=estimate if count_to >= EXACT else None,
    )


def stream(
    session: Session,
    access: Access,
    *,
    filter: object = None,  # noqa: A002 - as in `list_records`
    where: Node | None = None,
    sort: Sequence[str] = (),
    q: str = "",
    columns: Collection[str] | None = None,
    batch: int = 500,
) -> Iterator[tuple[RecordView, ...]]:
    """All that a list would show, in its order, so many at a time; the ids are read from one snapshot.

    With `columns` (field keys) only these are in the views, and only these are computed. The session must not be
    committed meanwhile. Raises as `list_records`, at the first batch.
    """
    if not access.may("read"):
        return
    own = indexed_columns(access)
    conditions = conditions_of(session, access, own, filter, where, q)
    keys = read_sort(own, sort, access.readable)
    few = not count_up_to(session, found(session, access, own, conditions), FEW).more
    for statement in _statements(session, access, own, conditions, keys, None, few=few):
        rows = session.execute(statement, execution_options={"yield_per": batch})
        for part in rows.partitions():
            yield views_of(session, access, [row[0] for row in part], columns)


def matching_ids(
    session: Session,
    access: Access,
    *,
    filter: object = None,  # noqa: A002 - as in `list_records`
    where: Node | None = None,
    q: str = "",
    action: str = "read",
) -> Select[Any]:
    """A SELECT of the ids (`id`) that a list would show and with which the actor may do `action`. In no order."""
    own = indexed_columns(access)
    return found(session, access, own, conditions_of(session, access, own, filter, where, q), action=action)


def conditions_of(
    session: Session, access: Access, columns: FormColumns, asked: object, where: Node | None, q: str
) -> list[ColumnElement[bool]]:
    """What a question asks of a record. Raises InvalidInput."""
    readable = replace(columns, reach=reach_of(access))
    conditions = [Where(readable, access)(read_filter(asked))]
    if where is not None:
        conditions.append(Translator(columns, columns.evaluate).condition(where))
    words = words_of(q)
    if words != []:
        conditions += [candidates(session, access, columns.id, words), contains(access, words)]
    return conditions


def page_of(
    session: Session,
    access: Access,
    columns: FormColumns,
    conditions: Sequence[ColumnElement[bool]],
    *,
    sort: Sequence[str] = (),
    after: str | None = None,
    before: str | None = None,
    limit: int,
    count_to: int,
    estimate: Callable[[], int] | None = None,
) -> Page:
    """One page of what meets the conditions and may be read. `estimate` tells how many there are beyond `count_to`."""
    if not 1 <= limit <= MAX_LIMIT:
        raise refuse("/limit", "bad_limit", limit=MAX_LIMIT)
    if after is not None and before is not None:
        raise refuse("/before", "bad_cursor")
    if not access.may("read"):
        return Page((), None, 0)
    keys = read_sort(replace(columns, reach=reach_of(access)), sort, access.readable)
    cursor, backwards = after if before is None else before, before is not None
    place = read_cursor(keys, cursor, "/before" if backwards else "/after") if cursor is not None else None
    # Probe first: few are sorted in memory, many are walked along the order's own index. A cursor carries the answer.
    if place is None:
        counted = count_up_to(session, found(session, access, columns, conditions), max(count_to, FEW))
        if counted.more and estimate is not None:
            counted = Count(max(counted.number, estimate()), more=True)
    else:
        counted = Count(place.count, place.estimated)
    few = not counted.more and counted.number <= FEW
    rows: list[Any] = []
    if counted.number or place is not None:
        for statement in _statements(session, access, columns, conditions, keys, place, few=few, backwards=backwards):
            rows += session.execute(statement.limit(limit + 1 - len(rows))).all()
            if len(rows) > limit:
                break
    shown = rows[:limit][::-1] if backwards else rows[:limit]

    def cursor_at(row: Any) -> str:
        return write_cursor(keys, Cursor(tuple(row[1:]), counted.number, counted.more))

    more = len(rows) > limit
    return Page(
        views_of(session, access, [row[0] for row in shown]),
        cursor_at(shown[-1]) if shown and (more or backwards) else None,
        counted.number,
        capped=counted.more and estimate is None,
        estimated=counted.more and estimate is not None,
        previous=cursor_at(shown[0]) if shown and (more if backwards else place is not None) else None,
    )


def _statements(
    session: Session,
    access: Access,
    columns: FormColumns,
    conditions: Sequence[ColumnElement[bool]],
    keys: Sequence[SortKey],
    place: Cursor | None,
    *,
    few: bool,
    backwards: bool = False,
) -> Iterator[Select[Any]]:
    """The rest of the list in order, as the statements that give it one after another: the id, then the sort values."""
    wanted = [key.value.expression.label(f"key_{at}") for at, key in enumerate(keys)]
    if not few:
        for condition, order in parts(keys, place, backwards=backwards):
            yield found(session, access, columns, [*conditions, condition], wanted).order_by(*order)
        return
    rest = [] if place is None else [beyond(keys, place, backwards=backwards)]
    # OFFSET 0 is a fence: PostgreSQL finds first and sorts then, whatever its statistics of other forms tell it.
    held = found(session, access, columns, [*conditions, *rest], wanted).offset(0).subquery("held")
    sorted_by = (key.ordered(held.c[f"key_{at}"], backwards=backwards) for at, key in enumerate(keys))
    yield select(held.c.id, *(held.c[each.name] for each in wanted)).order_by(*sorted_by)


def views_of(
    session: Session, access: Access, ids: Sequence[int], columns: Collection[str] | None = None
) -> tuple[RecordView, ...]:
    """These records as the actor may see them, in this order; those that they may not read are left out."""
    facts = facts_of(session, access.forms, access.context)
    facts.want(access.form.key, ids)
    rights = access.rights(session, ids)
    narrowed: dict[int, FieldAccess] = {}
    seen = []
    for record_id in ids:
        right, fact = rights.get(record_id), facts.fact(access.form.key, record_id)
        if right is None or fact is None:
            continue
        fields = right.fields
        if columns is not None:
            if id(fields) not in narrowed:
                narrowed[id(fields)] = _only(access, fields, columns)
            fields = narrowed[id(fields)]
        seen.append(view_of(access.form, fact, facts, fields, right.may))
    return tuple(seen)


def _only(access: Access, fields: FieldAccess, columns: Collection[str]) -> FieldAccess:
    paths = (TITLE, *(path for path, _ in access.form.walk() if path.partition(".")[0] in columns))
    return FieldAccess({path: fields.of(path) for path in paths}, Level.HIDDEN)


__all__ = ["FEW", "MAX_LIMIT", "Page", "conditions_of", "list_records", "matching_ids", "page_of", "stream", "views_of"]

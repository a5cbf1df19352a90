"""The page that lists a form's records, in whichever of the ways its view shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from formloom.access import Identity
from formloom.errors import NotFound
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.definition import CompiledField, CompiledForm
from form_engine.definition.look import SHOWS
from form_engine.exports import Export
from form_engine.permission import Access
from form_engine.query.listing import Page, list_records
from web.cells import Cell
from web.desk.board import Board, board_of
from web.desk.days import Calendar, Timeline, calendar_of, timeline_of
from web.desk.document import document
from web.desk.list_groups import group_order, totals, with_groups
from web.desk.list_tools import tools_model
from web.desk.lists import Column, Row, count_text, heads_of, rows_of, shown_columns
from web.desk.public_links import has_labels
from web.desk.query import ListQuery, page_query
from web.desk.views import Chosen, choose
from web.desk.world import World
from web.speech import gettext

MOST_CHIPS = 9


@dataclass(frozen=True, slots=True)
class Chip:
    """One choice of a filter, a view or a kind of list."""

    label: str
    href: str
    on: bool
    shared: bool = False


@dataclass(frozen=True, slots=True)
class ChipGroup:
    """The choices for one field."""

    label: str
    choices: tuple[Chip, ...]


@dataclass(frozen=True, slots=True)
class ListPage:
    """Everything that ``pages/list.html`` shows."""

    form: str
    title: str
    q: str
    kept: tuple[tuple[str, str], ...]
    show: str
    cards: bool
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    sums: tuple[Cell, ...]
    filters: tuple[ChipGroup, ...]
    filtered: bool
    conditions: int
    more: str
    count_text: str
    may_create: bool
    may_import: bool
    may_pick: bool
    """Rows can be chosen to be changed or removed together."""
    may_delete: bool
    tabs: tuple[Chip, ...]
    kinds: tuple[Chip, ...]
    model: dict[str, Any]
    """The tools' props."""
    export: tuple[tuple[str, str], ...] | None = None
    """What the button sends to get this very list as a file; None: this reader may not."""
    labels: str = ""
    """The ids of this page's records, for their labels; empty: none can be printed."""
    board: Board | None = None
    calendar: Calendar | None = None
    timeline: Timeline | None = None

    @property
    def empty(self) -> bool:
        """There is nothing to show, in whatever way."""
        return not self.rows and self.show in ("list", "gallery")


def list_page(session: Session, identity: Identity, form_key: str, args: Mapping[str, str]) -> ListPage:
    """The list as this person may see it."""
    world = World.of(session, identity)
    form, access = world.listable(form_key)
    query = page_query(form, args)
    chosen = choose(world, form, access, query)
    look = chosen.look
    shown = shown_columns(form, access, look.columns)
    columns = tuple(_sorting(form, query, chosen, column) for column in heads_of(form, shown, look, world.locale))
    page, rows = _rows(world, access, chosen, query, shown, columns)
    by = form.field(look.by) if look.by else None
    return ListPage(
        form=form.key,
        title=localized(form.definition.title, world.locale),
        q=query.q,
        kept=tuple(pair for pair in query.pairs() if pair[0] != "q"),
        show=look.show,
        cards=look.cards,
        columns=columns,
        rows=rows,
        sums=totals(world, access, chosen, columns, query.q) if rows else (),
        filters=_chips(form, access, query, world.locale),
        filtered=bool(query.q or query.chosen or chosen.filter),
        conditions=_conditions(chosen.filter),
        more=replace(query, after=page.next).address(form.key) if page and page.next else "",
        count_text=count_text(page.count, capped=page.capped, estimated=page.estimated) if page else "",
        may_create=access.may("create"),
        may_import=access.may("import") and access.may("create"),
        may_pick=look.show == "list" and (access.may("update") or access.may("delete")),
        may_delete=access.may("delete"),
        tabs=_tabs(form, chosen, world.locale),
        kinds=_kinds(form, access, chosen, query),
        model=tools_model(world, access, chosen, query, shown, rows),
        export=tuple((name, value) for name, value in query.pairs() if value) if access.may("export") else None,
        labels=_labels(world, identity, form, page),
        board=board_of(world, access, chosen, query, by, shown[:4]) if look.show == "board" and by else None,
        calendar=calendar_of(world, access, chosen, query, shown[:3]) if look.show == "calendar" else None,
        timeline=timeline_of(world, access, chosen, query, shown[:3]) if look.show == "timeline" else None,
    )


def one_row(session: Session, identity: Identity, form_key: str, record_id: int, args: Mapping[str, str]) -> ListPage:
    """The list's line of one record, after it was changed: by the list's columns, whether or not its filter still
    lets it through. Raises NotFound where it is gone, or this reader may not see it.
    """
    world = World.of(session, identity)
    form, _ = world.listable(form_key)
    query = page_query(form, args)
    body = {"field": "id", "op": "eq", "value": record_id}
    alone = replace(query, filter=body, says_filter=True, chosen=None, q="", after=None, view="", sort=("created_at",))
    chosen = choose(world, form, world.access(form), query)
    look = {**query.look, "show": "list", "group": "", "sums": "", "columns": ",".join(chosen.look.columns)}
    look["colour"] = chosen.look.colour or ""
    page = list_page(session, identity, form_key, dict(replace(alone, saved=None, look=look).pairs()))
    if not page.rows:
        raise NotFound("unknown_record", {"id": record_id})
    return page


def _rows(
    world: World,
    access: Access,
    chosen: Chosen,
    query: ListQuery,
    shown: tuple[CompiledField, ...],
    columns: tuple[Column, ...],
) -> tuple[Page | None, tuple[Row, ...]]:
    """A page of records as rows, of a list or a gallery; the other kinds fetch their own."""
    look, form = chosen.look, access.form
    if look.show not in ("list", "gallery"):
        return None, ()
    order = chosen.order(query)
    page = list_records(
        world.session,
        access,
        filter=chosen.filter,
        where=chosen.where,
        sort=group_order(look, order) if look.show == "list" else order,
        after=query.after,
        limit=query.limit,
        q=query.q,
    )
    names = world.names(form, (document(item.values, item.computed) for item in page.items))
    rows = rows_of(form, shown, page.items, names, world.locale, look)
    if look.show == "list":
        rows = with_groups(world, access, chosen, columns, rows, page.items, query.q)
    return page, rows


def list_export(
    session: Session, identity: Identity, form_key: str, args: Mapping[str, str], file_format: str
) -> Export:
    """What is on the page, all pages of it, as an export."""
    world = World.of(session, identity)
    form, access = world.listable(form_key)
    query = page_query(form, args)
    chosen = choose(world, form, access, query)
    asked = chosen.look.columns
    columns = [each.key for each in shown_columns(form, access, asked)] if asked else []
    where = chosen.view.where if chosen.view is not None else None
    return Export(
        form=form.key,
        format="csv" if file_format == "csv" else "xlsx",
        filter=chosen.filter,
        where=where.text if where is not None else None,
        sort=chosen.order(query),
        q=query.q,
        columns=tuple(columns),
        locale=world.locale,
    )


def _labels(world: World, identity: Identity, form: CompiledForm, page: Page | None) -> str:
    items = page.items if page is not None and has_labels(world, identity, form.key) else ()
    return ",".join(str(item.id) for item in items)


def _conditions(tree: Any) -> int:
    """How many conditions a filter has, for the number on its button."""
    if not isinstance(tree, Mapping):
        return 0
    if "field" in tree:
        return 1
    parts = [*(tree.get("and") or ()), *(tree.get("or") or ()), *([tree["not"]] if "not" in tree else [])]
    return sum(_conditions(part) for part in parts)


def _tabs(form: CompiledForm, chosen: Chosen, locale: str) -> tuple[Chip, ...]:
    """All records, then each view, then those that people kept; nothing where there are none."""
    if not chosen.views and not chosen.saved:
        return ()
    at = f"/forms/{form.key}"
    every = Chip(gettext("All"), at, chosen.view is None and chosen.kept is None)
    named = (
        Chip(localized(one.title, locale), f"{at}?view={one.key}", one is chosen.view and chosen.kept is None)
        for one in chosen.views
    )
    kept = (Chip(one.title, f"{at}?saved={one.id}", one is chosen.kept, one.shared) for one in chosen.saved)
    return (every, *named, *kept)


def _kinds(form: CompiledForm, access: Access, chosen: Chosen, query: ListQuery) -> tuple[Chip, ...]:
    """The ways in which this list can be shown; what a way needs and the view does not say is guessed."""
    words = {
        "list": gettext("List"),
        "board": gettext("Board"),
        "calendar": gettext("Calendar"),
        "timeline": gettext("Timeline"),
        "gallery": gettext("Gallery"),
    }
    look = chosen.look
    seen = [each for each in form.fields if not each.columns and access.readable(form.key, each.path)]
    days = [each.key for each in seen if each.type.kind in ("date", "datetime")]
    by = look.by or next((each.key for each in seen if _laned(each)), None)
    start = look.start or next(iter(days), None)
    end = look.end or next((key for key in days if key != start), None)
    cover = look.cover or next((each.key for each in seen if each.definition.type.picture), None)
    needs: dict[str, dict[str, str | None]] = {
        "list": {},
        "board": {"by": by},
        "calendar": {"start": start},
        "timeline": {"start": start, "end": end},
        "gallery": {"cover": cover},
    }
    made = []
    for show in SHOWS:
        told = needs[show]
        if None in told.values():
            continue
        given = {key: value for key, value in told.items() if value is not None and getattr(look, key) != value}
        made.append(Chip(words[show], query.showing(show=show, **given).address(form.key), look.show == show))
    return tuple(made)


def _laned(field: CompiledField) -> bool:
    options = getattr(field.definition.config, "options", None)
    return bool(options) and not field.type.is_list and field.definition.type.name != "cascade" and not field.computed


def _sorting(form: CompiledForm, query: ListQuery, chosen: Chosen, head: Column) -> Column:
    column = form.field(head.key) if head.key else None
    if column is None:
        return head
    current = next(iter(chosen.order(query)), "")
    how = {column.key: "ascending", f"-{column.key}": "descending"}.get(current, "")
    sortable = column.definition.index or column.computed
    asked = query if query.sort else replace(query, sort=chosen.look.order)
    return replace(head, href=asked.sorted_by(column.key).address(form.key) if sortable else "", sorted=how)


def _chips(form: CompiledForm, access: Access, query: ListQuery, locale: str) -> tuple[ChipGroup, ...]:
    candidates = [*filter(None, (form.field(key) for key in form.definition.list_columns)), *form.fields]
    for column in candidates:
        options = getattr(column.definition.config, "options", None)
        filterable = column.definition.index or column.computed
        if not options or len(options) > MOST_CHIPS or not filterable or not access.readable(form.key, column.path):
            continue
        chosen = (query.chosen or {}).get(column.key)
        chips = tuple(
            Chip(
                localized(one.label, locale),
                query.choosing(column.key, None if one.key == chosen else one.key).address(form.key),
                one.key == chosen,
            )
            for one in options.values()
        )
        return (ChipGroup(localized(column.definition.label, locale), chips),)
    return ()

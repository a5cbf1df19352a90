"""The page that lists a form's records."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from formloom.access import Identity
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.definition import CompiledField, CompiledForm
from form_engine.definition.views import ViewDef
from form_engine.exports import Export
from form_engine.permission import Access
from form_engine.query.listing import list_records
from form_engine.records.view import RecordView
from web.cells import Cell, cell, numeric
from web.desk.document import document
from web.desk.query import ListQuery, page_query
from web.desk.views import condition, order, views_of
from web.desk.world import World
from web.names import Names
from web.speech import gettext, ngettext

MOST_COLUMNS = 10
MOST_CHIPS = 9


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head. ``href`` sorts by it; ``sorted`` is aria's word for how it stands now."""

    label: str
    numeric: bool
    href: str = ""
    sorted: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A record's line."""

    id: int
    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Chip:
    """One choice of a filter."""

    label: str
    href: str
    on: bool


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
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    filters: tuple[ChipGroup, ...]
    filtered: bool
    more: str
    count_text: str
    may_create: bool
    export: tuple[tuple[str, str], ...] | None = None
    """What the button sends to get this very list as a file; None: this reader may not."""
    tabs: tuple[Chip, ...] = ()


def list_page(session: Session, identity: Identity, form_key: str, args: Mapping[str, str]) -> ListPage:
    """The list as this person may see it."""
    world = World.of(session, identity)
    form, access = world.listable(form_key)
    query = page_query(form, args)
    views = views_of(world, form)
    view = next((one for one in views if one.key == query.view), None)
    page = list_records(
        session,
        access,
        filter=query.tree(),
        where=condition(form, view),
        sort=query.sort or order(view),
        after=query.after,
        limit=query.limit,
        q=query.q,
    )
    shown = shown_columns(form, access, view.look.columns if view else ())
    names = world.names(form, (document(item.values, item.computed) for item in page.items))
    heads = tuple(_head(form, query, each, world.locale) for each in shown)
    return ListPage(
        form=form.key,
        title=localized(form.definition.title, world.locale),
        q=query.q,
        kept=(
            *((f"f.{key}", value) for key, value in (query.chosen or {}).items()),
            *((("view", query.view),) if view else ()),
        ),
        columns=heads if leads_itself(form, shown) else (Column(lead_label(form, world.locale), numeric=False), *heads),
        rows=rows_of(form, shown, page.items, names, world.locale),
        filters=_chips(form, access, query, world.locale),
        filtered=bool(query.q or query.chosen),
        more=replace(query, after=page.next).address(form.key) if page.next else "",
        count_text=count_text(page.count, capped=page.capped, estimated=page.estimated),
        may_create=access.may("create"),
        export=_export(query) if access.may("export") and page.items else None,
        tabs=_tabs(form, views, view, world.locale),
    )


def _export(query: ListQuery) -> tuple[tuple[str, str], ...]:
    chosen = ((f"f.{key}", value) for key, value in (query.chosen or {}).items())
    rest = (("q", query.q), ("view", query.view), ("sort", ",".join(query.sort)))
    return (*chosen, *((name, value) for name, value in rest if value))


def list_export(
    session: Session, identity: Identity, form_key: str, args: Mapping[str, str], file_format: str
) -> Export:
    """What is on the page, all pages of it, as an export."""
    world = World.of(session, identity)
    form, access = world.listable(form_key)
    query = page_query(form, args)
    view = next((one for one in views_of(world, form) if one.key == query.view), None)
    columns = [each.key for each in shown_columns(form, access, view.look.columns if view else ())] if view else []
    return Export(
        form=form.key,
        format="csv" if file_format == "csv" else "xlsx",
        filter=query.tree(),
        where=view.where.text if view is not None and view.where is not None else None,
        sort=query.sort or order(view),
        q=query.q,
        columns=tuple(columns),
        locale=world.locale,
    )


def count_text(count: int, *, capped: bool = False, estimated: bool = False) -> str:
    """How many there are; what is not exact says so, and an estimate does not pretend to know the last digits."""
    if capped:
        return gettext("more than %(count)s", count=count)
    if estimated:
        step = 10 ** max(len(str(count)) - 2, 0)
        return gettext("about %(count)s records", count=f"{round(count / step) * step:,}")
    return ngettext("%(num)s record", "%(num)s records", count)


def _tabs(form: CompiledForm, views: tuple[ViewDef, ...], chosen: ViewDef | None, locale: str) -> tuple[Chip, ...]:
    """All records, then each view; nothing where there are no views."""
    if not views:
        return ()
    every = Chip(gettext("All"), f"/forms/{form.key}", chosen is None)
    named = (Chip(localized(one.title, locale), f"/forms/{form.key}?view={one.key}", one is chosen) for one in views)
    return (every, *named)


def shown_columns(form: CompiledForm, access: Access, asked: tuple[str, ...] = ()) -> tuple[CompiledField, ...]:
    """The columns that the form's own list names and the reader may see."""
    keys = asked or form.definition.list_columns or tuple(each.key for each in form.fields if not each.columns)
    found = (form.field(key) for key in keys)
    return tuple(each for each in found if each is not None and access.readable(form.key, each.path))[:MOST_COLUMNS]


def leads_itself(form: CompiledForm, shown: tuple[CompiledField, ...]) -> bool:
    """Whether the first column already names the record, so that no column of titles is needed before it."""
    display = form.display
    named = display if isinstance(display, tuple) else (display.text.strip(),)
    return bool(shown) and not form.definition.number and named == (shown[0].key,)


def lead_label(form: CompiledForm, locale: str) -> str:
    """The head of the column that names the record: its number, or the one field that is its title."""
    if form.definition.number:
        return gettext("No.")
    display = form.display if isinstance(form.display, tuple) else (form.display.text.strip(),)
    named = form.field(display[0]) if len(display) == 1 else None
    return localized(named.definition.label, locale) if named else gettext("Title")


def rows_of(
    form: CompiledForm, shown: tuple[CompiledField, ...], items: tuple[RecordView, ...], names: Names, locale: str
) -> tuple[Row, ...]:
    """Records as lines; the first cell is the record's own title."""
    own_lead = leads_itself(form, shown)
    rows = []
    for item in items:
        values = document(item.values, item.computed)
        cells = tuple(cell(each, values.get(each.key), names, locale) for each in shown)
        lead = Cell("text", item.number or item.title or f"#{item.id}")
        rows.append(Row(item.id, item.title, cells if own_lead else (lead, *cells)))
    return tuple(rows)


def _head(form: CompiledForm, query: ListQuery, column: CompiledField, locale: str) -> Column:
    label = localized(column.definition.label, locale)
    sortable = column.definition.index or column.computed
    current = query.sort[0] if query.sort else ""
    how = {column.key: "ascending", f"-{column.key}": "descending"}.get(current, "")
    href = query.sorted_by(column.key).address(form.key) if sortable else ""
    return Column(label, numeric(column), href, how)


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

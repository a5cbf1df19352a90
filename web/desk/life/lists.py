"""The lists of records that belong to one: one of them open, the others as tabs with their counts."""

from dataclasses import dataclass
from typing import Any

from formloom.i18n import localized

from form_engine.definition import CompiledField, PageList
from form_engine.query.related import Related, page_of_form, related
from form_engine.records.view import RecordView
from web.cells import BLANK, Cell, cell, numeric
from web.desk.document import document
from web.desk.lists import Column, Row, count_text, lead_label, leads_itself, rows_of, shown_columns
from web.desk.world import World
from web.names import Names

PAGE = 20


@dataclass(frozen=True, slots=True)
class Tab:
    """A list by name, with how many it has; `href` opens it."""

    key: str
    title: str
    count: str
    href: str
    on: bool


@dataclass(frozen=True, slots=True)
class Subtotal:
    """The records with one value of a field: how many, and their sums in the order of the heads."""

    label: Cell
    count: int
    sums: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class OpenList:
    """The list that is open. `tones` are the rows' colours, `sums` the heads of the figures."""

    key: str
    title: str
    count_text: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    tones: tuple[str, ...]
    sums: tuple[str, ...]
    total: Subtotal | None
    subtotals: tuple[Subtotal, ...]
    more: str


@dataclass(frozen=True, slots=True)
class Lists:
    """What `parts/linked.html` shows; no tabs where there is but one list."""

    tabs: tuple[Tab, ...]
    open: OpenList | None


def lists_of(world: World, view: RecordView, chosen: str, after: str | None = None) -> Lists:
    """The lists of the record's page that have something; `chosen` is open, or the first."""
    found = [
        (each, there)
        for each in page_of_form(view.form).linked
        if (there := related(world.session, world.allowed(), view, each.source)) is not None
    ]
    counts = {each.key: there.count() for each, there in found}
    found = [(each, there) for each, there in found if counts[each.key].number or each.key == chosen]
    if not found:
        return Lists((), None)
    key = chosen if any(each.key == chosen for each, _ in found) else found[0][0].key
    tabs = tuple(
        Tab(
            each.key,
            title_of(world, each, there),
            _short(counts[each.key]),
            f"/records/{view.id}?list={each.key}#linked",
            each.key == key,
        )
        for each, there in found
    )
    opened = next((each, there) for each, there in found if each.key == key)
    return Lists(tabs, _opened(world, view, *opened, after))


def title_of(world: World, each: PageList, there: Related) -> str:
    """What the list is called: in its own words, or as its form."""
    return localized(each.title if each.title is not None else there.access.form.definition.title, world.locale)


def _short(count: Any) -> str:
    return f"{count.number}+" if count.more else str(count.number)


def _opened(world: World, view: RecordView, each: PageList, there: Related, after: str | None) -> OpenList:
    form, locale = there.access.form, world.locale
    page = there.page(each.sort, after, PAGE)
    names = world.names(form, [document(item.values, item.computed) for item in page.items])
    shown = shown_columns(form, there.access, each.columns)
    heads = tuple(Column(localized(one.definition.label, locale), numeric(one)) for one in shown)
    if not leads_itself(form, shown):
        heads = (Column(lead_label(form, locale), numeric=False), *heads)
    summed = [one for key in each.sums if (one := form.field(key)) is not None and there.access.readable(form.key, key)]
    total, subtotals = _sums(world, each, there, summed) if after is None else (None, ())
    return OpenList(
        each.key,
        title_of(world, each, there),
        count_text(page.count, capped=page.capped),
        heads,
        rows_of(form, shown, page.items, names, locale),
        tuple(_tone(each, item, locale) for item in page.items),
        tuple(localized(one.definition.label, locale) for one in summed),
        total,
        subtotals,
        f"/records/{view.id}?list={each.key}&after={page.next}#linked" if page.next else "",
    )


def _tone(each: PageList, item: RecordView, locale: str) -> str:
    field = item.form.field(each.colour or each.by or "")
    if field is None:
        return ""
    return cell(field, document(item.values, item.computed).get(field.key), Names(), locale).tone


def _sums(
    world: World, each: PageList, there: Related, summed: list[CompiledField]
) -> tuple[Subtotal | None, tuple[Subtotal, ...]]:
    """All together, and by each value of `by` in the order of its options."""
    if not summed and each.by is None:
        return None, ()
    found = there.sums([one.key for one in summed], each.by)
    by = there.access.form.field(each.by or "") if each.by in found.fields else None
    sums: dict[str, Any] = {one.key: sum(group.measures[one.key] for group in found.groups) for one in summed}
    count = sum(group.measures["count"] for group in found.groups)
    total = Subtotal(BLANK, count, tuple(_figure(one, sums[one.key], world.locale) for one in summed))
    if by is None:
        return total, ()
    options = list(getattr(by.definition.config, "options", None) or ())
    groups = sorted(found.groups, key=lambda one: _place(options, one.keys[by.key]))
    return total, tuple(
        Subtotal(
            cell(by, group.keys[by.key], Names(), world.locale),
            group.measures["count"],
            tuple(_figure(one, group.measures[one.key], world.locale) for one in summed),
        )
        for group in groups
    )


def _place(options: list[Any], value: Any) -> int:
    return options.index(value) if value in options else len(options)


def _figure(field: CompiledField, value: Any, locale: str) -> Cell:
    scale = getattr(field.definition.config, "scale", None)
    return cell(field, f"{value:.{scale}f}" if scale is not None else str(value), Names(), locale)

"""A board: records as cards under the values of one field."""

from dataclasses import dataclass, replace
from typing import Any

from formloom.i18n import localized

from form_engine.definition import CompiledField
from form_engine.permission import Access
from form_engine.query.aggregate import aggregate
from form_engine.query.listing import list_records
from form_engine.records.view import RecordView
from web.cells import Cell, cell
from web.desk.document import document
from web.desk.lists import Row, rows_of
from web.desk.query import ListQuery
from web.desk.views import Chosen
from web.desk.world import World
from web.names import Wanted
from web.speech import gettext

CARDS = 20
MOST_LANES = 24


@dataclass(frozen=True, slots=True)
class Lane:
    """One value of the field. ``value`` is its JSON, as a change sends it; ``more`` is the list of all of them."""

    value: Any
    cell: Cell
    count: int
    cards: tuple[Row, ...]
    more: str


@dataclass(frozen=True, slots=True)
class Board:
    """``field`` is what a card's move changes."""

    field: str
    label: str
    lanes: tuple[Lane, ...]


def board_of(
    world: World, access: Access, chosen: Chosen, query: ListQuery, by: CompiledField, shown: tuple[CompiledField, ...]
) -> Board:
    """The lanes in the order of the options (people and links: the fullest first), the blank one last."""
    counts = _counts(world, access, chosen, query, by)
    lanes = [(value, count, *_cards(world, access, chosen, query, by, value, count)) for value, count in counts]
    form = access.form
    wanted = Wanted()
    for value, _count, items, _tree in lanes:
        wanted.gather(form, {by.key: value})
        for item in items:
            wanted.gather(form, document(item.values, item.computed))
    names = world.names_of(wanted)
    made = tuple(
        Lane(
            value,
            cell(by, value, names, world.locale) if value is not None else Cell("text", gettext("(empty)")),
            count,
            rows_of(form, shown, items, names, world.locale, chosen.look),
            _list_address(query, form.key, tree),
        )
        for value, count, items, tree in lanes
    )
    return Board(by.key, localized(by.definition.label, world.locale), made)


def _counts(world: World, access: Access, chosen: Chosen, query: ListQuery, by: CompiledField) -> list[tuple[Any, int]]:
    question = {
        "group": [{"field": by.key, "as": "lane"}],
        "measures": ["count"],
        "filter": chosen.filter,
        "q": query.q,
        "sort": ["-count"],
        "limit": 200,
    }
    groups = aggregate(world.session, access, question, where=chosen.where).groups
    found = {group.keys["lane"]: group.measures["count"] for group in groups}
    blank = found.pop(None, 0) + found.pop("", 0)
    options = getattr(by.definition.config, "options", None)
    if options:
        lanes = [(key, found.get(key, 0)) for key, one in options.items() if not one.retired or key in found]
    elif by.type.kind == "logical":
        lanes = [(value, found.get(value, 0)) for value in (True, False)]
    else:
        lanes = list(found.items())
    return [*lanes[:MOST_LANES], *([(None, blank)] if blank else [])]


def _cards(
    world: World,
    access: Access,
    chosen: Chosen,
    query: ListQuery,
    by: CompiledField,
    value: Any,
    count: int,
) -> tuple[tuple[RecordView, ...], Any]:
    here = {"field": by.key, "op": "blank"} if value is None else {"field": by.key, "op": "eq", "value": value}
    tree = {"and": [*([chosen.filter] if chosen.filter else []), here]}
    if not count:
        return (), tree
    page = list_records(
        world.session,
        access,
        filter=tree,
        where=chosen.where,
        sort=chosen.order(query),
        limit=CARDS,
        q=query.q,
        count_to=1,
    )
    return page.items, tree


def _list_address(query: ListQuery, form: str, tree: Any) -> str:
    return replace(query, filter=tree, says_filter=True, chosen=None, look={**query.look, "show": "list"}).address(form)


__all__ = ["Board", "Lane", "board_of"]

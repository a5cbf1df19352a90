"""Views of a form: those that apps give it, those that people kept, and what an address changes of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from form_engine import saved_views
from form_engine.definition import CompiledForm, Look
from form_engine.definition.look import BUCKETS, SHOWS, Grouping
from form_engine.definition.views import ViewDef
from form_engine.formula import Node, check
from form_engine.models import SavedView
from form_engine.permission import Access
from web.context import services
from web.desk.query import ListQuery
from web.desk.world import World

NOTHING = Look()
MOST_COLUMNS = 50


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a list is of and how it looks: the defined ``view`` and the ``kept`` one, where there are; the ``look``
    after what the address says; ``filter`` and ``where`` of all of them together.
    """

    views: tuple[ViewDef, ...]
    saved: Sequence[SavedView]
    view: ViewDef | None
    kept: SavedView | None
    look: Look
    filter: Any
    where: Node | None

    def order(self, query: ListQuery) -> tuple[str, ...]:
        """By what the records are sorted, groups apart."""
        return query.sort or self.look.order


def choose(world: World, form: CompiledForm, access: Access, query: ListQuery) -> Chosen:
    """Read the question against the form as it is now and this reader's rights; NotFound for a saved view that is not
    theirs to see.
    """
    views = views_of(world, form)
    kept = None
    if query.saved is not None:
        kept = saved_views.find(world.session, query.saved, world.actor)
        kept = kept if kept.form == form.key else None
    body: Mapping[str, Any] = kept.body if kept else {}
    key = query.view or body.get("view", "")
    view = next((one for one in views if one.key == key), None)
    base = saved_views.look_of(kept) if kept else view.look if view else NOTHING
    return Chosen(
        views,
        saved_views.views_of_form(world.session, form.key, world.actor),
        view,
        kept,
        fitting(overlaid(base, query.look), form, access),
        query.tree(body.get("filter")),
        condition(form, view),
    )


def views_of(world: World, form: CompiledForm) -> tuple[ViewDef, ...]:
    """The views of this form that the reader's roles find."""
    store = services().stores.views
    found = (store.live(world.session, key) for key in store.keys(world.session))
    return tuple(view for view in found if view.form == form.key and (not view.roles or view.roles & world.actor.roles))


def condition(form: CompiledForm, view: ViewDef | None) -> Node | None:
    """The view's filter, checked over the form as it is now."""
    return None if view is None or view.where is None else check(view.where.node, form.scope).node


def overlaid(look: Look, said: Mapping[str, str]) -> Look:
    """The look with what an address says instead; nonsense is passed over."""
    names = {key: value for key in ("by", "start", "end", "cover", "colour") if (value := said.get(key)) is not None}
    changes: dict[str, Any] = {key: value or None for key, value in names.items()}
    if said.get("show") in SHOWS:
        changes["show"] = said["show"]
    for key in ("columns", "sums"):
        if key in said:
            changes[key] = tuple(dict.fromkeys(part for part in said[key].split(",") if part))
    if "group" in said:
        changes["group"] = _grouping(said["group"])
    if said.get("frozen") in tuple("012345"):
        changes["frozen"] = int(said["frozen"])
    if "widths" in said:
        pairs = (part.partition(":") for part in said["widths"].split(","))
        changes["widths"] = {key: int(px) for key, _, px in pairs if px.isascii() and px.isdigit() and len(px) < 5}
    if "layout" in said:
        changes["cards"] = said["layout"] == "cards"
    return replace(look, **changes)


def _grouping(said: str) -> Grouping | None:
    by, _, bucket = said.removeprefix("-").partition(":")
    return Grouping(by, bucket if bucket in BUCKETS else None, said.startswith("-")) if by else None


def fitting(look: Look, form: CompiledForm, access: Access) -> Look:
    """Without what the form does not have (any more) and what the reader may not read."""

    def seen(key: str | None) -> bool:
        found = form.field(key) if key else None
        return found is not None and access.readable(form.key, found.path)

    def own(key: str | None) -> str | None:
        return key if seen(key) else None

    known = replace(
        look,
        columns=tuple(key for key in look.columns if seen(key))[:MOST_COLUMNS],
        sums=tuple(key for key in look.sums if seen(key) and form.by_path[key].type.kind == "number"),
        by=own(look.by),
        start=own(look.start),
        end=own(look.end),
        cover=own(look.cover),
        colour=own(look.colour),
        group=look.group if look.group and groupable(form, look.group.by) and seen(look.group.by) else None,
    )
    wanting = {
        "board": known.by,
        "calendar": known.start,
        "timeline": known.start,
        "gallery": "gallery",
        "list": "list",
    }
    return known if wanting.get(known.show) else replace(known, show="list")


def groupable(form: CompiledForm, key: str) -> bool:
    """Whether records can stand together by this field: it has one value, of which there are not many."""
    found = form.field(key)
    if found is None or found.type.is_list or found.columns:
        return False
    return found.type.kind in ("text", "record", "person", "logical", "date", "datetime")


__all__ = ["Chosen", "choose", "condition", "fitting", "groupable", "overlaid", "views_of"]

"""Drafts and the bin: as the API tells them, and the bin's page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from formloom.access import Identity
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.records import aside
from web.desk.history import actor_names
from web.desk.record_json import as_json
from web.desk.world import World


def bin_json(session: Session, identity: Identity, form: str, after: str | None, limit: int) -> dict[str, Any]:
    """A page of a form's bin; NotFound for a form that the caller may not list."""
    world = World.of(session, identity)
    _, access = world.listable(form)
    page = aside.bin_of(session, access, after=after, limit=limit)
    names = actor_names(world, (item.record.updated_by for item in page.items))
    items = [
        {
            **as_json(item),
            "deleted_at": item.record.updated_at.isoformat() if item.record.updated_at else "",
            "deleted_by": names[item.record.updated_by],
        }
        for item in page.items
    ]
    return {"items": items, "next": page.next}


@dataclass(frozen=True, slots=True)
class BinRow:
    """A record in the bin: who put it there, when."""

    id: int
    title: str
    who: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class BinPage:
    """What ``pages/bin.html`` shows; ``more`` is the address of the next page."""

    form: str
    title: str
    rows: tuple[BinRow, ...]
    more: str


def bin_page(session: Session, identity: Identity, form_key: str, after: str | None) -> BinPage:
    """A page of a form's bin, the latest first; NotFound for a form that the reader may not list."""
    world = World.of(session, identity)
    form, access = world.listable(form_key)
    page = aside.bin_of(session, access, after=after)
    names = actor_names(world, (item.record.updated_by for item in page.items))
    rows = tuple(
        BinRow(
            item.id,
            item.title or item.number or f"#{item.id}",
            names[item.record.updated_by],
            item.record.updated_at,
        )
        for item in page.items
    )
    more = f"/forms/{form.key}/bin?after={page.next}" if page.next else ""
    return BinPage(form.key, localized(form.definition.title, world.locale), rows, more)


def drafts_json(
    session: Session, identity: Identity, form: str | None, after: str | None, limit: int
) -> dict[str, Any]:
    """A page of the caller's own drafts, of one form or of all that they may fill in."""
    world = World.of(session, identity)
    forms = {form: world.form(form)} if form is not None else dict(world.forms)
    access = {key: world.access(each) for key, each in forms.items()}
    mine = {key: each for key, each in access.items() if each.may("read") or each.may("create")}
    page = aside.drafts(session, mine, world.actor, after=after, limit=limit)
    return {"items": [as_json(item) for item in page.items], "next": page.next}

"""Two versions of a record side by side: what differs, and below it what is the same."""

from dataclasses import dataclass
from datetime import datetime

from formloom.access import Identity
from formloom.errors import NotFound
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.records.diff import diff
from form_engine.records.earlier import document_at
from form_engine.records.view import readable_values
from web.cells import cell
from web.context import services
from web.desk.history import Change, Entry, changes_in_words, history_of
from web.desk.sections import Fact
from web.desk.world import World

MOST_SAME = 100


@dataclass(frozen=True, slots=True)
class ComparePage:
    """What `pages/compare.html` shows. `entries` are the versions to choose from, the latest first."""

    id: int
    form: str
    form_title: str
    title: str
    entries: tuple[Entry, ...]
    old: int
    new: int
    changes: tuple[Change, ...]
    same: tuple[Fact, ...]
    now: datetime


def compare_page(session: Session, identity: Identity, record_id: int, old: str, new: str) -> ComparePage:
    """The version `new` (the latest, where none is told) beside `old` (the one before it). Only what the reader may
    see; NotFound for a record or a version that is not there.
    """
    world = World.of(session, identity)
    view = services().records.view(session, services().forms, record_id, world.actor)
    last = _version(new, view.version)
    first = _version(old, max(last - 1, 1))
    first, last = sorted((first, last))
    before, after = (
        readable_values(view.form, document_at(session, view.record, version), view.fields) for version in (first, last)
    )
    found = diff(view.form, before, after)
    differing = {each.path for each in found}
    names = world.names(view.form, [after])
    same = tuple(
        Fact(localized(field.definition.label, world.locale), cell(field, after[field.key], names, world.locale))
        for field in view.form.fields
        if field.key in after and field.key not in differing and not field.columns
    )
    return ComparePage(
        view.id,
        view.form.key,
        localized(view.form.definition.title, world.locale),
        view.title or view.number or f"#{view.id}",
        history_of(world, view),
        first,
        last,
        changes_in_words(world, view.form, found),
        same[:MOST_SAME],
        world.context.now,
    )


def _version(asked: str, otherwise: int) -> int:
    if not asked:
        return otherwise
    if not asked.isascii() or not asked.isdigit() or len(asked) > 9:
        raise NotFound("unknown_version", {"version": asked[:20]})
    return int(asked)

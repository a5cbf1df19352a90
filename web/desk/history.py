"""What happened to a record, in words, with what each change replaced."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from formloom import people
from formloom.i18n import localized

from form_engine.definition import CompiledForm
from form_engine.records.view import RecordView
from web.cells import Cell, cell
from web.context import services
from web.desk.world import World
from web.phrases.marking import N_
from web.speech import gettext

WHAT = {
    "created": N_("Created"),
    "updated": N_("Changed"),
    "submitted": N_("Submitted"),
    "deleted": N_("Put into the bin"),
    "restored": N_("Taken out of the bin"),
}
MOST = 50


@dataclass(frozen=True, slots=True)
class Change:
    """One field, before and after."""

    label: str
    old: Cell
    new: Cell


@dataclass(frozen=True, slots=True)
class Entry:
    """One event."""

    at: datetime
    who: str
    what: str
    changes: tuple[Change, ...]


def history_of(world: World, view: RecordView) -> tuple[Entry, ...]:
    """Newest first; only fields that the reader may see."""
    rows = services().records.history(world.session, view, MOST)[::-1]
    documents = [side for row in rows for side in _sides(row.changes)]
    names = world.names(view.form, documents)
    who = actor_names(world, (row.actor for row in rows))
    return tuple(
        Entry(
            row.at,
            who.get(row.actor, row.actor),
            gettext(WHAT.get(row.action, "Changed")),
            tuple(_change(view.form, key, pair, names, world.locale) for key, pair in row.changes.items()),
        )
        for row in rows
    )


def actor_names(world: World, refs: Iterable[str]) -> dict[str, str]:
    """Names for actor strings (``person:12``, ``guest:…``, ``flow:…``, ``system``)."""
    wanted = set(refs)
    ids = {int(ref[7:]) for ref in wanted if ref.startswith("person:") and ref[7:].isdigit()}
    known = people.names(world.session, ids) if ids else {}
    return {ref: _actor_name(ref, known) for ref in wanted}


def _actor_name(ref: str, known: dict[int, str]) -> str:
    kind, _, rest = ref.partition(":")
    match kind:
        case "person":
            return known.get(int(rest), gettext("somebody")) if rest.isdigit() else gettext("somebody")
        case "guest":
            return gettext("the customer")
        case "flow":
            return gettext("automatically")
        case _:
            return gettext("the system")


def _sides(changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return {key: pair[0] for key, pair in changes.items()}, {key: pair[1] for key, pair in changes.items()}


def _change(form: CompiledForm, key: str, pair: Any, names: Any, locale: str) -> Change:
    column = form.field(key)
    if column is None:
        return Change(key, Cell("text", str(pair[0] or "")), Cell("text", str(pair[1] or "")))
    label = localized(column.definition.label, locale)
    return Change(label, _side(column, pair[0], names, locale), _side(column, pair[1], names, locale))


def _side(column: Any, value: Any, names: Any, locale: str) -> Cell:
    if column.columns:
        return Cell("text", gettext("%(count)s rows", count=len(value or ())))
    return cell(column, value, names, locale)

"""What happened to a record, in words, with what each change replaced."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from formloom import people
from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.definition import CompiledField, CompiledForm
from form_engine.fields.base import Refused
from form_engine.records.diff import FieldDiff, diff
from form_engine.records.view import RecordView
from web.cells import Cell, cell
from web.context import services
from web.desk.world import World
from web.names import Names
from web.phrases.marking import N_
from web.speech import gettext

WHAT = {
    "created": N_("Created"),
    "updated": N_("Changed"),
    "submitted": N_("Submitted"),
    "deleted": N_("Put into the bin"),
    "restored": N_("Taken out of the bin"),
    "converted": N_("Brought to a new version of the form"),
}
THROUGH = {
    "version": N_("Went back to version %(name)s"),
    "publish": N_("Brought to version %(name)s of the form"),
    "bulk": N_("%(what)s together with others"),
    "undo": N_("A change of many records was undone"),
    "import": N_("%(what)s by an import"),
    "removal": N_("%(what)s because a linked record was"),
}
ROW = {
    "added": N_("Row %(at)s added"),
    "removed": N_("Row %(at)s removed"),
    "changed": N_("Row %(at)s"),
    "moved": N_("Row moved to place %(at)s"),
}
MOST = 50


@dataclass(frozen=True, slots=True)
class Side:
    """One value before and after: as it is stored, and as it is shown."""

    path: str
    label: str
    old: Cell
    new: Cell
    stored: tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class RowChange:
    """What became of one row of a table."""

    id: str
    change: str
    at: int
    words: str
    cells: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class Change(Side):
    """One field, before and after; a table row by row."""

    rows: tuple[RowChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One event."""

    version: int
    at: datetime
    actor: str
    who: str
    action: str
    what: str
    via: str | None
    changes: tuple[Change, ...]


def history_of(world: World, view: RecordView) -> tuple[Entry, ...]:
    """Newest first; only fields that the reader may see."""
    rows = services().records.history(world.session, view, MOST)[::-1]
    documents = [_fitting(view.form, side) for row in rows for side in _sides(row.changes)]
    names = world.names(view.form, documents)
    who = actor_names(world, (row.actor for row in rows))
    return tuple(
        Entry(
            row.version,
            row.at,
            row.actor,
            who.get(row.actor, row.actor),
            row.action,
            what_happened(row.action, row.via),
            row.via,
            tuple(_change(view.form, each, names, world.locale) for each in diff(view.form, *_sides(row.changes))),
        )
        for row in rows
    )


def changes_in_words(world: World, form: CompiledForm, found: Sequence[FieldDiff]) -> tuple[Change, ...]:
    """Differences that history does not have (yet)."""
    names = world.names(form, [side for each in found for side in ({each.path: each.old}, {each.path: each.new})])
    return tuple(_change(form, each, names, world.locale) for each in found)


def what_happened(action: str, via: str | None) -> str:
    """An event in words; `via` as history has it (`import:7`)."""
    what = gettext(WHAT.get(action, "Changed"))
    kind, _, name = (via or "").partition(":")
    if action == "converted":
        kind = "publish"  # older rows say `version`, which is somebody's going back
    return gettext(THROUGH[kind]) % {"what": what, "name": name} if kind in THROUGH else what


def actor_names(world: World, refs: Iterable[str]) -> dict[str, str]:
    """Names for actor strings (``person:12``, ``guest:…``, ``flow:…``, ``system``)."""
    wanted = set(refs)
    ids = {int(ref[7:]) for ref in wanted if ref.startswith("person:") and ref[7:].isdigit()}
    known = people.names(world.session, ids) if ids else {}
    return {ref: _actor_name(ref, known) for ref in wanted}


def actor_name(session: Session, ref: str) -> str:
    """One such string in words."""
    known = people.names(session, {int(ref[7:])}) if ref.startswith("person:") and ref[7:].isdigit() else {}
    return _actor_name(ref, known)


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


def _change(form: CompiledForm, found: FieldDiff, names: Names, locale: str) -> Change:
    column = form.field(found.path)
    side = _side(column, found.path, found.old, found.new, names, locale)
    rows = tuple(
        RowChange(
            row.id,
            row.change,
            row.at,
            gettext(ROW[row.change]) % {"at": row.at},
            tuple(_side(form.field(each.path), each.path, each.old, each.new, names, locale) for each in row.cells),
        )
        for row in found.rows
    )
    return Change(side.path, side.label, side.old, side.new, side.stored, rows)


def _side(column: CompiledField | None, path: str, old: Any, new: Any, names: Names, locale: str) -> Side:
    label = localized(column.definition.label, locale) if column is not None else path
    return Side(path, label, _shown(column, old, names, locale), _shown(column, new, names, locale), (old, new))


def _shown(column: CompiledField | None, value: Any, names: Names, locale: str) -> Cell:
    if column is None:
        return Cell("text", str(value or ""))
    if column.columns:
        return Cell("text", gettext("%(count)s rows", count=len(value or ())))
    if not _fits(column, value):
        return Cell("text", str(value))
    return cell(column, value, names, locale)


def _fitting(form: CompiledForm, document: Mapping[str, Any]) -> dict[str, Any]:
    """What ids may be looked for in."""
    columns = {key: form.field(key) for key in document}
    return {
        key: value
        for key, value in document.items()
        if (column := columns[key]) is not None and (column.columns or _fits(column, value))
    }


def _fits(column: CompiledField, value: Any) -> bool:
    """Whether the value is one of this field's: before a conversion it was of another type."""
    return value is None or column.computed or not isinstance(column.clean(value), Refused)

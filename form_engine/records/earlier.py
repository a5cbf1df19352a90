"""An earlier state of a record, and going back to it: through the same validation and the same rights as any change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from formloom.errors import Conflict, NotFound
from sqlalchemy.orm import Session

from form_engine.definition import CompiledField, CompiledForm, FieldAccess
from form_engine.definitions_store import FormStore
from form_engine.fields.base import Json
from form_engine.records import trail
from form_engine.records.actor import Actor
from form_engine.records.facts import Fact
from form_engine.records.merge import undone

if TYPE_CHECKING:
    from form_engine.records.service import Records


@dataclass(frozen=True, slots=True)
class Left:
    """A field that stays as it is today, though it was different then; `why` is a code."""

    field: str
    why: str


@dataclass(frozen=True, slots=True)
class Restored:
    """The record as it stands now, and what could not be brought back."""

    record: Fact
    left: tuple[Left, ...]


def document_at(session: Session, record: Fact, version: int) -> dict[str, Json]:
    """The document as it was when it had reached `version`. Raises NotFound `unknown_version`."""
    if not 1 <= version <= record.version:
        raise NotFound("unknown_version", {"id": record.id, "version": version})
    return undone(record.data, [changed for _, changed in trail.changes_since(session, record.id, version)])


def restore_version(
    records: "Records", session: Session, forms: FormStore, record_id: int, version: int, actor: Actor
) -> Restored:
    """Write the record as it was at `version`. History says so (`via` is `version:3`).

    Fields that the actor may read and not write stay as they are and are told; hidden ones stay and are not. Raises
    NotFound, Forbidden, InvalidInput where the earlier values may not stand any more, Conflict `nothing_to_restore`.
    """
    record, form, rights = records.editable(session, forms, record_id, actor, "update")
    writable = None if actor.trusted else rights.fields
    changes, left = going_back(form, record.data, document_at(session, record, version), writable)
    if not changes:
        raise Conflict("nothing_to_restore", {"id": record_id, "version": version})
    via, expected = f"version:{version}", record.version
    after = records.update(
        session, forms, record_id, changes, actor, expected_version=expected, via=via, returning=True
    )
    return Restored(after, left)


def going_back(
    form: CompiledForm, now: Mapping[str, Json], then: Mapping[str, Json], writable: FieldAccess | None
) -> tuple[dict[str, Json], tuple[Left, ...]]:
    """What to send so that `now` becomes `then`, and what stays. Pure. `writable` None: everything."""
    changes: dict[str, Json] = {}
    left: list[Left] = []
    for field in form.fields:
        old = then.get(field.key)
        if now.get(field.key) == old or (writable is not None and not writable.may_read(field.path)):
            continue
        why = _stays(field, writable)
        if why is not None:
            left.append(Left(field.key, why))
        else:
            changes[field.key] = _rows(field, old) if field.columns else old
    return changes, tuple(left)


def _stays(field: CompiledField, writable: FieldAccess | None) -> str | None:
    if field.computed:
        return "computed"
    if writable is None:
        return None
    if field.definition.type.moves(field.definition.config) is not None:
        return "moved_by_steps_only"
    places = (field, *(column for column in field.columns if not column.computed))
    return None if all(writable.may_write(place.path) for place in places) else "not_writable"


def _rows(table: CompiledField, stored: Json) -> Json:
    """Without columns that the form has no longer."""
    known = {"id", *(column.key for column in table.columns if not column.computed)}
    rows = stored if isinstance(stored, list) else []
    return [{key: value for key, value in row.items() if key in known} for row in rows if isinstance(row, dict)]

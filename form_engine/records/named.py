"""What a document names: records, people and files, by their ids, and where each stands.

Which fields name something is found once a form; most writes touch none of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from form_engine.definition import CompiledField, CompiledForm
from form_engine.fields.base import Refers
from form_engine.fields.ids import LARGEST

_KNOWN: WeakKeyDictionary[CompiledForm, dict[str, tuple[CompiledField, ...]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class NamedId:
    """An id in a document. `row_id` is the row's where the field is a column of a table."""

    pointer: str
    field: CompiledField
    id: Any
    row_id: str | None = None

    @property
    def form(self) -> str:
        """The form that a link leads to."""
        return self.field.points_to or ""

    @property
    def place(self) -> tuple[str, str | None, Any]:
        """The same for the same id in the same place, wherever in a list it stands."""
        return self.field.path, self.row_id, self.id


def refers(field: CompiledField, kind: Refers) -> bool:
    """Whether a field's or column's stored value holds ids of this kind."""
    return field.definition.type.refers == kind and not field.computed


def referring(form: CompiledForm, kind: Refers) -> tuple[CompiledField, ...]:
    """The fields that hold such ids, and the tables that have them in a column."""
    known = _KNOWN.get(form)
    if known is None:
        known = _KNOWN[form] = {}
    found = known.get(kind)
    if found is None:
        found = known[kind] = tuple(
            each for each in form.fields if refers(each, kind) or any(refers(column, kind) for column in each.columns)
        )
    return found


def named(form: CompiledForm, data: Mapping[str, Any], kind: Refers) -> Iterator[NamedId]:
    """Every such id of a document with its place. Raw input will do: what is no id is passed over."""
    for field in referring(form, kind):
        stored = data.get(field.key)
        if stored is None:
            continue
        if not field.columns:
            yield from _in(field, stored, f"/{field.key}", None, kind)
        elif isinstance(stored, list):
            columns = [column for column in field.columns if refers(column, kind)]
            for at, row in enumerate(stored):
                if not isinstance(row, Mapping):
                    continue
                row_id = row.get("id")
                for column in columns:
                    if row.get(column.key) is not None:
                        place = f"/{field.key}/{at}/{column.key}"
                        yield from _in(column, row[column.key], place, str(row_id or ""), kind)


def new_ids(
    form: CompiledForm, data: Mapping[str, Any], before: Mapping[str, Any], kind: Refers
) -> tuple[NamedId, ...]:
    """What stands there now and did not before: an old id stays legal when what it names has changed since."""
    found = tuple(named(form, data, kind))
    if not found:
        return ()
    if not before:
        return found
    old = {each.place for each in named(form, before, kind)}
    return tuple(each for each in found if each.place not in old)


def _in(field: CompiledField, stored: Any, pointer: str, row_id: str | None, kind: Refers) -> Iterator[NamedId]:
    for at, each in enumerate(field.definition.type.ids(stored)):
        if _is_id(each, kind):
            yield NamedId(f"{pointer}/{at}" if isinstance(stored, list) else pointer, field, each, row_id)


def _is_id(value: object, kind: Refers) -> bool:
    return isinstance(value, str) if kind == "file" else type(value) is int and 0 < value <= LARGEST

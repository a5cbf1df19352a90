"""What becomes of a record's document when its form changes: renamed, retyped and re-added fields. Pure.

Nothing is thrown away: the old value of a field that was renamed stays under its old key, that of one that changed its
type under `key@type`. Going back finds it there, exactly as it was, unless somebody has changed the field since.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from form_engine.definition.compiled import CompiledForm
from form_engine.definition.model import FieldDef
from form_engine.evolution.table import Convert, Setting, Way, converter, way_of
from form_engine.fields.base import Json, Refused

Document = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Lost:
    """A value that has no place in the new field: it stays beside it. `why` is a code of the new field's cleaner."""

    path: str
    old: Json
    why: str


@dataclass(frozen=True)
class Conversion:
    """One field whose values must change. `source` is the key where they are, `target` where they will be."""

    source: str
    target: str
    old: FieldDef
    new: FieldDef
    way: Way | None
    forward: Convert | None
    """None: there is no conversion, so every value is lost."""
    back: Convert | None
    """The way from what may be kept from before to what stands there now."""
    columns: tuple["Conversion", ...] = field(default=())

    @property
    def kept(self) -> str:
        """The key under which the old value stays."""
        return self.source if self.source != self.target else f"{self.source}@{self.old.type.name}"

    @property
    def before(self) -> str:
        """The key under which an earlier conversion the other way round has left its value."""
        return self.target if self.source != self.target else f"{self.target}@{self.new.type.name}"

    def value(self, document: Document, path: str) -> tuple[Json, tuple[Lost, ...]]:
        """The field's new value for a document, and what was lost on the way."""
        stored, former = document.get(self.source), document.get(self.before)
        if stored is not None and self.columns:
            return self._rows(stored, path)
        if former is not None and self._back(former) == stored:
            return former, ()
        if stored is None:
            return None, ()
        made = self.forward(stored) if self.forward is not None else None
        if isinstance(made, Refused):
            return None, (Lost(path, stored, made.issues[0].code),)
        return made, () if self.forward is not None else (Lost(path, stored, "no_conversion"),)

    def _back(self, former: Json) -> Json:
        """What the value that was kept from before became; None where it was lost."""
        made = self.back(former) if self.back is not None else None
        return None if isinstance(made, Refused) else made

    def _rows(self, stored: Json, path: str) -> tuple[Json, tuple[Lost, ...]]:
        rows, lost = [], []
        for row in stored if isinstance(stored, list) else ():
            if isinstance(row, dict):
                made, gone = converted(self.columns, row, f"{path}.")
                rows.append(made)
                lost += gone
        return [*rows], tuple(lost)


def conversions(
    old: Iterable[FieldDef],
    new: Iterable[FieldDef],
    known: Mapping[str, FieldDef],
    setting: Setting | None = None,
) -> tuple[Conversion, ...]:
    """What publishing `new` after `old` must change in documents.

    `known` are fields of earlier versions by key, for fields that come back. Without a setting the defaults hold.
    """
    setting = setting or Setting()
    before, after = {each.key: each for each in old}, {each.key: each for each in new}
    gone = {was: each.key for each in before.values() for was in each.was if each.key not in after}
    found = []
    for each in after.values():
        source = _source(each, before, after, gone)
        former = before.get(source) or known.get(source)
        made = _conversion(source, former, each, known, setting) if former is not None else None
        if made is not None:
            found.append(made)
    return tuple(found)


def _source(each: FieldDef, before: Mapping[str, Any], after: Mapping[str, Any], gone: Mapping[str, str]) -> str:
    """Where the values of a field are: under its key, under a former one, or under the one that it is called back
    from.
    """
    if each.key in before:
        return each.key
    renamed = next((was for was in each.was if was in before and was not in after), None)
    return renamed or gone.get(each.key, each.key)


def _conversion(
    source: str,
    old: FieldDef,
    new: FieldDef,
    known: Mapping[str, FieldDef],
    setting: Setting,
) -> Conversion | None:
    if old.fields and new.fields:
        columns = conversions(old.fields, new.fields, {}, setting)
        if not columns and source == new.key:
            return None
        return Conversion(source, new.key, old, new, "same", None, None, columns)
    way = way_of(old, new)
    if (way == "same" and source == new.key and old.type is new.type) or new.type.computed or not old.type.stored:
        return None
    former = known.get(new.key, new) if source != new.key else new
    again = way_of(former, old) if former.type is new.type else None
    back = converter(former, old, again, setting) if again is not None else None
    forward = converter(old, new, way, setting) if way is not None else None
    return Conversion(source, new.key, old, new, way, forward, back)


def converted(steps: Iterable[Conversion], document: Document, prefix: str = "") -> tuple[dict[str, Json], list[Lost]]:
    """The whole document as the new version has it, and everything that was lost."""
    made, lost = dict(document), list[Lost]()
    for step, value, gone in _values(steps, document, prefix):
        stored = document.get(step.source)
        if stored is not None and value != stored and not step.columns:
            made[step.kept] = stored
        if value is None:
            made.pop(step.target, None)
        else:
            made[step.target] = value
        lost += gone
    return made, lost


def _values(
    steps: Iterable[Conversion], document: Document, prefix: str
) -> Iterator[tuple[Conversion, Json, tuple[Lost, ...]]]:
    for step in steps:
        yield (step, *step.value(document, prefix + step.target))


def carried(made_by: CompiledForm, live: CompiledForm, document: Document) -> dict[str, Json]:
    """A document that was written by an older version of its form, with the values of renamed fields under their keys
    of now as well. A value that does not fit there is blank: whoever writes by an older version cannot know.
    """
    renamed = [step for step in _steps(made_by, live) if step.source != step.target]
    return converted(renamed, document)[0] if renamed else dict(document)


@lru_cache(maxsize=200)
def _steps(made_by: CompiledForm, live: CompiledForm) -> tuple[Conversion, ...]:
    return conversions(made_by.definition.fields, live.definition.fields, {})

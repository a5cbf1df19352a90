"""What cells name, found in the database: records by any of their fields, people by log-in or name. Set by set.

Only what the actor may read is found: a sheet must not tell whether a hidden record exists.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any, Final

from formloom.db.uow import workspace_of
from formloom.models import Department, Person
from sqlalchemy import ColumnElement, String, and_, any_, cast, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from form_engine.definition import CompiledField, CompiledForm
from form_engine.definition.access import TITLE
from form_engine.fields.base import Coerced, Refused
from form_engine.imports.clean import CleanRow
from form_engine.imports.profile.compile import SYSTEM_TARGETS, ReadyColumn, ReadyProfile
from form_engine.imports.profile.model import MatchStep
from form_engine.imports.similarity import likeness
from form_engine.models import Record, record_index
from form_engine.permission import Access, access_for
from form_engine.records.actor import Actor
from form_engine.records.derive import slot_value
from form_engine.records.forms import Forms

Key = tuple[str, ...]
Found = list[tuple[int, str]]
"""Ids with the text that a `like` compares."""


@dataclass(slots=True)
class _Known:
    """What was asked already: values of a step's fields → the records that have them."""

    found: dict[Key, Found] = attribute(default_factory=dict)
    asked: set[Key] = attribute(default_factory=set)


Memory = dict[tuple[Any, ...], _Known]
"""By form and fields. It may be kept while one file is read: the names in a sheet repeat themselves, and what they were
found to mean a moment ago is asked again when rows are written.
"""

MOST_REMEMBERED: Final = 50_000


class Lookups:
    """Lives as long as one transaction; remembers what it has found, in `memory` for those that follow."""

    def __init__(
        self, session: Session, forms: Forms, profile: ReadyProfile, actor: Actor, memory: Memory | None = None
    ) -> None:
        self.session, self.forms, self.profile, self.actor = session, forms, profile, actor
        self._known: Memory = {} if memory is None else memory
        if sum(len(each.asked) for each in self._known.values()) > MOST_REMEMBERED:
            self._known.clear()
        self._access: dict[str, Access] = {}
        self._names: dict[str, dict[str, list[int]]] = {"person": {}, "department": {}}

    def resolve(self, rows: Sequence[CleanRow]) -> None:
        """Put ids where the texts stood; what is not found is said and left blank."""
        for column in self.profile.columns:
            if column.finds == "record":
                self._records(column, rows)
            elif column.finds is not None:
                self._people(column, rows)

    def existing(self, rows: Sequence[CleanRow], key: Sequence[str]) -> list[int | None]:
        """For each row the record of the profile's own form that has the same values in these columns."""
        by = {column.to: column.key for column in (self.profile.by_key[each] for each in key) if column.to}
        step = MatchStep(by, None, ())
        form = self.profile.form
        keys = [self._key(row, step, form, stored=True) for row in rows]
        known = self._ask(form, step, (each for each in keys if each is not None))
        found = [known.found.get(each, []) if each is not None else [] for each in keys]
        return [each[0][0] if len(each) == 1 else None for each in found]

    # -- records -------------------------------------------------------------------------------------------------------

    def _records(self, column: ReadyColumn, rows: Sequence[CleanRow]) -> None:
        form = self.forms[column.target or ""]
        texts = {at: row.values.get(column.key) for at, row in enumerate(rows)}
        open_ = [at for at, text in texts.items() if isinstance(text, str)]
        several = [at for at, text in texts.items() if isinstance(text, list)]
        ambiguous: set[int] = set()
        won: dict[int, tuple[int, MatchStep]] = {}
        for step in column.steps:
            keys = {at: self._key(rows[at], step, form) for at in open_ if at not in won}
            known = self._ask(form, step, (key for key in keys.values() if key is not None))
            for at, key in keys.items():
                ids = self._narrowed(known.found.get(key, []), step, rows[at]) if key is not None else []
                if len(ids) == 1:
                    won[at] = ids[0], step
                elif ids:
                    ambiguous.add(at)
        for at in open_:
            self._settle(column, rows[at], won.get(at), at in ambiguous)
        self._given(column, form, rows)
        for at in several:
            self._several(column, form, rows[at])

    def _settle(self, column: ReadyColumn, row: CleanRow, won: tuple[int, MatchStep] | None, ambiguous: bool) -> None:
        if won is None:
            codes = column.definition.ambiguous if ambiguous else column.definition.unmatched
            row.say(column, self.profile, codes, "error", value=str(row.values[column.key])[:200])
            row.values[column.key] = None
            return
        row.values[column.key] = won[0]
        row.say(column, self.profile, won[1].codes, "warning")

    def _given(self, column: ReadyColumn, form: CompiledForm, rows: Sequence[CleanRow]) -> None:
        """Ids that the profile itself holds, or that a step has found: readable ones only."""
        ids = {value for row in rows if type(value := row.values.get(column.key)) is int}
        readable = self._access_to(form).rights(self.session, ids) if ids and not self.actor.trusted else ids
        for row in rows:
            value = row.values.get(column.key)
            if type(value) is int and value not in readable:
                self._settle(column, row, None, ambiguous=False)

    def _several(self, column: ReadyColumn, form: CompiledForm, row: CleanRow) -> None:
        """A list of names: each must lead somewhere. Only steps over the column itself apply."""
        ids: list[int] = []
        for text in row.values[column.key]:
            one = CleanRow({column.key: text}, [])
            found: Found = []
            for step in column.steps:
                key = self._key(one, step, form)
                known = self._ask(form, step, [key] if key is not None else [])
                found = known.found.get(key, []) if key is not None else []
                if len(found) == 1:
                    break
            if len(found) != 1:
                row.say(column, self.profile, column.definition.unmatched, "error", value=str(text)[:200])
                row.values[column.key] = None
                return
            ids.append(found[0][0])
        row.values[column.key] = list(dict.fromkeys(ids))

    def _narrowed(self, found: Found, step: MatchStep, row: CleanRow) -> list[int]:
        if step.like is None:
            return [record_id for record_id, _ in found]
        text = row.values.get(step.like.column)
        scored = [(likeness(str(text), other), record_id) for record_id, other in found] if text is not None else []
        best = max((score for score, _ in scored), default=None)
        return [record_id for score, record_id in scored if score == best and score >= step.like.least]

    def _key(self, row: CleanRow, step: MatchStep, form: CompiledForm, *, stored: bool = False) -> Key | None:
        """The values that a record must have, as they are stored there; None where one is blank or cannot be."""
        parts = []
        for field_key, column in step.by.items():
            value = row.values.get(column)
            if value is None:
                return None
            text = str(value) if stored else _as_stored(form.by_path.get(field_key), value)
            if text is None:
                return None
            parts.append(text)
        return tuple(parts)

    def _ask(self, form: CompiledForm, step: MatchStep, keys: Iterable[Key]) -> _Known:
        """Look up those that nobody has asked for yet, in one query by the step's most telling field."""
        fields = tuple(step.by)
        like = step.like.field if step.like else None
        known = self._known.setdefault((form.key, fields, like), _Known())
        missing = {key for key in keys if key not in known.asked}
        if not missing:
            return known
        known.asked |= missing
        access = self._access_to(form)
        named = (TITLE if name == "title" else name for name in (*fields, like) if name is not None)
        readable = [name for name in named if name not in SYSTEM_TARGETS]
        if not access.may("read") or not all(access.readable(form.key, name) for name in readable):
            return known
        columns = [_text_of(name) for name in fields]
        statement = (
            select(Record.id, _text_of(like) if like else literal(""), *columns)
            .join(
                record_index,
                and_(record_index.c.workspace_id == Record.workspace_id, record_index.c.record_id == Record.id),
            )
            .where(
                record_index.c.workspace_id == workspace_of(self.session),
                record_index.c.form == form.key,
                access.predicate("read"),
                *(self._among(form, name, {key[at] for key in missing}) for at, name in enumerate(fields)),
            )
        )
        for record_id, text, *values in self.session.execute(statement):
            known.found.setdefault(tuple(values), []).append((record_id, text or ""))
        return known

    def _among(self, form: CompiledForm, name: str, values: set[str]) -> ColumnElement[bool]:
        """By the typed slot where the field has one; equality through anything else reads every record of the form."""
        slot = self.forms.slots.get(form.key, {}).get(name)
        field = form.by_path.get(name)
        if slot is not None and field is not None and slot.startswith("text"):
            wanted = [str(slot_value(field, value)) for value in values]
            return record_index.c[slot] == any_(cast(literal(wanted, ARRAY(Text)), ARRAY(Text(collation="C"))))
        return _text_of(name) == any_(literal(sorted(values), ARRAY(Text)))

    def _access_to(self, form: CompiledForm) -> Access:
        if form.key not in self._access:
            self._access[form.key] = access_for(self.session, self.forms, form, self.actor)
        return self._access[form.key]

    # -- people --------------------------------------------------------------------------------------------------------

    def _people(self, column: ReadyColumn, rows: Sequence[CleanRow]) -> None:
        kind = column.finds or "person"
        named = [(row, row.values.get(column.key)) for row in rows]
        texts = {each for _, value in named for each in _texts(value)}
        self._name(kind, texts - self._names[kind].keys())
        for row, value in named:
            if not _texts(value):
                continue
            ids = [self._names[kind].get(text, []) for text in _texts(value)]
            if all(len(each) == 1 for each in ids):
                found = [each[0] for each in ids]
                row.values[column.key] = found if isinstance(value, list) else found[0]
                continue
            several = any(len(each) > 1 for each in ids)
            codes = column.definition.ambiguous if several else column.definition.unmatched
            row.say(column, self.profile, codes, "error", value=str(value)[:200])
            row.values[column.key] = None

    def _name(self, kind: str, texts: set[str]) -> None:
        if not texts:
            return
        found: dict[str, list[int]] = {text: [] for text in texts}
        wanted = literal(sorted(texts), ARRAY(String))
        if kind == "person":
            people = select(Person.id, Person.login, Person.name).where(
                Person.workspace_id == workspace_of(self.session),
                Person.disabled_at.is_(None),
                or_(Person.login == any_(wanted), Person.name == any_(wanted)),
            )
            for person_id, login, name in self.session.execute(people):
                for text in {login, name} & texts:
                    found[text].append(person_id)
        else:
            departments = select(Department.id, Department.key, Department.title).where(
                Department.workspace_id == workspace_of(self.session)
            )
            for department_id, key, title in self.session.execute(departments):
                for text in {key, *title.values()} & texts:
                    found[text].append(department_id)
        self._names[kind].update(found)


def _texts(value: Any) -> list[str]:
    """The names in a value; an id, which a formula gave, is none."""
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _as_stored(field: CompiledField | None, value: Any) -> str | None:
    """A cell's value in the spelling of the other form's field; number, title and id are text as it stands."""
    if field is None:
        return str(value).strip()
    definition = field.definition
    read = definition.type.coercer(definition.config)(value)
    if type(read) is not Coerced or read.value is None:
        return None
    stored = field.clean(read.value)
    return None if type(stored) is Refused or stored is None else str(stored)


def _text_of(name: str) -> ColumnElement[str]:
    if name == "id":
        return cast(Record.id, Text)
    if name in ("number", "title"):
        return (Record.number if name == "number" else Record.title).expression  # type: ignore[return-value]
    found: ColumnElement[str] = Record.data[name].astext
    return found

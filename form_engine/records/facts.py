"""Records as formulas read them: loaded together, computed when asked, remembered while one request lasts.

`Facts.fetch` is the `fetch` of the formula language. Behind it stands a `load` that takes many ids at once (SQL in
`facts_sql`, or what a flow loaded beforehand). A record that is missed brings along every record of the same form that
the ones already here link to, so a page of fifty costs one query a link, not fifty.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from formloom.frozen import quick

from form_engine.definition import CompiledField, CompiledForm
from form_engine.fields import RollupConfig, TableConfig
from form_engine.fields.base import Json
from form_engine.formula import REF, Context, Env, PersonValue, RecordValue, Value
from form_engine.records.named import named
from form_engine.rollups.totals import NONE, Totals, read_totals, rollup_value


@quick
@dataclass(frozen=True, slots=True)
class Fact:
    """A stored record with the totals of its rollups, as `record_facts` gives it. An `id` of 0: not stored yet."""

    id: int
    form: str
    form_version: int
    version: int
    touched: int
    data: Mapping[str, Json]
    totals: Mapping[str, Totals] = attribute(default_factory=dict)
    number: str | None = None
    title: str = ""
    draft: bool = False
    deleted: bool = False
    run_id: int | None = None
    created_at: datetime | None = None
    created_by: int | None = None
    updated_at: datetime | None = None
    updated_by: str = ""

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> "Fact":
        """From the JSON of `record_facts`."""
        moments = {key: datetime.fromisoformat(raw[key]) for key in ("created_at", "updated_at")}
        return cls(**{**raw, **moments, "totals": read_totals(raw["totals"])})

    @property
    def system(self) -> dict[str, Value]:
        """The values of the names that every record has."""
        return {
            **({"id": Decimal(self.id)} if self.id else {}),
            "number": self.number,
            "created_at": self.created_at,
            "created_by": PersonValue(self.created_by) if self.created_by is not None else None,
            "updated_at": self.updated_at,
            "updated_by": _person(self.updated_by),
        }


def _person(actor: str) -> PersonValue | None:
    kind, _, number = actor.partition(":")
    return PersonValue(int(number)) if kind == "person" and number.isdecimal() else None


Load = Callable[[Collection[int]], Iterable[Fact]]


class Facts:
    """What is known of records during one piece of work.

    `totals_read` tells which records' totals were read and how often they had been touched by then: a write that was
    judged by them carries it along, and is refused where one has moved.
    """

    def __init__(
        self, forms: Mapping[str, CompiledForm], context: Context, load: Load, known: Iterable[Fact] = ()
    ) -> None:
        self.forms, self.context, self.load = forms, context, load
        self._facts: dict[int, Fact] = {}
        self._values: dict[int, RecordValue] = {}
        self._gone: set[int] = set()
        self._wanted: dict[str, set[int]] = {}
        self.totals_read: dict[int, int] = {}
        self.add(known)

    def add(self, facts: Iterable[Fact]) -> None:
        """Make these known without asking the database."""
        for fact in facts:
            self._facts[fact.id] = fact
            form = self.forms.get(fact.form)
            if form is not None:
                for target, ids in linked_ids(form, fact.data).items():
                    self._wanted.setdefault(target, set()).update(ids)

    def want(self, form: str, ids: Iterable[int]) -> None:
        """These will be asked for: load them together with the first that is."""
        self._wanted.setdefault(form, set()).update(ids)

    def fact(self, form: str, record_id: int | str) -> Fact | None:
        """The stored record; None when there is none of this form, or it is a draft or in the bin."""
        if not isinstance(record_id, int):
            return None
        if record_id not in self._facts and record_id not in self._gone:
            asked = {record_id} | self._wanted.pop(form, set())
            asked -= self._facts.keys() | self._gone
            self.add(self.load(asked))
            self._gone |= asked - self._facts.keys()
        fact = self._facts.get(record_id)
        return fact if fact is not None and fact.form == form else None

    def fetch(self, form: str, record_id: int | str) -> RecordValue | None:
        """The record as formulas read it; a draft or a deleted record is not there."""
        fact = self.fact(form, record_id)
        if fact is None or fact.deleted or fact.draft:
            return None
        return self.value(fact)

    def value(self, fact: Fact) -> RecordValue:
        """Any stored record as a value, drafts too."""
        known = self._values.get(fact.id)
        if known is None:
            known = self._values[fact.id] = record_value(self, fact)
        return known

    def totals(self, fact: Fact, rollup: str) -> Totals:
        """The figures of one of a record's rollups; reading them is noted."""
        self.totals_read[fact.id] = fact.touched
        return fact.totals.get(rollup, NONE)


def record_value(facts: Facts, fact: Fact) -> RecordValue:
    form = facts.forms.get(fact.form)
    if form is None:
        return RecordValue(fact.form, fact.id, {}, facts.fetch)
    values = StoredValues(facts, fact, form)
    return values.record


_SYSTEM: Final = frozenset(("id", "number", "created_at", "created_by", "updated_at", "updated_by"))


class StoredValues(Mapping[str, Value]):
    """A stored record's values: each worked out when it is first read."""

    def __init__(self, facts: Facts, fact: Fact, form: CompiledForm) -> None:
        self._facts, self._fact, self._form = facts, fact, form
        self._known: dict[str, Value] = {}
        self.record = RecordValue(form.key, fact.id or None, self, facts.fetch)

    def __getitem__(self, key: str) -> Value:
        if key in self._known:
            return self._known[key]
        if key in _SYSTEM:
            value = self._known[key] = self._fact.system[key]
            return value
        field = self._form.by_path[key]
        # An own name that is read while it is being worked out would be a cycle, which publish refuses; be sure anyway.
        self._known[key] = REF
        value = self._known[key] = self._work_out(field)
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """Blank for names that the form does not have, as formulas expect."""
        if key in _SYSTEM:
            return self._fact.system.get(key, default)
        return self[key] if key in self._form.by_path else default

    def __iter__(self) -> Iterator[str]:
        return iter((*self._fact.system, *(field.key for field in self._form.fields)))

    def __len__(self) -> int:
        return len(self._fact.system) + len(self._form.fields)

    def _work_out(self, field: CompiledField) -> Value:
        config = field.definition.config
        if isinstance(config, RollupConfig):
            return rollup_value(config, self._facts.totals(self._fact, f"{self._form.key}.{field.key}"))
        if isinstance(config, TableConfig):
            return self._rows(field)
        formula = field.formulas.get("value")
        if formula is not None:
            return formula.run(Env(own=self.record, context=self._facts.context))
        return field.value(self._fact.data.get(field.key))

    def _rows(self, field: CompiledField) -> Value:
        stored = self._fact.data.get(field.key)
        if not isinstance(stored, list):
            return ()
        return tuple(RowValues(self._facts, self.record, field, row).record for row in stored if isinstance(row, dict))


class RowValues(Mapping[str, Value]):
    """A row's values; a formula column sees the record and the row."""

    def __init__(self, facts: Facts, own: RecordValue, table: CompiledField, row: Mapping[str, Json]) -> None:
        self._facts, self._own, self._table, self._row = facts, own, table, row
        self._known: dict[str, Value] = {}
        self.record = RecordValue(f"{own.form}.{table.key}", _row_id(row), self, facts.fetch)

    def __getitem__(self, key: str) -> Value:
        if key not in self._known:
            column = self._table.by_key[key]
            formula = column.formulas.get("value")
            if formula is not None:
                env = Env(own=self._own, row=self.record, context=self._facts.context)
                self._known[key] = formula.run(env)
            else:
                self._known[key] = column.value(self._row.get(key))
        return self._known[key]

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self._table.by_key else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._table.by_key)

    def __len__(self) -> int:
        return len(self._table.by_key)


def _row_id(row: Mapping[str, Json]) -> str | None:
    found = row.get("id")
    return found if isinstance(found, str) else None


def linked_ids(form: CompiledForm, data: Mapping[str, Any]) -> dict[str, set[int]]:
    """The records that a document links to, by form. Raw input will do: what is no id is passed over."""
    found: dict[str, set[int]] = {}
    for each in named(form, data, "record"):
        found.setdefault(each.form, set()).add(each.id)
    return found

"""Static types: short descriptors that a field declares and the checker reasons with.

As text: `number`, `number:CNY` (money of one currency), `text`, `logical`, `date`, `datetime`, `duration`, `person`,
`location`, `record:<form>`, `list:<type>`, `blank`, `any`. A table is `list:record:<form>.<table>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

SCALARS = frozenset({"number", "text", "logical", "date", "datetime", "duration", "person", "location", "blank", "any"})


@dataclass(frozen=True, slots=True)
class Type:
    """A type; `of` is a list's item, `form` a record's form, `currency` that of a number which is money."""

    kind: str
    of: Type | None = None
    form: str | None = None
    currency: str | None = None

    def __str__(self) -> str:
        detail = self.of or self.form or self.currency
        return f"{self.kind}:{detail}" if detail else self.kind

    @property
    def is_list(self) -> bool:
        return self.kind == "list"

    @property
    def item(self) -> Type:
        """What a list holds; any other type is its own item."""
        return self.of if self.of is not None else self


@cache
def parse_type(text: str) -> Type:
    """`"list:record:item"` as a `Type`. Raises ValueError for a descriptor that is none."""
    kind, _, detail = text.partition(":")
    if kind == "list" and detail:
        return Type("list", of=parse_type(detail))
    if kind == "record" and detail:
        return Type("record", form=detail)
    if kind == "number" and detail:
        return Type("number", currency=detail)
    if kind in SCALARS and not detail:
        return Type(kind)
    raise ValueError(f"not a type: {text!r}")


NUMBER, TEXT, LOGICAL, DATE = (Type(kind) for kind in ("number", "text", "logical", "date"))
DATETIME, DURATION, PERSON, LOCATION = (Type(kind) for kind in ("datetime", "duration", "person", "location"))
BLANK, ANY = Type("blank"), Type("any")

Fields = Mapping[str, Type]
NO_FIELDS: Fields = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class TypeScope:
    """The names a formula may use.

    `own` are the fields of its record. `row` and `target` are the record types behind `row.` and `target.`, absent
    where a formula has none. `forms` gives the fields of every form that links lead to, and of every table's rows
    under `<form>.<table>`. With `old` the record as it was before stands under `old.`; without, that is a field's name.
    """

    own: Fields = field(default_factory=dict)
    forms: Mapping[str, Fields] = field(default_factory=dict)
    row: Type | None = None
    target: Type | None = None
    old: bool = False

    def lookup(self, name: str) -> Type | None:
        """The type of an own field, or None."""
        return self.own.get(name)

    def fields_of(self, record: Type) -> Fields:
        """The fields behind a record type; none when the form is unknown."""
        return self.forms.get(record.form or "", NO_FIELDS)


def common(first: Type, second: Type) -> Type | None:
    """The type of a value that is one or the other, or None when they do not go together."""
    if first == second or second.kind == "blank":
        return first
    if first.kind == "blank":
        return second
    if "any" in (first.kind, second.kind):
        return ANY
    if first.kind == second.kind == "number":
        if first.currency and second.currency:
            return None
        return first if first.currency else second
    if first.is_list and second.is_list:
        item = common(first.item, second.item)
        return Type("list", of=item) if item else None
    return None

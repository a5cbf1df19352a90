"""What a formula computes with: plain, immutable, hashable values.

A number is a `Decimal`, never a float; a blank is `None`; a list is a tuple; an error is a value like any other
(`docs/decisions/011-formula-numbers-blanks-errors.md`). A date has no time zone; a datetime is aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class ErrorValue:
    """A spreadsheet error. It spreads through whatever reads it until IFERROR or ISERROR catches it."""

    code: str

    def __str__(self) -> str:
        return self.code


DIV0 = ErrorValue("#DIV/0!")
VALUE = ErrorValue("#VALUE!")
NUM = ErrorValue("#NUM!")
REF = ErrorValue("#REF!")
NA = ErrorValue("#N/A")


@dataclass(frozen=True, slots=True)
class PersonValue:
    """A person; two are the same when their ids are. A guest's id is the text `guest:<link id>`."""

    id: int | str
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class LocationValue:
    """A place in decimal degrees; places in different reference systems cannot be compared. `accuracy`: how sure the
    device was, in metres."""

    latitude: Decimal
    longitude: Decimal
    crs: str = "WGS-84"
    accuracy: Decimal | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class LinkRef:
    """A link's value before anybody follows it: the record is fetched only when a formula walks through it."""

    form: str
    id: int | str


Fetch: TypeAlias = "Callable[[str, int | str], RecordValue | None]"


def nothing_linked(form: str, record_id: int | str) -> RecordValue | None:
    """The `fetch` of a record that stands alone: following a link from it gives `#REF!`."""
    return None


@dataclass(frozen=True, slots=True, eq=False)
class RecordValue:
    """A record, or a row of a table, whose form is then `<form>.<table>`.

    `values` maps field keys to values; a key that is absent is blank. A link is a `LinkRef`, a table is a tuple of
    `RecordValue`s. `fetch(form, id)` follows links; `None` from it means the record is gone and yields `#REF!`.
    Two records are equal when form and id are; a record without id equals only itself.
    """

    form: str
    id: int | str | None
    values: Mapping[str, Value]
    fetch: Fetch = nothing_linked

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RecordValue):
            return NotImplemented
        return self is other or (self.id is not None and (self.form, self.id) == (other.form, other.id))

    def __hash__(self) -> int:
        return hash((self.form, self.id)) if self.id is not None else object.__hash__(self)


Value: TypeAlias = (
    "Decimal | str | bool | date | datetime | timedelta | PersonValue | LocationValue | LinkRef | RecordValue "
    "| ErrorValue | tuple[Value, ...] | None"
)

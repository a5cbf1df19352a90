"""What a step or a trigger relies on."""

from dataclasses import dataclass

from flow_engine.elements.due import Length
from flow_engine.elements.outcome import Outcome
from flow_engine.elements.search import Search
from flow_engine.elements.value import Assignment, Formula
from flow_engine.elements.who import Who


@dataclass(frozen=True, slots=True)
class Asked:
    """A formula that must give one of these `kinds` ("": anything).

    `row`: what it reads as `row.`, None where that is the row of the loop around (see `compile.scope_with`); `target`:
    the form whose records it reads as `target.`.
    """

    pointer: str
    formula: Formula
    kinds: tuple[str, ...] = ()
    row: str | None = None
    target: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What is set in records of a form, or in the rows of its `table`. Of a `new` one what is required must be set."""

    pointer: str
    form: str
    assignments: tuple[Assignment, ...]
    row: str | None = None
    target: str = ""
    new: bool = False
    table: str = ""


@dataclass(frozen=True, slots=True)
class Meant:
    """A formula that gives a record, or a list of them, and what is set there: of which form, its type tells."""

    pointer: str
    record: Formula
    set_pointer: str = ""
    assignments: tuple[Assignment, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A field of the run's own form that takes records of this form, or people (`form` is "")."""

    pointer: str
    field: str
    form: str = ""


@dataclass(frozen=True, kw_only=True)
class Uses:
    """Each with the pointer, below the step or the trigger, at which it stands. Publishing checks them all."""

    people: tuple[tuple[str, tuple[Who, ...]], ...] = ()
    conditions: tuple[tuple[str, Formula], ...] = ()
    moments: tuple[tuple[str, Formula], ...] = ()
    tables: tuple[tuple[str, str], ...] = ()
    writes: tuple[tuple[str, tuple[Assignment, ...]], ...] = ()
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    targets: tuple[tuple[str, Outcome], ...] = ()
    earlier: tuple[tuple[str, str], ...] = ()
    lengths: tuple[tuple[str, Length], ...] = ()
    calendars: tuple[tuple[str, str], ...] = ()
    asked: tuple[Asked, ...] = ()
    searches: tuple[tuple[str, Search], ...] = ()
    written: tuple[Written, ...] = ()
    references: tuple[Reference, ...] = ()
    meant: tuple[Meant, ...] = ()

"""The records that are there, as the periods that they stand for; and what new terms make of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flow_engine.definition.compile import scope_with
from flow_engine.elements.value import Formula
from flow_engine.series import Kept, Period, Revision, revise
from flow_engine.service import searching
from flow_engine.service.schedules.made import Making, plain
from flow_engine.service.schedules.reading import FIRST_DAY, Reading, refused
from flow_engine.steps.series import Revise, Series
from form_engine.definition import CompiledField, CompiledForm
from form_engine.fields.base import Refused
from form_engine.formula import ErrorValue, RecordValue, Value
from form_engine.records.facts import Fact

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

CODES = ("series_too_long", "formula_failed")
MOST_EXISTING = 4_000


@dataclass(frozen=True)
class Planned:
    """What a series step would write: `new` periods, and for a revision the rest of it."""

    new: tuple[Period, ...]
    superseded: tuple[int, ...] = ()
    adjusted: tuple[tuple[Kept, Decimal], ...] = ()
    facts: Mapping[int, Fact] = field(default_factory=dict)


def planned(stage: "Stage", step: Series) -> Planned:
    """What the terms make of what is there. Raises InvalidInput."""
    here = Reading.of(stage)
    if step.parts is not None:
        wanted = here.parts(step.parts)
    elif step.terms is not None:
        wanted = here.periods(step.terms)
    else:
        raise LookupError(step.key)
    if step.revise is None:
        return Planned(wanted)
    facts = _existing(stage, step.revise)
    effective = here.day(step.revise.effective, "/revise/effective") or FIRST_DAY
    kept = {each.key: each for each in _kept(stage, step, step.revise, facts.values(), wanted)}
    revision: Revision = revise(kept.values(), wanted, effective)
    return Planned(
        revision.new,
        tuple(int(key) for key in revision.superseded),
        tuple((kept[key], amount) for key, amount in revision.adjusted),
        facts,
    )


def _existing(stage: "Stage", told: Revise) -> dict[int, Fact]:
    ids = searching.ids_of(stage, told.existing, MOST_EXISTING + 1)
    if len(ids) > MOST_EXISTING:
        raise refused("/revise/existing", "series_too_long", most=MOST_EXISTING)
    stage.facts.want(told.existing.form, ids)
    found = (stage.facts.fact(told.existing.form, record) for record in ids)
    return {fact.id: fact for fact in found if fact is not None}


def _kept(
    stage: "Stage", step: Series, told: Revise, facts: Iterable[Fact], wanted: Iterable[Period]
) -> Iterator[Kept]:
    """A record that tells no days is no period."""
    form, making, fields = stage.forms[told.existing.form], Making.of(stage, step), plain(step.set)
    starting = {period.start: period for period in wanted}
    for fact in facts:
        start, end = (_day(fact.data.get(fields[key])) for key in ("start", "end"))
        if start is None or end is None:
            continue
        target = stage.facts.value(fact)
        alike = starting.get(start)
        amount = Decimal(str(fact.data.get(fields["amount"]) or 0))
        equal = alike is not None and alike.end == end and _told_alike(making, form, fact, alike)
        due = alike.due if equal and alike is not None else start
        period = Period(0, start, end, due, amount, alike.lines if equal and alike is not None else ())
        settled = _ask(stage, told.settled, told.existing.form, target, "/revise/settled") is True
        billed = _ask(stage, told.billed, told.existing.form, target, "/revise/billed") if told.billed else amount
        yield Kept(str(fact.id), period, settled, Decimal(str(billed or 0)))


def _told_alike(making: Making, form: CompiledForm, fact: Fact, period: Period) -> bool:
    """Whether the record says of the period what it would say now, its number apart: in the fields that only repeat
    what was worked out, and in the same way in its lines."""
    step = making.step
    values = making.record(form, period)
    own = {key: name for key, name in plain(step.set).items() if key != "number"}
    if any(_clean(form.by_path[name], values[name]) != fact.data.get(name) for name in own.values()):
        return False
    if step.lines is None:
        return True
    table = form.by_path[step.lines.field]
    rows, names = fact.data.get(table.key), set(plain(step.lines.set).values())
    return isinstance(rows, list) and [_of(row, names) for row in rows] == [
        _of({key: _clean(table.by_key[key], value) for key, value in row.items()}, names) for row in values[table.key]
    ]


def _of(row: Any, names: set[str]) -> dict[str, Any]:
    return {name: row.get(name) for name in names} if isinstance(row, dict) else {}


def _clean(place: CompiledField, raw: Any) -> Any:
    found = None if raw is None else place.clean(raw)
    return None if isinstance(found, Refused) else found


def _ask(stage: "Stage", formula: Formula, form: str, target: RecordValue, at: str) -> Value:
    env = replace(stage.env(), target=target)
    found = stage.flow.evaluate(formula.text, env, scope_with(stage.scope, form))
    if isinstance(found, ErrorValue):
        raise refused(at, "formula_failed", error=found.code)
    return found


def _day(stored: Any) -> date | None:
    return date.fromisoformat(stored[:10]) if isinstance(stored, str) else None

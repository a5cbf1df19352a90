"""The best of several: who could do it, compared by what the flow says, with the reason in words' raw material."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final

from formloom.db.uow import workspace_of
from formloom.models import Person
from formloom.people.absences import away_now
from sqlalchemy import ColumnElement, func, select

from flow_engine.definition.compile import scope_with
from flow_engine.elements.value import Formula
from flow_engine.elements.who import Best, Order
from flow_engine.machine import AskPeople, RunState
from flow_engine.machine.found import Found
from flow_engine.models import FlowTurn, Task
from flow_engine.service.people import person_of
from form_engine.formula import Call, Name, Node, PersonValue, RecordValue, Value
from form_engine.permission import access_for
from form_engine.query.errors import NotInSql
from form_engine.query.evaluate import evaluator
from form_engine.query.formula_sql import Translator
from form_engine.query.found import found, indexed_columns
from form_engine.records.actor import Actor

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

MOST_CANDIDATES: Final = 2_000
"""So many records are compared, the oldest first; `where` narrows them down before."""
MOST_TOLD: Final = 20
"""So many of the best are answered and journalled: the others come when those have declined."""
METRES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could do it; `record` is what tells about them."""

    person: int
    number: int
    record: RecordValue | None = None


def ranked(stage: "Stage", best: Best, number: int, ask: AskPeople, state: RunState) -> Iterator[Found]:
    """The candidates, the best first. Ties go by the record's id, or the person's."""
    several = _present(stage, tuple(_candidates(stage, best, state)), ask.past)
    known = _known(stage, best, ask, several)
    measured = [(each, _measured(stage, best, each, known)) for each in several]
    measured.sort(key=lambda one: (*(place for place, _ in one[1]), one[0].number))
    for place, (each, values) in enumerate(measured[:MOST_TOLD], 1):
        told = [_told(stage, best, order, shown) for order, (_, shown) in zip(best.order, values, strict=True)]
        why: dict[str, Any] = {"best": told, "place": place, "among": len(measured)}
        if best.into:
            why["record"] = each.number
        yield Found(f"person:{each.person}", pick=number, why=why)


def _candidates(stage: "Stage", best: Best, state: RunState) -> Iterator[Candidate]:
    if not best.form:
        for ref in stage.people.find(best.among, state):
            person = person_of(ref)
            if person is not None:
                yield Candidate(person, person)
        return
    seen: set[int] = set()
    ids = _records(stage, best)
    stage.facts.want(best.form, ids)
    for record_id in ids:
        record = stage.facts.fetch(best.form, record_id)
        named = record.values.get(best.person) if record is not None else None
        if record is None or not isinstance(named, PersonValue) or not isinstance(named.id, int) or named.id in seen:
            continue
        if best.where is None or _evaluate(stage, best, best.where, record) is True:
            seen.add(named.id)
            yield Candidate(named.id, record_id, record)


def _records(stage: "Stage", best: Best) -> list[int]:
    """Those that SQL can say are worth a look; the formula itself decides."""
    session = stage.people.session()
    form = stage.forms[best.form]
    access = access_for(session, stage.forms, form, Actor.flow(stage.flow.key))
    columns = indexed_columns(access, root="target")
    conditions: list[ColumnElement[bool]] = []
    if best.where is not None:
        node = stage.flow.formulas[scope_with(stage.scope, best.form), best.where.text].node
        env = stage.env()
        asked = Translator(columns, evaluator(stage.facts.context, env.own, env.row))
        for part in _parts(node):
            try:
                conditions.append(asked.condition(part))
            except NotInSql:
                continue
    statement = found(session, access, columns, conditions).order_by("id").limit(MOST_CANDIDATES)
    return list(session.scalars(statement))


def _parts(node: Node) -> Iterator[Node]:
    """What must all hold."""
    if isinstance(node, Call) and node.function == "AND":
        for part in node.args:
            yield from _parts(part)
    else:
        yield node


def _present(stage: "Stage", several: tuple[Candidate, ...], past: tuple[str, ...]) -> list[Candidate]:
    """Without those who may not log in, are away, or have been asked already."""
    people = {each.person for each in several} - {person_of(ref) for ref in past}
    if not people:
        return []
    session = stage.people.session()
    there = select(Person.id).where(
        Person.workspace_id == workspace_of(session), Person.id.in_(people), Person.disabled_at.is_(None)
    )
    people = set(session.scalars(there)) - away_now(session, people, stage.flow.key, stage.now)
    return [each for each in several if each.person in people]


Known = Mapping[str, Mapping[int, int]]


def _known(stage: "Stage", best: Best, ask: AskPeople, several: list[Candidate]) -> Known:
    """What one query tells of all of them: their open tasks, their turns."""
    session, people = stage.people.session(), [each.person for each in several]
    told: dict[str, Mapping[int, int]] = {}
    if any(order.by == "least" and order.value is None for order in best.order):
        open_ = (Task.workspace_id == workspace_of(session), Task.status == "open", Task.kind != "cc")
        counted = (
            select(Task.person_id, func.count()).where(*open_, Task.person_id.in_(people)).group_by(Task.person_id)
        )
        told["open_tasks"] = {person: number for person, number in session.execute(counted) if person is not None}
    if any(order.by == "round_robin" for order in best.order):
        step = ask.key.partition(".")[0]
        turns = select(FlowTurn.person_id, FlowTurn.turn).where(
            FlowTurn.workspace_id == workspace_of(session), FlowTurn.flow == stage.flow.key, FlowTurn.step == step
        )
        told["turns"] = {row.person_id: row.turn for row in session.execute(turns)}
    return told


Place = tuple[bool, Decimal]
"""What cannot be compared comes last."""


def _measured(stage: "Stage", best: Best, each: Candidate, known: Known) -> list[tuple[Place, str | None]]:
    return [_measure(stage, best, order, each, known) for order in best.order]


def _measure(stage: "Stage", best: Best, order: Order, each: Candidate, known: Known) -> tuple[Place, str | None]:
    if order.by == "round_robin":
        return (False, Decimal(known["turns"].get(each.person, 0))), None
    if order.value is None:
        count = known["open_tasks"].get(each.person, 0)
        return (False, Decimal(count)), str(count)
    value = _evaluate(stage, best, order.value, each.record)
    size = _size(value)
    if size is None:
        return (True, Decimal(0)), None
    if order.by == "nearest":
        unit = order.unit or Decimal("0.1")
        kilometres = (size / METRES / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit
        return (False, kilometres), str(kilometres)
    shown = value.isoformat() if isinstance(value, date) else str(value)
    return (False, size if order.by == "least" else -size), shown


def _size(value: Value) -> Decimal | None:
    """A number by which values of one formula are compared; None for what has none."""
    match value:
        case Decimal():
            return value
        case datetime():
            return Decimal(str(value.timestamp()))
        case date():
            return Decimal(value.toordinal())
        case timedelta():
            return Decimal(str(value.total_seconds()))
        case _:
            return None


def _evaluate(stage: "Stage", best: Best, formula: Formula, record: RecordValue | None) -> Value:
    return stage.flow.evaluate(formula.text, replace(stage.env(), target=record), scope_with(stage.scope, best.form))


def _told(stage: "Stage", best: Best, order: Order, shown: str | None) -> dict[str, Any]:
    """A field that is compared is called by its label."""
    by = "open_tasks" if order.by == "least" and order.value is None else order.by
    told: dict[str, Any] = {"by": by}
    if shown is not None:
        told["value"] = shown
    if order.label is not None:
        told["label"] = order.label
    elif order.value is not None and by != "nearest":
        node = stage.flow.formulas[scope_with(stage.scope, best.form), order.value.text].node
        plain = best.form and isinstance(node, Name) and node.root == "target"
        field = stage.forms[best.form].field(".".join(node.path)) if plain and isinstance(node, Name) else None
        told |= {"formula": order.value.text} if field is None else {"label": field.definition.label}
    return told

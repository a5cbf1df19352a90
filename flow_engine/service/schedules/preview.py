"""What a series step would write, before anybody decides: over an unsaved record, as far as the reader may know it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from formloom.clock import app_now, time_zone
from formloom.db.uow import workspace_of
from formloom.errors import Forbidden, InvalidInput, Issue, NotFound
from sqlalchemy.orm import Session

from flow_engine.definition import FlowDef
from flow_engine.definition.compile import formulas_of, row_form
from flow_engine.elements.value import Formula
from flow_engine.series import CHARGED, Line, Period
from flow_engine.service.catalogue import Catalogue, Pinned
from flow_engine.service.loaded import set_stage
from flow_engine.service.schedules.revising import MOST_EXISTING, Planned, planned
from flow_engine.service.script import Script
from flow_engine.service.searching import ids_of
from flow_engine.service.stage import Stage
from flow_engine.steps.series import Series
from form_engine.definition import CompiledForm, FieldAccess
from form_engine.definition.paths import Place, places
from form_engine.fields.base import Refused
from form_engine.formula import Name, parse, walk
from form_engine.permission import Access, access_for, accesses
from form_engine.records.actor import Actor
from form_engine.records.facts import Fact
from form_engine.records.forms import Forms
from form_engine.records.reader import Reader

CODES = ("unknown_step", "preview_denied")


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which step, over which record (None: a new one), with what has been changed in it and not been saved."""

    flow: str
    step: str
    record: int | None
    values: Mapping[str, Any]


def preview(session: Session, catalogue: Catalogue, actor: Actor, asked: Asked) -> dict[str, Any]:
    """The periods with their lines, what they would take the place of, and what would be adjusted; nothing is written.

    Raises NotFound for a flow, step or record that is not there (for the actor), Forbidden `preview_denied` where the
    terms read what the actor may not, InvalidInput for terms that make no schedule.
    """
    pinned = catalogue.live(session, asked.flow)
    flow = pinned[0].definition
    step = next((each for each in flow.walk() if each.key == asked.step), None)
    if not isinstance(step, Series) or flow.rows(step.key):
        raise NotFound("unknown_step", {"step": asked.step})
    return _told(step, planned(stage_for(session, catalogue, pinned, step, actor, asked), step))


@dataclass(frozen=True, slots=True)
class Shown:
    """What a step would write over a record as it stands; without a `plan`, `wrong` says why the terms make none."""

    flow: FlowDef
    step: Series
    form: CompiledForm
    plan: Planned | None
    wrong: tuple[Issue, ...] = ()


def shown(session: Session, catalogue: Catalogue, actor: Actor, record: int, form: str) -> tuple[Shown, ...]:
    """The schedules that the record's pages show now: of the steps whose `preview` holds, as far as the actor may read
    what the terms read.
    """
    found: list[Shown] = []
    for pinned in catalogue.of_form(session, form):
        flow = pinned[0].definition
        for step in flow.walk():
            if isinstance(step, Series) and step.preview is not None and not flow.rows(step.key):
                found += _shown(session, catalogue, pinned, step, step.preview, actor, record)
    return tuple(found)


def _shown(
    session: Session, catalogue: Catalogue, pinned: Pinned, step: Series, when: Formula, actor: Actor, record: int
) -> Iterator[Shown]:
    flow, form = pinned[0].definition, pinned[1]
    try:
        stage = stage_for(session, catalogue, pinned, step, actor, Asked(flow.key, step.key, record, {}))
    except (Forbidden, NotFound):
        return
    if stage.evaluate(when.text) is not True:
        return
    try:
        yield Shown(flow, step, form, planned(stage, step))
    except InvalidInput as error:
        yield Shown(flow, step, form, None, error.issues)


def stage_for(
    session: Session, catalogue: Catalogue, pinned: Pinned, step: Series, actor: Actor, asked: Asked
) -> Stage:
    """Where the step would stand, over the record as asked. Raises NotFound, Forbidden `preview_denied`."""
    flow, form = pinned
    forms = catalogue.forms.forms(session)
    fact, fields = _record(session, catalogue, forms, form, actor, asked)
    known = accesses(session, forms, actor)  # what the actor was granted is asked for once
    for place in _read(forms, flow.definition.form, step, formulas_of(flow.definition)):
        if not _may_read(known, form, fields, place):
            raise Forbidden("preview_denied", {"field": str(place)})
    script = Script(workspace_of(session), app_now(session), actor.ref, fact.id, {})
    stage = set_stage(
        pinned,
        forms,
        fact,
        actor,
        actor.ref,
        script,
        zone=time_zone(session),
        roles={},
        session=lambda: session,
    )
    _meets_all(stage, known, step)
    return stage


def _record(
    session: Session, catalogue: Catalogue, forms: Forms, form: CompiledForm, actor: Actor, asked: Asked
) -> tuple[Fact, FieldAccess]:
    """The record as it would be, and what the actor may read of it."""
    if asked.record is None:
        access = access_for(session, forms, form, actor)
        if not access.may("create"):
            raise NotFound("unknown_flow", {"flow": asked.flow})
        fact, fields = Fact(0, form.key, form.version, 0, 0, {}, created_by=actor.person_id), access.fields_for_new()
    else:
        fact, live, rights = Reader().readable(session, catalogue.forms, asked.record, actor)
        if live.key != form.key:
            raise NotFound("unknown_record", {"record": asked.record})
        fields = rights.fields
    cleaned = {key: _clean(form, key, value) for key, value in asked.values.items() if fields.may_read(key)}
    data = {key: value for key, value in {**fact.data, **cleaned}.items() if value is not None}
    return Fact(fact.id, form.key, form.version, 0, 0, data, fact.totals, created_by=fact.created_by), fields


def _clean(form: CompiledForm, key: str, value: Any) -> Any:
    """What makes no sense counts as blank."""
    field = form.field(key)
    if field is None or field.computed or value is None:
        return None
    if field.columns:
        rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
        return [
            {"id": str(number), **{each.key: _cell(each, row.get(each.key)) for each in field.columns}}
            for number, row in enumerate(rows)
        ]
    return _cell(field, value)


def _cell(field: Any, value: Any) -> Any:
    found = None if value is None or field.computed else field.clean(value)
    return None if isinstance(found, Refused) else found


def _read(forms: Forms, form: str, step: Series, formulas: Any) -> Iterator[Place]:
    """Every field that the step's formulas read, in this form and others."""
    world = {key: each.definition for key, each in forms.items()}
    for pointer, formula, scope in formulas:
        if not pointer.startswith(f"{step.pointer}/"):
            continue
        row, _, target = scope.partition(">")
        sources = {"own": form, "row": row_form(form, row) if row else "", "target": target}
        for name in walk(parse(formula.text)):
            if isinstance(name, Name) and not sources[name.root].startswith("#"):
                yield from places(world, sources[name.root], name.path)


def _may_read(known: Mapping[str, Access], form: CompiledForm, fields: FieldAccess, place: Place) -> bool:
    if place.form == form.key:
        return fields.may_read(place.path)
    return known[place.form].readable(place.form, place.path)


def _meets_all(stage: Stage, known: Mapping[str, Access], step: Series) -> None:
    """What a search finds is told as a whole, so whoever may not read each of these records is told nothing."""
    session = stage.people.session()
    for _, search in step.uses().searches:
        access = known[search.form]
        if access.actor.trusted or any(rule.where is None and "read" in rule.may for rule in access.rules):
            continue
        found = ids_of(stage, search, MOST_EXISTING)
        if not access.may("read") or access.rights(session, found).keys() != set(found):
            raise Forbidden("preview_denied", {"field": search.form})


def _told(step: Series, plan: Planned) -> dict[str, Any]:
    total = sum((period.amount for period in plan.new), Decimal(0))
    return {
        "periods": [_period(step, period) for period in plan.new],
        "total": f"{total:f}",
        "superseded": list(plan.superseded),
        "adjusted": [
            {
                "record": int(kept.key),
                "start": kept.period.start.isoformat(),
                "end": kept.period.end.isoformat(),
                "amount": f"{amount:f}",
            }
            for kept, amount in plan.adjusted
        ],
    }


def _period(step: Series, period: Period) -> dict[str, Any]:
    return {
        "number": period.number,
        "start": period.start.isoformat(),
        "end": period.end.isoformat(),
        "due": period.due.isoformat(),
        "amount": f"{period.amount:f}",
        "locked": period.locked,
        "lines": [_line(step, line) for line in period.lines],
    }


def _line(step: Series, line: Line) -> dict[str, Any]:
    return {
        "kind": step.charged if line.kind == CHARGED else line.kind,
        "start": line.start.isoformat(),
        "end": line.end.isoformat(),
        "rate": f"{line.rate:f}",
        "amount": f"{line.amount:f}",
        "locked": line.locked,
    }

"""series: what was worked out becomes records: first those that are superseded, then the new ones and adjustments."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from flow_engine.definition.compile import scope_with
from flow_engine.service import live
from flow_engine.service.plays.writing import write_own
from flow_engine.service.schedules.made import Making
from flow_engine.service.schedules.revising import Planned, planned
from flow_engine.service.values import values_of
from flow_engine.steps.series import Revise, Series
from form_engine.records.facts import Facts
from form_engine.records.plan import plan_create, plan_update
from form_engine.records.references import check_references
from form_engine.records.write import RecordWrite

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage


def make_series(stage: "Stage", step: Series) -> None:
    """Write what the terms say, now."""
    plan = planned(stage, step)
    if step.rows_into is not None:
        making = Making.of(stage, step)
        write_own(stage, {step.rows_into: [making.row(step.rows_into, period) for period in plan.new]})
        return
    revise = step.revise
    if revise is not None and plan.superseded:
        # Before the new ones come, which may want the same values and ranges.
        live.write(stage, lambda: _superseded(stage, revise, plan))
    live.write(stage, lambda: _made(stage, step, plan))


def _superseded(stage: "Stage", revise: Revise, plan: Planned) -> Iterator[RecordWrite]:
    form = stage.forms[revise.existing.form]
    facts = live.facts_for(stage, plan.superseded)
    scope = scope_with(stage.scope, form.key)
    for record in plan.superseded:
        fact = live.loaded(stage, record, facts)
        env = replace(stage.env(), target=stage.facts.value(fact))
        values = values_of(stage, form.by_path.get, revise.supersede, scope, env)
        yield plan_update(stage.forms, form, fact, values, facts, writable=None, partial=True)


def _made(stage: "Stage", step: Series, plan: Planned) -> Iterator[RecordWrite]:
    making, session = Making.of(stage, step), stage.people.session()
    if step.form is None:
        return
    form = stage.forms[step.form]
    for period in plan.new:
        write = plan_create(stage.forms, form, making.record(form, period), stage.facts, writable=None, born=True)
        check_references(session, stage.forms, form, write, {}, live.actor(stage))
        yield write
    if step.revise is not None and plan.adjusted:
        yield from _adjusted(stage, step, step.revise, plan, live.facts_for(stage, list(plan.facts)))


def _adjusted(stage: "Stage", step: Series, revise: Revise, plan: Planned, facts: Facts) -> Iterator[RecordWrite]:
    """A row of the settled record, or a record of its own."""
    making, adjust, of = Making.of(stage, step), revise.adjust, stage.forms[revise.existing.form]
    for kept, amount in plan.adjusted:
        fact = live.loaded(stage, int(kept.key), facts)
        target = stage.facts.value(fact)
        if adjust.field is not None:
            table = of.by_path[adjust.field]
            row = making.difference(table.by_key.get, kept, amount, of.key, target)
            rows = fact.data.get(table.key)
            told = {table.key: [*(rows if isinstance(rows, list) else []), row]}
            yield plan_update(stage.forms, of, fact, told, facts, writable=None, partial=True)
        else:
            form = stage.forms[adjust.form or of.key]
            values = making.difference(form.by_path.get, kept, amount, of.key, target)
            yield plan_create(stage.forms, form, values, stage.facts, writable=None, born=True)


__all__ = ["make_series"]

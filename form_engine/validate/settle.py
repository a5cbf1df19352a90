"""Second: what follows from the values.

Defaults by formula, what is shown, and computed fields, each after what it reads.
"""

from collections.abc import Mapping

from form_engine.fields.base import Json, Refused
from form_engine.formula import Env, ErrorValue, RecordValue, Value
from form_engine.validate.plan import FieldPlan, Step
from form_engine.validate.rows import Row
from form_engine.validate.run import Run


def settle(run: Run, raw: Mapping[str, object]) -> None:
    """Everything that formulas decide. What is not shown is blank, for formulas too."""
    if not run.plan.live:
        return
    _open(run)
    for step in run.plan.steps:
        field = step.field
        if step.table is None:
            fresh = run.before is None and field.key not in raw
            found = _settle(run, step, run.env, run.own, run.values, f"/{field.key}", fresh=fresh)
            if field.computed:
                run.computed[field.path] = found
        else:
            results = [_settle_row(run, step, row) for row in run.rows.get(step.table, ())]
            if field.computed:
                run.computed[field.path] = tuple(results)


def _settle_row(run: Run, step: Step, row: Row) -> Value:
    at, fresh = f"{row.at}/{step.field.key}", row.new and step.field.key not in row.sent
    return _settle(run, step, run.row_env(row), row.values, row.stored, at, fresh=fresh)


def _settle(
    run: Run, step: Step, env: Env, seen: dict[str, Value], stored: dict[str, Json], at: str, *, fresh: bool
) -> Value:
    """One field in one place: `seen` is what formulas know there, `stored` the document. Gives the computed value."""
    key = step.field.key
    if step.default is not None and fresh:
        _default(run, step, step.default(env), seen, stored, at)
    if step.visible is not None and not _shows(run, step.visible(env), at):
        run.hidden.add(at)
        seen.pop(key, None)
        if not step.field.computed:
            stored[key] = None
        return None
    if step.value is None:
        return None
    seen[key] = found = step.value(env)
    return found


def _default(run: Run, step: Step, found: Value, seen: dict[str, Value], stored: dict[str, Json], at: str) -> None:
    if found is None:
        return
    if isinstance(found, ErrorValue):
        _failed(run, found, at)
        return
    result = step.field.clean(step.to_json(found))
    if isinstance(result, Refused):
        run.refused(step.field, result, at)
    elif result is not None:
        stored[step.field.key] = result
        seen[step.field.key] = step.field.to_value(result)


def _shows(run: Run, found: Value, at: str) -> bool:
    if isinstance(found, ErrorValue):
        _failed(run, found, at)
    return found is True


def _failed(run: Run, found: ErrorValue, at: str) -> None:
    """A formula that decides something gave an error: told, except of a draft, which may lack what it needs."""
    if not run.draft:
        run.refuse(at, "formula_failed", error=found.code)


def _open(run: Run) -> None:
    """The record as formulas see it, before anything is settled."""
    own = run.own
    own["created_by"], own["created_at"] = run.context.me, run.context.now
    own.update(run.system)
    for plan in run.plan.read:
        if plan.columns is not None:
            if plan.key not in run.rows:
                _keep_rows(run, plan)
            own[plan.key] = tuple(row.record for row in run.rows[plan.key])
            continue
        held = run.values.get(plan.key)
        if held is not None:
            own[plan.key] = plan.to_value(held)
    _load_rollups(run)
    name = own.get("id")
    record = RecordValue(run.plan.key, name if isinstance(name, int | str) else None, own, run.fetch)
    run.env = Env(own=record, context=run.context)


def _keep_rows(run: Run, plan: FieldPlan) -> None:
    """Rows that nothing was sent for. They are copied: a column that is no longer shown loses its value."""
    held = run.values.get(plan.key)
    copied = [dict(row) for row in held if isinstance(row, dict)] if isinstance(held, list) else []
    taker = run.taker(plan)
    taker.keep(copied)
    run.rows[plan.key] = taker.rows
    run.values[plan.key] = [*copied] or None


def _load_rollups(run: Run) -> None:
    """Rollups of this record come from where records are; one that is not stored yet has nothing to sum."""
    if not run.plan.rollups:
        return
    name = run.system.get("id")
    stored = run.fetch(run.plan.key, name) if isinstance(name, int | str) else None
    for key, nothing in run.plan.rollups:
        value = stored.values.get(key) if stored is not None else None
        run.own[key] = nothing if value is None else value

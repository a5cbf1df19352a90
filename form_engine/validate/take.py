"""First: clean every value that was sent, whatever else is wrong, so that every error is told at once."""

from collections.abc import Mapping
from typing import Any

from form_engine.definition.access import Level
from form_engine.fields.base import Refused
from form_engine.validate.plan import FieldPlan
from form_engine.validate.rows import escaped
from form_engine.validate.run import Run


def take(run: Run, raw: Mapping[str, object]) -> None:
    """What was sent, cleaned; what was not sent stays as it was, or begins with its fixed default."""
    begin = run.plan.blank if run.before is None else {**run.plan.empty, **run.before}
    run.values = values = dict(begin)
    fields, cleaners = run.plan.fields, run.plan.cleaners if run.access is None else {}
    for key, value in raw.items():
        clean = cleaners.get(key)
        if clean is None:
            _guarded(run, fields.get(key), key, value)
            continue
        result = None if value is None else clean(value)
        if type(result) is Refused:
            values[key] = None
            run.refused(fields[key], result, f"/{key}")
        else:
            values[key] = result
    for plan in run.plan.guarded:
        if plan.key in raw and plan.key not in run.broken:
            _check_move(run, plan)


def _guarded(run: Run, plan: FieldPlan | None, key: str, value: object) -> None:
    """A value that is not simply written: for an unknown or computed field, a table, or by a person with limited
    rights.
    """
    if plan is None:
        run.refuse(f"/{escaped(key)}", "unknown_key")
    elif _may_take(run, plan, value):
        result = plan.clean(value) if plan.computed or value is not None else None
        if isinstance(result, Refused):
            run.refused(plan, result, f"/{key}")
        elif plan.columns is not None and result is not None:
            _take_rows(run, plan, result)
        else:
            run.values[key] = result


def _may_take(run: Run, plan: FieldPlan, value: object) -> bool:
    """Whether this person's value counts.

    A hidden field is answered as if it did not exist. An unchanged value of a read-only one is no write. The columns
    of a table may have rights of their own, so its rows are looked at one by one.
    """
    level = run.access.of(plan.path) if run.access is not None else Level.WRITE
    if level is Level.HIDDEN:
        run.refuse(f"/{plan.key}", "unknown_key")
        return False
    if level is Level.WRITE or plan.computed or (plan.columns is not None and value is not None):
        return True
    result = plan.clean(value) if value is not None else None
    if result != run.values.get(plan.key):
        run.refuse(f"/{plan.key}", "not_writable", plan)
    return False


def _take_rows(run: Run, plan: FieldPlan, raw: Any) -> None:
    taker = run.taker(plan)
    taken = taker.take(raw, (run.before or {}).get(plan.key))
    if taker.broken:
        run.broken.add(plan.key)
    if taker.full:
        run.full.add(plan.key)
    run.rows[plan.key] = taker.rows
    run.values[plan.key] = [*taken] or None


def _check_move(run: Run, plan: FieldPlan) -> None:
    """A status moves along its transitions, and only when a step or a button moves it: then there is no `access`. Who
    creates a record may begin it at a declared start: a person at those that are theirs.
    """
    old = plan.initial if run.before is None else run.before.get(plan.key)
    new = run.values.get(plan.key)
    if new == old or plan.moves is None:
        return
    if run.before is None and run.born and new not in plan.starts:
        run.refuse(f"/{plan.key}", "no_start", plan, to=new)
    elif run.access is not None and (plan.key, new) not in run.access.starts:
        run.refuse(f"/{plan.key}", "moved_by_steps_only", plan)
    elif run.access is None and run.before is not None and old is not None and not plan.moves(old, new):
        run.refuse(f"/{plan.key}", "illegal_transition", plan, old=old, new=new)

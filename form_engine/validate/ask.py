"""Last: whether the record may stand. What must be filled in, and the rules of fields, rows and the form.

A rule of a field that is blank is not asked (`required` is for that), nor one that hangs on a field that was refused. A
rule that gives an error does not count as false silently: it is told as what it is.
"""

from itertools import chain
from typing import Any

from form_engine.fields.base import Json
from form_engine.formula import Env, ErrorValue, Value
from form_engine.validate.plan import Columns, FieldPlan, Question
from form_engine.validate.rows import Row
from form_engine.validate.run import Run


def require(run: Run, changed: frozenset[str] | None) -> None:
    """What is missing. `changed` limits the question to those fields.

    Whoever changes a record is not asked for fields that they cannot write.
    """
    full = None not in map(run.values.get, run.plan.plain)
    for plan in run.plan.finishing if full else run.plan.wanted:
        stored = run.values.get(plan.key)
        if stored is not None and plan.finisher is None and plan.columns is None:
            continue
        if plan.key in run.broken or (changed is not None and plan.key not in changed):
            continue
        if run.before is None or run.access is None or run.access.may_write(plan.path):
            _require(run, plan, stored, f"/{plan.key}", run.env)
        if plan.columns is not None:
            _require_columns(run, plan, plan.columns)


def ask(run: Run, changed: frozenset[str] | None) -> None:
    """The rules. `changed` limits them to those that hang on these fields."""
    for question in run.plan.questions:
        needs = question.rule.needs
        if needs & run.broken or (changed is not None and not needs & changed):
            continue
        if question.table is None:
            if question.key is None or _filled(run, question.key):
                _judge(run, question, run.env, f"/{question.key}" if question.key else "")
        elif f"/{question.table}" not in run.hidden:
            for row in run.rows.get(question.table, ()):
                _ask_row(run, question, row)


def _require_columns(run: Run, table: FieldPlan, columns: Columns) -> None:
    rows = run.values.get(table.key)
    if not columns.finishing and (table.key in run.full or (isinstance(rows, list) and _full(rows, columns))):
        return
    live = run.rows.get(table.key) if columns.live else None
    for index, stored in enumerate(rows if isinstance(rows, list) else ()):
        if not isinstance(stored, dict):
            continue
        # A row without a blank, and with every column, has nothing missing: no need to go through its columns.
        full = len(stored) >= len(columns.blank) and None not in stored.values()
        for plan in columns.finishing if full else columns.wanted:
            env = run.row_env(live[index]) if live else run.env
            _require(run, plan, stored.get(plan.key), f"/{table.key}/{index}/{plan.key}", env)


def _full(rows: list[Any], columns: Columns) -> bool:
    """Whether every row has every column and no blank: then nothing is missing, whatever is required."""
    return min(map(len, rows)) >= len(columns.blank) and None not in chain.from_iterable(map(dict.values, rows))


def _require(run: Run, plan: FieldPlan, stored: Json, at: str, env: Env) -> None:
    if at in run.hidden:
        return
    if stored is not None:
        told = plan.finisher(stored) if plan.finisher is not None else None
        if told is not None:
            run.refused(plan, told, at)
        return
    needed = plan.required if isinstance(plan.required, bool) else plan.required(env)
    if needed is True:
        run.refuse(at, "required")
    elif isinstance(needed, ErrorValue):
        run.refuse(at, "formula_failed", error=needed.code)


def _ask_row(run: Run, question: Question, row: Row) -> None:
    column = question.column
    at = f"{row.at}/{column}" if column else row.at
    filled = column is None or row.stored.get(column) is not None or row.values.get(column) is not None
    if filled and at not in run.hidden:
        _judge(run, question, run.row_env(row), at)


def _filled(run: Run, key: str) -> bool:
    if f"/{key}" in run.hidden:
        return False
    return any(known.get(key) is not None for known in (run.values, run.computed, run.own))


def _judge(run: Run, question: Question, env: Env, at: str) -> None:
    found: Value = question.rule.holds.run(env)
    if isinstance(found, ErrorValue):
        run.refuse(at, "rule_failed_to_compute", error=found.code, message=question.rule.message)
    elif found is not True:
        run.refuse(at, "rule_failed", message=question.rule.message)

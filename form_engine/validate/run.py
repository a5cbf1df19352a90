"""One validation: take what was sent, settle what follows from it, then ask whether the record may stand.

The order matters. Values are cleaned first and for all fields, so that every error is told at once; formulas run on
clean values only; rules are asked last, and not about fields that were refused already, or one mistake would be told
twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from formloom.errors import Issue

from form_engine.definition.access import FieldAccess, Level
from form_engine.fields.base import Json, Refused
from form_engine.formula import Context, Env, ErrorValue, LinkRef, RecordValue, Value
from form_engine.validate.plan import FieldPlan, Plan, Step
from form_engine.validate.rows import Row, RowTaker, escaped


@dataclass(slots=True)
class Run:
    """The state of one validation. `values` becomes the record's document."""

    plan: Plan
    before: Mapping[str, Any] | None
    access: FieldAccess | None
    context: Context
    fetch: Any
    system: Mapping[str, Value]
    new_row_id: Callable[[], str]
    values: dict[str, Json] = field(default_factory=dict)
    computed: dict[str, Value] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    """Top-level fields that were refused; nothing that hangs on them is asked."""
    hidden: set[str] = field(default_factory=set)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    own: dict[str, Value] = field(default_factory=dict)
    env: Env = field(default_factory=Env)

    # -- taking ------------------------------------------------------------------------------------------------------

    def take(self, raw: Mapping[str, object]) -> None:
        """Clean every value that was sent; what was not sent stays as it was, or begins with its fixed default."""
        self.values = values = {**self.plan.blank, **(self.before or {})}
        fields, cleaners = self.plan.fields, self.plan.cleaners if self.access is None else {}
        for key, value in raw.items():
            clean = cleaners.get(key)
            if clean is not None:
                values[key] = result = None if value is None else clean(value)
                if type(result) is Refused:
                    values[key] = None
                    self._refused(fields[key], result)
                continue
            plan = fields.get(key)
            if plan is None:
                self.refuse(f"/{escaped(key)}", "unknown_key")
                continue
            if self.access is not None and not self._may_take(plan, value):
                continue
            if value is None and not plan.computed:
                values[key] = None
                continue
            result = plan.clean(value)
            if isinstance(result, Refused):
                self._refused(plan, result)
            elif plan.columns is not None and result is not None:
                self._take_rows(plan, result)
            else:
                values[key] = result
        for plan in self.plan.guarded:
            if plan.key in raw and plan.key not in self.broken:
                self._check_move(plan)

    def _may_take(self, plan: FieldPlan, value: object) -> bool:
        """Whether this person's value counts. A hidden field is answered as if it did not exist; an unchanged value of
        one that is read-only is no write, and a table's columns may have rights of their own."""
        level = self.access.of(plan.path) if self.access is not None else Level.WRITE
        if level is Level.WRITE or (plan.computed and level is not Level.HIDDEN):
            return True
        if level is Level.HIDDEN:
            self.refuse(f"/{plan.key}", "unknown_key")
            return False
        if plan.columns is not None and value is not None:
            return True
        result = plan.clean(value) if value is not None else None
        if result != self.values.get(plan.key):
            self.refuse(f"/{plan.key}", "not_writable", plan)
        return False

    def _take_rows(self, plan: FieldPlan, raw: Any) -> None:
        taker = self._taker(plan)
        taken = taker.take(raw, (self.before or {}).get(plan.key))
        if taker.broken:
            self.broken.add(plan.key)
        self.rows[plan.key] = taker.rows
        self.values[plan.key] = [*taken] or None

    def _taker(self, plan: FieldPlan) -> RowTaker:
        if plan.columns is None:
            raise TypeError(f"{plan.path} is not a table")
        return RowTaker(plan, plan.columns, self.issues, self.access, self.new_row_id, self.fetch, self.before is None)

    def _check_move(self, plan: FieldPlan) -> None:
        """A status moves along its transitions, and only when a step or a button moves it (`access` is None then)."""
        old = (self.before or {}).get(plan.key) if self.before is not None else plan.initial
        new = self.values.get(plan.key)
        if new == old or plan.moves is None:
            return
        if self.access is not None:
            self.refuse(f"/{plan.key}", "moved_by_steps_only", plan)
        elif self.before is not None and old is not None and not plan.moves(old, new):
            self.refuse(f"/{plan.key}", "illegal_transition", plan, old=old, new=new)

    # -- settling ----------------------------------------------------------------------------------------------------

    def settle(self, raw: Mapping[str, object]) -> None:
        """Defaults by formula, visibility and computed fields, each after what it reads."""
        if not self.plan.live:
            return
        self._open(raw)
        for step in self.plan.steps:
            if step.table is None:
                self._settle(step, None, fresh=self.before is None and step.field.key not in raw)
            else:
                for row in self.rows.get(step.table, ()):
                    self._settle(step, row, fresh=row.new and step.field.key not in row.sent)
                if step.value is not None:
                    found = (row.values.get(step.field.key) for row in self.rows.get(step.table, ()))
                    self.computed[step.field.path] = tuple(found)

    def _open(self, raw: Mapping[str, object]) -> None:
        """The record as formulas see it."""
        own, values = self.own, self.values
        own["created_by"], own["created_at"] = self.context.me, self.context.now
        own.update(self.system)
        for plan in self.plan.fields.values():
            if plan.columns is not None and plan.columns.live:
                if plan.key not in self.rows:
                    self._keep_rows(plan)
                own[plan.key] = tuple(row.record for row in self.rows[plan.key])
            elif plan.read and not plan.computed:
                held = values.get(plan.key)
                if held is not None and plan.columns is None:
                    own[plan.key] = plan.to_value(held)
        self._load_rollups()
        name = own.get("id")
        record = RecordValue(self.plan.key, name if isinstance(name, int | str) else None, own, self.fetch)
        self.env = Env(own=record, context=self.context)

    def _keep_rows(self, plan: FieldPlan) -> None:
        """Rows that nothing was sent for. They are copied: a column's visibility may still blank a value."""
        taker, held = self._taker(plan), self.values.get(plan.key)
        copied = [dict(row) for row in held if isinstance(row, dict)] if isinstance(held, list) else None
        taker.keep(copied)
        self.rows[plan.key] = taker.rows
        self.values[plan.key] = [*copied] if copied else None

    def _load_rollups(self) -> None:
        """Rollups of this record come from where records are; one that is not stored yet has nothing to sum."""
        if not self.plan.rollups:
            return
        name = self.system.get("id")
        stored = self.fetch(self.plan.key, name) if name is not None else None
        for key, nothing in self.plan.rollups:
            value = stored.values.get(key) if stored is not None else None
            self.own[key] = nothing if value is None else value

    def _settle(self, step: Step, row: Row | None, *, fresh: bool) -> None:
        plan = step.field
        env = self.env if row is None else Env(self.env.own, row.record, None, self.context)
        seen, stored, at = (
            (self.own, self.values, f"/{plan.key}") if row is None else (row.values, row.stored, f"{row.at}/{plan.key}")
        )
        if step.default is not None and fresh:
            self._default(step, step.default(env), seen, stored, at)
        if step.visible is not None and not self._shows(step.visible.run(env), at):
            self.hidden.add(at)
            seen.pop(plan.key, None)
            if not plan.computed:
                stored[plan.key] = None
            elif row is None:
                self.computed[plan.key] = None
            return
        if step.value is not None:
            seen[plan.key] = found = step.value(env)
            if row is None:
                self.computed[plan.key] = found

    def _default(self, step: Step, found: Value, seen: dict[str, Value], stored: dict[str, Json], at: str) -> None:
        if found is None:
            return
        if isinstance(found, ErrorValue):
            self.issues.append(Issue(at, "formula_failed", {"error": found.code}))
            return
        result = step.field.clean(step.to_json(found))
        if isinstance(result, Refused):
            self._refused(step.field, result, at)
        elif result is not None:
            stored[step.field.key] = result
            seen[step.field.key] = step.field.to_value(result)

    def _shows(self, found: Value, at: str) -> bool:
        if isinstance(found, ErrorValue):
            self.issues.append(Issue(at, "formula_failed", {"error": found.code}))
        return found is True

    # -- asking ------------------------------------------------------------------------------------------------------

    def require(self, changed: frozenset[str] | None) -> None:
        """What must be filled in and is not. `changed` limits the question to those fields."""
        for plan in self.plan.wanted:
            if plan.key in self.broken or (changed is not None and plan.key not in changed):
                continue
            if self.before is None or self.access is None or self.access.may_write(plan.path):
                self._require(plan, self.values.get(plan.key), f"/{plan.key}", self.env)
            if plan.columns is not None:
                self._require_columns(plan)

    def _require_columns(self, table: FieldPlan) -> None:
        columns, rows = table.columns, self.values.get(table.key)
        if columns is None or not isinstance(rows, list):
            return
        live = self.rows.get(table.key) if columns.live else None
        for index, stored in enumerate(rows):
            asked = columns.finishing
            if None in stored.values():
                asked = (*columns.required, *columns.finishing)
            for plan in asked:
                env = Env(self.env.own, live[index].record, None, self.context) if live else self.env
                self._require(plan, stored.get(plan.key), f"/{table.key}/{index}/{plan.key}", env)

    def _require(self, plan: FieldPlan, stored: Json, at: str, env: Env) -> None:
        if at in self.hidden:
            return
        if stored is not None:
            told = plan.finisher(stored) if plan.finisher is not None else None
            if told is not None:
                self._refused(plan, told, at)
            return
        needed = plan.required if isinstance(plan.required, bool) else plan.required(env)
        if needed is True:
            self.issues.append(Issue(at, "required"))
        elif isinstance(needed, ErrorValue):
            self.issues.append(Issue(at, "formula_failed", {"error": needed.code}))

    def ask(self, changed: frozenset[str] | None) -> None:
        """The rules of fields, rows and the form.

        A rule of a field that is blank is not asked: `required` is for that.
        """
        for question in self.plan.questions:
            rule = question.rule
            if rule.needs & self.broken or (changed is not None and not rule.needs & changed):
                continue
            if question.table is None:
                at = f"/{question.key}" if question.key else ""
                if question.key is None or self._filled(question.key, at):
                    self._judge(rule.holds.run(self.env), at, rule.message)
                continue
            for row in self.rows.get(question.table, ()) if f"/{question.table}" not in self.hidden else ():
                at = f"{row.at}/{question.column}" if question.column else row.at
                held = row.stored.get(question.column) if question.column else row
                if question.column in row.values or (held is not None and at not in self.hidden):
                    env = Env(self.env.own, row.record, None, self.context)
                    self._judge(rule.holds.run(env), at, rule.message)

    def _filled(self, key: str, at: str) -> bool:
        held = self.computed[key] if key in self.computed else self.values.get(key, self.own.get(key))
        return held is not None and at not in self.hidden

    def _judge(self, found: Value, at: str, message: object) -> None:
        if isinstance(found, ErrorValue):
            self.issues.append(Issue(at, "rule_failed_to_compute", {"error": found.code, "message": message}))
        elif found is not True:
            self.issues.append(Issue(at, "rule_failed", {"message": message}))

    # -- telling -----------------------------------------------------------------------------------------------------

    def changed(self) -> frozenset[str]:
        """The top-level fields that are no longer as they were."""
        before = self.before or {}
        return frozenset(key for key, value in self.values.items() if before.get(key) != value)

    def refuse(self, at: str, code: str, plan: FieldPlan | None = None, /, **params: object) -> None:
        self.issues.append(Issue(at, code, params))
        if plan is not None:
            self.broken.add(plan.key)

    def _refused(self, plan: FieldPlan, result: Refused, at: str | None = None) -> None:
        start = f"/{plan.key}" if at is None else at
        self.issues.extend(Issue(start + issue.pointer, issue.code, issue.params) for issue in result.issues)
        self.broken.add(plan.path.partition(".")[0])


def follow_nothing(form: str, record_id: int | str) -> RecordValue | None:
    """The `fetch` of a validation that has no other records at hand."""
    return None


__all__ = ["LinkRef", "Run", "follow_nothing"]

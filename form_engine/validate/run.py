"""The state of one validation, which `take`, `settle` and `ask` work on in turn."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from formloom.errors import Issue

from form_engine.definition.access import FieldAccess
from form_engine.fields.base import Json, Refused
from form_engine.formula import Context, Env, RecordValue, Value
from form_engine.validate.plan import FieldPlan, Plan
from form_engine.validate.rows import Row, RowTaker

Fetch: TypeAlias = Callable[[str, int | str], RecordValue | None]


@dataclass(slots=True)
class Run:
    """`values` becomes the record's document; `own` and `env` are the record as formulas see it.

    `broken` are the top-level fields that were refused: nothing that hangs on them is asked, or one mistake would be
    told twice. `hidden` are pointers to what is not shown. `full` are tables in which no cell was sent blank.
    """

    plan: Plan
    before: Mapping[str, Any] | None
    access: FieldAccess | None
    context: Context
    fetch: Fetch
    system: Mapping[str, Value]
    new_row_id: Callable[[], str]
    draft: bool = False
    returning: bool = False
    born: bool = False
    values: dict[str, Json] = field(default_factory=dict)
    computed: dict[str, Value] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    full: set[str] = field(default_factory=set)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    own: dict[str, Value] = field(default_factory=dict)
    env: Env = field(default_factory=Env)

    def taker(self, plan: FieldPlan) -> RowTaker:
        """What takes the rows of a table."""
        if plan.columns is None:
            raise TypeError(f"{plan.path} is not a table")
        creating = self.before is None or self.returning
        return RowTaker(plan, plan.columns, self.issues, self.access, self.new_row_id, self.fetch, creating)

    def row_env(self, row: Row) -> Env:
        """What a formula sees in a row."""
        return Env(self.env.own, row.record, None, self.context)

    def changed(self) -> frozenset[str]:
        """The top-level fields that are no longer as they were."""
        before = self.before or {}
        return frozenset(key for key, value in self.values.items() if before.get(key) != value)

    def refuse(self, at: str, code: str, plan: FieldPlan | None = None, /, **params: object) -> None:
        """Note one issue; with `plan`, its field is broken."""
        self.issues.append(Issue(at, code, params))
        if plan is not None:
            self.broken.add(plan.key)

    def refused(self, plan: FieldPlan, result: Refused, at: str) -> None:
        """Note what a cleaner found, with pointers from `at` on."""
        for issue in result.issues:
            self.issues.append(Issue(at + issue.pointer, issue.code, issue.params))
        self.broken.add(plan.path.partition(".")[0])

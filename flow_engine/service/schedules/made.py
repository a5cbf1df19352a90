"""Periods, lines, parts and differences as formulas read them (`row.`), and as the fields of what is written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flow_engine.elements.terms import Given
from flow_engine.elements.value import Assignment, Formula, Literal
from flow_engine.series import CHARGED, Kept, Line, Period, evenly
from flow_engine.service.schedules.reading import MOST_MONTHS, Reading
from flow_engine.service.values import FieldOf, values_of
from flow_engine.steps.series import Series
from form_engine.definition import CompiledForm
from form_engine.formula import Env, RecordValue, Value

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

CENT = Literal("0.01")


@dataclass(frozen=True)
class Making:
    """Turns what is worked out into what is set, at the item at which the stage is."""

    stage: "Stage"
    step: Series
    env: Env
    scope: str

    @classmethod
    def of(cls, stage: "Stage", step: Series) -> "Making":
        """Where the stage stands."""
        return cls(stage, step, stage.env(), stage.scope)

    def record(self, form: CompiledForm, period: Period) -> dict[str, Any]:
        """The raw values of a period's record, with its lines and parts."""
        step = self.step
        values = self._set(form.by_path.get, step.set, "#period", self.period(period))
        if step.lines is not None:
            table = form.by_path[step.lines.field]
            values[table.key] = [
                self._set(table.by_key.get, step.lines.set, "#line", self.line(period, line)) for line in period.lines
            ]
        if step.instalments is not None:
            table = form.by_path[step.instalments.rows.field]
            rows = step.instalments.rows.set
            values[table.key] = [self._set(table.by_key.get, rows, "#part", each) for each in self._parts(period)]
        return values

    def row(self, table: str, period: Period) -> dict[str, Any]:
        """The raw values of a period as a row of the run's own record."""
        columns = self.stage.form.by_path[table].by_key
        return self._set(columns.get, self.step.set, "#period", self.period(period))

    def difference(
        self, field_of: FieldOf, kept: Kept, amount: Decimal, form: str, target: RecordValue
    ) -> dict[str, Any]:
        """What puts a settled period right."""
        if self.step.revise is None:
            raise LookupError(self.step.key)
        row = _row(
            "#difference",
            **_dated(kept.period),
            amount=amount,
            billed=kept.asked,
            wanted=kept.asked + amount,
            kind=self.step.charged,
        )
        scope = f"#difference>{form}"
        env = replace(self.env, row=row, target=target)
        return values_of(self.stage, field_of, self.step.revise.adjust.set, scope, env)

    def period(self, period: Period) -> RecordValue:
        """A period to formulas. Its kind is that of its lines where they are all of one."""
        kinds = {line.kind for line in period.lines}
        kind = self._kind(kinds.pop()) if len(kinds) == 1 else self.step.charged
        rate = period.lines[-1].rate if period.lines else period.amount
        return _row("#period", **_dated(period), amount=period.amount, locked=period.locked, kind=kind, rate=rate)

    def line(self, period: Period, line: Line) -> RecordValue:
        """A line to formulas; number and due day are those of its period."""
        dated = {**_dated(period), "start": line.start, "end": line.end, "days": _days(line.start, line.end)}
        return _row(
            "#line", **dated, amount=line.amount, locked=line.locked, kind=self._kind(line.kind), rate=line.rate
        )

    def _kind(self, kind: str) -> str:
        return self.step.charged if kind == CHARGED else kind

    def _parts(self, period: Period) -> list[RecordValue]:
        told = self.step.instalments
        if told is None:
            return []
        here = Reading(self.stage, self.env, self.scope)
        count = here.whole(told.count, "/instalments/count", 1, MOST_MONTHS)
        every = here.whole(told.every, "/instalments/every", 0, MOST_MONTHS)
        shares = evenly(period.amount, count, period.due, every, here.unit(self._unit, "/terms/unit"))
        return [
            _row("#part", number=Decimal(each.number), due=each.due, amount=each.amount, of=Decimal(count))
            for each in shares
        ]

    @property
    def _unit(self) -> Given:
        told = self.step.terms or self.step.parts
        return told.unit if told is not None else CENT

    def _set(
        self, field_of: FieldOf, assignments: tuple[Assignment, ...], scope: str, row: RecordValue
    ) -> dict[str, Any]:
        return values_of(self.stage, field_of, assignments, scope, replace(self.env, row=row))


def plain(assignments: tuple[Assignment, ...]) -> Mapping[str, str]:
    """By what is read (`start` of `row.start`): the field that gets exactly that, so that it tells it again."""
    return {
        each.value.text.strip().removeprefix("row."): each.field
        for each in reversed(assignments)
        if isinstance(each.value, Formula) and each.value.text.strip().startswith("row.")
    }


def _row(form: str, **values: Value) -> RecordValue:
    return RecordValue(form, None, values)


def _dated(period: Period) -> dict[str, Value]:
    return {
        "number": Decimal(period.number),
        "start": period.start,
        "end": period.end,
        "due": period.due,
        "days": _days(period.start, period.end),
    }


def _days(start: date, end: date) -> Decimal:
    return Decimal((end - start).days + 1)

"""A schedule before it is written: what a series step would make of the record, period by period and line by line."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from formloom.i18n import localized

from flow_engine.series import CHARGED, Line, Period
from flow_engine.service.schedules.made import plain
from flow_engine.service.schedules.preview import Shown
from flow_engine.service.schedules.revising import Planned
from flow_engine.steps.series import Series
from form_engine.definition import CompiledField
from web.cells import Cell, cell
from web.context import services
from web.desk.world import World
from web.locales import day
from web.names import Names
from web.phrases.marking import N_
from web.speech import gettext
from web.words import sentence

HEADS = {"number": N_("No."), "rate": N_("Rate"), "due": N_("Due"), "amount": N_("Amount")}
"""What a column is called where no field of what is written says it."""


@dataclass(frozen=True, slots=True)
class LineView:
    """Days of one kind; ``rate`` is what the usual ones cost."""

    dates: str
    kind: Cell
    rate: str
    amount: str
    locked: bool


@dataclass(frozen=True, slots=True)
class PeriodView:
    """A period with its lines; of one that has a single line, that line says it all."""

    number: int
    dates: str
    due: str
    amount: str
    locked: bool
    lines: tuple[LineView, ...]


@dataclass(frozen=True, slots=True)
class AdjustedView:
    """What puts a settled record right."""

    record: int
    dates: str
    amount: str


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """What ``parts/schedule.html`` shows; ``wrong`` says why there is nothing to show."""

    key: str
    title: str
    heads: Mapping[str, str]
    periods: tuple[PeriodView, ...]
    total: str
    superseded: int
    adjusted: tuple[AdjustedView, ...]
    wrong: tuple[str, ...]


def schedules_of(world: World, record: int, form: str) -> tuple[ScheduleView, ...]:
    """The schedules that the record's flows show now, as far as the reader may know them."""
    found = services().flows.schedules(world.session, world.actor, record, form)
    return tuple(_view(world, each) for each in found)


def _view(world: World, shown: Shown) -> ScheduleView:
    look = _Look.of(world, shown)
    plan = shown.plan or Planned(())
    total = sum((period.amount for period in plan.new), Decimal(0))
    return ScheduleView(
        key=f"{shown.flow.key}-{shown.step.key}",
        title=localized(shown.step.title or shown.flow.title, world.locale),
        heads={key: look.head(key) for key in HEADS},
        periods=tuple(look.period(each) for each in plan.new),
        total=look.money(total),
        superseded=len(plan.superseded),
        adjusted=tuple(
            AdjustedView(int(kept.key), _dates(kept.period), look.money(amount)) for kept, amount in plan.adjusted
        ),
        wrong=tuple(dict.fromkeys(sentence(issue.code, issue.params) for issue in shown.wrong)),
    )


@dataclass(frozen=True)
class _Look:
    """How values are written: as the fields that they go into say."""

    locale: str
    step: Series
    fields: Mapping[str, CompiledField]
    """By what is told (`amount`, `due`): the field that gets exactly that."""
    of_lines: Mapping[str, CompiledField]

    @classmethod
    def of(cls, world: World, shown: Shown) -> "_Look":
        step = shown.step
        form = shown.form if step.form is None else world.forms.get(step.form, shown.form)
        into = {each.key: each for each in (form.by_path[step.rows_into].columns if step.rows_into else form.fields)}
        rows = {each.key: each for each in form.by_path[step.lines.field].columns} if step.lines is not None else {}
        told = {key: into[field] for key, field in plain(step.set).items() if field in into}
        lines = plain(step.lines.set) if step.lines is not None else {}
        return cls(world.locale, step, told, {key: rows[field] for key, field in lines.items() if field in rows})

    def head(self, key: str) -> str:
        field = self.of_lines.get(key) if key == "rate" else self.fields.get(key)
        return localized(field.definition.label, self.locale) if field is not None else gettext(HEADS[key])

    def money(self, amount: Decimal, key: str = "amount") -> str:
        field = (self.of_lines if key == "rate" else self.fields).get(key) or self.fields.get("amount")
        return cell(field, f"{amount:f}", Names(), self.locale).text if field is not None else f"{amount:f}"

    def period(self, period: Period) -> PeriodView:
        return PeriodView(
            number=period.number,
            dates=_dates(period),
            due=day(period.due),
            amount=self.money(period.amount),
            locked=period.locked,
            lines=tuple(self._line(each) for each in period.lines),
        )

    def _line(self, line: Line) -> LineView:
        rate = self.money(line.rate, "rate") if line.kind == CHARGED else ""
        return LineView(_dates(line), self._kind(line), rate, self.money(line.amount), line.locked)

    def _kind(self, line: Line) -> Cell:
        told = self.step.charged if line.kind == CHARGED else line.kind
        field = self.of_lines.get("kind") or self.fields.get("kind")
        return Cell("text", told) if field is None else cell(field, told, Names(), self.locale)


def _dates(span: Any) -> str:
    return f"{day(span.start)} – {day(span.end)}"

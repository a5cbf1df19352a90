"""Checks of everything that names a time: lengths, calendars, and the clocks of a flow."""

from collections.abc import Collection, Iterator

from formloom.errors import Issue

from flow_engine.clocks.definition import COLOURS, AtField, AtStep, ClockDef, Mark, Table
from flow_engine.definition.flow import FlowDef
from flow_engine.elements.due import Decide, Length
from flow_engine.elements.duration import parse_duration
from flow_engine.elements.uses import Uses
from flow_engine.steps.wait import Wait
from form_engine.calendars.hours import WorkLength
from form_engine.definition import CompiledField, CompiledForm
from form_engine.fields import ChoiceConfig

CODES = (
    "bad_duration",
    "unknown_calendar",
    "unknown_step",
    "unknown_field",
    "unknown_option",
    "not_a_choice",
    "duplicate_clock",
    "same_share",
    "missing_people",
    "unknown_colour",
    "cannot_reject",
    "ends_by_itself",
)


def users(flow: FlowDef) -> Iterator[tuple[str, Uses]]:
    """Everything that may name a time, with where it stands."""
    yield "/trigger", flow.trigger.uses()
    yield from ((clock.pointer, clock.uses()) for clock in flow.clocks)
    yield from ((step.pointer, step.uses()) for step in flow.walk())


def check_lengths(flow: FlowDef) -> Iterator[Issue]:
    """The schema can only say roughly what a duration looks like; a calendar knows no seconds."""
    for at, uses in users(flow):
        for pointer, length in uses.lengths:
            if isinstance(length.of, str) and not _fits(length):
                yield Issue(at + pointer, "bad_duration", {"value": length.of})


def check_outcomes(flow: FlowDef) -> Iterator[Issue]:
    """Time rejects only what can be rejected, and only a wait that may last for ever has a time-out."""
    for step in flow.walk():
        due = step.due_actions()
        for number, action in enumerate(due.then if due else ()):
            if isinstance(action.do, Decide) and action.do.as_ == "reject" and "reject" not in step.decisions:
                yield Issue(f"{step.pointer}/due/then/{number}/do", "cannot_reject", {"step": step.key})
        if isinstance(step, Wait) and step.timeout is not None and step.event is None and step.when is None:
            yield Issue(f"{step.pointer}/timeout", "ends_by_itself", {"step": step.key})


def check_calendars(flow: FlowDef, calendars: Collection[str]) -> Iterator[Issue]:
    """Every calendar that is named is there."""
    for at, uses in users(flow):
        for pointer, calendar in uses.calendars:
            if calendar not in calendars:
                yield Issue(at + pointer, "unknown_calendar", {"calendar": calendar})


def check_clocks(flow: FlowDef, form: CompiledForm) -> Iterator[Issue]:
    """Each clock begins and ends with something that can happen, and does something that somebody hears."""
    seen: set[str] = set()
    steps = {step.key: step for step in flow.walk()}
    for clock in flow.clocks:
        at = clock.pointer
        if clock.key in seen:
            yield Issue(f"{at}/key", "duplicate_clock", {"key": clock.key})
        seen.add(clock.key)
        for name, field, kind in (("minutes", clock.minutes, "number"), ("breached", clock.breach, "logical")):
            kept = form.by_path.get(field) if field is not None else None
            if field is not None and (kept is None or kept.type.kind != kind or kept.definition.type.computed):
                yield Issue(f"{at}/into/{name}", "unknown_field" if kept is None else "wrong_type", {"field": field})
        for name, mark in (("from", clock.start), ("to", clock.end), ("undone", clock.undone)):
            if mark is None:
                continue
            if isinstance(mark, AtStep) and mark.step not in steps:
                yield Issue(f"{at}/{name}/step", "unknown_step", {"step": mark.step})
            yield from _mark(mark, form, f"{at}/{name}")
        for number, pause in enumerate(clock.pauses):
            yield from _values(form, pause.field, pause.values, f"{at}/pause/{number}", "is")
        for name, said in (("target", clock.target), ("calendar", clock.calendar)):
            if isinstance(said, Table):
                yield from _values(form, said.field, said.cases, f"{at}/{name}", "cases", named="by")
        yield from _thresholds(clock)


def _fits(length: Length) -> bool:
    text = str(length.of)
    return (WorkLength.parse(text) if length.calendar is not None else parse_duration(text)) is not None


def _mark(mark: Mark, form: CompiledForm, at: str) -> Iterator[Issue]:
    if isinstance(mark, AtField):
        yield from _values(form, mark.field, mark.becomes, at, "becomes")


def _values(
    form: CompiledForm, name: str, values: Collection[str], at: str, where: str, named: str = "field"
) -> Iterator[Issue]:
    """A choice that has these options; a text may be anything."""
    field = form.field(name)
    if field is None:
        yield Issue(f"{at}/{named}", "unknown_field", {"field": name})
        return
    options = _options(field)
    if options is None and field.definition.type.name != "text":
        yield Issue(f"{at}/{named}", "not_a_choice", {"field": name})
    for value in sorted(values):
        if options is not None and value not in options:
            yield Issue(f"{at}/{where}", "unknown_option", {"option": value, "field": name})


def _options(field: CompiledField) -> Collection[str] | None:
    config = field.definition.config
    return tuple(config.options) if isinstance(config, ChoiceConfig) else None


def _thresholds(clock: ClockDef) -> Iterator[Issue]:
    for number, threshold in enumerate(clock.at):
        at = f"{clock.pointer}/at/{threshold.place}"
        if number and clock.at[number - 1].share == threshold.share:
            yield Issue(f"{at}/share", "same_share", {"share": str(threshold.share)})
        if threshold.do in ("escalate", "notify") and not threshold.to:
            yield Issue(f"{at}/to", "missing_people")
        if threshold.colour is not None and threshold.colour not in COLOURS:
            yield Issue(f"{at}/colour", "unknown_colour", {"colour": threshold.colour, "options": list(COLOURS)})

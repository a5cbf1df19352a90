"""Checks of what calls other flows: the flow is there, it works on such records, and the field takes its end."""

from collections.abc import Callable, Iterator

from formloom.errors import InvalidDefinition, Issue

from flow_engine.definition.compile import CompiledFlow, compile_flow
from flow_engine.definition.flow import FlowDef
from flow_engine.elements.search import Search
from flow_engine.elements.value import Formula
from flow_engine.steps.call import ENDS, OUTCOMES, Call
from flow_engine.triggers.called import Called
from form_engine.definition import CompiledForm
from form_engine.fields import ChoiceConfig

CODES = (
    "unknown_flow",
    "not_callable",
    "other_form",
    "unknown_field",
    "computed_field",
    "not_a_choice",
    "ends_missing",
)

Find = Callable[[str], FlowDef | None]
"""The flow of that key, as it is or is about to be published."""


def check_calls(flow: FlowDef, form: CompiledForm, find: Find) -> Iterator[Issue]:
    """Every call of a flow. A formula that does not fit the form is told elsewhere."""
    calls = [step for step in flow.walk() if isinstance(step, Call)]
    try:
        compiled = compile_flow(flow, form) if calls else None
    except InvalidDefinition:
        return
    for step in calls:
        called = find(step.flow)
        if called is None:
            yield Issue(f"{step.pointer}/flow", "unknown_flow", {"flow": step.flow})
        elif not isinstance(called.trigger, Called):
            yield Issue(f"{step.pointer}/flow", "not_callable", {"flow": step.flow, "trigger": called.trigger.name})
        elif compiled is not None and _form_of(step, compiled, form.key) not in (called.form, None):
            told = {"flow": step.flow, "form": called.form}
            yield Issue(f"{step.pointer}/flow", "other_form", told)
        if step.into is not None:
            yield from _into(step, form, step.into)


def _form_of(step: Call, compiled: CompiledFlow, own: str) -> str | None:
    """Of which form the called records are; None where that is not known before."""
    match step.record or step.each:
        case None:
            return own
        case Search(form):
            return form
        case Formula(text):
            given = compiled.formulas[compiled.definition.rows(step.key), text].type.item
            return given.form if given.kind == "record" else None
    return None


def _into(step: Call, form: CompiledForm, name: str) -> Iterator[Issue]:
    at, field = f"{step.pointer}/into", form.field(name)
    if field is None or "." in name:
        yield Issue(at, "unknown_field", {"field": name})
        return
    config = field.definition.config
    if field.computed:
        yield Issue(at, "computed_field", {"field": name})
    elif isinstance(config, ChoiceConfig):
        wanted = OUTCOMES if step.each is not None else ENDS
        missing = [end for end in wanted if end not in config.options]
        if missing:
            yield Issue(at, "ends_missing", {"field": name, "missing": missing})
    elif field.definition.type.name != "text":
        yield Issue(at, "not_a_choice", {"field": name})

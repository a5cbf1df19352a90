"""Checks of whom a flow asks: everything that is named is there, and a formula that should name people names some."""

from collections.abc import Collection, Iterator

from formloom.errors import Issue

from flow_engine.definition.compile import CompiledFlow, scope_with
from flow_engine.definition.flow import FlowDef
from flow_engine.elements.value import Formula
from flow_engine.elements.who import (
    Best,
    Choice,
    Decider,
    DepartmentHead,
    DepartmentPeople,
    FieldPerson,
    Guest,
    GuestOf,
    Member,
    Members,
    Who,
    every,
)
from flow_engine.steps.people import PeopleStep
from flow_engine.triggers import Button, Submit
from form_engine.definition import CompiledForm
from form_engine.formula import Type

CODES = (
    "not_a_person",
    "unknown_department",
    "unknown_member",
    "choice_needs_a_start",
    "choice_only_by",
    "choice_from",
    "offer_stands_alone",
)
SIZES = ("number", "date", "datetime", "duration", "any")
Named = tuple[str, tuple[Who, ...], str]


def check_people(compiled: CompiledFlow, form: CompiledForm) -> Iterator[Issue]:
    """Everything that the flow itself tells."""
    for pointer, people, table in named(compiled.definition):
        for who in every(people):
            match who:
                case FieldPerson(path):
                    given = compiled.formulas[table, path.text].type
                    if given.item.kind not in ("person", "any"):
                        yield Issue(pointer, "not_a_person", {"type": str(given)})
                case Best():
                    yield from _best(compiled, form, pointer, who, table)
                case Choice():
                    yield from _choice(compiled.definition, pointer, who)
    yield from _offers(compiled.definition)


def check_organisation(flow: FlowDef, departments: Collection[str], members: Collection[int]) -> Iterator[Issue]:
    """The departments and the people that it names, by key and id."""
    for pointer, people, _ in named(flow):
        for who in every(people):
            match who:
                case Member(person):
                    several: tuple[int, ...] = (person,)
                case Members(several):
                    pass
                case DepartmentPeople(str(department)) | DepartmentHead(str(department)):
                    if department not in departments:
                        yield Issue(pointer, "unknown_department", {"department": department})
                    continue
                case _:
                    continue
            yield from (Issue(pointer, "unknown_member", {"person": one}) for one in several if one not in members)


def names_organisation(flow: FlowDef) -> bool:
    """Whether it names a department or a person at all."""
    return any(
        isinstance(who, Member | Members | DepartmentPeople | DepartmentHead)
        for _, people, _ in named(flow)
        for who in every(people)
    )


def named(flow: FlowDef) -> Iterator[Named]:
    """Whom it names, with the pointer and the scope of the formulas there."""
    yield from (("/trigger" + pointer, people, "") for pointer, people in flow.trigger.uses().people)
    for step in flow.walk():
        for pointer, people in step.uses().people:
            yield step.pointer + pointer, people, flow.rows(step.key)


def _best(compiled: CompiledFlow, form: CompiledForm, pointer: str, best: Best, table: str) -> Iterator[Issue]:
    if best.form:
        field = form.scope.forms[best.form].get(best.person)
        if field is None or field.kind != "person":
            params = {"field": best.person, "form": best.form}
            yield Issue(f"{pointer}/best/from/person", "unknown_field" if field is None else "not_a_person", params)
    if best.into:
        kept = form.by_path.get(best.into)
        if kept is None or kept.type.kind != "record" or kept.type.form != best.form or not best.form:
            code = "unknown_field" if kept is None else "not_a_link_to"
            yield Issue(f"{pointer}/best/into", code, {"field": best.into, "form": best.form})
    scope = scope_with(table, best.form)
    if best.where is not None:
        yield from _kind(compiled, f"{pointer}/best/where", best.where, scope, ("logical", "any"))
    for at, order in enumerate(best.order):
        if order.value is not None:
            yield from _kind(compiled, f"{pointer}/best/order/{at}", order.value, scope, SIZES)


def _kind(compiled: CompiledFlow, at: str, formula: Formula, scope: str, kinds: tuple[str, ...]) -> Iterator[Issue]:
    given: Type = compiled.formulas[scope, formula.text].type
    if given.kind not in kinds:
        yield Issue(at, "formula_gives", {"type": str(given), "wanted": kinds[0]})


def _choice(flow: FlowDef, pointer: str, choice: Choice) -> Iterator[Issue]:
    if not choice.step or not pointer.endswith("/by") or pointer.startswith("/trigger"):
        yield Issue(f"{pointer}/choice", "choice_only_by")
    elif not isinstance(flow.trigger, Submit | Button):
        yield Issue(f"{pointer}/choice", "choice_needs_a_start")
    if any(isinstance(who, FieldPerson | Decider | Guest | GuestOf | Best | Choice) for who in every(choice.among)):
        yield Issue(f"{pointer}/choice/from", "choice_from")


def _offers(flow: FlowDef) -> Iterator[Issue]:
    """An offer is made of a step that asks people, and it is the only one whom that asks."""
    for step in flow.walk():
        alone = isinstance(step, PeopleStep) and len(step.by) == 1
        for pointer, people in step.uses().people:
            for who in every(people):
                offered = isinstance(who, Best) and who.offer is not None
                if offered and not (alone and pointer == "/by" and who in people):
                    yield Issue(f"{step.pointer}{pointer}/best/offer", "offer_stands_alone")

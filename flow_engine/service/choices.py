"""Whom the initiator picks when they submit or press: what is offered, and what was picked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from formloom.errors import InvalidInput, Issue
from formloom.models import Person
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.definition import CompiledFlow
from flow_engine.elements.outcome import Text
from flow_engine.elements.who import Choice
from flow_engine.machine import RunState
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.people import People, person_of
from flow_engine.triggers import Submit
from form_engine.records.actor import Actor

Choices = Mapping[str, Sequence[int]]
"""By step, the ids of the people."""


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """One choice: for which step, and out of whom (ids); `people` is None where anybody may be picked."""

    flow: str
    step: str
    title: Text
    many: bool
    people: tuple[int, ...] | None


def choices_in(said: Mapping[str, Any] | None) -> Choices:
    """What somebody said when they submitted, besides the record's values."""
    return (said or {}).get("choices") or {}


def submit_choices(session: Session, catalogue: Catalogue, form: str, actor: Actor) -> tuple[ChoiceView, ...]:
    """For each flow that submitting may start."""
    pinned = (each for each in catalogue.started_by_submit(session, form))
    flows = [flow for flow, _ in pinned if isinstance(flow.definition.trigger, Submit)]
    return tuple(view for flow in flows for view in choices_of(session, flow, actor))


def choices_of(session: Session, flow: CompiledFlow, actor: Actor) -> tuple[ChoiceView, ...]:
    """Those of one flow."""
    views = []
    for step, choice in _choices(flow):
        title = flow.definition.step(step).title
        views.append(ChoiceView(flow.key, step, title, choice.many, _among(session, choice, actor)))
    return tuple(views)


def chosen(session: Session, flow: CompiledFlow, actor: Actor, picked: Choices | None) -> dict[str, tuple[str, ...]]:
    """The refs of whom the initiator picked, by step. Raises InvalidInput where a choice is missing, or not allowed."""
    issues: list[Issue] = []
    found: dict[str, tuple[str, ...]] = {}
    for step, choice in _choices(flow):
        people = list(dict.fromkeys((picked or {}).get(step, ())))
        if not people:
            issues.append(Issue(f"/choices/{step}", "required"))
        elif len(people) > 1 and not choice.many:
            issues.append(Issue(f"/choices/{step}", "wrong_number"))
        among = _among(session, choice, actor)
        allowed = set(_there(session, people) if among is None else among)
        issues += [
            Issue(f"/choices/{step}/{at}", "not_an_option") for at, who in enumerate(people) if who not in allowed
        ]
        found[step] = tuple(f"person:{person}" for person in people)
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))
    return found


def _choices(flow: CompiledFlow) -> Iterator[tuple[str, Choice]]:
    for step in flow.definition.walk():
        for _, people in step.uses().people:
            yield from ((who.step, who) for who in people if isinstance(who, Choice) and who.step == step.key)


def _among(session: Session, choice: Choice, actor: Actor) -> tuple[int, ...] | None:
    """Before there is a run: what `from` may name needs none."""
    if not choice.among:
        return None
    people = People(lambda: session, {}, lambda _: "", lambda _: (), lambda *_: ())
    refs = people.find(choice.among, RunState(initiator=actor.ref))
    return tuple(person for ref in refs if (person := person_of(ref)) is not None)


def _there(session: Session, people: Sequence[int]) -> list[int]:
    return list(session.scalars(select(Person.id).where(Person.id.in_(people), Person.disabled_at.is_(None))))

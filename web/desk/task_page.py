"""A task as the inbox shows it: the record to read, what to fill in, what to decide, and the course so far."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from formloom import people
from formloom.access import Identity
from formloom.i18n import localized
from sqlalchemy.orm import Session

from flow_engine.definition.view import Offer
from form_engine.definition import FieldAccess, Level
from web.context import services
from web.desk.clocks import ClockLine, clock_lines
from web.desk.decision_model import actions, editable, narrowed, seating
from web.desk.document import document
from web.desk.guest_door import GuestDoor, guest_door
from web.desk.linked import linked_records, reader_of
from web.desk.record_form import PEOPLE, UPLOAD, lookup_url
from web.desk.schedules import ScheduleView, schedules_of
from web.desk.sections import SectionView, first_facts, sections_of
from web.desk.timeline import StepView, due_state, runs_of
from web.desk.world import World
from web.forms_view import Filled, Surroundings, form_model
from web.speech import gettext

TAKING_BACK = (Offer("take_back"),)
"""What one may do about a task of one's own that is done, while nobody has acted on it."""


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Everything that ``parts/task.html`` shows."""

    id: int
    record_id: int
    title: str
    subtitle: str
    due: datetime | None
    due_state: str
    closed: str
    guest_link: GuestDoor | None
    sections: tuple[SectionView, ...]
    decision: dict[str, Any] | None
    steps: tuple[StepView, ...]
    now: datetime
    clocks: tuple[ClockLine, ...] = ()
    first: tuple[SectionView, ...] = ()
    """What the step wants to be seen first; where it says so, `sections` are the rest and stand folded below."""
    schedules: tuple[ScheduleView, ...] = ()
    said: str = ""
    """What a notice tells that is to be acknowledged."""


def task_page(session: Session, identity: Identity, task_id: int, next_url: str) -> TaskPage:
    """The caller's task; NotFound for anybody else's."""
    world = World.of(session, identity)
    task = services().flows.task(session, task_id, world.actor)
    view = services().records.view(session, services().forms, task.record, world.actor)
    form = services().forms.version(session, task.form, task.form_version)
    whole = document(view.values, view.computed)
    fields = view.fields | task.fields
    names = world.names(form, [whole])
    keys = editable(form, task.fields) if task.open else []
    first = first_facts(form, [key for key in task.facts if key not in keys], fields, whole, names, world.locale)
    shown = {*keys, *(task.facts if first else ())}
    runs = runs_of(world, task.record, run=task.run)
    return TaskPage(
        id=task.id,
        record_id=task.record,
        title=view.title or f"#{task.record}",
        subtitle=f"{localized(task.flow_title, world.locale)} · {localized(task.step_title, world.locale)}",
        due=task.due_at if task.open else None,
        due_state=due_state(task.due_at, world.context.now),
        closed=_closed(task),
        guest_link=guest_door(world, task.record),
        sections=sections_of(form, fields, whole, names, world.locale, leave_out=frozenset(shown)),
        first=first,
        decision=_decision(world, identity, task, form, fields, whole, keys, names, next_url)
        if task.open or task.may_take_back
        else None,
        steps=runs[0].steps if runs else (),
        now=world.context.now,
        schedules=schedules_of(world, task.record, form.key) if task.open else (),
        said=services().flows.said(session, task, world.actor, world.locale) if task.kind == "step" else "",
        clocks=clock_lines(task.clocks, world.locale, world.context.now),
    )


def _closed(task: Any) -> str:
    if task.open:
        return ""
    if task.status == "open":
        return gettext("This is for your information.")
    if task.closed_by:
        return gettext("%(name)s decided this.", name=task.closed_by)
    return gettext("Nobody needs to decide this any more.")


def _decision(
    world: World,
    identity: Identity,
    task: Any,
    form: Any,
    fields: FieldAccess,
    whole: dict[str, Any],
    keys: list[str],
    names: Any,
    next_url: str,
) -> dict[str, Any]:
    model = None
    if keys:
        reader = reader_of(world, fields.at_most(Level.READ) | task.fields)
        model = form_model(
            form,
            reader,
            record=Filled(task.record, 0, whole),
            around=Surroundings(linked_records(world, form, reader, [whole]), names),
            context=world.context,
            submit=None,
            lookup=lookup_url(form.key),
            upload=UPLOAD,
            people_url=PEOPLE,
            draft_key=None,
        )
        model = narrowed(model, keys, task.required)
    return {
        "task": task.id,
        "locale": world.locale,
        "submit": {"url": f"/api/v1/tasks/{task.id}/decide"},
        "actions": actions(task.offers if task.open else TAKING_BACK, task.step_titles, world.locale),
        "form": model,
        "seating": seating(task.acts, PEOPLE, people.names(world.session, task.added) if task.added else {}),
        "next": next_url,
        "inbox": "/inbox",
        "draft_key": f"{identity.workspace_id}:{identity.person_id}:task:{task.id}",
    }

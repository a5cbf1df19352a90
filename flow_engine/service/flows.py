"""Flows as the rest of the house uses them: one object, composed once, with a method for everything a page or a
program needs."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from formloom.db.engine import Databases
from formloom.db.uow import workspace_of
from formloom.errors import NotFound
from formloom.outbox import Handler
from formloom.outbox.runner import GivenUp
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.definition import FlowDef
from flow_engine.elements.outcome import Text
from flow_engine.models import FlowReport, Run, Task
from flow_engine.service import inbox as inboxes
from flow_engine.service import operations, waits
from flow_engine.service import start as starting
from flow_engine.service.calls import Calls
from flow_engine.service.catalogue import Catalogue, FlowStore
from flow_engine.service.choices import Choices, ChoiceView, choices_in, choices_of, submit_choices
from flow_engine.service.chunks import Chunks
from flow_engine.service.clocks import again
from flow_engine.service.clocks import hear as clocks
from flow_engine.service.clocks.show import ClockView, clocks_of
from flow_engine.service.decide import Answer, Wish, decide
from flow_engine.service.health import Health, health, reports, take_note
from flow_engine.service.inbox import InboxPage, Tab
from flow_engine.service.letters import Letters
from flow_engine.service.lost import given_up
from flow_engine.service.replay import Replay, replay
from flow_engine.service.replies import Replies
from flow_engine.service.runs import RunPage, RunQuery, list_runs
from flow_engine.service.schedules.preview import Asked, Shown, preview, shown
from flow_engine.service.seating import Seating
from flow_engine.service.stats import FlowFigures, flow_figures
from flow_engine.service.story import RunStory, story
from flow_engine.service.task_view import RunView, TaskView, guest_task, read_copy, task_view, timeline
from flow_engine.service.triggering import Triggering
from flow_engine.service.waiting import Waiting, records_waiting_for, waiting
from flow_engine.service.words import Translate
from flow_engine.triggers import Button
from form_engine.definitions_store import FormStore
from form_engine.records.actor import Actor
from form_engine.records.changed import BatchChanged, LateSubscriber, RecordChanged
from form_engine.records.service import Records


@dataclass(frozen=True, slots=True)
class ButtonView:
    """A button that somebody may press on a record; `fields` are what they fill then, `required` what must not be
    blank."""

    key: str
    label: Text
    title: Text
    fields: Mapping[str, str]
    required: tuple[str, ...]
    choices: tuple[ChoiceView, ...] = ()


def english(message: str, locale: str, /, **params: object) -> str:
    """What is said where no catalogue was handed in."""
    return message % params if params else message


class Flows:
    """Give `record_changed` to the records as a subscriber, `handlers` to the outbox, `timer_handlers` to the clock."""

    def __init__(self, databases: Databases, forms: FormStore, *_: object, translate: Translate = english) -> None:
        self._databases = databases
        self._catalogue = Catalogue(forms)
        self._letters = Letters(self._catalogue, translate)
        self.calls = Calls(self._catalogue)
        self.chunks = Chunks(self._catalogue)
        self.seating = Seating(databases, self._catalogue)
        self.triggering = Triggering(self._catalogue, Records(subscribers=(self.record_changed,)))

    @property
    def definitions(self) -> FlowStore:
        """Drafts and published versions of flows."""
        return self._catalogue.flows

    # What happens to runs

    def record_changed(self, session: Session, change: RecordChanged) -> None:
        """Submitting a record starts its flow, in the same transaction. What flows and imports write starts nothing."""
        fresh = change.action == "submitted" or (change.action == "created" and not change.after.draft)
        if fresh and change.actor.kind in ("person", "guest"):
            form, record = change.after.form, change.after.id
            starting.submitted(session, self._catalogue, form, record, change.actor, choices_in(change.said))

    def calendars_published(self, session: Session, keys: tuple[str, ...], actor: Actor) -> None:
        """Other hours are worked now: for dates that start flows, and for clocks that run. Calendars' followers."""
        self.triggering.calendars_published(session, keys, actor)
        again.begin(session, keys)

    def late_subscribers(self) -> tuple[LateSubscriber, ...]:
        """Who hears, a moment later, of what changes in the forms to which live flows listen."""
        return (self.triggering.late_subscriber(), LateSubscriber(self.look_again, self.watched))

    def hooked(self, session: Session, flow: str, delivery: str, payload: Any) -> list[int]:
        """Another system told of something: the runs that begin. Whoever calls has checked its signature, and that its
        id is new, in this transaction. Raises NotFound, InvalidInput with what does not map, Conflict.
        """
        return self.triggering.hooked(session, flow, delivery, payload)

    def start(self, session: Session, flow: str, record: int, initiator: Actor) -> int:
        """Begin a run of the live flow on a record; its id. Raises NotFound, Conflict `record_in_run`."""
        return starting.start(session, self._catalogue, self._catalogue.live(session, flow), record, initiator)

    def press(
        self,
        session: Session,
        button: str,
        record: int,
        actor: Actor,
        changes: Mapping[str, Any] | None = None,
        choices: Choices | None = None,
    ) -> int:
        """Press a button: start its flow, with what the person filled in, and whom they picked for which step.

        Raises Forbidden, InvalidInput, Conflict.
        """
        return starting.press(session, self._catalogue, button, record, actor, changes, choices)

    def choices(self, session: Session, form: str, actor: Actor) -> tuple[ChoiceView, ...]:
        """Whom somebody who submits a record of this form picks, for the flows that this may start."""
        return submit_choices(session, self._catalogue, form, actor)

    def decide(
        self,
        workspace_id: int,
        task_id: int,
        actor: Actor,
        decision: str,
        *,
        comment: str | None = None,
        reason: str | None = None,
        changes: Mapping[str, Any] | None = None,
        to_step: str | None = None,
        idempotency_key: str | None = None,
        people: Sequence[int] = (),
    ) -> Answer:
        """Decide a task, change who decides it, or take a decision back, in a transaction of its own: see
        `flow_engine.service.decide`."""
        wish = Wish(task_id, decision, comment, reason, changes, to_step, idempotency_key, tuple(people))
        return decide(self._databases, self._catalogue, workspace_id, actor, wish)

    def withdraw(self, session: Session, run: int, actor: Actor) -> None:
        """The initiator calls a run back where the flow lets them. Raises NotFound, IllegalTransition."""
        starting.withdraw(session, self._catalogue, run, actor)

    def resume(self, session: Session, run: int, visit: int, outcome: Mapping[str, Any]) -> bool:
        """What a visit waited for outside has come: a document, an answer, another run's end.

        A visit that waits no more means nothing, so a repeated job does no harm; False then.
        """
        return starting.resume(session, self._catalogue, run, visit, outcome)

    def failed(self, session: Session, run: int, visit: int, code: str, params: Mapping[str, Any]) -> bool:
        """Work outside for which a visit waits has been given up: the run gets an incident.

        Twice is once; False where nothing waits any more.
        """
        return operations.failed(session, self._catalogue, run, visit, code, params)

    def lost(self, kind: str) -> GivenUp:
        """What follows when the outbox gives up work of this kind."""
        return given_up(self._catalogue, kind)

    def operate(
        self,
        session: Session,
        run: int,
        actor: Actor,
        act: str,
        *,
        reason: str | None = None,
        visit: int | None = None,
        step: str | None = None,
    ) -> None:
        """An administrator retries, skips, jumps or cancels. Raises NotFound, InvalidInput, IllegalTransition."""
        operations.operate(session, self._catalogue, run, actor, act, reason=reason, visit=visit, step=step)

    def fire(self, session: Session, payload: Mapping[str, Any]) -> None:
        """A due timer of a run."""
        starting.fire(session, self._catalogue, payload)

    def fire_clock(self, session: Session, payload: Mapping[str, Any]) -> None:
        """A clock of a run has come to a threshold."""
        clocks.fire(session, self._catalogue, payload)

    def event(self, session: Session, run: int, name: str, actor: Actor, *, may_change: bool) -> int:
        """Somebody reports an event for which runs wait; how many steps went on by it.

        `may_change`: whether they may change the run's record. Raises NotFound, Forbidden.
        """
        return waits.report(session, self._catalogue, run, name, actor, may_change)

    def watched(self, session: Session, batch: BatchChanged) -> Collection[int]:
        """Those of these records of which open runs look at their record again when it changes."""
        return waits.watched(session, self._catalogue, batch.records)

    def look_again(self, session: Session, change: RecordChanged) -> None:
        """Runs that wait for a condition of this record, and its clocks, look at it again."""
        waits.look_again(session, self._catalogue, change.after.id)

    # What people see

    def inbox(
        self, session: Session, person_id: int, tab: Tab = "todo", cursor: str | None = None, limit: int = 30
    ) -> InboxPage:
        """A page of a tab. Raises InvalidInput for a cursor that is none."""
        return inboxes.inbox(session, self._catalogue, person_id, tab, cursor, limit)

    def counts(self, session: Session, person_id: int) -> dict[str, int]:
        """Open tasks (`todo`) and unread copies (`cc`)."""
        return inboxes.counts(session, person_id)

    def task(self, session: Session, task_id: int, actor: Actor) -> TaskView:
        """The actor's own task, open or done. Raises NotFound."""
        return task_view(session, self._catalogue, task_id, actor)

    def guest_task(self, session: Session, link: UUID) -> TaskView:
        """The one task behind a guest's link. Raises NotFound."""
        return guest_task(session, self._catalogue, link)

    def guest_link(self, session: Session, record: int) -> UUID | None:
        """The link of the guest who is asked about this record now; staff show it as a QR code."""
        here = workspace_of(session)
        runs = select(Run.id).where(Run.workspace_id == here, Run.record_id == record)
        statement = select(Task.guest_link_id).where(
            Task.workspace_id == here,
            Task.run_id.in_(runs),
            Task.status == "open",
            Task.guest_link_id.is_not(None),
        )
        return session.scalars(statement.order_by(Task.id.desc()).limit(1)).one_or_none()

    def open_task(self, session: Session, record: int, person_id: int) -> int | None:
        """The task about this record that waits for this person, if one does."""
        statement = select(Task.id).where(
            Task.workspace_id == workspace_of(session),
            Task.record_id == record,
            Task.person_id == person_id,
            Task.status == "open",
            Task.kind != "cc",
        )
        return session.scalars(statement.order_by(Task.id).limit(1)).one_or_none()

    def records_waiting_for(self, session: Session, form: str, person_id: int, limit: int) -> frozenset[int]:
        """The records of a form on which this person is asked something: at most so many, those due first."""
        return records_waiting_for(session, form, person_id, limit)

    def waiting(
        self, session: Session, records: Collection[int], person_id: int | None = None
    ) -> dict[int, tuple[Waiting, ...]]:
        """By record: who is asked for what now, or only what this person is. The reader may see the records."""
        return waiting(session, self._catalogue, records, person_id)

    def timeline(self, session: Session, record: int, person: int | None = None) -> tuple[RunView, ...]:
        """The runs of a record, the latest first. The caller has checked that the reader may see the record."""
        return timeline(session, self._catalogue, record=record, person=person)

    def run(self, session: Session, run: int, person: int | None = None) -> RunView:
        """One run. Raises NotFound."""
        found = timeline(session, self._catalogue, run=run, person=person)
        if not found:
            raise NotFound("unknown_run", {"run": run})
        return found[0]

    def buttons(self, session: Session, form: str, record: int, actor: Actor) -> tuple[ButtonView, ...]:
        """The buttons that this person may press on this record now."""
        found = []
        for pinned in self._catalogue.buttons(session, form):
            flow, trigger = pinned[0], pinned[0].definition.trigger
            stage = starting.probe(session, self._catalogue, pinned, record, actor)
            if isinstance(trigger, Button) and stage.record.run_id is None and starting.offered(stage, flow, actor):
                title = flow.definition.title
                choices = choices_of(session, flow, actor)
                found.append(ButtonView(flow.key, trigger.label, title, trigger.fields, trigger.require, choices))
        return tuple(found)

    def clocks(self, session: Session, run: int) -> tuple[ClockView, ...]:
        """The clocks of a run that have started. Raises NotFound."""
        found = session.get(Run, (workspace_of(session), run))
        if found is None:
            raise NotFound("unknown_run", {"run": run})
        flow = self._catalogue.definition(session, found.flow, found.flow_version)
        return clocks_of(session, {run: flow}).get(run, ())

    def read_cc(self, session: Session, task_id: int, person_id: int) -> None:
        """A copy has been read."""
        read_copy(session, task_id, person_id)

    def preview_series(
        self,
        session: Session,
        flow: str,
        step: str,
        actor: Actor,
        record: int | None = None,
        values: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """What a series step would write over a record, or a new one, with these unsaved values: see
        `flow_engine.service.schedules.preview`. Raises NotFound, Forbidden, InvalidInput."""
        return preview(session, self._catalogue, actor, Asked(flow, step, record, values or {}))

    def schedules(self, session: Session, actor: Actor, record: int, form: str) -> tuple[Shown, ...]:
        """What the series steps of this form's flows would write over the record, where they say that it is shown."""
        return shown(session, self._catalogue, actor, record, form)

    # What operators ask

    def list_runs(self, session: Session, query: RunQuery, reader: Actor) -> RunPage:
        """A page of runs. The caller has checked that the reader administers. Raises InvalidInput."""
        return list_runs(session, self._catalogue, self._catalogue.forms.forms(session), query, reader)

    def story(self, session: Session, run: int, reader: Actor | None = None) -> RunStory:
        """The way of a run with its reasons, as far as the reader may know values. Raises NotFound."""
        return story(session, self._catalogue, run, reader)

    def figures(self, session: Session, flow: str, since: datetime, until: datetime | None = None) -> FlowFigures:
        """The figures of a flow's steps in a period."""
        return flow_figures(session, flow, since, until)

    def health(self, session: Session) -> Health:
        """How the runs of the workspace are."""
        return health(session)

    def reports(self, session: Session, *, seen: bool = False) -> tuple[FlowReport, ...]:
        """What automations could not do."""
        return reports(session, seen=seen)

    def take_note(self, session: Session, report: int, actor: Actor) -> None:
        """A report has been read. Raises NotFound."""
        take_note(session, report, actor)

    def definition(self, session: Session, flow: str, version: int) -> FlowDef:
        """A published version, also one that this release cannot read (`lost`)."""
        return self._catalogue.definition(session, flow, version)

    def replay(self, session: Session, run: int) -> Replay:
        """Replay a run's journal and compare with what is stored. Raises NotFound."""
        return replay(session, self._catalogue, run)

    def run_ids(self, session: Session) -> Iterator[int]:
        """The ids of all runs, in order."""
        statement = select(Run.id).where(Run.workspace_id == workspace_of(session)).order_by(Run.id)
        return iter(session.scalars(statement).all())

    def replies(self) -> Replies:
        """Who hears what receivers of webhooks answered."""
        return Replies(self._catalogue, self.resume, self.failed)

    def still_open(self, session: Session, tasks: Sequence[int], person_id: int) -> frozenset[int]:
        """Which of these are open tasks of this person."""
        mine = (Task.workspace_id == workspace_of(session), Task.person_id == person_id, Task.status == "open")
        return frozenset(session.scalars(select(Task.id).where(*mine, Task.id.in_(tasks))))

    def said(self, session: Session, task: TaskView, reader: Actor, locale: str) -> str:
        """What a task that is a notice says to whom it is for; empty for any other."""
        return self._letters.said(session, task.run, task.step, reader, locale)

    def letters(self) -> dict[str, Handler]:
        """The handlers of the outbox items that flows put."""
        return {**self._letters.handlers(), again.KIND: partial(again.work, self._catalogue)}

    def close(self) -> None:
        """Nothing is held open."""

"""What starts runs by itself, as the rest of the flow service composes it."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from formloom.db.uow import workspace_of
from formloom.jobs import JobWork
from formloom.timers import Handler as TimerHandler
from sqlalchemy.orm import Session

from flow_engine.definition import FlowDef
from flow_engine.models import Run
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.triggering import backfill, changes, dates, hooks, schedules
from flow_engine.service.triggering.begin import report
from flow_engine.service.triggering.upcoming import Ahead, Upcoming, ahead, upcoming
from flow_engine.triggers import OnDate, Scheduled
from form_engine.fields.base import Json
from form_engine.records.actor import Actor
from form_engine.records.changed import BatchChanged, LateSubscriber, RecordChanged
from form_engine.records.service import Records


class Triggering:
    """One for a `Flows`; `records` writes for flows that make a record."""

    def __init__(self, catalogue: Catalogue, records: Records) -> None:
        self._catalogue, self._records = catalogue, records
        catalogue.flows.after_publish = self.published
        catalogue.forms.followers.append(self.forms_published)

    def late_subscriber(self) -> LateSubscriber:
        """For `records.late`."""
        return LateSubscriber(self.heard, self.heard_batch)

    def timer_handlers(self) -> dict[str, TimerHandler]:
        """For the clock, by kind."""
        return {
            dates.KIND: lambda session, payload: dates.fire(session, self._catalogue, payload),
            schedules.KIND: lambda session, payload: schedules.fire(session, self._catalogue, self._records, payload),
        }

    def timer_given_up(self, session: Session, kind: str, payload: Mapping[str, Any], error: str) -> None:
        """A timer failed for the last time: administrators learn of it. What comes at times has its next one."""
        run = session.get(Run, (workspace_of(session), payload["run"])) if "run" in payload else None
        flow = run.flow if run is not None else str(payload.get("flow", ""))
        record = run.record_id if run is not None else payload.get("record")
        told: dict[str, Json] = {"kind": kind, "error": error, **({"run": run.id} if run is not None else {})}
        report(session, "timer_broke", flow, record, told)
        if kind == schedules.KIND:
            schedules.set_next(session, self._catalogue, flow)

    def works(self) -> dict[str, JobWork]:
        """The functions of jobs, by kind."""
        return {backfill.KIND: backfill.job(self._catalogue), schedules.JOB: schedules.job(self._catalogue)}

    def heard(self, session: Session, change: RecordChanged) -> None:
        """One write of a record: what it starts."""
        changes.changed(session, self._catalogue, change)

    def heard_batch(self, session: Session, batch: BatchChanged) -> Collection[int]:
        """Writes of a form: the dates of the records; then those that start something are heard one by one."""
        dates.set_timers(session, self._catalogue, batch.form, batch.records)
        return changes.starting(session, self._catalogue, batch)

    def upcoming(self, session: Session) -> tuple[Upcoming, ...]:
        """What starts by itself, and when next."""
        return upcoming(session, self._catalogue)

    def ahead(self, session: Session, form: str, record: int) -> tuple[Ahead, ...]:
        """What dates of a record will start. The caller has checked that the reader may see the record."""
        return ahead(session, self._catalogue, form, record)

    def hooked(self, session: Session, flow: str, delivery: str, payload: Any) -> list[int]:
        """Another system's message; see `hooks`."""
        return hooks.hooked(session, self._catalogue, self._records, flow, delivery, payload)

    def published(
        self, session: Session, before: Mapping[str, FlowDef], after: Mapping[str, FlowDef], actor: Actor
    ) -> None:
        """Flows are live in a new version, or retired: their times, and the dates of the records that are there."""
        changed: dict[str, set[str]] = {}
        for key in {**before, **after}:
            old, new = before.get(key), after.get(key)
            both = [each for each in (old, new) if each is not None]
            if any(isinstance(each.trigger, Scheduled) for each in both):
                trigger = new.trigger if new is not None and isinstance(new.trigger, Scheduled) else None
                schedules.set_timer(session, key, trigger)
            for each in both if not _same(old, new) else ():
                if isinstance(each.trigger, OnDate):
                    changed.setdefault(each.form, set()).add(key)
        for form, flows in changed.items():
            backfill.begin(session, form, flows, actor.ref)

    def forms_published(self, session: Session, keys: tuple[str, ...], actor: Actor) -> None:
        """A form may compute its dates otherwise now."""
        self._again(session, lambda flow: flow.form in keys, actor)

    def calendars_published(self, session: Session, keys: tuple[str, ...], actor: Actor) -> None:
        """Other days are worked now."""

        def counts(flow: FlowDef) -> bool:
            trigger = flow.trigger
            return isinstance(trigger, OnDate) and (
                trigger.calendar in keys or (trigger.calendar is None and trigger.move is not None)
            )

        self._again(session, counts, actor)

    def _again(self, session: Session, concerned: Callable[[FlowDef], bool], actor: Actor) -> None:
        forms: dict[str, set[str]] = {}
        for key, version in self._catalogue.flows.live_versions(session).items():
            flow = self._catalogue.definition(session, key, version)
            if isinstance(flow.trigger, OnDate) and concerned(flow):
                forms.setdefault(flow.form, set()).add(key)
        for form, flows in forms.items():
            backfill.begin(session, form, flows, actor.ref)


def _same(old: FlowDef | None, new: FlowDef | None) -> bool:
    """Whether the rule is what it was."""
    return old is not None and new is not None and (old.trigger, old.form) == (new.trigger, new.form)

"""Runs that begin at times of their own: one timer a flow, set again each time it fires."""

from collections.abc import Mapping
from typing import Any, Final

from formloom import jobs, timers
from formloom.clock import app_now, time_zone
from formloom.db.uow import workspace_of
from formloom.errors import FormloomError, Unavailable
from formloom.jobs import JobRun, JobWork
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.elements.value import Formula
from flow_engine.service.catalogue import Catalogue, Pinned
from flow_engine.service.errors import BUSY
from flow_engine.service.triggering.begin import begin, report
from flow_engine.service.triggering.making import make
from flow_engine.triggers import Scheduled
from form_engine.fields.base import Json
from form_engine.formula import Env
from form_engine.models import Record
from form_engine.records.actor import SYSTEM
from form_engine.records.context import context_for
from form_engine.records.facts import record_value
from form_engine.records.facts_sql import facts_of
from form_engine.records.service import Records

KIND: Final = "flow.schedule"
JOB: Final = "flow.where"
AT_ONCE: Final = 200
"""A form with more records than these is looked through by a job."""

BATCH: Final = 50


def set_timer(session: Session, flow: str, trigger: Scheduled | None) -> None:
    """The next time after now; none where the flow is not (or no longer) started by times."""
    following = trigger.following(app_now(session), time_zone(session)) if trigger is not None else None
    if following is None:
        timers.cancel(session, _key(flow))
    else:
        timers.set(session, _key(flow), KIND, {"flow": flow}, following)


def set_next(session: Session, catalogue: Catalogue, flow: str) -> None:
    """This time came to nothing: the next one is waited for all the same."""
    pinned = catalogue.live_trigger(session, flow, Scheduled)
    trigger = pinned[0].definition.trigger if pinned is not None else None
    set_timer(session, flow, trigger if isinstance(trigger, Scheduled) else None)


def fire(session: Session, catalogue: Catalogue, records: Records, payload: Mapping[str, Any]) -> None:
    """It is time, or was while no clock ran: once."""
    pinned = catalogue.live_trigger(session, payload["flow"], Scheduled)
    if pinned is None:
        return
    trigger = pinned[0].definition.trigger
    if not isinstance(trigger, Scheduled):
        return
    set_timer(session, pinned[0].key, trigger)
    if trigger.create is not None:
        _on_new(session, catalogue, records, pinned, trigger)
    elif trigger.where is not None:
        each(session, catalogue, pinned, trigger.where, by=trigger.name, at=app_now(session).isoformat())


def each(session: Session, catalogue: Catalogue, pinned: Pinned, where: Formula, *, by: str, at: str) -> None:
    """A run for each record for which the filter holds now; where there are many records, by a job."""
    form = pinned[1].key
    ids = _next(session, form, 0, AT_ONCE + 1)
    if len(ids) <= AT_ONCE:
        _begin_where(session, catalogue, pinned, where, ids, by)
        return
    flow = pinned[0].key
    asked = {"flow": flow, "where": where.text, "by": by}
    jobs.start(session, JOB, asked, by=f"flow:{flow}", title=flow, key=f"{flow}:{at}")


def job(catalogue: Catalogue) -> JobWork:
    """Records in the order of their ids; each batch commits with how far it is."""

    def work(run: JobRun) -> dict[str, Any]:
        cursor: Mapping[str, int] = run.cursor or {"after": 0, "runs": 0}
        after, runs = cursor["after"], cursor["runs"]
        while True:
            with run.batch() as session:
                pinned = catalogue.live_trigger(session, run.payload["flow"])
                where = Formula(run.payload["where"])
                ids = _next(session, pinned[1].key, after, BATCH) if pinned is not None else []
                if pinned is None or not ids or ("", where.text) not in pinned[0].formulas:
                    return {"runs": runs}
                try:
                    runs += _begin_where(session, catalogue, pinned, where, ids, run.payload["by"])
                except FormloomError as error:
                    if error.code == BUSY:
                        raise Unavailable(BUSY) from error  # a job tries that again, from this batch on
                    raise
                after = ids[-1]
                run.advance(session, done=run.done + len(ids), cursor={"after": after, "runs": runs})

    return work


def _begin_where(
    session: Session, catalogue: Catalogue, pinned: Pinned, where: Formula, ids: list[int], by: str
) -> int:
    flow = pinned[0]
    facts = facts_of(session, catalogue.forms.forms(session), context_for(session, SYSTEM))
    conditions = [where, *([flow.definition.trigger.when] if flow.definition.trigger.when is not None else [])]
    begun = 0
    for fact in sorted(facts.load(ids), key=lambda fact: fact.id):
        env = Env(own=record_value(facts, fact), context=facts.context)
        if all(flow.evaluate(each.text, env) is True for each in conditions):
            begun += begin(session, catalogue, pinned, fact.id, by=by, actor=SYSTEM) is not None
    return begun


def _on_new(session: Session, catalogue: Catalogue, records: Records, pinned: Pinned, trigger: Scheduled) -> None:
    try:
        record = make(session, catalogue, records, pinned, trigger.create or ())
    except FormloomError as error:
        issues: list[Json] = [{"pointer": issue.pointer, "code": issue.code} for issue in error.issues]
        report(
            session, "trigger_refused", pinned[0].key, None, {"on": trigger.name, "why": error.code, "issues": issues}
        )
        return
    if record is not None:
        begin(session, catalogue, pinned, record, by=trigger.name, actor=SYSTEM)


def _next(session: Session, form: str, after: int, most: int) -> list[int]:
    mine = (Record.workspace_id == workspace_of(session), Record.form == form, Record.id > after)
    there = (Record.draft.is_(False), Record.deleted_at.is_(None))
    return list(session.scalars(select(Record.id).where(*mine, *there).order_by(Record.id).limit(most)))


def _key(flow: str) -> str:
    return f"schedule:{flow}"

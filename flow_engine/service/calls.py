"""Runs that other runs call: begun behind the calling step, told of when they end, ended when nobody waits any more.

A waiting run is held while its calls are looked at, so that of two that end at the same moment the second sees both.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from formloom.db.uow import workspace_of
from formloom.errors import Conflict, FormloomError, NotFound
from formloom.outbox import Handler, JobContext
from formloom.people import roles_of
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.machine import Operated, RunState
from flow_engine.models import Run
from flow_engine.service import start as starting
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.errors import BUSY
from flow_engine.service.origin import Origin
from flow_engine.service.plays.calling import CALL, RETURN, UNCALL
from flow_engine.service.triggering.begin import MOST_DEPTH, report
from flow_engine.steps.call import together
from form_engine.models import Record
from form_engine.records.actor import SYSTEM, Actor

CODES = ("call_refused", "chain_too_long", "unknown_record")

OVER: Final = "caller_over"
"""Why a called run is cancelled: nobody waits for it any more."""


class Calls:
    """The handlers of the outbox items that calls put."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def handlers(self) -> dict[str, Handler]:
        """By kind of outbox item."""
        return {CALL: self._call, RETURN: self._return, UNCALL: self._uncall}

    def _call(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        with context.unit_of_work() as session:
            self.begin(session, payload)
            context.finish(session)

    def _return(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        with context.unit_of_work() as session:
            child = session.get(Run, (workspace_of(session), payload["run"]))
            if child is not None and child.parent_run is not None and child.parent_visit is not None:
                self.look(session, child.parent_run, child.parent_visit)
            context.finish(session)

    def _uncall(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        with context.unit_of_work() as session:
            self.end(session, payload["run"], payload["visit"])
            context.finish(session)

    def begin(self, session: Session, payload: Mapping[str, Any]) -> None:
        """Begin the called runs, all or none. What cannot be begun makes a waiting run stuck, else it is reported.

        Raises Conflict `run_busy` where somebody else was faster: the outbox comes back to it.
        """
        caller, visit = starting.locked(session, payload["run"]), payload["visit"]
        if caller is None or (visit and RunState.from_json(caller.state).visit(visit) is None):
            return
        savepoint = session.begin_nested()
        try:
            begun = [self._begin(session, caller, payload, record) for record in sorted(payload["records"])]
            savepoint.commit()
        except FormloomError as error:
            savepoint.rollback()
            if error.code == BUSY:
                raise
            self._refused(session, caller, payload, error)
            return
        if visit and not any(begun):
            starting.resume(session, self._catalogue, caller.id, visit, {"status": "none"})

    def look(self, session: Session, run: int, visit: int) -> None:
        """Let the calling run go on if every run that this visit called has ended."""
        if starting.locked(session, run) is None:
            return
        called = select(Run.status, Run.ended_at).where(*_called(session, run, visit)).order_by(Run.id)
        ends = session.execute(called).all()
        if all(ended is not None for _, ended in ends):
            status = together([status for status, _ in ends])
            starting.resume(session, self._catalogue, run, visit, {"status": status, "runs": len(ends)})

    def end(self, session: Session, run: int, visit: int) -> None:
        """Nobody waits for the runs that this visit called: they are cancelled."""
        running = select(Run.id).where(*_called(session, run, visit), Run.ended_at.is_(None)).order_by(Run.id)
        for child in session.scalars(running).all():
            found = starting.locked(session, child)
            if found is not None and found.ended_at is None:
                event = Operated(SYSTEM.ref, "cancel", OVER)
                starting.happen(session, self._catalogue, found, SYSTEM, event, "run.cancel", caller=run)

    def _begin(self, session: Session, caller: Run, payload: Mapping[str, Any], record: int) -> bool:
        """Begin one; False where the called flow does not want this record."""
        if caller.depth >= MOST_DEPTH:
            raise Conflict("chain_too_long", {"most": MOST_DEPTH})
        pinned = self._catalogue.live(session, payload["flow"])
        held_by = session.execute(
            select(Record.form, Record.run_id).where(Record.workspace_id == workspace_of(session), Record.id == record)
        ).one_or_none()
        if held_by is None or held_by[0] != pinned[1].key:
            raise NotFound("unknown_record", {"record": record})
        actor = _initiator(session, caller)
        if not starting.holds(starting.probe(session, self._catalogue, pinned, record, actor), pinned[0]):
            return False
        origin = Origin(f"flow:{caller.id}", caller.depth + 1, caller.id, payload["visit"] or None, held_by[1] is None)
        starting.start(session, self._catalogue, pinned, record, actor, origin=origin)
        return True

    def _refused(self, session: Session, caller: Run, payload: Mapping[str, Any], error: FormloomError) -> None:
        if payload["visit"]:
            starting.resume(session, self._catalogue, caller.id, payload["visit"], {"error": error.code})
        else:
            told = {"caller": caller.id, "step": payload["step"]}
            report(session, "call_refused", payload["flow"], caller.record_id, {**told, "why": error.code})


def _called(session: Session, run: int, visit: int) -> tuple[Any, ...]:
    return (Run.workspace_id == workspace_of(session), Run.parent_run == run, Run.parent_visit == visit)


def _initiator(session: Session, run: Run) -> Actor:
    """The called run is its caller's initiator's too."""
    kind, _, name = RunState.from_json(run.state).initiator.partition(":")
    if kind == "person":
        return Actor.person(int(name), roles_of(session, int(name)))
    return Actor.guest(UUID(name)) if kind == "guest" else SYSTEM

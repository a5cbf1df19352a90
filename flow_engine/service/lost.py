"""Work of flows that the outbox has given up: nobody waits for it in silence."""

from collections.abc import Mapping
from typing import Any

from formloom.db.uow import workspace_of
from formloom.outbox.runner import GivenUp
from sqlalchemy.orm import Session

from flow_engine.models import Run
from flow_engine.service import operations
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.plays.calling import RETURN
from flow_engine.service.triggering.begin import report
from form_engine.fields.base import Json


def given_up(catalogue: Catalogue, kind: str) -> GivenUp:
    """What follows for a dead letter of this kind: an incident where a step waits for it, else a report."""

    def lost(session: Session, payload: Mapping[str, Any], error: str) -> None:
        run = session.get(Run, (workspace_of(session), payload["run"])) if payload.get("run") else None
        told: dict[str, Json] = {"error": error[:300]}
        caller, visit = _waiting(kind, payload, run)
        if caller and visit and operations.failed(session, catalogue, caller, visit, "given_up", told):
            return
        flow = run.flow if run is not None else str(payload.get("flow", ""))
        record = run.record_id if run is not None else payload.get("record")
        report(session, "work_broke", flow, record, {"kind": kind, **({"run": run.id} if run else {}), **told})

    return lost


def _waiting(kind: str, payload: Mapping[str, Any], run: Run | None) -> tuple[int | None, int | None]:
    """The run and the visit that wait, if any do: for the end of a called run those of its caller."""
    if kind == RETURN:
        return (run.parent_run, run.parent_visit) if run is not None else (None, None)
    return payload.get("run"), payload.get("visit")

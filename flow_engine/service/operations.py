"""What administrators do to runs, and what outside work that gave up does to them."""

from collections.abc import Mapping
from typing import Any, cast

from formloom.errors import InvalidInput, Issue, NotFound
from sqlalchemy.orm import Session

from flow_engine.machine import Failed, Operated, RunState
from flow_engine.machine.events import OPERATIONS, Operation
from flow_engine.service import start
from flow_engine.service.catalogue import Catalogue
from form_engine.records.actor import SYSTEM, Actor

LONGEST_REASON = 1_000


def operate(
    session: Session,
    catalogue: Catalogue,
    run_id: int,
    actor: Actor,
    act: str,
    *,
    reason: str | None = None,
    visit: int | None = None,
    step: str | None = None,
) -> None:
    """Retry or skip what is stuck in `visit`, jump to `step`, or cancel the run; the audit log keeps it.

    The caller has checked that the actor administers. Raises NotFound, InvalidInput, IllegalTransition.
    """
    run = start.locked(session, run_id)
    if run is None:
        raise NotFound("unknown_run", {"run": run_id})
    issues = [Issue("/act", "not_an_option", {"options": list(OPERATIONS)})] if act not in OPERATIONS else []
    if reason is not None and len(reason) > LONGEST_REASON:
        issues.append(Issue("/reason", "too_long", {"max": LONGEST_REASON}))
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))
    event = Operated(actor.ref, cast("Operation", act), reason, visit, step)
    told = {name: value for name, value in (("visit", visit), ("step", step)) if value is not None}
    start.happen(session, catalogue, run, actor, event, f"run.{act}", **told)


def failed(
    session: Session, catalogue: Catalogue, run_id: int, visit: int, code: str, params: Mapping[str, Any]
) -> bool:
    """Work outside for which a visit waits has been given up: an incident. Twice is once; False where nothing waits."""
    run = start.locked(session, run_id)
    state = RunState.from_json(run.state) if run is not None else None
    if run is None or state is None or state.ended or state.visit(visit) is None:
        return False
    if any(each.trouble is not None and each.trouble.waits == visit for each in state.open):
        return False
    waiting = state.visit(visit)
    step = waiting.step if waiting is not None else ""
    start.happen(session, catalogue, run, SYSTEM, Failed(code, params, step=step, visit=visit), "run.incident")
    return True

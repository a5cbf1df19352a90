"""Starting a run where nobody waits for the answer: what goes wrong is reported, never lost and never in the way."""

from typing import Final

from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, FormloomError
from sqlalchemy import Select, select, text, update
from sqlalchemy.orm import Session

from flow_engine.models import FlowReport, Run
from flow_engine.service import start as starting
from flow_engine.service.catalogue import Catalogue, Pinned
from flow_engine.service.origin import Origin
from form_engine.fields.base import Json
from form_engine.records.actor import Actor

MOST_DEPTH: Final = 8
"""So many automations may call each other in a row; the next is not started but reported."""

ATTEMPTS: Final = 3
CODES: Final = ("chain_too_long", "trigger_refused", "timer_broke", "work_broke")

_CHAIN = text("""
    WITH RECURSIVE chain (id, flow, cause, parent_run, place) AS (
        SELECT id, flow, cause, parent_run, 0 FROM run WHERE workspace_id = :workspace AND id = :run
        UNION ALL
        SELECT r.id, r.flow, r.cause, r.parent_run, c.place + 1
        FROM chain c JOIN run r ON r.workspace_id = :workspace AND r.id = coalesce(c.cause, c.parent_run)
        WHERE c.place < 20
    ) SELECT id, flow FROM chain ORDER BY place DESC
""")


def begin(
    session: Session,
    catalogue: Catalogue,
    pinned: Pinned,
    record: int,
    *,
    by: str,
    actor: Actor,
    cause: int | None = None,
) -> int | None:
    """Start a run; its id, or None where it was reported instead. `cause` is the run whose write is the reason.

    Raises Conflict `run_busy` where somebody else keeps changing the record: whoever calls comes back to it.
    """
    flow = pinned[0].key
    depth = 0 if cause is None else int(session.scalar(_depth(session, cause)) or 0) + 1
    if depth > MOST_DEPTH:
        chain: Json = [{"run": run, "flow": key} for run, key in chain_of(session, cause or 0)]
        report(session, "chain_too_long", flow, record, {"most": MOST_DEPTH, "chain": chain})
        return None
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with session.begin_nested():
                run = starting.start(session, catalogue, pinned, record, actor, origin=Origin(by, depth))
        except FormloomError as error:
            if isinstance(error, Conflict) and error.code == "run_busy":
                if attempt == ATTEMPTS:
                    raise
                continue
            report(session, "trigger_refused", flow, record, {"on": by, "why": error.code, **_told(error)})
            return None
        if cause is not None:
            mine = (Run.workspace_id == workspace_of(session), Run.id == run)
            statement = update(Run).where(*mine).values(cause=cause)
            session.execute(statement, execution_options={"synchronize_session": False})
        return run
    raise AssertionError("unreachable")


def report(session: Session, code: str, flow: str, record: int | None, params: dict[str, Json]) -> int:
    """Note what a flow could not do, for its administrators; the entry's id."""
    entry = FlowReport(
        workspace_id=workspace_of(session),
        at=app_now(session),
        code=code,
        flow=flow,
        record_id=record,
        params=params,
    )
    session.add(entry)
    session.flush()
    return entry.id


def chain_of(session: Session, run: int) -> list[tuple[int, str]]:
    """The runs that led to this one, the first of them first: (run, flow)."""
    rows = session.execute(_CHAIN, {"workspace": workspace_of(session), "run": run})
    return [(found, flow) for found, flow in rows]


def _depth(session: Session, run: int) -> Select[int]:
    return select(Run.depth).where(Run.workspace_id == workspace_of(session), Run.id == run)


def _told(error: FormloomError) -> dict[str, Json]:
    return (
        {"issues": [{"pointer": issue.pointer, "code": issue.code} for issue in error.issues]} if error.issues else {}
    )

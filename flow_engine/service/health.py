"""How the runs of a workspace are, in a few figures; and what automations could not do with nobody there to see it."""

from dataclasses import dataclass
from datetime import timedelta

from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.errors import NotFound
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from flow_engine.models import FlowReport
from form_engine.records.actor import Actor

LATE = timedelta(minutes=5)
"""A timer that is due for longer has been forgotten by its clock."""
MOST_REPORTS = 200
_FIGURES = text("""
    SELECT
        (SELECT count(*) FROM run WHERE workspace_id = :workspace AND status = 'running') AS running,
        (SELECT count(*) FROM run WHERE workspace_id = :workspace AND status = 'stuck') AS stuck,
        (SELECT count(*) FROM run r
         WHERE r.workspace_id = :workspace AND r.status = 'stuck' AND r.state @> '{"open": [{"kind": "incident"}]}')
            AS incidents,
        (SELECT count(*) FROM outbox WHERE workspace_id = :workspace AND dead_at IS NOT NULL AND done_at IS NULL)
            AS dead_letters,
        (SELECT count(*) FROM timer
         WHERE workspace_id = :workspace AND done_at IS NULL AND cancelled_at IS NULL AND due_at < :late)
            AS late_timers,
        (SELECT count(*) FROM flow_report WHERE workspace_id = :workspace AND seen_at IS NULL) AS reports
""")


@dataclass(frozen=True, slots=True)
class Health:
    """Counts. `late_timers` are due for more than five minutes; `reports` nobody has taken note of."""

    running: int
    stuck: int
    incidents: int
    dead_letters: int
    late_timers: int
    reports: int


def health(session: Session) -> Health:
    """As it is now."""
    asked = {"workspace": workspace_of(session), "late": app_now(session) - LATE}
    return Health(**session.execute(_FIGURES, asked).mappings().one())


def reports(session: Session, *, seen: bool = False) -> tuple[FlowReport, ...]:
    """What was reported, the latest first; without those that somebody has taken note of, unless `seen`."""
    statement = select(FlowReport).where(FlowReport.workspace_id == workspace_of(session))
    if not seen:
        statement = statement.where(FlowReport.seen_at.is_(None))
    return tuple(session.scalars(statement.order_by(FlowReport.id.desc()).limit(MOST_REPORTS)))


def take_note(session: Session, report: int, actor: Actor) -> None:
    """Somebody has read a report; twice changes nothing. Raises NotFound."""
    mine = (FlowReport.workspace_id == workspace_of(session), FlowReport.id == report)
    if session.scalar(select(FlowReport.id).where(*mine)) is None:
        raise NotFound("unknown_report", {"report": report})
    values = {"seen_at": app_now(session), "seen_by": actor.ref}
    statement = update(FlowReport).where(*mine, FlowReport.seen_at.is_(None)).values(values)
    session.execute(statement, execution_options={"synchronize_session": False})

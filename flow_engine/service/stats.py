"""Figures of the steps of a flow, from the rows of its tasks: how many, how long, how often sent back, what waits.

One visit of a step counts once, however many people were asked in it: from when it was opened until its last decision.
What was passed over, and copies, are no work. The period is that in which the work was opened.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from formloom.clock import app_now
from formloom.db.uow import workspace_of
from sqlalchemy import text
from sqlalchemy.orm import Session

# Percentiles are PostgreSQL's percentile_cont: between two values it lies on the line between them.
_STEPS = text("""
    WITH visit AS (
        SELECT t.run_id, t.visit, t.step,
            min(t.opened_at) AS opened,
            max(t.ended_at) FILTER (WHERE t.status = 'done') AS done,
            bool_or(t.status = 'open') AS open,
            bool_or(t.decision = 'return') AS returned,
            bool_or(t.decision = 'reject') AS rejected,
            bool_or(t.status = 'open' AND t.due_at < :now) AS overdue,
            bool_or(t.status = 'done' AND t.due_at < t.ended_at) AS late
        FROM task t
        WHERE t.workspace_id = :workspace AND t.flow = :flow AND t.kind IN ('step', 'resubmit', 'offer')
          AND t.opened_at >= :since AND t.opened_at < :until
          AND t.decision IS DISTINCT FROM 'skip'
        GROUP BY t.run_id, t.visit, t.step)
    SELECT step,
        count(*) AS visits,
        count(*) FILTER (WHERE done IS NOT NULL AND NOT open) AS done,
        extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY done - opened)
            FILTER (WHERE done IS NOT NULL AND NOT open)) AS median,
        extract(epoch FROM percentile_cont(0.9) WITHIN GROUP (ORDER BY done - opened)
            FILTER (WHERE done IS NOT NULL AND NOT open)) AS p90,
        count(*) FILTER (WHERE returned) AS returned,
        count(*) FILTER (WHERE rejected) AS rejected,
        count(*) FILTER (WHERE open) AS open,
        count(*) FILTER (WHERE overdue) AS overdue,
        count(*) FILTER (WHERE late) AS late
    FROM visit GROUP BY step
""")
_RUNS = text("""
    SELECT count(*) AS started,
        count(*) FILTER (WHERE ended_at IS NOT NULL) AS ended,
        count(*) FILTER (WHERE status = 'stuck') AS stuck,
        extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY ended_at - started_at)
            FILTER (WHERE ended_at IS NOT NULL)) AS median,
        extract(epoch FROM percentile_cont(0.9) WITHIN GROUP (ORDER BY ended_at - started_at)
            FILTER (WHERE ended_at IS NOT NULL)) AS p90
    FROM run WHERE workspace_id = :workspace AND flow = :flow AND started_at >= :since AND started_at < :until
""")


@dataclass(frozen=True, slots=True)
class StepFigures:
    """One step in a period. Times from opened to done; None where nothing was done."""

    step: str
    visits: int
    done: int
    median: timedelta | None
    p90: timedelta | None
    returned: int
    rejected: int
    open: int
    overdue: int
    late: int


@dataclass(frozen=True, slots=True)
class FlowFigures:
    """The runs that were started in a period, and their steps."""

    flow: str
    since: datetime
    until: datetime
    started: int
    ended: int
    stuck: int
    median: timedelta | None
    p90: timedelta | None
    steps: tuple[StepFigures, ...]


def flow_figures(session: Session, flow: str, since: datetime, until: datetime | None = None) -> FlowFigures:
    """The figures of a flow, over all its versions; until now if no end is named."""
    now = app_now(session)
    end = until or now
    asked = {"workspace": workspace_of(session), "flow": flow, "since": since, "until": end, "now": now}
    steps = tuple(
        StepFigures(
            step=row["step"],
            median=_length(row["median"]),
            p90=_length(row["p90"]),
            **{name: row[name] for name in ("visits", "done", "returned", "rejected", "open", "overdue", "late")},
        )
        for row in session.execute(_STEPS, asked).mappings()
    )
    runs = session.execute(_RUNS, asked).mappings().one()
    return FlowFigures(
        flow=flow,
        since=since,
        until=end,
        started=runs["started"],
        ended=runs["ended"],
        stuck=runs["stuck"],
        median=_length(runs["median"]),
        p90=_length(runs["p90"]),
        steps=steps,
    )


def _length(seconds: float | None) -> timedelta | None:
    return timedelta(seconds=float(seconds)) if seconds is not None else None

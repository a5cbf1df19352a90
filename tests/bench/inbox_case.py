"""The inbox of somebody for whom ten thousand tasks wait, among a million, against the same page written by hand.

By hand: one prepared statement over the same tables, as their owner (no row-level security), with the same columns.
Ours: the statement that the service sends, behind row-level security. The whole call, Python included, is held to what
people would notice.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from sqlalchemy import event

from flow_engine.service import Flows
from form_engine.definitions_store import FormStore
from tests.bench.approval_case import approvals, served
from tests.bench.figure import Figure
from tests.bench.query_case import run, timed

MINE, QUICK, ALL = 10_000, 100_000, 1_000_000

_FILL = """
    WITH one AS (SELECT * FROM run ORDER BY id LIMIT 1), runs AS (
        INSERT INTO run (workspace_id, flow, flow_version, form, form_version, record_id, status, state, machine,
                         initiator_id, started_at)
        SELECT workspace_id, flow, flow_version, form, form_version, record_id, 'running', state, machine,
               initiator_id, started_at
        FROM one, generate_series(1, %(all)s) n
        RETURNING id, workspace_id, flow, form, record_id, started_at
    )
    INSERT INTO task (workspace_id, run_id, flow, form, record_id, visit, step, kind, person_id, status, opened_at,
                      due_at)
    SELECT r.workspace_id, r.id, r.flow, r.form, r.record_id, 1, 'check', 'step',
           CASE WHEN r.id %% (%(all)s / %(mine)s) = 0 THEN %(person)s ELSE %(person)s + 1 + r.id %% 200 END,
           CASE WHEN r.id %% (%(all)s / %(mine)s) = 0 OR r.id %% 3 = 0 THEN 'open' ELSE 'done' END, r.started_at,
           CASE WHEN r.id %% 7 > 0 THEN r.started_at + r.id * 7919 %% 100000 * interval '1 minute' END
    FROM runs r
"""
_BY_HAND = """
    SELECT t.id, t.run_id, t.record_id, t.form, r.number, t.flow, t.step, t.kind, t.status, run.status, t.decision,
           t.opened_at, t.due_at, t.read_at, run.flow_version, p.name
    FROM task t
    JOIN run ON run.workspace_id = t.workspace_id AND run.id = t.run_id
    JOIN record r ON r.workspace_id = t.workspace_id AND r.id = t.record_id
    LEFT JOIN person p ON p.workspace_id = t.workspace_id AND p.id = run.initiator_id
    WHERE t.workspace_id = %s AND t.person_id = %s AND t.status = 'open' AND t.kind <> 'cc'
    ORDER BY t.due_at, t.id LIMIT 31
"""


def figures(*, full: bool = False) -> list[Figure]:
    """The first page."""
    count = ALL if full else QUICK
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as databases:
        approvals(databases, 1)
        with databases.server.connect(None, autocommit=True) as connection:
            found = connection.execute("SELECT workspace_id, max(id) + 1000 FROM person GROUP BY 1").fetchone()
            assert found is not None
            workspace, person = found
            connection.execute(_FILL, {"all": count, "mine": MINE, "person": person})
            connection.execute("VACUUM ANALYZE")
            page, sent = _page(databases, workspace, person), []
            event.listen(databases.app, "before_cursor_execute", lambda *told: sent.append((told[2], told[3])))
            page()
            with databases.server.connect("formloom_app", autocommit=True) as ours:
                ours.execute("SELECT set_config('app.workspace', %s, false)", (str(workspace),))
                by_hand = (_BY_HAND, (workspace, person))
                query, theirs, whole = timed(
                    [run(ours, [each for each in sent if "task" in each[0]]), run(connection, [by_hand]), page]
                )
    name = f"inbox page, 10,000 open tasks of {count:,}"
    return [
        Figure(f"{name}: query, ms", query, theirs, 1.5, "lower"),
        Figure(f"{name}: whole call, of 100 ms", whole, 100.0, 1.0, "lower"),
    ]


def _page(databases: Databases, workspace: int, person: int) -> Callable[[], object]:
    flows = Flows(databases, FormStore())

    def page() -> object:
        with unit_of_work(databases, workspace) as session:
            return flows.inbox(session, person)

    return page


if __name__ == "__main__":
    import sys

    for figure in figures(full="--full" in sys.argv):
        print(figure.row())

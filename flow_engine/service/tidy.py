"""What runs leave behind that nobody needs twice."""

from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.workspaces import all_workspaces
from sqlalchemy import text

# Whoever decided keeps reading the record: a right from each visit, often word for word the same. One is enough. Those
# of tasks that are still open say the same today and something else tomorrow.
_SAME_AGAIN = text("""
    WITH kept AS (
        SELECT g.id, row_number() OVER (PARTITION BY g.person_id, g.record_id, g.form, g.fields ORDER BY g.id) AS nth
        FROM access_grant g
        CROSS JOIN LATERAL (
            SELECT bool_or(t.status = 'done') AND NOT bool_or(t.status = 'open') AS over FROM task t
            WHERE t.workspace_id = g.workspace_id AND t.person_id = g.person_id AND t.record_id = g.record_id
              AND t.run_id = nullif(split_part(g.source, ':', 2), '')::bigint
              AND t.visit = nullif(split_part(g.source, ':', 3), '')::bigint) task
        WHERE g.workspace_id = :workspace AND g.actions = '{read}' AND g.expires_at IS NULL AND g.source LIKE 'run:%'
          AND task.over)
    DELETE FROM access_grant g USING kept
    WHERE g.workspace_id = :workspace AND g.id = kept.id AND kept.nth > 1
""")


def sweep_grants(databases: Databases) -> None:
    """Of the rights that finished tasks left, keep one of those that say the same."""
    for workspace_id in all_workspaces(databases):
        with unit_of_work(databases, workspace_id) as session:
            session.execute(_SAME_AGAIN, {"workspace": workspace_id})

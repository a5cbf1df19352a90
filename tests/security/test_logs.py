"""What only grows: audit entries, journals, histories, published definitions, seals. SQL by hand is refused as well."""

import pytest
from formloom import audit
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.security.town import Town

LOGS = {
    "audit_entry": "actor",
    "run_journal": "actor",
    "record_history": "actor",
    "definition_version": "published_by",
}


@pytest.mark.parametrize("who", ["app", "owner", "router", "sealer"])
@pytest.mark.parametrize("statement", ["UPDATE {0} SET {1} = 'somebody else'", "DELETE FROM {0}", "TRUNCATE {0}"])
@pytest.mark.parametrize("table", LOGS)
def test_a_log_is_not_rewritten(town: Town, table: str, statement: str, who: str) -> None:
    assert town.stored(table), "there is something to rewrite"
    with town.unchanged(), pytest.raises(DBAPIError, match=r"permission denied|only grows"):
        run(town, statement.format(table, LOGS[table]), who)


def run(town: Town, statement: str, who: str) -> None:
    """As somebody who got at the database would, in the workspace's own name."""
    with getattr(town.services.databases, who).begin() as connection:
        connection.execute(text("SELECT set_config('app.workspace', :id, true)"), {"id": str(town.home.workspace)})
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "ALTER TABLE record DISABLE ROW LEVEL SECURITY",
        "DROP TABLE audit_entry",
        "CREATE TABLE mine (id int)",
        "SET session_replication_role = replica",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_the_servers_own_role_cannot_help_itself(town: Town, statement: str) -> None:
    """Decision 002: by mistakes; who may send SQL of their own could become the role that logged in."""
    with pytest.raises(DBAPIError, match=r"permission denied|must be"):
        run(town, statement, "app")


def test_the_chain_is_whole_after_all_that(town: Town) -> None:
    audit.seal(town.services.databases)
    for side in (town.home, town.abroad):
        with town.session(side) as session:
            assert audit.verify(session).ok

"""A workspace is alone: row-level security on every table, held by asking the database for all of them."""

import psycopg
import pytest
from formloom.db.engine import Databases
from formloom.db.roles import ROLES
from formloom.db.uow import unit_of_work
from formloom.people import create_person
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

TABLES = """
    SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = 'public' AND relkind IN ('r', 'p') AND relname <> 'alembic_version'
"""


def tables(databases: Databases) -> list[str]:
    with databases.owner.connect() as connection:
        return list(connection.execute(text(TABLES)).scalars())


def fill(databases: Databases, workspace: int) -> list[str]:
    """A row in every table, whatever its columns, as the owner with constraints asleep."""
    names = tables(databases)
    with databases.server.connect(None, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for table in names:
            columns = connection.execute(
                "SELECT column_name, udt_name FROM information_schema.columns WHERE table_schema = 'public'"
                " AND table_name = %s AND is_nullable = 'NO' AND is_identity = 'NO'",
                (table,),
            ).fetchall()
            values = {name: example(kind) for name, kind in columns}
            values["id" if table == "workspace" else "workspace_id"] = str(workspace)
            if table == "workspace":
                connection.execute("DELETE FROM workspace WHERE id = %s", (workspace,))
            names_, marks = ", ".join(f'"{name}"' for name in values), ", ".join(values.values())
            connection.execute(f"INSERT INTO {table} ({names_}) VALUES ({marks})")
    return names


def example(kind: str) -> str:
    if kind.startswith("_"):
        return "'{}'"
    return {
        "int8": "1",
        "int4": "1",
        "numeric": "1",
        "bool": "false",
        "jsonb": "'{}'",
        "date": "'2025-12-24'",
        "timestamptz": "now()",
        "uuid": "gen_random_uuid()",
        "bytea": r"'\x00'",
        "xid8": "pg_current_xact_id()",
        "numrange": "'empty'",
    }.get(kind, "'x'")


def test_every_table_is_guarded(databases: Databases) -> None:
    guarded = "SELECT relname FROM pg_class WHERE relrowsecurity AND relkind IN ('r', 'p')"
    policies = "SELECT DISTINCT tablename FROM pg_policies WHERE policyname = 'own_workspace'"
    with databases.owner.connect() as connection:
        assert set(connection.execute(text(guarded)).scalars()) >= set(tables(databases))
        assert set(connection.execute(text(policies)).scalars()) == set(tables(databases))


def test_the_roles_own_nothing_and_bypass_nothing(databases: Databases) -> None:
    owned = f"SELECT relname FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner WHERE rolname IN {ROLES}"
    mighty = f"SELECT rolname FROM pg_roles WHERE rolname IN {ROLES} AND (rolsuper OR rolbypassrls OR rolcanlogin)"
    with databases.owner.connect() as connection:
        assert connection.execute(text(owned)).all() == []
        assert connection.execute(text(mighty)).all() == []


def test_without_a_workspace_there_is_nothing(databases: Databases, workspace: int) -> None:
    names = fill(databases, workspace)
    for role in ("formloom_app", "formloom_sealer"):
        with databases.server.connect(role, autocommit=True) as connection:
            for table in names:
                if role == "formloom_app" or table in ("audit_entry", "audit_seal"):
                    found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
                    assert found == (0,), (role, table)


def test_one_workspace_does_not_see_another(databases: Databases, workspace: int, other_workspace: int) -> None:
    names = fill(databases, workspace)
    seen: dict[int, set[str]] = {}
    for asking in (workspace, other_workspace):
        with unit_of_work(databases, asking) as session:
            seen[asking] = {table for table in names if session.execute(text(f"SELECT 1 FROM {table}")).first()}
    assert seen[workspace] == set(names)
    assert seen[other_workspace] == {"workspace"}, "each sees itself there"


def test_one_workspace_does_not_write_into_another(databases: Databases, workspace: int, other_workspace: int) -> None:
    with unit_of_work(databases, workspace) as session:
        person = create_person(session, "ada@example.test", "Ada")
    with unit_of_work(databases, other_workspace) as session:
        changed = session.execute(text("UPDATE person SET name = 'x' WHERE id = :id"), {"id": person.id})
        assert changed.rowcount == 0  # type: ignore[attr-defined]
    insert = text("INSERT INTO role (workspace_id, key, title) VALUES (:other, 'x', '{}')")
    with pytest.raises(DBAPIError, match="row-level security"), unit_of_work(databases, workspace) as session:
        session.execute(insert, {"other": other_workspace})


def test_the_router_sees_only_where_to_go(databases: Databases, workspace: int) -> None:
    fill(databases, workspace)
    content = ("payload", "password_hash", "name", "phone", "data", "body", "detail", "scopes", "subject", "email")
    with databases.owner.connect() as connection:
        visible = set(
            connection.execute(
                text(
                    "SELECT table_name || '.' || column_name FROM information_schema.column_privileges"
                    " WHERE grantee = 'formloom_router' AND privilege_type = 'SELECT'"
                )
            ).scalars()
        )
    assert not [column for column in visible if column.split(".")[1] in content and column != "workspace.name"]
    with databases.server.connect("formloom_router", autocommit=True) as connection_:
        assert connection_.execute("SELECT workspace_id FROM outbox").fetchall() == [(workspace,)]
        for refused in (
            "SELECT payload FROM outbox",
            "SELECT * FROM person",
            "DELETE FROM outbox",
            "SELECT id FROM record",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection_.execute(refused)


def test_the_role_is_there_from_the_first_moment_and_comes_back(databases: Databases) -> None:
    with databases.server.connect("formloom_app", autocommit=True) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("formloom_app",)
        connection.execute("RESET ROLE")
        assert connection.execute("SELECT current_user").fetchone() == ("formloom_app",)

"""A PostgreSQL of the operator's own, whose login is no superuser: with CREATEROLE, and without."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from formloom import audit
from formloom.db.connect import Server
from formloom.db.embedded import FORGETFUL, EmbeddedPostgres
from formloom.db.engine import databases_at
from formloom.db.migrate import drift, upgrade
from formloom.db.roles import ROLES
from formloom.db.uow import unit_of_work
from formloom.people import create_person
from formloom.settings import Settings
from formloom.workspaces import all_workspaces, create_workspace
from psycopg.conninfo import make_conninfo


@pytest.fixture
def superuser(server_folder: Path) -> Iterator[str]:
    server = EmbeddedPostgres.at(server_folder / "postgres", FORGETFUL)
    yield server.ensure()
    server.stop()


def run(address: str, *statements: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def works(address: str, settings: Settings) -> None:
    databases = databases_at(Server(lambda: address))
    upgrade(databases)
    assert drift(databases) == []
    workspace = create_workspace(databases, "main", "Main")
    with unit_of_work(databases, workspace) as session:
        person = create_person(session, "ada@example.test", "Ada")
        audit.append(session, "system", "made", f"person:{person.id}")
    with unit_of_work(databases, workspace + 1) as session:
        assert audit.verify(session).sealed == 0
    assert audit.seal(databases) == 1
    assert all_workspaces(databases) == (workspace,)
    databases.close()


def test_with_and_without_the_right_to_create_roles(superuser: str, settings: Settings) -> None:
    run(superuser, "CREATE ROLE first LOGIN CREATEROLE", "CREATE DATABASE first OWNER first")
    works(make_conninfo(superuser, user="first", dbname="first"), settings)

    run(superuser, "CREATE ROLE second LOGIN", "CREATE DATABASE second OWNER second")
    second = make_conninfo(superuser, user="second", dbname="second")
    with pytest.raises(Exception, match="permission denied to grant role"):
        works(second, settings)
    run(superuser, f"GRANT {', '.join(ROLES)} TO second")  # as decision 002 tells the operator
    works(second, settings)


def test_a_migration_that_dies_in_the_middle_leaves_the_old_shape(
    superuser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(superuser, "CREATE DATABASE broken")
    address = make_conninfo(superuser, dbname="broken")
    databases = databases_at(Server(lambda: address))

    def die() -> Iterator[str]:
        yield "SELECT 1 / 0"

    with monkeypatch.context() as patched:
        patched.setattr("migrations.functions.statements", die)
        with pytest.raises(Exception, match="division by zero"):
            upgrade(databases)
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall() == []
    upgrade(databases)
    assert drift(databases) == []
    databases.close()

"""Units of work, retries, the direct door, and drift between models and migrations."""

import threading
from collections.abc import Callable

import psycopg
import pytest
from formloom.db.connect import Server
from formloom.db.direct import direct
from formloom.db.engine import Databases, databases_at
from formloom.db.migrate import drift, is_current, upgrade
from formloom.db.retry import retrying, sqlstate
from formloom.db.uow import after_commit, unit_of_work, workspace_of
from formloom.errors import Unavailable
from formloom.models import Person, Workspace
from formloom.people import create_person
from sqlalchemy import select, text


def test_models_and_migrations_agree(databases: Databases) -> None:
    assert drift(databases) == []
    assert is_current(databases)


def test_migrating_again_changes_nothing(databases: Databases) -> None:
    upgrade(databases)
    assert drift(databases) == []


def test_several_processes_may_migrate_at_once(clone_database: Callable[[str], str]) -> None:
    address = clone_database("formloom_migrating")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    failed: list[BaseException] = []

    def migrate() -> None:
        databases = databases_at(Server(lambda: address))
        try:
            upgrade(databases)
        except Exception as error:
            failed.append(error)
        finally:
            databases.close()

    threads = [threading.Thread(target=migrate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_unit_of_work_commits_or_leaves_nothing(databases: Databases, workspace: int) -> None:
    told: list[str] = []

    def fail() -> None:
        with unit_of_work(databases, workspace) as session:
            create_person(session, "bob@example.test", "Bob")
            after_commit(session, lambda: told.append("bob"))
            raise RuntimeError

    with unit_of_work(databases, workspace) as session:
        assert workspace_of(session) == workspace
        create_person(session, "Ada@Example.test ", "Ada")
        after_commit(session, lambda: told.append("ada"))
        assert told == []
    with pytest.raises(RuntimeError):
        fail()
    with unit_of_work(databases, workspace) as session:
        assert list(session.scalars(select(Person.login))) == ["ada@example.test"]
    assert told == ["ada"]


def test_a_failing_hint_undoes_nothing(databases: Databases, workspace: int) -> None:
    def explode() -> None:
        raise RuntimeError("the hint is lost")

    told: list[str] = []
    with unit_of_work(databases, workspace) as session:
        create_person(session, "ada@example.test", "Ada")
        after_commit(session, explode)
        after_commit(session, lambda: told.append("second"))
    assert told == ["second"]


def test_an_exhausted_pool_is_said_kindly(
    databases: Databases, workspace: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("formloom.db.engine.POOL_TIMEOUT_SECONDS", 0.05)
    small = databases_at(databases.server, pool_size=1)
    try:
        with unit_of_work(small, workspace):
            with pytest.raises(Unavailable) as caught, unit_of_work(small, workspace):
                pass
            assert (caught.value.code, caught.value.params["retry_after"]) == ("pool_exhausted", 1)
        with direct(small), pytest.raises(Unavailable), direct(small):
            pass
    finally:
        small.close()


def test_a_database_that_is_away_is_said_kindly() -> None:
    nowhere = databases_at(Server(lambda: "postgresql://127.0.0.1:1/x"))
    with pytest.raises(Unavailable) as caught, unit_of_work(nowhere, 1):
        pass
    assert caught.value.code == "database_away"
    with pytest.raises(Unavailable), direct(nowhere):
        pass
    nowhere.close()


def test_a_connection_lost_in_the_middle_is_said_kindly(databases: Databases, workspace: int) -> None:
    def kill(pid: int) -> None:
        with databases.server.connect(None, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

    def lose_it() -> None:
        with unit_of_work(databases, workspace) as session:
            create_person(session, "ada@example.test", "Ada")
            kill(session.execute(text("SELECT pg_backend_pid()")).scalar_one())

    def lose_it_directly() -> None:
        with direct(databases) as line:
            kill(line.connection.info.backend_pid)
            line.ask(b"SELECT 1")

    for lose in (lose_it, lose_it_directly):
        with pytest.raises(Unavailable, match="database_away"):
            lose()
    with unit_of_work(databases, workspace) as session:
        assert session.scalars(select(Person)).all() == []


def test_what_waits_too_long_is_said_kindly(databases: Databases, workspace: int) -> None:
    def wait(statement: str) -> None:
        with unit_of_work(databases, workspace) as session:
            session.execute(text(statement))
            session.execute(text("SELECT id FROM workspace FOR NO KEY UPDATE"))

    with databases.owner.begin() as connection:
        connection.execute(text("SELECT id FROM workspace FOR UPDATE"))
        for setting in ("SET LOCAL lock_timeout = 50", "SET LOCAL statement_timeout = 50"):
            with pytest.raises(Unavailable, match="database_busy"):
                wait(setting)


def test_connections_that_the_server_closed_are_not_given_out(databases: Databases, workspace: int) -> None:
    with unit_of_work(databases, workspace), direct(databases):
        pass
    with databases.server.connect(None, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'formloom_app' AND datname = current_database()"
        )
    with unit_of_work(databases, workspace) as session, direct(databases) as raw:
        assert session.execute(select(Workspace.id)).scalar_one() == workspace
        assert raw.ask(b"SELECT 1") == b"1"


def test_direct_connections_are_the_apps_and_come_back_clean(databases: Databases, workspace: int) -> None:
    with direct(databases) as line:
        assert line.connection.autocommit
        assert line.ask(b"SELECT count(*) FROM workspace") == b"0"

    def break_off() -> None:
        with direct(databases) as line, line.connection.transaction():
            line.ask(b"SELECT set_config('app.workspace', $1::text, true)", str(workspace).encode())
            assert line.ask(b"SELECT count(*) FROM workspace") == b"1"
            line.ask(b"SELECT FROM no_such_table")

    with pytest.raises(psycopg.errors.UndefinedTable):
        break_off()
    with direct(databases) as line:
        assert line.ask(b"SELECT count(*) FROM workspace") == b"0"


def test_a_deadlock_is_tried_again(databases: Databases, workspace: int) -> None:
    with unit_of_work(databases, workspace) as session:
        ids = [create_person(session, f"p{n}@example.test", "old").id for n in range(2)]
    both_hold_one, tries = threading.Barrier(2, timeout=10), [0, 0]

    def rename(me: int) -> None:
        def work() -> None:
            tries[me] += 1
            with unit_of_work(databases, workspace) as session:
                for step, person in enumerate(ids if me == 0 else reversed(ids)):
                    session.execute(text("UPDATE person SET name = name || 'x' WHERE id = :id"), {"id": person})
                    if step == 0 and tries[me] == 1:
                        both_hold_one.wait()

        retrying(work)

    threads = [threading.Thread(target=rename, args=(me,)) for me in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with unit_of_work(databases, workspace) as session:
        assert set(session.scalars(select(Person.name))) == {"oldxx"}
    assert sum(tries) == 3


def test_other_errors_are_not_tried_again(databases: Databases, workspace: int) -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        with unit_of_work(databases, workspace) as session:
            session.execute(text("SELECT 1 / 0"))

    with pytest.raises(Exception, match="division by zero") as caught:
        retrying(work)
    assert sqlstate(caught.value) == "22012"
    assert len(tries) == 1

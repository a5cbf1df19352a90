"""What tests share: one PostgreSQL a session, a migrated template cloned for each worker, emptied for each test."""

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from formloom import clock as formloom_clock
from formloom.db.connect import Server
from formloom.db.embedded import FORGETFUL, EmbeddedPostgres
from formloom.db.engine import Databases, databases_at
from formloom.db.migrate import upgrade
from formloom.db.uow import unit_of_work
from formloom.models import Person
from formloom.people import create_person, ensure_role
from formloom.settings import PasswordCost, Settings
from formloom.workspaces import create_workspace
from psycopg import sql
from psycopg.conninfo import make_conninfo

TEMPLATE = "formloom_template"
# Any number that no other lock of ours has: workers queue here for the template.
TEMPLATE_LOCK = 7_031_001


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of one embedded server, shared by all workers of this session."""
    # Outside pytest's own folder: each session that starts closes that one to other users, and PostgreSQL, started by
    # root, runs as one.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir()) / f"formloom-tests-{run}" / "postgres"
    server = EmbeddedPostgres.at(folder, {**FORGETFUL, "shared_buffers": "'64MB'"})
    yield server.ensure()
    server.stop()
    if not (folder / "postmaster.pid").exists():
        shutil.rmtree(folder.parent, ignore_errors=True)


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """A place for an embedded server of one's own."""
    with tempfile.TemporaryDirectory(prefix="formloom-server-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def clone_database(postgres: str) -> Callable[[str], str]:
    """Make a migrated, empty database of this name (each worker has its own) and tell its address."""

    def clone(name: str) -> str:
        name = f"{name}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (TEMPLATE_LOCK,))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (TEMPLATE,)).fetchone():
                _make_template(connection, postgres)
            statement = "DROP DATABASE IF EXISTS {name} WITH (FORCE)", "CREATE DATABASE {name} TEMPLATE {template}"
            for text in statement:
                names = {"name": sql.Identifier(name), "template": sql.Identifier(TEMPLATE)}
                connection.execute(sql.SQL(text).format(**names))
        return make_conninfo(postgres, dbname=name)

    return clone


def _make_template(connection: psycopg.Connection, postgres: str) -> None:
    """Under a name of its own until it is whole: a failed migration leaves nothing that looks ready."""
    raw = f"{TEMPLATE}_raw"
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(raw)))
    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(raw)))
    address = make_conninfo(postgres, dbname=raw)
    databases = databases_at(Server(lambda: address))
    upgrade(databases)
    databases.close()
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    connection.execute(rename.format(sql.Identifier(raw), sql.Identifier(TEMPLATE)))


@pytest.fixture(scope="session")
def _worker_databases(clone_database: Callable[[str], str]) -> Iterator[Databases]:
    address = clone_database("formloom")
    databases = databases_at(Server(lambda: address), pool_size=20)
    yield databases
    databases.close()


@pytest.fixture
def databases(_worker_databases: Databases) -> Databases:
    """A migrated database without a row in it. Threads that a test starts must have ended when it ends."""
    _empty(_worker_databases)
    return _worker_databases


def _empty(databases: Databases) -> None:
    with databases.server.connect(None, autocommit=True) as connection:
        connection.execute(EMPTY)


# Deleting from the few tables that a test filled is faster than truncating all (3 ms against 60 ms for forty tables).
# Triggers and foreign keys are asleep for this superuser: logs that only grow are emptied as well.
EMPTY = """
DO $$
DECLARE
    name text;
    filled boolean;
BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO filled;
        IF filled THEN
            EXECUTE format('DELETE FROM %I', name);
        END IF;
    END LOOP;
END $$
"""


@pytest.fixture
def workspace(databases: Databases) -> int:
    """The id of an empty workspace."""
    return create_workspace(databases, "test", "Test")


@pytest.fixture
def other_workspace(databases: Databases) -> int:
    """The id of another one, whose rows nobody in `workspace` may see."""
    return create_workspace(databases, "other", "Other")


@pytest.fixture
def make_person(databases: Databases, workspace: int) -> Callable[..., Person]:
    """`make_person("Li", "finance")`: an enabled person with these roles, which are created as needed."""
    numbers = itertools.count(1)

    def make(name: str = "", *roles: str, login: str | None = None) -> Person:
        number = next(numbers)
        with unit_of_work(databases, workspace) as session:
            for role in roles:
                ensure_role(session, role, {"en": role, "zh-CN": role})
            login = login or f"person{number}@example.test"
            return create_person(session, login, name or f"Person {number}", roles=roles)

    return make


@dataclass(frozen=True)
class WorkspaceClock:
    """The clock of the test's workspace, moved for all connections alike; nobody sleeps."""

    databases: Databases
    workspace: int

    def now(self) -> datetime:
        """The workspace's present instant."""
        with unit_of_work(self.databases, self.workspace) as session:
            return formloom_clock.app_now(session)

    def travel(self, to: datetime) -> None:
        """Go to an instant, to the second."""
        with unit_of_work(self.databases, self.workspace) as session:
            formloom_clock.travel(session, to)

    def advance(self, **by: float) -> None:
        """Go forward: `clock.advance(hours=72, seconds=1)`."""
        self.travel(self.now() + timedelta(**by))


@pytest.fixture
def clock(databases: Databases, workspace: int) -> WorkspaceClock:
    """The workspace's clock."""
    return WorkspaceClock(databases, workspace)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a server in tests: cheap passwords, files in a folder of the test."""
    return Settings(
        secret_key="a secret that only the tests use, 0123456789",
        public_url="https://formloom.test",
        data_dir=tmp_path,
        password_cost=PasswordCost(time=1, memory_kib=8, lanes=1),
    )


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis on a free loopback port. Fails when the machine has none: its tests must not quietly not run."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.fail("redis-server is not installed (Debian: apt-get install redis-server); the RQ backend needs it")
    with RedisServer(binary, tmp_path_factory.mktemp("redis")) as server:
        yield server.url


class RedisServer:
    """A Redis process that a test may stop and start again."""

    def __init__(self, binary: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "RedisServer":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    pytest.fail(f"redis-server did not start: {self._command}")
                time.sleep(0.01)

    def kill(self) -> None:
        """End it at once, as a fault would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

"""The embedded PostgreSQL: what was acknowledged survives its sudden death, and it comes back by itself."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest
from formloom.db.embedded import EmbeddedPostgres
from formloom.db.engine import Databases, open_databases
from formloom.db.migrate import upgrade
from formloom.db.uow import unit_of_work
from formloom.models import Person
from formloom.people import create_person
from formloom.settings import Settings
from formloom.workspaces import create_workspace
from sqlalchemy import select

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def own_server(settings: Settings, server_folder: Path) -> Iterator[Databases]:
    databases = open_databases(replace(settings, data_dir=server_folder))
    upgrade(databases)
    yield databases
    databases.close()
    EmbeddedPostgres.at(server_folder / "postgres").stop()


def alive(pid: int) -> bool:
    return bool(psutil.pid_exists(pid)) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def kill_tree(folder: Path) -> None:
    server = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
    for process in (server, *server.children(recursive=True)):
        process.kill()
    psutil.wait_procs([server], timeout=10)


def test_it_starts_again_after_its_process_tree_was_killed(own_server: Databases, server_folder: Path) -> None:
    workspace = create_workspace(own_server, "w", "W")
    for number in range(3):
        with unit_of_work(own_server, workspace) as session:
            create_person(session, f"p{number}@example.test", "acknowledged")
        kill_tree(server_folder / "postgres")
        with unit_of_work(own_server, workspace) as session:
            assert len(session.scalars(select(Person)).all()) == number + 1


def test_a_killed_process_leaves_a_server_that_the_next_one_uses(server_folder: Path) -> None:
    code = (
        "import os, signal, sys, pathlib; sys.path[:0] = ['platform', '.'];"
        "from formloom.db.embedded import EmbeddedPostgres;"
        "EmbeddedPostgres.at(pathlib.Path(sys.argv[1])).ensure();"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(server_folder / "pg")], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    first = int((server_folder / "pg" / "postmaster.pid").read_text().split()[0])
    server = EmbeddedPostgres.at(server_folder / "pg")
    server.ensure()
    assert int((server_folder / "pg" / "postmaster.pid").read_text().split()[0]) == first
    server.stop()
    assert not alive(first), "the last one to leave stops it, though the dead one never said goodbye"


def test_a_stale_process_id_is_not_taken_for_the_server(server_folder: Path) -> None:
    server = EmbeddedPostgres.at(server_folder / "pg")
    server.ensure()
    kill_tree(server_folder / "pg")
    pid_file = server_folder / "pg" / "postmaster.pid"
    lines = pid_file.read_text().split("\n")
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))  # our own id: alive, and no server
    server.ensure()
    assert int(pid_file.read_text().split()[0]) != os.getpid()
    server.stop()

"""The server dies amid approvals, with both job backends: nothing acknowledged is lost, nothing doubled."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from urllib.parse import quote, urlencode

import pytest
from formloom import audit
from formloom.access.tokens import create_api_token
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.models import AuditEntry, OutboxItem
from formloom.settings import Settings
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import func, select

from flow_engine.models import RunJournal, Task
from tests.apps.conftest import House
from tests.apps.office import GUEST, Office
from tests.faults.deciding import Deciding
from tests.running import ROOT, RunningServer, free_port

SECRET = "a secret that only the tests use, 0123456789"
SOAK = bool(os.environ.get("FORMLOOM_SOAK"))
PAYMENTS = 60 if SOAK else 16
KILLS = 12 if SOAK else 3


def database_url(databases: Databases) -> str:
    """The test database's address as a setting."""
    parts = {key: str(value) for key, value in conninfo_to_dict(databases.server.conninfo()).items() if value}
    name, user = parts.pop("dbname"), parts.pop("user", "")
    return f"postgresql://{quote(user)}@/{name}?{urlencode(parts)}"


@pytest.fixture
def office(databases: Databases, workspace: int, settings: Settings) -> Office:
    """The office whose payments are decided."""
    return Office.open(House.of(databases, settings), workspace)


@pytest.fixture(params=["threads", "rq"])
def processes(
    request: pytest.FixtureRequest, databases: Databases, settings: Settings, tmp_path: Path
) -> Iterator[list[RunningServer]]:
    """The server (first), and with RQ a worker and a clock of their own."""
    environment = {
        "DATABASE_URL": database_url(databases),
        "SECRET_KEY": settings.secret_key,
        "PUBLIC_URL": "http://127.0.0.1",
        "DATA_DIR": str(settings.data_dir),
    }
    port = free_port()
    commands: list[tuple[str, ...]] = [("serve", "--port", str(port))]
    if request.param == "rq":
        environment["REDIS_URL"] = request.getfixturevalue("redis_url")
        commands += [("worker",), ("clock",)]
    made = [RunningServer(command, port, environment, tmp_path / f"{command[0]}.log") for command in commands]
    yield made
    for process in made:
        process.kill()


def begin(processes: list[RunningServer]) -> None:
    """Start all; ready when the server answers."""
    for other in processes[1:]:
        other.spawn()
    processes[0].start()


def test_kill_in_the_middle_of_approvals(
    processes: list[RunningServer], office: Office, databases: Databases, workspace: int
) -> None:
    payments = [office.pay("bill12", "10.00") for _ in range(PAYMENTS)]
    for payment in payments:
        office.decide(payment, GUEST, "approve")
    tasks = {office.task(payment, "finance1")[0].id: payment for payment in payments}
    lines = {"lines": [{"bill": office.ids["bill12"], "applied": "10.00"}]}
    finance = office.people["finance1"]
    assert finance.person_id is not None
    with unit_of_work(databases, workspace) as session:
        scopes = ["tasks:read", "tasks:decide"]
        _, token = create_api_token(session, finance.person_id, "approvals in this test", scopes)
    body = {task: {"decision": "approve", "changes": lines} for task in tasks}
    deciding = Deciding(processes[0].port, token, body)

    for kill in range(1, KILLS + 1):
        begin(processes)
        left = [task for task in tasks if task not in deciding.acknowledged]
        pool = deciding.all_at_once(left)
        deciding.wait_for(min(kill * PAYMENTS // (KILLS + 1), PAYMENTS))
        for process in processes:
            process.kill()
        pool.shutdown()
    begin(processes)
    deciding.all_at_once([task for task in tasks if task not in deciding.acknowledged]).shutdown()

    assert deciding.refused == {}
    assert set(deciding.acknowledged) == set(tasks), "every decision is acknowledged in the end"
    for task, first in deciding.acknowledged.items():
        assert deciding.one(task) == (200, first), "the same request gets the first answer again"
    with unit_of_work(databases, workspace) as session:
        decided = select(Task.id).where(Task.id.in_(tasks), Task.status == "done", Task.decision == "approve")
        assert set(session.scalars(decided)) == set(tasks)
        events = select(RunJournal.run_id, func.count()).where(
            RunJournal.actor == finance.ref, RunJournal.event["told"][0]["event"].astext == "decided"
        )
        assert [count for _, count in session.execute(events.group_by(RunJournal.run_id))] == [1] * PAYMENTS
        entries = select(AuditEntry.subject, func.count()).where(AuditEntry.actor == finance.ref)
        counted = session.execute(entries.group_by(AuditEntry.subject)).all()
        assert counted
        assert {count for _, count in counted} == {1}
    assert {office.status(payment) for payment in payments} == {"pending_supervisor"}
    assert office.journals_replay()
    leases_end(databases)
    wait_for_outbox(databases, workspace)
    audit.seal(databases)
    verify = subprocess.run(
        [sys.executable, "-m", "web.cli", "journal", "verify", "--workspace", "test"],
        cwd=ROOT,
        env={**os.environ, **processes[0].environment},
        check=False,
        capture_output=True,
        text=True,
    )
    assert verify.returncode == 0, verify.stderr


def leases_end(databases: Databases) -> None:
    """What the killed held is free from now on; otherwise the test would wait out their leases."""
    with databases.server.connect(None, autocommit=True) as connection:
        connection.execute("UPDATE outbox SET lease_until = now(), available_at = now() WHERE done_at IS NULL")


def wait_for_outbox(databases: Databases, workspace: int) -> None:
    """Until no background work is left; what was claimed by the dead is taken over."""
    tick = Event()
    for _ in range(900):
        with unit_of_work(databases, workspace) as session:
            open_items = select(OutboxItem.kind, OutboxItem.attempts, OutboxItem.last_error).where(
                OutboxItem.done_at.is_(None)
            )
            left = session.execute(open_items).all()
        if not left:
            return
        tick.wait(0.1)
    raise AssertionError(f"background work is left: {left}")

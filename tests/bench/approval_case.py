"""Approval steps a second on one connection, against the least that a hand-written transaction must do.

Both sides use one server with the settings that the product starts its own with: fsync and synchronous commit are on,
so each pays for one durable commit; a forgetful server would flatter whoever writes more. The baseline is six psycopg
statements (BEGIN, SELECT … FOR UPDATE, UPDATE, two INSERTs, COMMIT), prepared, on bare tables without row-level
security. Each side opens one task. Ours writes everything that the house owes: run, journal, record with history and
index, both tasks, rights, a notification, timers, audit, the answer kept for a repetition; and wakes others by NOTIFY.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from formloom.db.connect import Server
from formloom.db.embedded import EmbeddedPostgres
from formloom.db.engine import Databases, databases_at
from formloom.db.migrate import upgrade
from formloom.db.uow import unit_of_work
from formloom.people import create_person, ensure_role
from formloom.workspaces import create_workspace
from sqlalchemy import text

from flow_engine.service import Flows
from form_engine.definitions_store import FormStore
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.service import Records
from tests.bench import four_connections
from tests.bench.figure import Figure
from tests.bench.minimal_transaction import bare_runs, minimal
from tests.bench.rates import interleaved

ROUNDS, CALLS, WARM_UP = 15, 20, 20

FORM: dict[str, Any] = {
    "kind": "form",
    "key": "request",
    "title": {"en": "Request"},
    "number": "R-{seq:6}",
    "display": ["subject"],
    "fields": [
        {"key": "subject", "type": "text", "label": "Subject", "required": True, "index": True},
        {"key": "amount", "type": "money", "currency": "CNY", "label": "Amount", "index": True},
        {"key": "wanted_on", "type": "date", "label": "Wanted on", "index": True},
        {"key": "details", "type": "text", "label": "Details"},
        {
            "key": "status",
            "type": "choice",
            "label": "Status",
            "index": True,
            "options": [{"key": key, "label": key} for key in ("new", "checked", "agreed")],
            "start": "new",
            "transitions": [["new", "checked"], ["checked", "agreed"]],
        },
    ],
    "access": [{"role": "clerk", "may": ["create", "read"]}],
}
FLOW: dict[str, Any] = {
    "kind": "flow",
    "key": "agreement",
    "title": {"en": "Agreement"},
    "form": "request",
    "trigger": {"on": "submit"},
    "separate": ["initiator", "check", "agree"],
    "steps": [
        {
            "key": "check",
            "type": "approve",
            "by": {"role": "checker"},
            "fields": {"amount": "write", "*": "read"},
            "on_approve": {"set": {"status": "checked"}},
            "due": {"in": "P1D", "then": [{"at": "0.8", "do": "remind"}]},
        },
        {
            "key": "agree",
            "type": "approve",
            "by": {"role": "head"},
            "on_approve": {"set": {"status": "agreed"}},
            "due": {"in": "P1D", "then": [{"at": "0.8", "do": "remind"}]},
        },
    ],
}


def figures() -> list[Figure]:
    """One step: the first of two levels approves, the second is asked; everything the house owes is written."""
    return [_one_connection(), _four_connections()]


def _one_connection() -> Figure:
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as databases:
        approve = approvals(databases, WARM_UP + ROUNDS * CALLS)
        with databases.server.connect(None, autocommit=True) as connection:
            least = by_hand(connection, WARM_UP + ROUNDS * CALLS)
            connection.execute("ANALYZE")  # as autovacuum does in a database that lives
            for _ in range(WARM_UP):
                approve()
                least()
            ours, baseline = interleaved(approve, least, rounds=ROUNDS, calls=CALLS)
    return Figure("approval steps a second, one connection (of a minimal transaction)", ours, baseline, 0.5, "higher")


def _four_connections() -> Figure:
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as databases:
        count = four_connections.PROCESSES * four_connections.EACH
        workspace, checker, tasks, _ = waiting_tasks(databases, count)
        with databases.server.connect(None, autocommit=True) as connection:
            bare_runs(connection, 0, count)
            connection.execute("ANALYZE")
        ours, baseline = four_connections.rates(databases.server.conninfo(), workspace, checker, tasks)
    return Figure("approval steps a second, four connections (of minimal transactions)", ours, baseline, 0.5, "higher")


@contextmanager
def served(folder: Path) -> Iterator[Databases]:
    """A server with the settings that the product starts its own with."""
    server = EmbeddedPostgres.at(folder / "postgres")
    databases = databases_at(Server(server.ensure))
    try:
        upgrade(databases)
        yield databases
    finally:
        databases.close()
        server.stop()


def approvals(databases: Databases, count: int) -> Callable[[], object]:
    """A call that approves the next of so many prepared runs."""
    workspace, checker, waiting, flows = waiting_tasks(databases, count)
    tasks = iter(waiting)

    def approve() -> object:
        task = next(tasks)
        return flows.decide(workspace, task, checker, "approve", comment="fine", idempotency_key=f"k{task}")

    return approve


def waiting_tasks(databases: Databases, count: int) -> tuple[int, Actor, list[int], Flows]:
    """So many runs whose first step waits: the workspace, who is asked, their tasks."""
    workspace = create_workspace(databases, "bench", "Bench")
    forms = FormStore()
    flows = Flows(databases, forms)
    records = Records(subscribers=(flows.record_changed,))
    with unit_of_work(databases, workspace) as session:
        for role in ("clerk", "checker", "head", "admin"):
            ensure_role(session, role, {"en": role})
        people = [
            create_person(session, f"p{number}@example.test", f"Person {number}", roles=[role])
            for number, role in enumerate(("clerk", "checker", "head"))
        ]
        forms.publish_together(session, {"request": FORM}, SYSTEM)
        flows.definitions.publish_together(session, {"agreement": FLOW}, SYSTEM)
    clerk = Actor.person(people[0].id, frozenset({"clerk"}))
    with unit_of_work(databases, workspace) as session:
        for number in range(count):
            values = {
                "subject": f"Request {number}",
                "amount": "120.00",
                "wanted_on": "2026-01-05",
                "details": "x" * 200,
            }
            records.create(session, forms, "request", values, clerk)
    with databases.server.connect(None, autocommit=True) as connection:
        connection.execute("ANALYZE")  # as autovacuum does within a minute after so many rows
    checker = Actor.person(people[1].id, frozenset({"checker"}), people[1].name)
    with unit_of_work(databases, workspace) as session:
        statement = text("SELECT id FROM task WHERE person_id = :person AND status = 'open' ORDER BY id")
        tasks = list(session.scalars(statement, {"person": checker.person_id}).all())
    return workspace, checker, tasks, flows


def by_hand(connection: psycopg.Connection[Any], count: int) -> Callable[[], object]:
    """A call that takes the minimal transaction through the next of so many runs."""
    bare_runs(connection, 0, count)
    runs = iter(range(count))
    return lambda: minimal(connection, next(runs))


if __name__ == "__main__":
    for figure in figures():
        print(figure.row())

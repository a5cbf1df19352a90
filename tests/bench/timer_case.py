"""Timers that fall due all at once: how many two clocks fire a second, and whether any fires twice or is forgotten.

The clocks are two processes, as `formloom clock` is one, against a server with the settings that the product starts its
own with (fsync and synchronous commit are on). A timer's handler writes a row of its own: a notification, keyed by
nothing, so that a timer that fired twice would be two rows.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from formloom.db.connect import Server
from formloom.db.engine import Databases, databases_at
from formloom.db.uow import unit_of_work, workspace_of
from formloom.people import create_person
from formloom.timers import Clock
from formloom.workspaces import create_workspace
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.bench.approval_case import served
from tests.bench.figure import Figure

QUICK, FULL = 5_000, 100_000
CLOCKS = 2
AIM = 1_000.0
"""Timers a second."""

_FILL = text("""
    INSERT INTO timer (workspace_id, key, kind, payload, due_at)
    SELECT :workspace, concat_ws(chr(58), 'record', n, 'rule'), 'bench',
           jsonb_build_object('number', n, 'person', CAST(:person AS bigint)),
           now() - interval '1 minute' - n * interval '1 millisecond'
    FROM generate_series(1, :count) n
""")
_NOTE = text("""
    INSERT INTO notification (workspace_id, person_id, kind, params, link, created_at)
    VALUES (:workspace, :person, 'bench', jsonb_build_object('number', CAST(:number AS bigint)), '/', now())
""")


def figures(*, full: bool = False) -> list[Figure]:
    """The rate, from the first claim to the last commit; and how many timers did not fire exactly once."""
    count = FULL if full else QUICK
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as databases:
        workspace = create_workspace(databases, "bench", "Bench")
        with unit_of_work(databases, workspace) as session:
            person = create_person(session, "bench@example.test", "Bench").id
            session.execute(_FILL, {"workspace": workspace, "person": person, "count": count})
        with databases.server.connect(None, autocommit=True) as connection:
            connection.execute("ANALYZE")  # as autovacuum does within a minute after so many rows
        began, fired = _two_clocks(databases)
        seconds = time.perf_counter() - began
        wrong = _not_once(databases, workspace, count)
    assert sum(fired) == count, f"{fired} of {count} timers"
    return [
        Figure(f"timers fired a second, two clocks, {count:,} due at once", count / seconds, AIM, 1.0, "higher"),
        Figure("timers that did not fire exactly once (+1)", wrong + 1.0, 1.0, 1.0, "lower"),
    ]


def _two_clocks(databases: Databases) -> tuple[float, list[int]]:
    """When both began (they are up by then), and how many each fired."""
    command = [sys.executable, "-m", "tests.bench.timer_case", databases.server.conninfo()]
    clocks = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(CLOCKS)
    ]
    for clock in clocks:
        assert clock.stdout is not None
        assert clock.stdout.readline() == "ready\n"
    began = time.perf_counter()
    for clock in clocks:
        assert clock.stdin is not None
        clock.stdin.write("go\n")
        clock.stdin.flush()
    fired = [int(clock.communicate()[0]) for clock in clocks]
    return began, fired


def _not_once(databases: Databases, workspace: int, count: int) -> int:
    statement = text("""
        SELECT count(*) FROM (
            SELECT n FROM generate_series(1, :count) n
            LEFT JOIN notification o ON o.workspace_id = :workspace AND (o.params ->> 'number')::bigint = n
            GROUP BY n HAVING count(o.id) <> 1) wrong
    """)
    with unit_of_work(databases, workspace) as session:
        return int(session.scalar(statement, {"count": count, "workspace": workspace}) or 0)


def note(session: Session, payload: Mapping[str, Any]) -> None:
    """What a timer does here."""
    told = {"person": payload["person"], "number": payload["number"]}
    session.execute(_NOTE, {"workspace": workspace_of(session), **told})


def clock(address: str) -> None:
    """One clock process: fires until nothing is due any more."""
    databases = databases_at(Server(lambda: address))
    with databases.router.connect() as connection:
        connection.execute(text("SELECT 1"))
    print("ready", flush=True)
    sys.stdin.readline()
    fired = Clock(databases, {"bench": note}).tick()
    print(fired, flush=True)
    databases.close()


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] != "--full":
        clock(sys.argv[1])
    else:
        for figure in figures(full="--full" in sys.argv):
            print(figure.row())

"""The least that a hand-written approval must do: lock and update the run, insert a task and a journal row, commit.

Six prepared psycopg statements on bare tables without row-level security.
"""

from typing import Any

import psycopg
from psycopg.types.json import Jsonb

STATE = {"step": "check", "open": [{"id": 1, "asked": [2, 3]}], "deciders": {}, "status": "running"}


def bare_runs(connection: psycopg.Connection[Any], first: int, count: int) -> None:
    """The tables, and so many runs from that number on."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS bare_run (id bigint PRIMARY KEY, version integer NOT NULL, state jsonb NOT NULL);"
        "CREATE TABLE IF NOT EXISTS bare_task"
        " (id bigserial PRIMARY KEY, run_id bigint NOT NULL, person_id bigint, status text);"
        "CREATE INDEX IF NOT EXISTS bare_task_person ON bare_task (person_id, status);"
        "CREATE TABLE IF NOT EXISTS bare_journal"
        " (run_id bigint, seq integer, event jsonb NOT NULL, PRIMARY KEY (run_id, seq));"
    )
    rows = [(number, Jsonb(STATE)) for number in range(first, first + count)]
    connection.cursor().executemany("INSERT INTO bare_run VALUES (%s, 1, %s)", rows)


def minimal(connection: psycopg.Connection[Any], run: int) -> None:
    """One of them."""
    with connection.transaction():
        row = connection.execute("SELECT version, state FROM bare_run WHERE id = %s FOR UPDATE", (run,)).fetchone()
        assert row is not None
        version, after = row[0] + 1, {**row[1], "step": "agree"}
        connection.execute("UPDATE bare_run SET version = %s, state = %s WHERE id = %s", (version, Jsonb(after), run))
        connection.execute("INSERT INTO bare_task (run_id, person_id, status) VALUES (%s, %s, 'open')", (run, 4))
        event = Jsonb({"event": "decided", "by": 2, "decision": "approve"})
        connection.execute("INSERT INTO bare_journal VALUES (%s, %s, %s)", (run, version, event))

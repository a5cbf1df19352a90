"""Writing one record with five typed slots, against a plain INSERT of its JSON and of a history row.

Both sides are one durable commit of the same server, with the settings that the product starts its own with. Ours
always validates, makes title and search words, and writes the row of five slots with their indexes, the words that a
search finds, and history. Two figures, each against a baseline with the same kind of connection:

- what writing itself costs: `plan_create` and `apply_record_writes`, one statement that is one transaction, against
  four prepared psycopg statements (BEGIN, two INSERTs, COMMIT) on bare tables without row-level security;
- what a caller of the service gets: `Records.create` in a unit of work (which also asks rights, finds the live forms
  anew and tells subscribers), against the same two INSERTs in a unit of work.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import psycopg
from formloom.db.direct import direct
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.workspaces import create_workspace
from psycopg.types.json import Jsonb
from sqlalchemy import text

from form_engine.definitions_store import FormStore
from form_engine.records.actor import SYSTEM
from form_engine.records.context import context_for
from form_engine.records.facts import Facts
from form_engine.records.plan import plan_create
from form_engine.records.service import Records
from form_engine.records.write import batch_json
from tests.bench.approval_case import served
from tests.bench.figure import Figure
from tests.bench.rates import interleaved

ROUNDS, CALLS, WARM_UP = 15, 20, 40

FORM: dict[str, Any] = {
    "kind": "form",
    "key": "parcel",
    "title": {"en": "Parcel"},
    "display": ["code"],
    "fields": [
        {"key": "code", "type": "text", "label": "Code", "required": True, "index": True},
        {"key": "weight", "type": "number", "decimals": 2, "label": "Weight", "index": True},
        {"key": "worth", "type": "money", "currency": "CNY", "label": "Worth", "index": True},
        {"key": "sent_on", "type": "date", "label": "Sent on", "index": True},
        {
            "key": "status",
            "type": "choice",
            "label": "Status",
            "index": True,
            "options": [{"key": key, "label": key} for key in ("new", "sent", "lost")],
        },
        {"key": "notes", "type": "text", "label": "Notes"},
    ],
    "access": [],
}
VALUES = {
    "code": "P-1",
    "weight": "12.50",
    "worth": "120.00",
    "sent_on": "2026-01-05",
    "status": "new",
    "notes": "x" * 200,
}
CHANGES = {key: [None, value] for key, value in VALUES.items()}
_TABLES = (
    "CREATE TABLE bare_record (id bigserial PRIMARY KEY, data jsonb NOT NULL);"
    "CREATE TABLE bare_history (id bigserial PRIMARY KEY, record_id bigint NOT NULL, changes jsonb NOT NULL);"
    "CREATE INDEX ON bare_history (record_id);"
    "GRANT ALL ON bare_record, bare_history, bare_record_id_seq, bare_history_id_seq TO formloom_app"
)
_APPLY = b"SELECT set_config('app.workspace', $1::text, true), apply_record_writes($2::jsonb)"


def figures() -> list[Figure]:
    """In microseconds a write."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as databases:
        workspace = create_workspace(databases, "bench", "Bench")
        forms = FormStore()
        with unit_of_work(databases, workspace) as session:
            forms.publish_together(session, {"parcel": FORM}, SYSTEM)
        with databases.server.connect(None, autocommit=True) as connection:
            connection.execute(_TABLES)
            pairs = (
                ("planned and applied", planned(databases, workspace, forms), by_hand(connection)),
                ("Records.create", served_write(databases, workspace, forms), by_session(databases, workspace)),
            )
            found = []
            for name, write, plain in pairs:
                for _ in range(WARM_UP):
                    write()
                    plain()
                connection.execute("ANALYZE")  # as autovacuum does in a database that lives
                ours, baseline = interleaved(write, plain, rounds=ROUNDS, calls=CALLS)
                label = f"one record, five slots, µs: {name} (of INSERT and history)"
                found.append(Figure(label, 1e6 / ours, 1e6 / baseline, 2.0, "lower"))
    return found


def planned(databases: Databases, workspace: int, forms: FormStore) -> Callable[[], object]:
    """Plan a new record and apply it, in one round trip."""
    with unit_of_work(databases, workspace) as session:
        world, form, context = forms.forms(session), forms.live(session, "parcel"), context_for(session, SYSTEM)

    def write() -> None:
        record = plan_create(world, form, VALUES, Facts(world, context, lambda ids: ()), writable=None)
        batch = orjson.dumps(batch_json([record], SYSTEM, context.now, world=world.mark))
        with direct(databases) as line:
            line.ask(_APPLY, b"%d" % workspace, batch)

    return write


def served_write(databases: Databases, workspace: int, forms: FormStore) -> Callable[[], object]:
    """The same through the public service."""
    records = Records()

    def write() -> None:
        with unit_of_work(databases, workspace) as session:
            records.create(session, forms, "parcel", VALUES, SYSTEM)

    return write


def by_hand(connection: psycopg.Connection[Any]) -> Callable[[], object]:
    """The least: the record's JSON and a row of its history."""

    def write() -> None:
        with connection.transaction():
            row = connection.execute(
                "INSERT INTO bare_record (data) VALUES (%s) RETURNING id", (Jsonb(VALUES),)
            ).fetchone()
            assert row is not None
            insert = "INSERT INTO bare_history (record_id, changes) VALUES (%s, %s)"
            connection.execute(insert, (row[0], Jsonb(CHANGES)))

    return write


def by_session(databases: Databases, workspace: int) -> Callable[[], object]:
    """The same in a unit of work."""
    record = text("INSERT INTO bare_record (data) VALUES (CAST(:data AS jsonb)) RETURNING id")
    history = text("INSERT INTO bare_history (record_id, changes) VALUES (:id, CAST(:changes AS jsonb))")

    def write() -> None:
        with unit_of_work(databases, workspace) as session:
            made = session.scalar(record, {"data": orjson.dumps(VALUES).decode()})
            session.execute(history, {"id": made, "changes": orjson.dumps(CHANGES).decode()})

    return write


if __name__ == "__main__":
    for figure in figures():
        print(figure.row())

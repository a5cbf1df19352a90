"""A workspace with many records in many forms, and the largest form once more as a plain table."""

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import psycopg
from formloom.db.connect import Server
from formloom.db.embedded import FORGETFUL, EmbeddedPostgres
from formloom.db.engine import Databases, databases_at
from formloom.db.migrate import upgrade
from formloom.db.uow import unit_of_work
from formloom.workspaces import create_workspace

from form_engine.definitions_store import FormStore
from form_engine.records.actor import SYSTEM
from form_engine.records.sort_key import slot_text

BIG = "thing_0"
"""The form that is asked: three tenths of all records."""
STATES = ("open", "held", "done", "seldom")
WORDS = [
    first + second
    for first, second in zip(
        "设检计部中东新长重上北天报采会材培维更公", "备查划门心方城江庆海京津告购议料训护新司", strict=True
    )
]
NAMES = tuple(first + second for first in WORDS for second in WORDS)


def form(key: str) -> dict[str, Any]:
    """A form with six indexed fields, a free text and a table."""
    return {
        "kind": "form",
        "key": key,
        "title": {"en": key},
        "display": ["code"],
        "fields": [
            {"key": "code", "type": "text", "label": "Code", "index": True},
            {"key": "name", "type": "text", "label": "Name", "index": True},
            {"key": "amount", "type": "money", "currency": "CNY", "label": "Amount", "index": True},
            {"key": "due", "type": "date", "label": "Due", "index": True},
            {"key": "status", "type": "choice", "label": "Status", "index": True, "options": list(STATES)},
            {"key": "owner", "type": "member", "label": "Owner", "index": True},
            {"key": "note", "type": "text", "label": "Note", "multiline": True},
            {
                "key": "lines",
                "type": "table",
                "label": "Lines",
                "fields": [
                    {"key": "item", "type": "text", "label": "Item"},
                    {"key": "cost", "type": "money", "currency": "CNY", "label": "Cost"},
                ],
            },
        ],
        "access": [{"role": "clerk", "may": ["create", "read"]}],
    }


@dataclass(frozen=True)
class Row:
    """One record, before it is written either way."""

    form: str
    at: datetime
    code: str
    name: str
    amount: int
    due: date
    status: str
    owner: int
    note: str

    def data(self) -> dict[str, Any]:
        lines = [{"id": f"r{n}", "item": f"item {n} of {self.code}", "cost": f"{n}.00"} for n in range(6)]
        return {
            "code": self.code,
            "name": self.name,
            "amount": _decimal(self.amount),
            "due": self.due.isoformat(),
            "status": self.status,
            "owner": self.owner,
            "note": self.note,
            "lines": lines,
        }


def _decimal(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def rows(records: int, forms: int) -> Iterator[Row]:
    """Records of all forms, mixed as they would come over the years. `seldom` is seldom in the big form alone."""
    chance = random.Random(7)
    start = datetime(2020, 1, 1, tzinfo=UTC)
    for number in range(records):
        big = chance.random() < 0.3
        share = chance.random()
        seldom = 0.001 if big else 0.5
        status = "seldom" if share < seldom else ("open", "held", "done")[int(share * 1000) % 3]
        yield Row(
            BIG if big else f"thing_{chance.randrange(1, forms)}",
            start + timedelta(minutes=3 * number),
            f"C{number:07}",
            chance.choice(NAMES),
            chance.randrange(1, 10_000_000),
            date(2020, 1, 1) + timedelta(days=chance.randrange(3_000)),
            status,
            chance.randrange(1, 200),
            "".join(chance.choices(WORDS, k=20)),
        )


@contextmanager
def world(records: int, forms: int) -> Iterator[tuple[Databases, int]]:
    """A server with so many records in so many forms, vacuumed and analysed as autovacuum leaves it."""
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedPostgres.at(Path(folder) / "postgres", {**FORGETFUL, "shared_buffers": "'1GB'"})
        databases = databases_at(Server(server.ensure, statement_timeout_ms=600_000))
        try:
            upgrade(databases)
            yield databases, fill(databases, records, forms)
        finally:
            databases.close()
            server.stop()


def fill(databases: Databases, records: int, forms: int) -> int:
    """Everything by COPY; the slots and the tokens by the server from that. Returns the workspace."""
    workspace = create_workspace(databases, "bench", "Bench")
    store = FormStore()
    with unit_of_work(databases, workspace) as session:
        store.publish_together(session, {key: form(key) for key in (f"thing_{n}" for n in range(forms))}, SYSTEM)
        slots = store.forms(session).slots[BIG]
    with databases.server.connect(None) as connection:
        connection.execute("ALTER TABLE record DISABLE TRIGGER USER")
        connection.execute("CREATE TEMP TABLE sort_key (name text, key text)")
        with connection.cursor().copy("COPY sort_key FROM STDIN") as copy:
            for name in NAMES:
                copy.write_row((name, slot_text(name)))
        into = "workspace_id, form, form_version, data, search, created_at, updated_at, updated_by"
        with connection.cursor().copy(f"COPY record ({into}) FROM STDIN") as copy:
            for row in rows(records, forms):
                search = f"{row.code.lower()}\n{row.name}\n{row.status}\n{row.note}"
                document = orjson.dumps(row.data()).decode()
                copy.write_row((workspace, row.form, 1, document, search, row.at, row.at, "system"))
        slot = {
            "code": "lower(data ->> 'code') || E'\\x01' || (data ->> 'code')",
            "name": "(SELECT k.key FROM sort_key k WHERE k.name = r.data ->> 'name')",
            "amount": "replace(data ->> 'amount', '.', '')::bigint",
            "due": "(data ->> 'due')::date",
            "status": "data ->> 'status'",
            "owner": "(data ->> 'owner')::bigint",
        }
        connection.execute("ANALYZE sort_key")
        connection.execute(
            "INSERT INTO record_index (workspace_id, record_id, form, created_at,"
            f" {', '.join(slots[key] for key in slot)})"
            f" SELECT workspace_id, id, form, created_at, {', '.join(slot.values())} FROM record r"
        )
        connection.execute(
            "INSERT INTO record_search SELECT workspace_id, id, search_tokens(workspace_id, form, search) FROM record"
        )
        connection.execute("ALTER TABLE record ENABLE TRIGGER USER")
        _plain_table(connection)
    with databases.server.connect(None, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return workspace


def _plain_table(connection: psycopg.Connection[Any]) -> None:
    """The big form as a developer would have made it: a column a field, an index a question."""
    connection.execute(
        "CREATE TABLE plain_thing (id bigint PRIMARY KEY, created_at timestamptz NOT NULL, code text, name text,"
        ' name_key text COLLATE "C", amount numeric(18, 2), due date, status text, owner bigint, note text,'
        " lines jsonb)"
    )
    connection.execute(
        "INSERT INTO plain_thing SELECT r.id, r.created_at, data ->> 'code', data ->> 'name', k.key,"
        " (data ->> 'amount')::numeric, (data ->> 'due')::date, data ->> 'status', (data ->> 'owner')::bigint,"
        " data ->> 'note', data -> 'lines' FROM record r JOIN sort_key k ON k.name = r.data ->> 'name' WHERE form = %s",
        (BIG,),
    )
    for column in ("created_at", "code", "name_key", "amount", "due", "status", "owner"):
        connection.execute(f"CREATE INDEX ON plain_thing ({column}, id)")

"""Lists over many records in many forms, against the same queries by hand on a plain table of native columns.

Ours runs as the app's role with row-level security in force, over typed slots that all forms share, with statistics
that all forms share. The baseline is one form's records in a table of their own with an index on each column that is
asked for, read by the owner. Both see the same rows, the same server and the same driver: what the list service sends is
caught and sent again in turns with the query by hand, so the aims are about the queries; the whole call of the service,
Python included, is told beside them.
"""

import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import orjson
import psycopg
from formloom.db.connect import Server
from formloom.db.embedded import FORGETFUL, EmbeddedPostgres
from formloom.db.engine import Databases, databases_at
from formloom.db.migrate import upgrade
from formloom.db.uow import unit_of_work
from formloom.workspaces import create_workspace
from sqlalchemy import event

from form_engine.definitions_store import FormStore
from form_engine.query.listing import list_records
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.sort_key import slot_text
from form_engine.records.service import Records
from tests.bench.figure import Figure

BIG = "thing_0"
"""The form that is asked: three tenths of all records."""
STATES = ("open", "held", "done", "seldom")
WORDS = "设备 检查 计划 部门 中心 东方 新城 公司 长江 重庆 上海 北京 天津 报告 采购 会议 材料 培训 维护 更新".split()
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
    chance = random.Random(7)  # noqa: S311 - figures that come out the same each time
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
            f"INSERT INTO record_index (workspace_id, record_id, form, created_at, {', '.join(slots[key] for key in slot)}) "
            f"SELECT workspace_id, id, form, created_at, {', '.join(slot.values())} FROM record r"
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
        ' name_key text COLLATE "C", amount numeric(18, 2), due date, status text, owner bigint, note text, lines jsonb)'
    )
    connection.execute(
        "INSERT INTO plain_thing SELECT r.id, r.created_at, data ->> 'code', data ->> 'name', k.key,"
        " (data ->> 'amount')::numeric, (data ->> 'due')::date, data ->> 'status', (data ->> 'owner')::bigint,"
        " data ->> 'note', data -> 'lines' FROM record r JOIN sort_key k ON k.name = r.data ->> 'name' WHERE form = %s",
        (BIG,),
    )
    for column in ("created_at", "code", "name_key", "amount", "due", "status", "owner"):
        connection.execute(f"CREATE INDEX ON plain_thing ({column}, id)")


@dataclass(frozen=True)
class Asked:
    """A question to the list service, and the same by hand."""

    name: str
    ours: dict[str, Any]
    page: str
    count: str


COLUMNS = "id, code, name, amount, due, status, owner, note, lines, created_at"
ASKED = (
    Asked(
        "filtered by choice and amount, sorted by date",
        {
            "filter": {
                "and": [
                    {"field": "status", "op": "eq", "value": "open"},
                    {"field": "amount", "op": "ge", "value": "70000"},
                ]
            },
            "sort": ("due",),
        },
        f"SELECT {COLUMNS} FROM plain_thing WHERE status = 'open' AND amount >= 70000 ORDER BY due, id LIMIT 51",
        "SELECT count(*) FROM plain_thing WHERE status = 'open' AND amount >= 70000",
    ),
    Asked(
        "filtered by a value common elsewhere and rare here, newest first",
        {"filter": {"field": "status", "op": "eq", "value": "seldom"}},
        f"SELECT {COLUMNS} FROM plain_thing WHERE status = 'seldom' ORDER BY created_at DESC, id DESC LIMIT 51",
        "SELECT count(*) FROM plain_thing WHERE status = 'seldom'",
    ),
    Asked(
        "filtered by person, sorted by name (pinyin)",
        {"filter": {"field": "owner", "op": "eq", "value": 17}, "sort": ("name",)},
        f"SELECT {COLUMNS} FROM plain_thing WHERE owner = 17 ORDER BY name_key, id LIMIT 51",
        "SELECT count(*) FROM plain_thing WHERE owner = 17",
    ),
)


class Lists:
    """The list service over the big form as a clerk sees it, and what it sends."""

    def __init__(self, databases: Databases, workspace: int) -> None:
        self._databases, self._workspace = databases, workspace
        self._forms, self._records = FormStore(), Records()
        self.clerk = Actor.person(1, frozenset({"clerk"}))
        self.connection = databases.server.connect("formloom_app")
        self.connection.execute("SELECT set_config('app.workspace', %s, false)", (str(workspace),))
        self.owner = databases.server.connect(None)

    def page(self, **asked: Any) -> Any:
        with unit_of_work(self._databases, self._workspace) as session:
            access = self._records.access(session, self._forms, BIG, self.clerk)
            return list_records(session, access, **asked)

    def sent(self, **asked: Any) -> list[tuple[str, Any]]:
        """The statements of one page over records: the count first, then the ids in order, then the documents."""
        caught: list[tuple[str, Any]] = []

        def catch(_1: Any, _2: Any, statement: str, parameters: Any, *_: Any) -> None:
            if "record_index" in statement or "record_facts" in statement:
                caught.append((statement, parameters))

        event.listen(self._databases.app, "before_cursor_execute", catch)
        try:
            self.page(**asked)
        finally:
            event.remove(self._databases.app, "before_cursor_execute", catch)
        return caught


def timed(calls: Sequence[Callable[[], object]], rounds: int = 15) -> list[float]:
    """Median milliseconds of each, in turns."""
    found: list[list[float]] = [[] for _ in calls]
    for at in range(rounds + 2):
        for one, into in zip(calls, found, strict=True):
            began = perf_counter()
            one()
            if at >= 2:  # the first ones warm caches and plans
                into.append((perf_counter() - began) * 1000)
    return [median(each) for each in found]


def run(connection: psycopg.Connection[Any], statements: Sequence[tuple[str, Any]]) -> Callable[[], object]:
    def call() -> None:
        for statement, parameters in statements:
            connection.execute(statement, parameters, prepare=True).fetchall()

    return call


def compared(lists: Lists, asked: Asked) -> Iterator[Figure]:
    """Page and count of one question."""
    sent = lists.sent(**asked.ours)
    counts = [each for each in sent if "count(*)" in each[0]]
    ids = [each for each in sent if "count(*)" not in each[0] and "record_facts" not in each[0]]
    documents = [each for each in sent if "record_facts" in each[0]]
    page_by_hand = run(lists.owner, [(asked.page, None)])
    ours, whole, service, count, by_hand, counted_by_hand = timed(
        [
            run(lists.connection, ids),
            run(lists.connection, [*ids, *documents]),
            lambda: lists.page(**asked.ours),
            run(lists.connection, counts),
            page_by_hand,
            run(lists.owner, [(asked.count, None)]),
        ]
    )
    yield Figure(f"list, {asked.name}: the query, ms", ours, by_hand, 1.5, "lower")
    yield Figure("  … with the documents read and totals summed, ms", whole, by_hand, 10.0, "lower")
    yield Figure(
        "  … the whole service call with count, in Python, ms", service, by_hand + counted_by_hand, 40.0, "lower"
    )
    yield Figure("  … its count, ms", count, counted_by_hand, 1.5, "lower")


def deep(lists: Lists, pages: int) -> Figure:
    """The query of a far page against that of the first."""
    sort = {"sort": ("due",)}
    first = [each for each in lists.sent(**sort) if "key_0" in each[0]]
    page = lists.page(**sort, limit=200)
    for _ in range(pages // 4):
        page = lists.page(**sort, limit=200, after=page.next)
    far = [each for each in lists.sent(**sort, after=page.next) if "key_0" in each[0]]
    near_ms, far_ms = timed([run(lists.connection, first), run(lists.connection, far)])
    return Figure(f"list, page {pages:,} of the first page, ms", far_ms, near_ms, 1.5, "lower")


def searched(lists: Lists) -> Iterator[Figure]:
    """Two Chinese characters, and a number, against LIKE on the plain table."""
    for name, q in (("two characters seldom met", "设天"), ("a code", "c0012345")):
        by_hand = f"SELECT {COLUMNS} FROM plain_thing WHERE code || name || note ILIKE '%{q}%' ORDER BY created_at DESC LIMIT 51"
        ours, theirs = timed([lambda q=q: lists.page(q=q), run(lists.owner, [(by_hand.replace("%", "%%"), ())])], 7)
        yield Figure(f"search for {name}, whole call, of LIKE by hand, ms", ours, theirs, 1.0, "lower")


def figures(*, full: bool = False) -> list[Figure]:
    """At a million records in 200 forms when `full`, else at a twentieth."""
    records, forms, pages = (1_000_000, 200, 1_000) if full else (50_000, 20, 50)
    with world(records, forms) as (databases, workspace):
        return measured(databases, workspace, pages)


def measured(databases: Databases, workspace: int, pages: int) -> list[Figure]:
    """All figures over what is filled in already."""
    lists = Lists(databases, workspace)
    try:
        found = [figure for asked in ASKED for figure in compared(lists, asked)]
        return [*found, deep(lists, pages), *searched(lists)]
    finally:
        lists.connection.close()
        lists.owner.close()


if __name__ == "__main__":
    for figure in figures(full="--full" in sys.argv):
        print(figure.row())

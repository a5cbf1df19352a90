"""Lists over many records in many forms, against the same queries by hand on a plain table of native columns.

Ours runs as the app's role with row-level security in force, over typed slots and statistics that all forms share. The
baseline is one form's records in a table of their own with an index on each column that is asked for, read by the
owner. Both see the same rows, the same server and the same driver: what the list service sends is caught and sent again
in turns with the query by hand, so the aims are about the queries; the whole call, Python included, is held to what
people notice.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import quantiles
from time import perf_counter
from typing import Any

import psycopg
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from sqlalchemy import event

from form_engine.definitions_store import FormStore
from form_engine.query.listing import list_records
from form_engine.records.actor import Actor
from form_engine.records.service import Records
from tests.bench.figure import Figure
from tests.bench.many_records import BIG, world


@dataclass(frozen=True)
class Asked:
    """A question to the list service, and the same by hand."""

    name: str
    ours: dict[str, Any]
    page: str
    count: str
    many: bool = False


COLUMNS = "id, code, name, amount, due, status, owner, note, lines, created_at"
ASKED = (
    Asked(
        "by choice and amount, in order of date",
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
        many=True,
    ),
    Asked(
        "by a value common elsewhere, rare here",
        {"filter": {"field": "status", "op": "eq", "value": "seldom"}},
        f"SELECT {COLUMNS} FROM plain_thing WHERE status = 'seldom' ORDER BY created_at DESC, id DESC LIMIT 51",
        "SELECT count(*) FROM plain_thing WHERE status = 'seldom'",
    ),
    Asked(
        "by person, in order of name (pinyin)",
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


def timed(calls: Sequence[Callable[[], object]], rounds: int = 31) -> list[float]:
    """Milliseconds of each, called in turns: the lower quartile, because what else a machine does only ever adds."""
    found: list[list[float]] = [[] for _ in calls]
    for at in range(rounds + 2):
        for one, into in zip(calls, found, strict=True):
            began = perf_counter()
            one()
            if at >= 2:  # the first ones warm caches and plans
                into.append((perf_counter() - began) * 1000)
    return [quantiles(each, n=4)[0] for each in found]


def run(connection: psycopg.Connection[Any], statements: Sequence[tuple[str, Any]]) -> Callable[[], object]:
    def call() -> None:
        for statement, parameters in statements:
            connection.execute(statement, parameters, prepare=True).fetchall()

    return call


def compared(lists: Lists, asked: Asked) -> Iterator[Figure]:
    """The page's query, the count where it is much, and the whole call against a limit that people would notice."""
    sent = lists.sent(**asked.ours)
    counts = [each for each in sent if "count(*)" in each[0]]
    ids = [each for each in sent if "key_0" in each[0]]
    ours, service, count, by_hand, counted_by_hand = timed(
        [
            run(lists.connection, ids),
            lambda: lists.page(**asked.ours),
            run(lists.connection, counts),
            run(lists.owner, [(asked.page, None)]),
            run(lists.owner, [(asked.count, None)]),
        ]
    )
    yield Figure(f"list {asked.name}: query, ms", ours, by_hand, 1.5, "lower")
    if asked.many:  # a count of a few hundred takes a tenth of a millisecond, and planning it more
        yield Figure(f"list {asked.name}: count, ms", count, counted_by_hand, 1.5, "lower")
    else:
        yield Figure(f"list {asked.name}: whole call, of 100 ms", service, 100.0, 1.0, "lower")


def deep(lists: Lists, pages: int) -> Figure:
    """The query of a far page against that of the first."""
    sort = {"sort": ("due",)}
    first = [each for each in lists.sent(**sort) if "key_0" in each[0]]
    page = lists.page(**sort, limit=200)
    for _ in range(pages // 4):
        page = lists.page(**sort, limit=200, after=page.next)
    far = [each for each in lists.sent(**sort, after=page.next) if "key_0" in each[0]]
    near_ms, far_ms = timed([run(lists.connection, first), run(lists.connection, far)])
    return Figure(f"list, page {pages:,}: query, of the first page's, ms", far_ms, near_ms, 1.5, "lower")


def searched(lists: Lists) -> Iterator[Figure]:
    """Two Chinese characters, and a number, against LIKE on the plain table."""
    for name, q in (("two characters seldom met", "设天"), ("a code", "c0012345")):
        like = f"SELECT {COLUMNS} FROM plain_thing WHERE code || name || note ILIKE %s ORDER BY id DESC LIMIT 51"
        ours, theirs = timed([partial(lists.page, q=q), run(lists.owner, [(like, (f"%{q}%",))])], 7)
        yield Figure(f"search for {name}: whole call, of LIKE by hand, ms", ours, theirs, 1.0, "lower")


def figures(*, full: bool = False) -> list[Figure]:
    """At a million records in 200 forms when `full`, else at a fifth of both."""
    records, forms, pages = (1_000_000, 200, 1_000) if full else (200_000, 40, 200)
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

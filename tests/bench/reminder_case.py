"""Another rule for reminders over many records, while somebody works: how many records a second have their dates worked
out anew, and what the inbox costs its reader meanwhile, against what it costs when nothing goes on.

One server process as `formloom serve` runs it, with its own PostgreSQL: pages and background work share what there is.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from formloom.access import Access
from formloom.db.connect import Server
from formloom.db.embedded import EmbeddedPostgres
from formloom.db.engine import Databases, databases_at
from formloom.db.migrate import upgrade
from formloom.db.uow import unit_of_work
from formloom.people import create_person, ensure_role
from formloom.settings import Settings
from formloom.workspaces import create_workspace
from sqlalchemy import text

from flow_engine.service import Flows
from form_engine.calendars.store import CalendarStore
from form_engine.definitions_store import FormStore
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.service import Records
from tests.bench.figure import Figure
from tests.running import RunningServer, free_port

QUICK, FULL = 20_000, 100_000
AIM = 1_000.0
"""Records a second."""
IDLE_PAGES, TASKS = 60, 40
PAUSE_SECONDS = 0.1
"""Between two looks at the inbox."""
LOGIN, PASSWORD = "reader@example.test", "a password of the bench"

PAPER: dict[str, Any] = {
    "kind": "form",
    "key": "paper",
    "title": {"en": "Paper"},
    "display": ["name"],
    "fields": [
        {"key": "name", "type": "text", "label": "Name", "index": True},
        {"key": "ends", "type": "date", "label": "Ends", "index": True},
        {"key": "status", "type": "choice", "label": "Status", "options": ["active", "closed"], "index": True},
        {"key": "note", "type": "text", "label": "Note"},
    ],
    "access": [{"role": "clerk", "may": ["create", "read"]}],
}
OFFICE: dict[str, Any] = {
    "kind": "calendar",
    "key": "office",
    "title": {"en": "Office"},
    "hours": {day: ["09:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
}
_FILL = text("""
    INSERT INTO record (workspace_id, form, form_version, title, data, search, updated_by)
    SELECT :workspace, 'paper', 1, concat('P', n), jsonb_build_object(
             'name', concat('P', n), 'ends', (current_date + 100 + n % 800)::text, 'status', 'active'), '', 'system'
    FROM generate_series(1, :count) n
""")
_WORKED = text("""
    SELECT extract(epoch FROM finished_at - started_at) FROM job
    WHERE workspace_id = :workspace AND kind = 'flow.dates' AND id = (SELECT max(id) FROM job)
""")


def rule(name: str, days: int) -> dict[str, Any]:
    """A reminder so many days before the end, earlier where that is a day off."""
    return {
        "kind": "flow",
        "key": name,
        "title": {"en": name},
        "form": "paper",
        "trigger": {
            "on": "date",
            "field": "ends",
            "offset": f"-P{days}D",
            "at": "09:00",
            "move": "earlier",
            "calendar": "office",
            "series": "ends",
            "when": 'status = "active"',
        },
        "steps": [{"key": "mark", "type": "update", "set": {"note": name}}],
    }


ASK: dict[str, Any] = {
    "kind": "flow",
    "key": "ask",
    "title": {"en": "Ask"},
    "form": "paper",
    "trigger": {"on": "submit"},
    "steps": [{"key": "look", "type": "approve", "by": {"role": "clerk"}}],
}


def figures(*, full: bool = False) -> list[Figure]:
    """The rate, and the inbox's 95th percentile while it lasts over that of the same server at rest."""
    count = FULL if full else QUICK
    with tempfile.TemporaryDirectory() as folder, office(Path(folder), count) as (databases, workspace, url):
        flows = Flows(databases, FormStore())
        look = reader(url)
        for _ in range(5):
            look()
        idle = [look() for _ in range(IDLE_PAGES)]
        publish(databases, workspace, flows, (45, 20, 10, 5))
        busy: list[float] = []
        while (took := worked(databases, workspace)) is None:
            busy.append(look())
    at_rest, at_work = percentile(idle), percentile(busy)
    name = f"reminders of {count:,} records worked out anew in the background"
    return [
        Figure(f"{name}: records a second", count / took, AIM, 1.0, "higher"),
        Figure(f"inbox meanwhile ({len(busy)} pages), p95, of that at rest, ms", at_work, at_rest, 2.0, "lower"),
    ]


@contextmanager
def office(folder: Path, count: int) -> Iterator[tuple[Databases, int, str]]:
    """A server with so many papers, their reminders set, and a reader with tasks."""
    server = EmbeddedPostgres.at(folder / "postgres")
    databases = databases_at(Server(server.ensure))
    settings = Settings(secret_key="only the bench knows it, 0123456789", data_dir=folder)
    upgrade(databases)
    workspace = create_workspace(databases, "main", "Bench")
    forms = FormStore()
    flows = Flows(databases, forms)
    with unit_of_work(databases, workspace) as session:
        ensure_role(session, "clerk", {"en": "clerk"})
        person = create_person(session, LOGIN, "Reader", roles=["clerk"])
        Access(databases, settings).set_password(session, person.id, PASSWORD)
        forms.publish_together(session, {"paper": PAPER}, SYSTEM)
        CalendarStore().publish_together(session, {"office": OFFICE}, SYSTEM)
        flows.definitions.publish_together(session, {"ask": ASK}, SYSTEM)
    clerk = Actor.person(person.id, frozenset({"clerk"}), person.name)
    records = Records(subscribers=(flows.record_changed,))
    with unit_of_work(databases, workspace) as session:
        for number in range(TASKS):
            records.create(session, forms, "paper", {"name": f"T{number}"}, clerk)
        session.execute(_FILL, {"workspace": workspace, "count": count})
    with databases.server.connect(None, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    port = free_port()
    told = {
        "DATABASE_URL": databases.server.conninfo(),
        "DATA_DIR": str(folder),
        "LOG_LEVEL": "WARNING",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "REDIS_URL": "",
        "SECRET_KEY": settings.secret_key,
    }
    product = RunningServer(("serve", "--port", str(port)), port, told, folder / "server.log")
    try:
        product.start()
        publish(databases, workspace, flows, (60, 30, 15, 7))
        while worked(databases, workspace) is None:
            time.sleep(0.2)
        yield databases, workspace, product.url
    finally:
        product.stop()
        databases.close()
        server.stop()


def publish(databases: Databases, workspace: int, flows: Flows, days: tuple[int, ...]) -> None:
    """Make these the days on which people are reminded."""
    rules = {f"rule_{place}": rule(f"rule_{place}", before) for place, before in enumerate(days)}
    with unit_of_work(databases, workspace) as session:
        flows.definitions.publish_together(session, rules, SYSTEM)


def worked(databases: Databases, workspace: int) -> float | None:
    """Seconds that the last job took; None while it works."""
    with unit_of_work(databases, workspace) as session:
        took = session.scalar(_WORKED, {"workspace": workspace})
    return None if took is None else float(took)


def reader(url: str) -> Callable[[], float]:
    """Somebody who is logged in: a call that looks at the inbox and says how many milliseconds that took."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    log_in(browser, url)

    def look() -> float:
        began = time.perf_counter()
        with browser.open(f"{url}/inbox") as answer:
            page = answer.read()
        took = (time.perf_counter() - began) * 1_000
        assert b"task=" in page, "no inbox"
        time.sleep(PAUSE_SECONDS)
        return took

    return look


def log_in(browser: OpenerDirector, url: str) -> None:
    """As the page's form does."""
    with browser.open(f"{url}/login") as answer:
        page = answer.read().decode()
    token = page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
    asked = {"csrf_token": token, "login": LOGIN, "password": PASSWORD}
    browser.open(f"{url}/login", urlencode(asked).encode()).close()


def percentile(times: list[float]) -> float:
    """The 95th."""
    return statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    import sys

    for figure in figures(full="--full" in sys.argv):
        print(figure.row())

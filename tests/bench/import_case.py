"""Importing 50,000 rows of 20 columns with validation: rows a second from the uploaded file to the written records.

`--full` takes the whole size; the default run a fifth of it. What is timed, by the clock on the wall, is the way that a
user's file goes, in one process as a worker runs it, beside an embedded PostgreSQL that forgets (no fsync):

- reading: upload, the mapping guessed, the file parsed by its own process, each row cleaned, its link found among 400
  records, asked of the form (required, rules, unique), and staged with what is said of it; doubles settled, counts;
- writing: the staged rows read again, asked of the form once more, and put in with history, five indexed slots, links,
  unique values and the pairs of characters that search finds them by; each row told what it became.

The sheet is dirty the way exports are (amounts with signs and separators, dates with slashes, spaced telephones), and
every row is good. Both phases use two cores; on a machine with other work the figure falls with what is left of them,
so `python -m tests.bench.import_case 10000` tells this process's own computing as well (the fourth number; seconds of
reading, of writing and MB stand before it). Memory is the importing process's own largest resident set, read from a
process of its own.
"""

import csv
import io
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from formloom import jobs, outbox
from formloom.collector import collect_seldom
from formloom.db.connect import Server
from formloom.db.embedded import FORGETFUL, EmbeddedPostgres
from formloom.db.engine import databases_at
from formloom.db.migrate import upgrade
from formloom.db.uow import unit_of_work
from formloom.files import FileStore
from formloom.settings import Settings
from formloom.workspaces import create_workspace

from apps.stores import stores_for
from flow_engine.service import Flows
from form_engine.definitions_store import FormStore
from form_engine.imports.service import Imports
from form_engine.imports.works import import_works
from form_engine.records.actor import SYSTEM
from form_engine.records.service import Records
from tests.bench.figure import Figure

ROWS, QUICK = 50_000, 10_000
AIM = 2_000.0
MEMORY_MB = 300.0

_KINDS: dict[str, dict[str, Any]] = {
    "text": {"max_length": 80},
    "money": {"currency": "CNY", "min": "0"},
    "date": {},
    "choice": {"options": ["new", "open", "held", "done"]},
    "number": {"decimals": 2},
    "phone": {},
}


def form() -> dict[str, Any]:
    """Twenty fields: a unique code, a link, and eighteen of six types; five of them indexed."""
    kinds = list(_KINDS)
    fields: list[dict[str, Any]] = [
        {"key": "code", "type": "text", "max_length": 40, "label": "Code", "required": True, "index": True},
        {"key": "place", "type": "link", "form": "place", "label": "Place", "required": True, "index": True},
    ]
    for at in range(18):
        kind = kinds[at % len(kinds)]
        fields.append(
            {"key": f"f{at}", "type": kind, "label": f"Field {at}", "required": at < 6, "index": at < 3, **_KINDS[kind]}
        )
    return {
        "kind": "form",
        "key": "item",
        "title": "Item",
        "display": ["code"],
        "unique": [["code"]],
        "fields": fields,
        "rules": [{"assert": "ISBLANK(f1) OR f1 < 1000000", "message": "Too much"}],
    }


PLACE = {
    "kind": "form",
    "key": "place",
    "title": "Place",
    "display": ["name"],
    "unique": [["name"]],
    "fields": [{"key": "name", "type": "text", "label": "Name", "required": True, "index": True}],
}


def sheet(rows: int) -> bytes:
    """Comma-separated, as people's systems write it: amounts with separators, dates with slashes."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["Code", "Place", *(f"Field {at}" for at in range(18))])
    day = date(2025, 1, 1)
    makers: dict[str, Callable[[int], str]] = {
        "text": lambda n: f"line of words {n % 977}",
        "money": lambda n: f"￥{n % 5000 + 1000:,}.50",
        "date": lambda n: (day + timedelta(days=n % 700)).strftime("%Y/%m/%d"),
        "choice": lambda n: ("new", "open", "held", "done")[n % 4],
        "number": lambda n: f"{n % 1000}.25",
        "phone": lambda n: f"199 0000 {n % 10000:04}",
    }
    kinds = list(_KINDS)
    for n in range(rows):
        writer.writerow(
            [f"IT-{n:07}", f"Place {n % 400}", *(makers[kinds[at % len(kinds)]](n + at) for at in range(18))]
        )
    return out.getvalue().encode()


def measure(rows: int) -> dict[str, float]:
    """Seconds of reading, of writing and of this process's own computing in both; its largest resident set in MB."""
    content = sheet(rows)
    with tempfile.TemporaryDirectory(prefix="formloom-bench-", ignore_cleanup_errors=True) as folder:
        server = EmbeddedPostgres.at(Path(folder) / "postgres", FORGETFUL)
        address = server.ensure()
        databases = databases_at(Server(lambda: address))
        upgrade(databases)
        workspace = create_workspace(databases, "bench", "Bench")
        settings = Settings(secret_key="a secret for the bench only, 0123456789", data_dir=Path(folder))
        forms = FormStore()
        files, stores = FileStore.of(settings), stores_for(forms, Flows(databases, forms).definitions)
        imports = Imports(forms, Records(), files, stores.imports)
        runner = outbox.Runner(databases, {jobs.KIND: jobs.Jobs(import_works(imports))})
        with unit_of_work(databases, workspace) as session:
            forms.publish_together(session, {"item": form(), "place": dict(PLACE)}, SYSTEM)
            names = [{"name": f"Place {n}"} for n in range(400)]
            Records().import_rows(session, forms, "place", names, SYSTEM)
        began, computed = time.perf_counter(), time.process_time()
        with unit_of_work(databases, workspace) as session:
            batch = imports.upload(session, "item", io.BytesIO(content), "items.csv", SYSTEM)
        _work(databases, runner)
        read = time.perf_counter()
        with unit_of_work(databases, workspace) as session:
            counts = imports.find(session, batch.id, SYSTEM).counts
            if counts["ok"] + counts["warn"] != rows:
                raise AssertionError(counts)
            imports.run(session, batch.id, SYSTEM)
        _work(databases, runner)
        wrote, computed = time.perf_counter(), time.process_time() - computed
        with unit_of_work(databases, workspace) as session:
            result = imports.find(session, batch.id, SYSTEM).result
            if result != {"written": rows}:
                raise AssertionError(result)
        databases.close()
        server.stop()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"read": read - began, "write": wrote - read, "memory": peak, "computed": computed}


class _Inline:
    def __init__(self, runner: outbox.Runner) -> None:
        self._runner = runner

    def submit(self, lane: int, refs: Any) -> None:
        for ref in refs:
            self._runner.run(*ref)

    def free(self, lane: int) -> int:
        return 100

    def close(self) -> None:
        return


def _work(databases: Any, runner: outbox.Runner) -> None:
    relay = outbox.Relay(databases, _Inline(runner))
    while relay.run_once():
        pass


def figures(*, full: bool = False) -> list[Figure]:
    """The rate of the whole, and the memory of the process that imports."""
    rows = ROWS if full else QUICK
    told = subprocess.run(
        [sys.executable, "-m", "tests.bench.import_case", str(rows)], check=True, capture_output=True, text=True
    ).stdout
    read, write, memory, _ = (float(part) for part in told.splitlines()[-1].split())
    return [
        Figure(f"import of {rows:,} rows × 20, rows a second", rows / (read + write), AIM, 1.0, "higher"),
        Figure(f"import of {rows:,} rows × 20, MB resident", memory, MEMORY_MB, 1.0, "lower"),
    ]


if __name__ == "__main__":
    collect_seldom()  # as the processes do that work off jobs
    found = measure(int(sys.argv[1]))
    print(found["read"], found["write"], found["memory"], found["computed"])

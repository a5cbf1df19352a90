"""Exporting 50,000 records of 20 columns to xlsx, against xlsxwriter alone writing the same cells.

Both write with `constant_memory`. Ours reads the records through the permission predicate, works titles of links out,
and types every cell; the baseline has its cells ready. Memory is the largest resident set of a process that exports.
"""

import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any, BinaryIO, cast

import xlsxwriter  # type: ignore[import-untyped]
from formloom.db.connect import Server
from formloom.db.embedded import FORGETFUL, EmbeddedPostgres
from formloom.db.engine import databases_at
from formloom.db.migrate import upgrade
from formloom.db.uow import unit_of_work
from formloom.files import FileStore
from formloom.settings import Settings
from formloom.workspaces import create_workspace

from form_engine.definitions_store import FormStore
from form_engine.exports import Export, Exports
from form_engine.records.actor import SYSTEM
from form_engine.records.service import Records
from tests.bench.figure import Figure
from tests.bench.import_case import PLACE, form

ROWS, QUICK = 50_000, 10_000
AIM = 3.0
MEMORY_MB = 300.0


def _values(n: int, places: list[int]) -> dict[str, Any]:
    """A record as it is stored: texts, amounts, dates, choices, numbers and phones."""
    day = date(2025, 1, 1)
    makers = (
        lambda n: f"line of words {n % 977}",
        lambda n: f"{n % 5000 + 1000}.50",
        lambda n: (day + timedelta(days=n % 700)).isoformat(),
        lambda n: ("new", "open", "held", "done")[n % 4],
        lambda n: f"{n % 1000}.25",
        lambda n: f"1990000{n % 10000:04}",
    )
    fields = {f"f{at}": makers[at % 6](n + at) for at in range(18)}
    return {"code": f"IT-{n:07}", "place": places[n % len(places)], **fields}


def _alone(rows: int) -> float:
    """Seconds that xlsxwriter takes for cells of the same kinds."""
    cells = [_values(n, [1]) for n in range(200)]
    began = time.perf_counter()
    with tempfile.TemporaryFile() as file:
        book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False})
        page = book.add_worksheet()
        money, day = book.add_format({"num_format": "#,##0.00"}), book.add_format({"num_format": "yyyy-mm-dd"})
        for row in range(rows):
            for at, (key, value) in enumerate(cells[row % 200].items()):
                kind = int(key[1:]) % 6 if key[0] == "f" else 0
                if kind in (1, 4):
                    page.write_number(row, at, float(value), money)
                elif kind == 2:
                    page.write_datetime(row, at, date.fromisoformat(value), day)
                else:
                    page.write_string(row, at, str(value))
        book.close()
    return time.perf_counter() - began


def measure(rows: int) -> dict[str, float]:
    """Seconds of the export and of the baseline, taken in turns, and the largest resident set in MB."""
    with tempfile.TemporaryDirectory(prefix="formloom-bench-", ignore_cleanup_errors=True) as folder:
        server = EmbeddedPostgres.at(Path(folder) / "postgres", FORGETFUL)
        address = server.ensure()
        databases = databases_at(Server(lambda: address))
        upgrade(databases)
        workspace = create_workspace(databases, "bench", "Bench")
        settings = Settings(secret_key="a secret for the bench only, 0123456789", data_dir=Path(folder))
        forms, records = FormStore(), Records()
        with unit_of_work(databases, workspace) as session:
            forms.publish_together(session, {"item": form(), "place": dict(PLACE)}, SYSTEM)
            names = [{"name": f"Place {n}"} for n in range(400)]
            places = records.import_rows(session, forms, "place", names, SYSTEM)
        for start in range(0, rows, 5_000):
            with unit_of_work(databases, workspace) as session:
                some = [_values(n, places) for n in range(start, min(start + 5_000, rows))]
                records.import_rows(session, forms, "item", some, SYSTEM)
        with databases.owner.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
        exports = Exports(forms, FileStore.of(settings))
        before, alone = _alone(rows), 0.0
        began = time.perf_counter()
        with tempfile.TemporaryFile() as file, unit_of_work(databases, workspace) as session:
            *_, count = exports.write(session, Export("item"), SYSTEM, cast("BinaryIO", file))
        ours = time.perf_counter() - began
        alone = _alone(rows)
        if count != rows:
            raise AssertionError(count)
        databases.close()
        server.stop()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"ours": ours, "alone": (before + alone) / 2, "memory": peak}


def figures(*, full: bool = False) -> list[Figure]:
    """The time as a multiple of the baseline's, and the memory."""
    rows = ROWS if full else QUICK
    told = subprocess.run(
        [sys.executable, "-m", "tests.bench.export_case", str(rows)], check=True, capture_output=True, text=True
    ).stdout
    ours, alone, memory = (float(part) for part in told.splitlines()[-1].split())
    return [
        Figure(f"export of {rows:,} rows × 20, s, of xlsxwriter's", ours, alone, AIM, "lower"),
        Figure(f"export of {rows:,} rows × 20, MB resident", memory, MEMORY_MB, 1.0, "lower"),
    ]


if __name__ == "__main__":
    found = measure(int(sys.argv[1]))
    print(found["ours"], found["alone"], found["memory"])

"""A worker is killed in the middle of an import, again and again: it goes on, and no row comes twice."""

import io
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from formloom import jobs
from formloom.models import Job
from formloom.settings import Settings
from sqlalchemy import select

from form_engine.imports.models import ImportBatch
from form_engine.models import Record
from form_engine.records.actor import SYSTEM
from tests.imports.conftest import Office
from tests.platform.backends import make_due

ROOT = Path(__file__).parents[2]
SOAK = bool(os.environ.get("FORMLOOM_SOAK"))
ROWS = 50_000 if SOAK else 3_600
KILLS = 12 if SOAK else 2
PATIENCE = 1_200 if SOAK else 120


class Worker:
    """The process that imports."""

    def __init__(self, office: Office, settings: Settings) -> None:
        script = ROOT / "tests" / "imports" / "importing_in_a_process.py"
        self._command = [sys.executable, str(script), office.databases.server.conninfo(), str(settings.data_dir)]
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def job_of(office: Office, batch_id: int) -> Job:
    with office.work() as session:
        batch = office.imports.find(session, batch_id, SYSTEM)
        assert batch.job_id is not None
        return jobs.find(session, batch.job_id)


def wait_until_it_moves(office: Office, job_id: int, seen: int) -> Job:
    """Until a batch more is in, or all."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with office.work() as session:
            job = jobs.find(session, job_id)
        if job.done > seen or job.finished_at is not None:
            return job
        time.sleep(0.01)  # what moves is another process: there is nothing here to wait on
    pytest.fail("the import does not move")


def through(office: Office, settings: Settings, job_id: int, most: int = KILLS) -> int:
    """Kill the worker whenever it has got a little further, so often at most; returns how often it was."""
    kills, seen = 0, 0
    worker = Worker(office, settings)
    try:
        while True:
            job = wait_until_it_moves(office, job_id, seen)
            if job.finished_at is not None:
                return kills
            seen = job.done
            if kills < most:
                time.sleep(random.random() * 0.05)
                worker.kill()
                kills += 1
                make_due(office.databases)
                worker = Worker(office, settings)
    finally:
        worker.kill()


def test_kill_while_an_import_is_read_and_written(things: Office, settings: Settings) -> None:
    content = b"Code,Name,Price,Bought on\n" + b"".join(
        b"IT-%06d,a long line of many words about nothing in particular %d,%d.50,2025-01-%02d\n"
        % (n, n, n % 900, n % 28 + 1)
        for n in range(ROWS)
    )
    assert things.imports.look(io.BytesIO(content)) is None  # long enough to be read by a job
    with things.work() as session:
        batch: ImportBatch = things.imports.upload(session, "thing", io.BytesIO(content), "many.csv", SYSTEM)
    through(things, settings, job_of(things, batch.id).id, most=1)
    assert things.batch(batch.id).counts["ok"] == ROWS
    with things.work() as session:
        things.imports.run(session, batch.id, SYSTEM)
    assert through(things, settings, job_of(things, batch.id).id) == KILLS
    assert things.batch(batch.id).result == {"written": ROWS}
    with things.work() as session:
        found = session.scalars(select(Record.data["code"].astext).where(Record.form == "thing")).all()
    assert Counter(found) == Counter({f"IT-{n:06}": 1 for n in range(ROWS)})

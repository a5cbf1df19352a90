"""Whoever holds work is killed in the middle of it: another one does it within half a minute, and once."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from formloom import outbox, timers
from formloom.clock import app_now
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.models import OutboxItem
from formloom.outbox import JobContext, Relay, Runner, ThreadJobs
from formloom.timers import Clock
from formloom.wakeups import Listener
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.running import ROOT

LIMIT = 30.0


@contextmanager
def at_work(what: str, databases: Databases) -> Iterator[subprocess.Popen[str]]:
    """A process that has taken up the work; killed at the latest when the test ends."""
    command = [sys.executable, "-m", "tests.faults.firing", what, databases.server.conninfo()]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        while process.stdout.readline() not in ("working\n", ""):
            pass
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_killed_clocks_timers_fire_within_seconds(databases: Databases, workspace: int) -> None:
    fired: list[str] = []

    def note(session: Session, payload: Mapping[str, Any]) -> None:
        fired.append(payload["key"])

    with unit_of_work(databases, workspace) as session:
        for key in ("record:1:a", "record:2:a", "record:3:a"):
            timers.set(session, key, "work", {"key": key}, app_now(session) - timedelta(minutes=1))
    other = Clock(databases, {"work": note})
    with at_work("clock", databases) as clock:
        assert other.tick() == 0, "they are in its hands"
        clock.kill()
        clock.wait()
        began = time.monotonic()
        while len(fired) < 3:
            assert time.monotonic() - began < LIMIT
            other.tick()
    assert sorted(fired) == ["record:1:a", "record:2:a", "record:3:a"]
    assert other.tick() == 0


def test_a_killed_workers_job_runs_again_within_half_a_minute(databases: Databases, workspace: int) -> None:
    done = threading.Event()

    def work(context: JobContext, payload: Mapping[str, Any]) -> None:
        done.set()

    with unit_of_work(databases, workspace) as session:
        outbox.put(session, "work", {}, "a")
    with at_work("worker", databases) as worker:
        worker.kill()
        worker.wait()
        began = time.monotonic()
        jobs, stop, listener = (
            ThreadJobs(Runner(databases, {"work": work})),
            threading.Event(),
            Listener(databases.server),
        )
        relay = threading.Thread(target=Relay(databases, jobs).run, args=(stop, listener))
        relay.start()
        assert done.wait(LIMIT), "it is still in the hands of the dead"
        took = time.monotonic() - began
        stop.set()
        listener.close()
        relay.join(5)
        jobs.close()
    assert took < LIMIT
    with unit_of_work(databases, workspace) as session:
        item = session.scalars(select(OutboxItem)).one()
        assert (item.attempts, item.done_at is None) == (2, False)


def test_a_living_worker_keeps_what_takes_longer_than_a_lease(databases: Databases, workspace: int) -> None:
    begun, go = threading.Event(), threading.Event()
    lease = timedelta(seconds=1)

    def slow(context: JobContext, payload: Mapping[str, Any]) -> None:
        begun.set()
        assert go.wait(20)

    with unit_of_work(databases, workspace) as session:
        outbox.put(session, "work", {}, "a")
        item = session.scalars(select(OutboxItem.id)).one()
    first = threading.Thread(target=Runner(databases, {"work": slow}, lease=lease).run, args=(workspace, item))
    first.start()
    assert begun.wait(10)
    second = Runner(databases, {"work": lambda context, payload: None}, lease=lease)
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        assert not second.run(workspace, item), "taken from a worker that lives"
        threading.Event().wait(0.1)
    go.set()
    first.join(10)
    with unit_of_work(databases, workspace) as session:
        found = session.scalars(select(OutboxItem)).one()
        assert (found.attempts, found.done_at is None) == (1, False)

"""Jobs: how far they are is never a lie, whatever happens to their worker."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from formloom import jobs, outbox
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.errors import Conflict, Issue, NotFound, Unavailable
from formloom.housekeeping import sweep
from formloom.jobs import JobCancelled, JobRun, Jobs
from formloom.models import Job, OutboxItem, Role
from formloom.outbox import Relay, Runner
from formloom.outbox.rq import RqJobs
from formloom.wakeups import Listener
from psycopg.conninfo import make_conninfo
from sqlalchemy import func, select, text

from tests.platform.backends import Inline, make_due
from tests.platform.test_outbox import ROOT, wait_for

ADA = "person:1"


def relay_for(databases: Databases, *, slice_seconds: float = 20, most_attempts: int = 8, **works: Any) -> Relay:
    work = Jobs(works, slice_seconds=slice_seconds)
    return Relay(
        databases,
        Inline(Runner(databases, {jobs.KIND: work}, most_attempts=most_attempts, given_up={jobs.KIND: work.given_up})),
    )


def start(databases: Databases, workspace: int, kind: str = "count", payload: Any = None, **more: Any) -> int:
    with unit_of_work(databases, workspace) as session:
        return jobs.start(session, kind, payload or {}, by=ADA, **more)


def job(databases: Databases, workspace: int, job_id: int) -> Job:
    with unit_of_work(databases, workspace) as session:
        return jobs.find(session, job_id)


def counting(until: int, before: Callable[[JobRun, int], object] = lambda run, n: None) -> Callable[[JobRun], Any]:
    """Makes one role a batch, `until` in all; `before` is called inside each."""

    def work(run: JobRun) -> Any:
        while (n := run.cursor or 0) < until:
            with run.batch() as session:
                session.add(Role(workspace_id=run.workspace_id, key=f"{n}-{uuid4()}", title={}))
                session.flush()
                before(run, n)
                run.advance(session, done=n + 1, total=until, cursor=n + 1)
        return {"made": run.done}

    return work


def made(databases: Databases, workspace: int) -> list[int]:
    with unit_of_work(databases, workspace) as session:
        return sorted(int(key.split("-")[0]) for key in session.scalars(select(Role.key)))


def test_a_job_tells_how_far_it_is_and_what_came_of_it(databases: Databases, workspace: int) -> None:
    seen: list[tuple[str, int, int | None]] = []

    def look(run: JobRun, n: int) -> None:
        row = job(databases, workspace, run.job_id)
        seen.append((row.state, row.done, row.total))

    job_id = start(databases, workspace, title="Counting", total=3)
    row = job(databases, workspace, job_id)
    assert (row.state, row.done, row.total, row.created_by, row.title) == ("queued", 0, 3, ADA, "Counting")
    assert relay_for(databases, count=counting(3, look)).run_once() == 1
    assert seen == [("running", 0, 3), ("running", 1, 3), ("running", 2, 3)]
    row = job(databases, workspace, job_id)
    assert (row.state, row.done, row.result, row.error) == ("done", 3, {"made": 3}, None)
    assert row.started_at is not None
    assert row.finished_at is not None
    assert relay_for(databases, count=counting(3)).run_once() == 0


def test_a_refusal_ends_it_with_code_and_issues(databases: Databases, workspace: int) -> None:
    def work(run: JobRun) -> None:
        raise Conflict("revision_conflict", {"revision": 3}, (Issue("/rows/1", "required", {"least": 1}),))

    job_id = start(databases, workspace)
    relay_for(databases, count=work).run_once()
    row = job(databases, workspace, job_id)
    assert row.state == "failed"
    assert row.error == {
        "code": "revision_conflict",
        "params": {"revision": 3},
        "issues": [{"pointer": "/rows/1", "code": "required", "params": {"least": 1}}],
    }
    make_due(databases)
    assert relay_for(databases, count=work).run_once() == 0


def test_trouble_that_passes_is_tried_again_from_the_cursor(databases: Databases, workspace: int) -> None:
    troubles: list[Exception] = [Unavailable("database_busy"), ValueError("odd")]

    def trip(run: JobRun, n: int) -> None:
        if n == 1 and troubles:
            raise troubles.pop()

    job_id = start(databases, workspace)
    relay = relay_for(databases, count=counting(3, trip))
    for _ in range(3):
        relay.run_once()
        make_due(databases)
    assert job(databases, workspace, job_id).state == "done"
    assert made(databases, workspace) == [0, 1, 2]


def test_what_always_breaks_is_given_up_and_may_be_revived(databases: Databases, workspace: int) -> None:
    broken = [True]

    def trip(run: JobRun, n: int) -> None:
        if n == 2 and broken:
            raise ValueError("odd")

    job_id = start(databases, workspace)
    relay = relay_for(databases, most_attempts=2, count=counting(3, trip))
    for _ in range(4):
        relay.run_once()
        make_due(databases)
    row = job(databases, workspace, job_id)
    assert (row.state, row.done, row.error) == ("failed", 2, {"code": "job_broke", "detail": "ValueError: odd"})
    broken.clear()
    with unit_of_work(databases, workspace) as session:
        (dead,) = outbox.dead_letters(session)
        assert outbox.revive(session, dead.id)
    relay.run_once()
    assert job(databases, workspace, job_id).state == "done"
    assert made(databases, workspace) == [0, 1, 2]


def test_a_death_that_comes_again_without_progress_is_given_up(databases: Databases, workspace: int) -> None:
    def die(run: JobRun, n: int) -> None:
        if n == 1:
            raise SystemExit

    job_id = start(databases, workspace)
    relay = relay_for(databases, most_attempts=2, count=counting(3, die))
    for _ in range(2):
        with pytest.raises(SystemExit):
            relay.run_once()
        make_due(databases)
    relay.run_once()
    assert job(databases, workspace, job_id).state == "failed"
    assert made(databases, workspace) == [0]


def test_progress_counts_attempts_anew(databases: Databases, workspace: int) -> None:
    """A long job may lose many workers, as long as each gets somewhere."""
    alive: set[int] = set()

    def die(run: JobRun, n: int) -> None:
        if n % 2 == 1 and n not in alive:
            alive.add(n)
            raise SystemExit

    job_id = start(databases, workspace)
    relay = relay_for(databases, most_attempts=2, count=counting(10, die))
    for _ in range(5):
        with pytest.raises(SystemExit):
            relay.run_once()
        make_due(databases)
    relay.run_once()
    assert job(databases, workspace, job_id).state == "done"
    assert made(databases, workspace) == list(range(10))


def test_a_long_job_lets_others_come_between(databases: Databases, workspace: int) -> None:
    order: list[str] = []
    first = start(databases, workspace)
    start(databases, workspace, "short")
    works: dict[str, Any] = {
        "count": counting(3, lambda run, n: order.append(f"batch {n}")),
        "short": lambda run: order.append("short"),
    }
    relay = relay_for(databases, slice_seconds=0, **works)
    while relay.run_once():
        pass
    assert order == ["batch 0", "short", "batch 1", "batch 2"]
    assert job(databases, workspace, first).state == "done"
    with unit_of_work(databases, workspace) as session:
        assert session.scalars(select(OutboxItem.attempts)).all() == [1, 1]


def test_without_a_cursor_it_runs_through(databases: Databases, workspace: int) -> None:
    starts: list[int] = []

    def work(run: JobRun) -> None:
        starts.append(run.done)
        for n in range(3):
            with run.batch() as session:
                run.advance(session, done=n + 1)

    job_id = start(databases, workspace)
    relay_for(databases, slice_seconds=0, count=work).run_once()
    assert starts == [0]
    assert job(databases, workspace, job_id).done == 3


def test_cancelling(databases: Databases, workspace: int) -> None:
    waiting = start(databases, workspace)
    with unit_of_work(databases, workspace) as session:
        assert jobs.cancel(session, waiting, ADA).state == "cancelled"

    def ask(run: JobRun, n: int) -> None:
        if n == 1:
            with unit_of_work(databases, workspace) as session:
                jobs.cancel(session, run.job_id, ADA)  # does not wait for the batch

    cleaned: list[int] = []

    def work(run: JobRun) -> Any:
        try:
            return counting(5, ask)(run)
        except JobCancelled:
            cleaned.append(run.done)
            raise

    running = start(databases, workspace)
    relay_for(databases, count=work).run_once()
    row = job(databases, workspace, running)
    assert (row.state, row.done, cleaned) == ("cancelled", 2, [2])
    assert made(databases, workspace) == [0, 1]
    with unit_of_work(databases, workspace) as session:
        assert jobs.cancel(session, running, ADA).state == "cancelled"


def test_one_job_of_a_key_at_a_time(databases: Databases, workspace: int) -> None:
    first = start(databases, workspace, key="form:a")
    assert start(databases, workspace, key="form:a") == first
    assert start(databases, workspace, key="form:b") != first
    relay_for(databases, count=counting(1)).run_once()
    assert start(databases, workspace, key="form:a") != first


def test_who_lost_the_job_commits_nothing(databases: Databases, workspace: int) -> None:
    """A worker that hung longer than its lease wakes up: another one has done the rest meanwhile."""

    def hang(run: JobRun, n: int) -> None:
        if n == 1 and run.context.attempt == 1 and not taken:
            taken.append(n)
            raise _Hang

    taken: list[int] = []

    def work(run: JobRun) -> Any:
        try:
            return counting(3, hang)(run)
        except _Hang:
            make_due(databases)
            relay.run_once()  # the other worker
            return counting(3)(run)  # and we go on, unaware

    relay = relay_for(databases, count=work)
    job_id = start(databases, workspace)
    relay.run_once()
    assert job(databases, workspace, job_id).state == "done"
    assert made(databases, workspace) == [0, 1, 2]


class _Hang(Exception):  # noqa: N818
    pass


def test_others_do_not_see_it(databases: Databases, workspace: int) -> None:
    mine = start(databases, workspace)
    with unit_of_work(databases, workspace) as session:
        with pytest.raises(NotFound, match="unknown_job"):
            jobs.find(session, mine, "person:2")
        with pytest.raises(NotFound, match="unknown_job"):
            jobs.cancel(session, mine, "person:2")
        other = jobs.start(session, "count", {}, by="person:2")
        assert [row.id for row in jobs.listing(session, ADA)] == [mine]
        assert [row.id for row in jobs.listing(session)] == [other, mine]
        assert [row.id for row in jobs.listing(session, before=other)] == [mine]


def test_watchers_hear_of_it(databases: Databases, workspace: int) -> None:
    listener = Listener(databases.server)
    job_id = start(databases, workspace)
    with listener.subscribe(workspace, jobs.topics(job_id, ADA)) as news:
        assert listener.wait_until_listening()
        news.take(0.1)
        relay_for(databases, count=counting(1)).run_once()
        heard: set[str] = set()

        def told() -> bool:
            heard.update(news.take(1))
            return heard >= {f"job:{job_id}", f"jobs:{ADA}"}

        wait_for(told)
    listener.close()


def test_finished_jobs_are_swept_after_a_month(databases: Databases, workspace: int) -> None:
    old, fresh, waiting = (start(databases, workspace) for _ in range(3))
    with databases.owner.begin() as connection:
        connection.execute(text("UPDATE job SET finished_at = now() - interval '31 days' WHERE id = :id"), {"id": old})
        connection.execute(text("UPDATE job SET finished_at = now() WHERE id = :id"), {"id": fresh})
    sweep(databases)
    with unit_of_work(databases, workspace) as session:
        assert set(session.scalars(select(Job.id))) == {fresh, waiting}


@pytest.mark.parametrize("backend", ["threads", "rq"])
@pytest.mark.parametrize("kills", [4, pytest.param(60, marks=pytest.mark.soak)])
def test_kill_9_in_the_middle_doubles_nothing(
    databases: Databases, workspace: int, postgres: str, redis_url: str, backend: str, kills: int
) -> None:
    """A real process, killed at any moment: its job goes on from the last batch that is in, in the next process."""
    with databases.owner.connect() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
    address = make_conninfo(postgres, dbname=name)
    where = redis_url if backend == "rq" else "-"
    command = [sys.executable, str(Path(__file__).with_name("jobs_in_a_process.py")), address, where, "-"]
    path = {**os.environ, "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}"}
    until = kills * 8
    job_id = start(databases, workspace, payload={"until": until, "takes": 0.02})
    queue = RqJobs(redis_url)
    relay = Relay(databases, queue, grace=timedelta(seconds=0.3))

    def spawn() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=path, stderr=subprocess.DEVNULL)

    def reached(count: int) -> bool:
        if backend == "rq":
            relay.run_once()
        with unit_of_work(databases, workspace) as session:
            return session.execute(select(func.count()).select_from(Role)).scalar_one() >= count

    worker = spawn()
    try:
        for number in range(kills):
            wait_for(lambda: reached(number * 6 + 3))  # noqa: B023  called here
            worker.kill()
            worker.wait()
            worker = spawn()
        wait_for(lambda: reached(until) and job(databases, workspace, job_id).state == "done", seconds=60)
    finally:
        worker.kill()
        worker.wait()
        queue.close()
    assert made(databases, workspace) == list(range(until))

"""Background work: nothing lost, nothing done twice that must be done once."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from formloom import outbox
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.models import OutboxItem, Role
from formloom.outbox import JobContext, Relay, Runner, ThreadJobs
from formloom.outbox.rq import FUNCTION, QUEUE, RqJobs, run_worker
from formloom.people import ensure_role
from formloom.wakeups import Listener
from psycopg.conninfo import make_conninfo
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import func, select, text

from tests.conftest import RedisServer
from tests.platform.backends import Away, Inline, make_due

ROOT = Path(__file__).resolve().parents[2]


def put(databases: Databases, workspace: int, *keys: str, kind: str = "effect", **payload: Any) -> None:
    with unit_of_work(databases, workspace) as session:
        for key in keys:
            outbox.put(session, kind, payload, key)


def items(databases: Databases, workspace: int) -> dict[str, OutboxItem]:
    with unit_of_work(databases, workspace) as session:
        return {item.key: item for item in session.scalars(select(OutboxItem))}


def wait_for(what: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def open_items(databases: Databases, workspace: int) -> int:
    with unit_of_work(databases, workspace) as session:
        return session.execute(select(func.count()).where(OutboxItem.done_at.is_(None))).scalar_one()


def test_work_is_done_once_and_with_its_key(databases: Databases, workspace: int) -> None:
    done: list[tuple[str, Any]] = []
    runner = Runner(databases, {"effect": lambda context, payload: done.append((context.key, payload))})
    relay = Relay(databases, Inline(runner))
    put(databases, workspace, "a", "a", n=1)
    put(databases, workspace, "a", n=2)
    assert relay.run_once() == 1
    assert relay.run_once() == 0
    assert done == [("a", {"n": 1})]
    assert items(databases, workspace)["a"].done_at is not None


def test_work_of_a_rolled_back_transaction_does_not_exist(databases: Databases, workspace: int) -> None:
    def fail() -> None:
        with unit_of_work(databases, workspace) as session:
            outbox.put(session, "effect", {}, "a")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert items(databases, workspace) == {}


def test_delayed_work_waits(databases: Databases, workspace: int) -> None:
    relay = Relay(databases, Inline(Runner(databases, {"effect": lambda context, payload: None})))
    with unit_of_work(databases, workspace) as session:
        outbox.put(session, "effect", {}, "later", delay=timedelta(hours=1))
    assert relay.run_once() == 0
    make_due(databases)
    assert relay.run_once() == 1


def test_failures_are_tried_again_ever_later_then_lie_as_dead_letters(databases: Databases, workspace: int) -> None:
    tries: list[int] = []

    def effect(context: JobContext, payload: Mapping[str, Any]) -> None:
        tries.append(context.attempt)
        raise ValueError("the receiver is away")

    runner = Runner(databases, {"effect": effect}, most_attempts=3)
    relay = Relay(databases, Inline(runner))
    put(databases, workspace, "a")
    waits = []
    for _ in range(5):
        relay.run_once()
        item = items(databases, workspace)["a"]
        with databases.owner.connect() as connection:
            waits.append(
                round((item.available_at - connection.execute(select(func.now())).scalar_one()).total_seconds())
            )
        make_due(databases)
    assert tries == [1, 2, 3]
    assert waits[:2] == [5, 20]
    with unit_of_work(databases, workspace) as session:
        (dead,) = outbox.dead_letters(session)
        assert dead.last_error == "ValueError: the receiver is away"
        assert outbox.revive(session, dead.id)
        assert not outbox.revive(session, dead.id)
    relay.run_once()
    assert tries == [1, 2, 3, 1]


def test_work_that_kills_its_process_is_given_up(databases: Databases, workspace: int) -> None:
    tries: list[int] = []

    def deadly(context: JobContext, payload: Mapping[str, Any]) -> None:
        tries.append(context.attempt)
        raise SystemExit  # passes the runner by, as a killed process does: nobody notes a failure

    runner = Runner(databases, {"effect": deadly}, most_attempts=2)
    put(databases, workspace, "a")
    item = items(databases, workspace)["a"]
    for _ in range(2):
        with pytest.raises(SystemExit):
            runner.run(workspace, item.id)
        make_due(databases)
    assert not runner.run(workspace, item.id)
    assert tries == [1, 2]
    with unit_of_work(databases, workspace) as session:
        assert [dead.key for dead in outbox.dead_letters(session)] == ["a"]


def test_unknown_work_is_not_lost(databases: Databases, workspace: int) -> None:
    put(databases, workspace, "a", kind="os.system")
    Relay(databases, Inline(Runner(databases, {}))).run_once()
    item = items(databases, workspace)["a"]
    assert (item.done_at, item.last_error) == (None, "KeyError: 'os.system'")


def test_an_effect_on_our_own_database_happens_exactly_once(databases: Databases, workspace: int) -> None:
    """Killed after the effect's commit and before the acknowledgement: the effect's own transaction was both."""

    def effect(context: JobContext, payload: Mapping[str, Any]) -> None:
        with context.unit_of_work() as session:
            session.add(Role(workspace_id=workspace, key=str(uuid4()), title={}))
            assert context.finish(session)
        raise SystemExit  # dies here

    put(databases, workspace, "a")
    runner = Runner(databases, {"effect": effect})
    with pytest.raises(SystemExit):
        Relay(databases, Inline(runner)).run_once()
    make_due(databases)
    assert Relay(databases, Inline(runner)).run_once() == 0
    with unit_of_work(databases, workspace) as session:
        assert session.execute(select(func.count()).select_from(Role)).scalar_one() == 1


def test_who_lost_the_lease_finishes_nothing(databases: Databases, workspace: int) -> None:
    seen: list[bool] = []

    def slow(context: JobContext, payload: Mapping[str, Any]) -> None:
        make_due(databases)
        second = Runner(databases, {"effect": lambda context, payload: None})
        assert second.run(context.workspace_id, context.item_id)
        with context.unit_of_work() as session:
            seen.append(context.finish(session))

    put(databases, workspace, "a")
    Relay(databases, Inline(Runner(databases, {"effect": slow}))).run_once()
    assert seen == [False]


def test_many_relays_and_threads_do_each_once(databases: Databases, workspace: int) -> None:
    done: Counter[str] = Counter()
    runner = Runner(databases, {"effect": lambda context, payload: done.update([context.key])})
    put(databases, workspace, *(f"k{n}" for n in range(60)))
    jobs = ThreadJobs(runner, threads=3)
    relays = [threading.Thread(target=Relay(databases, jobs).run_once) for _ in range(4)]
    for relay in relays:
        relay.start()
    wait_for(lambda: len(done) == 60)
    for relay in relays:
        relay.join()
    jobs.close()
    assert set(done.values()) == {1}


def test_the_relay_wakes_by_a_hint_and_ends_at_once(databases: Databases, workspace: int) -> None:
    done = threading.Event()
    jobs = ThreadJobs(Runner(databases, {"effect": lambda context, payload: done.set()}))
    listener, stop = Listener(databases.server), threading.Event()
    relay = threading.Thread(target=Relay(databases, jobs).run, args=(stop, listener), kwargs={"poll_seconds": 60})
    relay.start()
    assert listener.wait_until_listening()
    put(databases, workspace, "a")
    assert done.wait(5), "not by the poll: that is a minute away"
    stop.set()
    listener.close()
    relay.join(timeout=5)
    assert not relay.is_alive()
    jobs.close()


def test_a_backend_that_refuses_loses_nothing(databases: Databases, workspace: int) -> None:
    put(databases, workspace, "a", "b")
    soon = timedelta()
    assert Relay(databases, Away(), after_refusal=soon).run_once() == 0
    done: list[str] = []
    runner = Runner(databases, {"effect": lambda context, payload: done.append(context.key)})
    assert Relay(databases, Inline(runner)).run_once() == 2
    assert sorted(done) == ["a", "b"]


def test_a_full_backend_is_given_no_more(databases: Databases, workspace: int) -> None:
    go = threading.Event()
    jobs = ThreadJobs(Runner(databases, {"effect": lambda context, payload: go.wait(10)}), threads=1, most_waiting=2)
    put(databases, workspace, *"abcdef")
    relay = Relay(databases, jobs)
    assert relay.run_once() == 2
    wait_for(lambda: jobs.free(outbox.PEOPLE) == 1)
    assert relay.run_once() == 1
    assert relay.run_once() == 0
    go.set()
    wait_for(lambda: relay.run_once() == 0 and open_items(databases, workspace) == 0)
    jobs.close()


def test_rq_works_off_what_the_relay_hands_it(databases: Databases, workspace: int, redis_url: str) -> None:
    done: list[str] = []
    put(databases, workspace, "a", "b")
    jobs = RqJobs(redis_url)
    assert Relay(databases, jobs).run_once() == 2
    run_worker(redis_url, Runner(databases, {"effect": lambda context, payload: done.append(context.key)}), burst=True)
    assert sorted(done) == ["a", "b"]
    assert open_items(databases, workspace) == 0
    jobs.close()


def test_a_worker_runs_one_function_and_no_other(databases: Databases, tmp_path: Path, redis_url: str) -> None:
    mark = tmp_path / "mark"
    redis = Redis.from_url(redis_url)
    queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)
    foreign = queue.enqueue("os.system", f"touch {mark}")
    good = queue.enqueue(FUNCTION, 1, 1)
    run_worker(redis_url, Runner(databases, {}), burst=True)
    assert not mark.exists()
    assert foreign.is_failed
    assert good.is_finished
    raw = redis.hget(good.key, "data")
    assert raw is not None
    redis.delete(foreign.key, good.key)
    redis.close()


def test_a_pickle_in_redis_is_not_opened(databases: Databases, tmp_path: Path, redis_url: str) -> None:
    mark = tmp_path / "mark"
    redis = Redis.from_url(redis_url)
    job = Queue(QUEUE, connection=redis).enqueue(os.mkdir, str(mark))  # RQ's own default: pickle
    run_worker(redis_url, Runner(databases, {}), burst=True)
    assert not mark.exists()
    redis.delete(job.key)
    redis.close()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    binary = shutil.which("redis-server")
    assert binary is not None, "redis-server is not installed (Debian: apt-get install redis-server)"
    with RedisServer(binary, tmp_path) as server:
        yield server


def test_redis_killed_with_jobs_inside_loses_nothing(
    databases: Databases, workspace: int, own_redis: RedisServer
) -> None:
    jobs = RqJobs(own_redis.url)
    relay = Relay(databases, jobs, grace=timedelta(seconds=0.2))
    put(databases, workspace, "a", "b")
    assert relay.run_once() == 2
    own_redis.kill()  # nothing was on its disk
    put(databases, workspace, "c")
    assert relay.run_once() == 0, "nothing is claimed in vain"
    own_redis.start()
    done: list[str] = []
    runner = Runner(databases, {"effect": lambda context, payload: done.append(context.key)})

    def drained() -> bool:
        relay.run_once()
        run_worker(own_redis.url, runner, burst=True)
        return open_items(databases, workspace) == 0

    wait_for(drained)
    assert sorted(done) == ["a", "b", "c"]
    jobs.close()


@pytest.mark.parametrize("kills", [6, pytest.param(200, marks=pytest.mark.soak)])
def test_killing_workers_loses_no_work(
    databases: Databases, workspace: int, postgres: str, redis_url: str, tmp_path: Path, kills: int
) -> None:
    """`kill -9` of whoever holds a job, at any moment: every row finishes, and repeats carry the same key."""
    journal = tmp_path / "journal"
    journal.touch()
    with databases.owner.connect() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
    address = make_conninfo(postgres, dbname=name)
    command = [sys.executable, str(Path(__file__).with_name("jobs_in_a_process.py")), address, redis_url, str(journal)]
    path = {**os.environ, "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}"}
    jobs = RqJobs(redis_url)
    relay = Relay(databases, jobs, grace=timedelta(seconds=0.3))

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=path, stderr=subprocess.DEVNULL)

    worker = start()
    try:
        for number in range(kills):
            key = f"k{number}"
            put(databases, workspace, key, takes=0.2)
            wait_for(lambda: relay.run_once() >= 0 and f"{key}\n" in journal.read_text())  # noqa: B023  called here
            worker.kill()  # the effect is out, the acknowledgement is not
            worker.wait()
            worker = start()
        wait_for(lambda: relay.run_once() >= 0 and open_items(databases, workspace) == 0, seconds=60)
    finally:
        worker.kill()
        worker.wait()
    jobs.close()
    assert set(journal.read_text().split()) == {f"k{number}" for number in range(kills)}


def test_rows_tell_nothing_to_the_router(databases: Databases, workspace: int) -> None:
    with unit_of_work(databases, workspace) as session:
        ensure_role(session, "x", {})
    put(databases, workspace, "a", secret="s")
    with databases.router.connect() as connection, pytest.raises(Exception, match="permission denied"):
        connection.execute(text("SELECT payload FROM outbox"))

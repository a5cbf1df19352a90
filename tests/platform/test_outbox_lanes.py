"""Lanes of background work: a flood of what follows delays nothing that people wait for."""

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from formloom import outbox
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.outbox import JobContext, Relay, Runner, ThreadJobs
from formloom.outbox.lanes import lanes_of
from formloom.outbox.rq import RqJobs, run_worker

from tests.platform.test_outbox import open_items, put, wait_for


def flood(databases: Databases, workspace: int, count: int, lane: int) -> None:
    with unit_of_work(databases, workspace) as session:
        for number in range(count):
            outbox.put(session, "flood", {}, f"flood:{lane}:{number}", lane=lane)


def test_a_flood_does_not_delay_what_people_wait_for(databases: Databases, workspace: int) -> None:
    """Every piece of the flood takes until somebody lets it go: what people want is done meanwhile."""
    begun, go, done = threading.Event(), threading.Event(), threading.Event()

    def drown(context: JobContext, payload: Mapping[str, Any]) -> None:
        begun.set()
        go.wait(60)

    jobs = ThreadJobs(Runner(databases, {"flood": drown, "effect": lambda *_: done.set()}), threads=2)
    relay = Relay(databases, jobs)
    flood(databases, workspace, 300, outbox.BULK)
    relay.run_once()
    assert begun.wait(20), "the one thread that takes such work has its piece"
    relay.run_once()
    put(databases, workspace, "a")
    assert relay.run_once() == 1
    assert done.wait(10), "a thread is kept free for it"
    go.set()
    wait_for(lambda: relay.run_once() == 0 and open_items(databases, workspace) == 0)
    jobs.close()


def test_each_lane_is_handed_out_though_another_is_full(databases: Databases, workspace: int) -> None:
    order: list[str] = []
    go = threading.Event()

    def note(context: JobContext, payload: Mapping[str, Any]) -> None:
        go.wait(20)
        order.append(context.key)

    jobs = ThreadJobs(Runner(databases, {"flood": note, "effect": note}), threads=1)
    relay = Relay(databases, jobs)
    put(databases, workspace, "first")
    relay.run_once()
    wait_for(lambda: jobs.free(outbox.PEOPLE) == 200)
    flood(databases, workspace, 5, outbox.BULK)
    flood(databases, workspace, 5, outbox.SOON)
    put(databases, workspace, "a", "b")
    assert relay.run_once() == 12
    go.set()
    wait_for(lambda: len(order) == 13)
    lanes = [key.split(":")[1] if ":" in key else "0" for key in order]
    assert lanes == sorted(lanes), "one thread takes what goes first"
    jobs.close()


def test_workers_of_redis_take_what_goes_first(databases: Databases, workspace: int, redis_url: str) -> None:
    order: list[str] = []
    flood(databases, workspace, 40, outbox.BULK)
    put(databases, workspace, "a", "b")
    jobs = RqJobs(redis_url)
    assert Relay(databases, jobs).run_once() == 34, "the flood waits in the database, not in Redis"
    runner = Runner(databases, dict.fromkeys(("flood", "effect"), lambda context, _: order.append(context.key)))
    run_worker(redis_url, runner, burst=True)
    assert order[:2] == ["a", "b"]
    assert len(order) == 34
    jobs.close()


LANES_OF: list[tuple[int, list[tuple[int, ...]]]] = [
    (1, [(0, 1, 2, 3)]),
    (2, [(0, 1), (3, 2, 1, 0)]),
    (4, [(0,), (0, 1), (0, 1, 2), (3, 2, 1, 0)]),
]


@pytest.mark.parametrize(("workers", "lanes"), LANES_OF)
def test_some_worker_takes_from_every_lane(workers: int, lanes: list[tuple[int, ...]]) -> None:
    assert [lanes_of(worker, workers) for worker in range(workers)] == lanes

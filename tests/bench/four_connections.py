"""The same two sides as in `approval_case`, four at a time: four processes, each with a connection of its own.

Processes, because one Python computes one thing at a time. Both sides run in the same processes, in turns; a round is
over when the slowest of the four is through.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median
from time import perf_counter

import psycopg
from formloom.db.connect import Server
from formloom.db.engine import databases_at

from flow_engine.service import Flows
from form_engine.definitions_store import FormStore
from form_engine.records.actor import Actor
from tests.bench.minimal_transaction import minimal

PROCESSES, ROUNDS, CALLS, WARM_UP = 4, 15, 10, 10
EACH = WARM_UP + ROUNDS * CALLS
"""How many steps one process takes."""


def rates(address: str, workspace: int, checker: Actor, tasks: list[int]) -> tuple[float, float]:
    """Median calls a second of all four together: ours, and the minimal transaction on the same server. Needs
    PROCESSES * EACH tasks, and as many runs in `bare_run`, numbered from 0."""
    found: dict[str, list[float]] = {"ours": [], "minimal": []}
    with _workers(address, workspace, checker, tasks) as workers:
        for calls in (WARM_UP, *[CALLS] * ROUNDS):
            for side, rounds in found.items():
                began = perf_counter()
                for worker in workers:
                    worker.send((side, calls))
                for worker in workers:
                    worker.recv()
                rounds.append(PROCESSES * calls / (perf_counter() - began))
    return median(found["ours"][1:]), median(found["minimal"][1:])


@contextmanager
def _workers(address: str, workspace: int, checker: Actor, tasks: list[int]) -> Iterator[list[Connection]]:
    context = get_context("spawn")
    ends, processes = [], []
    for number in range(PROCESSES):
        here, there = context.Pipe()
        mine = (number * EACH, tasks[number * EACH : (number + 1) * EACH])
        processes.append(context.Process(target=_work, args=(there, address, workspace, checker, *mine)))
        processes[-1].start()
        ends.append(here)
    try:
        yield ends
    finally:
        for end in ends:
            end.send(None)
        for process in processes:
            process.join()


def _work(end: Connection, address: str, workspace: int, checker: Actor, first_run: int, tasks: list[int]) -> None:
    databases = databases_at(Server(lambda: address))
    flows, waiting = Flows(databases, FormStore()), iter(tasks)
    runs = iter(range(first_run, first_run + len(tasks)))

    def approve() -> object:
        task = next(waiting)
        return flows.decide(workspace, task, checker, "approve", comment="fine", idempotency_key=f"k{task}")

    with psycopg.connect(address, autocommit=True, prepare_threshold=2) as connection:
        sides: dict[str, Callable[[], object]] = {"ours": approve, "minimal": lambda: minimal(connection, next(runs))}
        while (told := end.recv()) is not None:
            side, calls = told
            for _ in range(calls):
                sides[side]()
            end.send(None)
    databases.close()

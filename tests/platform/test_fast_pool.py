"""The hot path's pool: how many it opens, whom it makes wait, and what it does with connections that broke."""

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import psycopg
import pytest
from formloom.db import fast
from formloom.db.engine import Databases
from formloom.db.fast import FastPool, Line
from formloom.errors import Unavailable

PID = b"SELECT pg_backend_pid()"


@pytest.fixture
def connect(databases: Databases) -> Iterator[Callable[[], psycopg.Connection[Any]]]:
    """What a pool connects with; all are closed after the test, those still lent too."""
    with ExitStack() as made:
        yield lambda: made.enter_context(
            closing(databases.server.connect("formloom_app", autocommit=True)),
        )


@pytest.fixture
def pool(connect: Callable[[], psycopg.Connection[Any]]) -> FastPool:
    return FastPool(connect, size=2, timeout=0.05)


def terminate(databases: Databases, pid: bytes | None) -> None:
    assert pid is not None
    with databases.server.connect(None, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", (int(pid),))


def test_the_one_used_last_is_lent_first_and_none_is_opened_without_need(pool: FastPool) -> None:
    first, second = pool.take(), pool.take()
    pool.give_back(second)
    pool.give_back(first)
    assert pool.take() is first
    assert pool.take() is second


def test_who_finds_all_lent_is_told_to_come_again_and_may(pool: FastPool) -> None:
    lent = [pool.take(), pool.take()]
    for _ in range(2):
        with pytest.raises(Unavailable, match="pool_exhausted"):
            pool.take()
    pool.give_back(lent[0])
    assert pool.take() is lent[0]


def test_who_waits_gets_what_comes_back(connect: Callable[[], psycopg.Connection[Any]]) -> None:
    pool = FastPool(connect, size=1, timeout=30)
    lent, got = pool.take(), []

    def wait() -> None:
        got.append(pool.take())

    waiting = threading.Thread(target=wait)
    waiting.start()
    pool.give_back(lent)
    waiting.join()
    assert got == [lent]


def test_many_threads_never_open_more_than_the_size_nor_share_one(
    connect: Callable[[], psycopg.Connection[Any]],
) -> None:
    pool = FastPool(connect, size=3, timeout=30)
    lent: set[Line] = set()
    seen: set[bytes | None] = set()
    faults: list[str] = []

    def work() -> None:
        for _ in range(50):
            line = pool.take()
            if line in lent:
                faults.append("lent twice")
            lent.add(line)
            seen.add(line.ask(PID))
            lent.discard(line)
            pool.give_back(line)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(seen) <= 3


def test_one_that_the_server_closed_while_it_lay_idle_is_not_lent(
    pool: FastPool, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fast, "FRESH_SECONDS", 0.0)
    line = pool.take()
    dead = line.ask(PID)
    pool.give_back(line)
    terminate(databases, dead)
    for fresh in (pool.take(), pool.take()):  # and its place is free again
        assert fresh.ask(PID) != dead


def test_one_that_breaks_while_it_is_lent_gives_its_place_back(pool: FastPool, databases: Databases) -> None:
    for _ in range(3):
        line = pool.take()
        terminate(databases, line.ask(PID))
        with pytest.raises(psycopg.OperationalError):
            line.ask(PID)
        pool.give_back(line)
    assert pool.take().ask(b"SELECT 1") == b"1"


def test_a_server_that_is_away_costs_no_place() -> None:
    def away() -> psycopg.Connection[object]:
        raise psycopg.OperationalError("away")

    pool = FastPool(away, size=1, timeout=0.05)
    for _ in range(3):
        with pytest.raises(psycopg.OperationalError, match="away"):
            pool.take()


def test_an_open_transaction_is_undone_when_it_comes_back(pool: FastPool) -> None:
    line = pool.take()
    line.connection.execute("BEGIN")
    line.connection.execute("SET LOCAL lock_timeout = 7")
    pool.give_back(line)
    again = pool.take()
    assert again is line
    assert again.ask(b"SHOW lock_timeout") != b"7ms"


def test_a_closed_pool_closes_what_comes_back(pool: FastPool) -> None:
    line = pool.take()
    pool.close()
    pool.give_back(line)
    assert line.connection.closed


def test_a_forked_child_opens_its_own(pool: FastPool) -> None:
    line = pool.take()
    parents = line.ask(PID)
    pool.give_back(line)
    results = multiprocessing.get_context("fork").SimpleQueue()

    def child() -> None:
        results.put(pool.take().ask(PID))

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
    assert results.get() not in (None, parents)
    assert pool.take().ask(PID) == parents


def test_answers_are_text_and_null_or_no_row_is_none(pool: FastPool) -> None:
    line = pool.take()
    assert line.ask(b"SELECT $1::bigint + 1", b"41") == b"42"
    assert line.ask(b"SELECT $1::bigint + 1", b"1") == b"2"
    assert line.ask(b"SELECT $1::text", None) is None
    assert line.ask(b"SELECT 1 WHERE false") is None


def test_a_refusal_keeps_its_sqlstate_and_the_line(pool: FastPool) -> None:
    line = pool.take()
    for broken in (b"SELECT nothing_of_this_name", b"SELECT 1 / $1::integer"):
        with pytest.raises(psycopg.Error) as caught:
            line.ask(broken, *([b"0"] if b"$1" in broken else []))
        assert caught.value.sqlstate in ("42703", "22012")
    assert line.ask(b"SELECT 1") == b"1"
    assert line.ask(b"SHOW plan_cache_mode") == b"auto"  # the settings are the composition's


def test_the_composition_plans_for_key_lookups(databases: Databases) -> None:
    line = databases.fast.take()
    assert line.ask(b"SHOW plan_cache_mode") == b"force_generic_plan"
    assert line.ask(b"SHOW enable_seqscan") == b"off"
    databases.fast.give_back(line)

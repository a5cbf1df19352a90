"""Hints: heard by those who wait for them, after the commit, from other connections."""

import threading
import time
from collections.abc import Iterator

import pytest
from formloom.db.announcer import LARGEST_PAYLOAD, Announcer, _payloads
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.wakeups import EVERYTHING, Listener, announce
from sqlalchemy import text


@pytest.fixture
def listener(databases: Databases) -> Iterator[Listener]:
    listener = Listener(databases.server, retry_seconds=0.05)
    yield listener
    listener.close()


def test_only_after_the_commit_and_only_ones_own(databases: Databases, workspace: int, listener: Listener) -> None:
    mine = listener.subscribe(workspace, ["inbox:3", "record:9"])
    other_topic, elsewhere = listener.subscribe(workspace, ["inbox:4"]), listener.subscribe(workspace + 1, ["inbox:3"])
    everywhere = listener.subscribe(None, ["inbox:3"])
    assert listener.wait_until_listening()
    for subscription in (mine, other_topic, elsewhere, everywhere):
        subscription.take(0.2)
    with unit_of_work(databases, workspace) as session:
        announce(session, ["inbox:3"])
        assert mine.take(0.2) == ()
    assert mine.take(5) == ("inbox:3",)
    assert everywhere.take(5) == ("inbox:3",)
    assert other_topic.take(0.1) == elsewhere.take(0.1) == ()


def test_a_rollback_tells_nobody(databases: Databases, workspace: int, listener: Listener) -> None:
    mine = listener.subscribe(workspace, ["inbox:3"])
    assert listener.wait_until_listening()
    mine.take(0.2)

    def fail() -> None:
        with unit_of_work(databases, workspace) as session:
            announce(session, ["inbox:3"])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert mine.take(0.3) == ()


def test_it_is_quick(databases: Databases, workspace: int, listener: Listener) -> None:
    subscriptions = [listener.subscribe(workspace, [f"inbox:{n}"]) for n in range(200)]
    assert listener.wait_until_listening()
    for subscription in subscriptions:
        subscription.take(0.05)
    began = time.perf_counter()
    databases.announce(workspace, [f"inbox:{n}" for n in range(200)])
    assert [subscription.take(5) for subscription in subscriptions] == [(f"inbox:{n}",) for n in range(200)]
    assert time.perf_counter() - began < 1


def test_who_may_have_missed_something_is_told_to_look(
    databases: Databases, workspace: int, listener: Listener
) -> None:
    mine = listener.subscribe(workspace, ["inbox:3"])
    assert listener.wait_until_listening()
    mine.take(0.2)
    with databases.server.connect(None, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
    assert mine.take(5) == (EVERYTHING,)
    databases.announce(workspace, ["inbox:3"])
    assert mine.take(5) == ("inbox:3",)


def test_iterating_ends_when_it_is_closed(workspace: int, listener: Listener) -> None:
    subscription, heard = listener.subscribe(workspace, ["inbox:3"]), list[str]()
    waiting = threading.Thread(target=lambda: heard.extend(subscription))
    waiting.start()
    subscription.hear(["inbox:3"])
    subscription.close()
    waiting.join(timeout=5)
    assert not waiting.is_alive()


def test_closing_ends_all_threads(databases: Databases, workspace: int) -> None:
    listener, announcer = Listener(databases.server), Announcer(databases.server)
    subscription = listener.subscribe(workspace, ["inbox:3"])
    announcer(workspace, ["inbox:3"])
    announcer.close()
    listener.close()
    assert subscription.closed
    names = {thread.name for thread in threading.enumerate()}
    assert "formloom-listener" not in names
    announcer(workspace, ["inbox:3"])  # after the end it is quietly nothing
    with pytest.raises(RuntimeError):
        listener.subscribe(workspace, ["inbox:3"])


def test_large_batches_fit_into_notices() -> None:
    batch = [(1, f"record:{n}") for n in range(2_000)]
    payloads = list(_payloads(batch))
    assert all(len(payload) < LARGEST_PAYLOAD + 200 for payload in payloads)
    assert sum(payload.count("record:") for payload in payloads) == 2_000


def test_announcing_does_not_wait_for_a_database_that_is_away(databases: Databases, workspace: int) -> None:
    from formloom.db.connect import Server

    announcer = Announcer(Server(lambda: "postgresql://127.0.0.1:1/x"))
    began = time.perf_counter()
    announcer(workspace, ["inbox:3"])
    assert time.perf_counter() - began < 0.5
    announcer.close()


def test_nothing_is_notified_inside_the_transaction(databases: Databases, workspace: int) -> None:
    with unit_of_work(databases, workspace) as session:
        announce(session, ["inbox:3"])
        locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND classid = 1262 AND pid = pg_backend_pid()"
        assert session.execute(text(locks)).scalar_one() == 0

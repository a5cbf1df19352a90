"""Timers fire when it is time, once, by the database's clock."""

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from formloom import timers
from formloom.clock import app_now
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work
from formloom.models import Role, Timer
from formloom.timers import Clock
from formloom.wakeups import Listener
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tests.conftest import WorkspaceClock


def set_timer(databases: Databases, workspace: int, key: str, **after: float) -> None:
    with unit_of_work(databases, workspace) as session:
        timers.set(session, key, "due", {"key": key}, app_now(session) + timedelta(**after))


class Fired(list[str]):
    """A handler that remembers."""

    def __call__(self, session: Session, payload: Mapping[str, Any]) -> None:
        self.append(payload["key"])


def test_it_fires_when_it_is_due_and_not_again(databases: Databases, workspace: int, clock: WorkspaceClock) -> None:
    fired = Fired()
    ticking = Clock(databases, {"due": fired})
    set_timer(databases, workspace, "a", hours=72)
    set_timer(databases, workspace, "b", hours=24)
    assert ticking.tick() == 0
    clock.advance(hours=25)
    assert (ticking.tick(), fired) == (1, ["b"])
    clock.advance(hours=48)
    assert (ticking.tick(), ticking.tick(), fired) == (1, 0, ["b", "a"])


def test_the_same_key_moves_it_even_after_it_fired(databases: Databases, workspace: int, clock: WorkspaceClock) -> None:
    fired = Fired()
    ticking = Clock(databases, {"due": fired})
    set_timer(databases, workspace, "a", hours=1)
    set_timer(databases, workspace, "a", hours=3)
    clock.advance(hours=2)
    assert ticking.tick() == 0
    clock.advance(hours=2)
    assert ticking.tick() == 1
    set_timer(databases, workspace, "a", seconds=-1)
    assert ticking.tick() == 1


def test_cancelled_by_its_key_and_none_that_begins_alike(databases: Databases, workspace: int) -> None:
    for key in ("run:7", "run:7:b", "run:70", "run_7"):
        set_timer(databases, workspace, key, seconds=-1)
    with unit_of_work(databases, workspace) as session:
        assert timers.cancel(session, "run:7")
        assert not timers.cancel(session, "run:7")
        assert not timers.cancel(session, "run")
    fired = Fired()
    Clock(databases, {"due": fired}).tick()
    assert sorted(fired) == ["run:70", "run:7:b", "run_7"]


def test_each_workspace_has_its_own_day(
    databases: Databases, workspace: int, other_workspace: int, clock: WorkspaceClock
) -> None:
    set_timer(databases, workspace, "here", days=2)
    set_timer(databases, other_workspace, "there", days=2)
    clock.advance(days=3)
    fired = Fired()
    Clock(databases, {"due": fired}).tick()
    assert fired == ["here"]


def test_the_handlers_work_and_the_mark_commit_together(databases: Databases, workspace: int) -> None:
    calls: list[int] = []

    def handler(session: Session, payload: Mapping[str, Any]) -> None:
        calls.append(1)
        session.add(Role(workspace_id=workspace, key=f"made-{len(calls)}", title={}))
        session.flush()
        if len(calls) == 1:
            raise ValueError("not yet")

    set_timer(databases, workspace, "a", seconds=-1)
    ticking = Clock(databases, {"due": handler})
    assert ticking.tick() == 0
    with unit_of_work(databases, workspace) as session:
        timer = session.scalars(select(Timer)).one()
        assert (timer.done_at, timer.attempts, timer.last_error) == (None, 1, "ValueError: not yet")
        assert session.execute(select(func.count()).select_from(Role)).scalar_one() == 0
    assert ticking.tick() == 0, "it is tried again a little later"
    with databases.owner.begin() as connection:
        connection.execute(text("UPDATE timer SET retry_at = now()"))
    assert ticking.tick() == 1
    with unit_of_work(databases, workspace) as session:
        assert list(session.scalars(select(Role.key))) == ["made-2"]


def test_a_handler_may_set_the_same_timer_again(databases: Databases, workspace: int, clock: WorkspaceClock) -> None:
    fired: list[int] = []

    def remind(session: Session, payload: Mapping[str, Any]) -> None:
        fired.append(1)
        timers.set(session, "remind", "due", {}, app_now(session) + timedelta(hours=24))

    set_timer(databases, workspace, "remind", hours=24)
    ticking = Clock(databases, {"due": remind})
    for _ in range(3):
        clock.advance(hours=24, seconds=2)
        assert ticking.tick() == 1
    assert len(fired) == 3


def test_many_clocks_fire_each_once(databases: Databases, workspace: int) -> None:
    for number in range(40):
        set_timer(databases, workspace, f"t{number}", seconds=-1)
    fired = Fired()
    clocks = [threading.Thread(target=Clock(databases, {"due": fired}).tick) for _ in range(4)]
    for clock in clocks:
        clock.start()
    for clock in clocks:
        clock.join()
    assert sorted(fired) == sorted(f"t{number}" for number in range(40))


def test_a_broken_timer_does_not_stop_the_others(databases: Databases, workspace: int) -> None:
    fired = Fired()
    with unit_of_work(databases, workspace) as session:
        timers.set(session, "broken", "no such kind", {}, app_now(session) - timedelta(hours=1))
    set_timer(databases, workspace, "good", seconds=-1)
    assert Clock(databases, {"due": fired}).tick() == 1
    assert fired == ["good"]


def test_the_running_clock_hears_of_a_new_timer(databases: Databases, workspace: int) -> None:
    rang = threading.Event()
    listener, stop = Listener(databases.server), threading.Event()
    ticking = Clock(databases, {"due": lambda session, payload: rang.set()})
    running = threading.Thread(target=ticking.run, args=(stop, listener), kwargs={"poll_seconds": 60})
    running.start()
    assert listener.wait_until_listening()
    set_timer(databases, workspace, "a", seconds=-1)
    assert rang.wait(5)
    stop.set()
    listener.close()
    running.join(timeout=5)
    assert not running.is_alive()


def test_what_fails_for_good_is_told(databases: Databases, workspace: int) -> None:
    told: list[tuple[str, Any, str]] = []

    def broken(session: Session, payload: Mapping[str, Any]) -> None:
        raise ValueError("never")

    def given_up(session: Session, kind: str, payload: Mapping[str, Any], error: str) -> None:
        told.append((kind, payload, error))

    set_timer(databases, workspace, "a", seconds=-1)
    ticking = Clock(databases, {"due": broken}, given_up)
    for _ in range(timers.MOST_ATTEMPTS + 2):
        ticking.tick()
        with databases.owner.begin() as connection:
            connection.execute(text("UPDATE timer SET retry_at = now()"))
    assert told == [("due", {"key": "a"}, "ValueError: never")]


def test_a_failing_one_is_retried_alone_and_the_others_fire_at_once(databases: Databases, workspace: int) -> None:
    fired = Fired()

    def handler(session: Session, payload: Mapping[str, Any]) -> None:
        if payload["key"] == "record:3:a":
            session.execute(text("SELECT 1 / 0"))
        fired(session, payload)

    for number in range(6):
        set_timer(databases, workspace, f"record:{number}:a", seconds=-1)
    assert Clock(databases, {"due": handler}).tick() == 5
    assert set(fired) == {f"record:{number}:a" for number in (0, 1, 2, 4, 5)}
    with unit_of_work(databases, workspace) as session:
        left = session.scalars(select(Timer).where(Timer.done_at.is_(None))).one()
        assert (left.key, left.attempts) == ("record:3:a", 1)


def test_what_one_timer_moves_away_its_sibling_does_not_fire(databases: Databases, workspace: int) -> None:
    fired = Fired()

    def handler(session: Session, payload: Mapping[str, Any]) -> None:
        fired(session, payload)
        timers.set(session, "run:7:b", "due", {"key": "run:7:b"}, app_now(session) + timedelta(hours=1))

    for key in ("run:7:a", "run:8:a"):
        set_timer(databases, workspace, key, seconds=-2)
    set_timer(databases, workspace, "run:7:b", seconds=-1)
    assert Clock(databases, {"due": handler}).tick() == 2
    assert sorted(fired) == ["run:7:a", "run:8:a"]

"""Tasks that go to somebody else because whoever has them is leaving, or away."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import psycopg
import structlog
from formloom.db.uow import workspace_of
from formloom.errors import FormloomError, Unavailable
from formloom.models import Person
from formloom.people import manager_of, members_of_role
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from flow_engine.machine import RunState
from flow_engine.machine.events import SteppedIn
from flow_engine.models import Task
from flow_engine.service import start
from flow_engine.service.catalogue import Catalogue
from form_engine.records.actor import Actor

MOST_AT_ONCE: Final = 100
"""So many tasks change hands in one transaction; the rest follow in the background."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Handed:
    """How many tasks went to whom (by person's id), how many steps are stuck now, and how many could not be moved.
    `last` is the last run looked at: the others begin behind it; None: that was all."""

    moved: dict[int, int]
    stuck: int = 0
    kept: int = 0
    last: int | None = None

    @property
    def count(self) -> int:
        """How many tasks somebody else has now."""
        return sum(self.moved.values())


def open_tasks(session: Session, person: int) -> int:
    """How many tasks wait for this person."""
    mine = (Task.workspace_id == workspace_of(session), Task.person_id == person)
    return session.scalar(select(func.count()).where(*mine, Task.status == "open", Task.kind != "cc")) or 0


def waiting(session: Session, people: Sequence[int]) -> dict[int, int]:
    """How many tasks wait for each of these; who has none is absent."""
    mine = (Task.workspace_id == workspace_of(session), Task.person_id.in_(people))
    counted = select(Task.person_id, func.count()).where(*mine, Task.status == "open", Task.kind != "cc")
    rows = session.execute(counted.group_by(Task.person_id))
    return {person: count for person, count in rows if person is not None}


def hand_over(
    session: Session,
    catalogue: Catalogue,
    person: int,
    actor: Actor,
    *,
    successor: int | None = None,
    after: int = 0,
    most: int = MOST_AT_ONCE,
) -> Handed:
    """All open tasks go to the successor; else, or where that is not allowed, to the person's manager; else the step is
    stuck. Runs are taken in the order of their ids, so that two who do this at once do not block each other."""
    there = _there(session, [successor] if successor is not None else [])
    above = manager_of(session, person)
    named = [*there, *([above.id] if above is not None else [])]
    return _each(session, catalogue, person, actor, "hand_over", named, after=after, most=most, only=None)


def stand_in(
    session: Session,
    catalogue: Catalogue,
    person: int,
    proxy: int,
    actor: Actor,
    *,
    only: Sequence[str] | None = None,
    after: int = 0,
    most: int = MOST_AT_ONCE,
) -> Handed:
    """The proxy is asked in the open tasks of somebody who is away, on their behalf; `only` in these flows."""
    there = _there(session, [proxy])
    return _each(session, catalogue, person, actor, "stand_in", there, after=after, most=most, only=only)


def _each(
    session: Session,
    catalogue: Catalogue,
    person: int,
    actor: Actor,
    act: Literal["hand_over", "stand_in"],
    named: Sequence[int],
    *,
    after: int,
    most: int,
    only: Sequence[str] | None,
) -> Handed:
    mine = (Task.workspace_id == workspace_of(session), Task.person_id == person, Task.run_id > after)
    statement = select(Task.run_id).distinct().where(*mine, Task.status == "open", Task.kind != "cc")
    if only is not None:
        statement = statement.where(Task.flow.in_(only))
    runs = session.scalars(statement.order_by(Task.run_id).limit(most)).all()
    moved, stuck, kept = dict[int, int](), 0, 0
    for run_id in runs:
        run = start.locked(session, run_id)
        state = RunState.from_json(run.state) if run is not None else None
        if run is None or state is None or state.ended:
            continue
        for visit in [visit.id for visit in state.open if f"person:{person}" in visit.asked]:
            to = _one(session, catalogue, run_id, visit, person, actor, act, named)
            if to is None:
                kept += 1
            elif to:
                moved[to] = moved.get(to, 0) + 1
            else:
                stuck += 1
    return Handed(moved, stuck, kept, runs[-1] if len(runs) == most else None)


def _one(
    session: Session,
    catalogue: Catalogue,
    run_id: int,
    visit: int,
    person: int,
    actor: Actor,
    act: Literal["hand_over", "stand_in"],
    named: Sequence[int],
) -> int | None:
    """Who has it now; 0: nobody, the step is stuck or others decide; None: it stays where it is."""
    for to in _in_turn(session, act, named, person):
        run = start.locked(session, run_id)
        if run is None:
            return None
        people_ = (f"person:{to}",) if to else ()
        event = SteppedIn(visit, actor.ref, act, people_, of=f"person:{person}")
        before = session.begin_nested()
        try:
            start.happen(session, catalogue, run, actor, event, f"task.{act}", visit=visit, of=person, to=to or None)
        except (SQLAlchemyError, psycopg.Error, Unavailable):
            raise
        except Exception as error:
            before.rollback()
            code = error.code if isinstance(error, FormloomError) else ""
            if code == "run_busy":
                raise
            if code in ("took_part", "nobody_left"):
                continue
            _log.warning("task_kept", run=run_id, visit=visit, code=code, exc_info=None if code else error)
            return None  # one run that cannot be moved keeps nobody else's work
        before.commit()
        return to
    return None


def _in_turn(session: Session, act: str, named: Sequence[int], person: int) -> Iterator[int]:
    """Whom to try. What the machine keeps beside a step cannot be stuck: that goes to an administrator in the end."""
    yield from (to for to in named if to != person)
    if act == "hand_over":
        yield 0
        yield from (admin.id for admin in members_of_role(session, "admin") if admin.id != person)


def _there(session: Session, several: Sequence[int]) -> list[int]:
    statement = select(Person.id).where(
        Person.workspace_id == workspace_of(session), Person.id.in_(several), Person.disabled_at.is_(None)
    )
    return list(session.scalars(statement))

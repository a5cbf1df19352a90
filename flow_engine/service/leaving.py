"""Somebody leaves, or comes back: what they hold, who has it now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from formloom import audit, outbox, people
from formloom.db.engine import Databases
from formloom.db.uow import unit_of_work, workspace_of
from formloom.errors import Conflict, InvalidInput, Issue
from formloom.models import Person
from formloom.outbox import JobContext
from formloom.people import manager_of, members_of_role, roles_of
from formloom.workspaces import all_workspaces, go_round
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.models import Task
from flow_engine.service import handing
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.handing import Handed
from form_engine.records.actor import SYSTEM, Actor

KIND = "flow.hand_over"
_log = structlog.get_logger(__name__)
CODES = ("own_account", "last_admin")


@dataclass(frozen=True, slots=True)
class Holding:
    """What somebody holds: how many open tasks, and who would have them if nobody is named."""

    tasks: int
    manager: Person | None


def holding(session: Session, person: int) -> Holding:
    """Before somebody leaves. Raises NotFound."""
    return Holding(handing.open_tasks(session, person), manager_of(session, person))


def leave(session: Session, catalogue: Catalogue, person: int, actor: Actor, successor: int | None = None) -> Handed:
    """Shut the account and hand over its open tasks; what is more than one transaction should do follows by the outbox.

    Raises NotFound; Conflict `own_account`, `last_admin`; InvalidInput for a successor who is not there.
    """
    if person == actor.person_id:
        raise Conflict("own_account")
    people.hold_administrators(session)
    if people.ADMIN in roles_of(session, person) and len(members_of_role(session, people.ADMIN)) == 1:
        raise Conflict("last_admin")
    if successor is not None:
        there = select(Person.id).where(Person.id == successor, Person.id != person, Person.disabled_at.is_(None))
        if session.scalar(there) is None:
            raise InvalidInput("invalid_input", issues=(Issue("/successor", "unknown_person"),))
    people.disable_person(session, person)
    audit.append(session, actor.ref, "person.disabled", f"person:{person}", {"successor": successor})
    handed = handing.hand_over(session, catalogue, person, actor, successor=successor)
    if handed.last is not None:
        told = {"person": person, "successor": successor, "actor": actor.person_id, "after": handed.last}
        outbox.put(session, KIND, told, f"leave:{person}:{handed.last}")
    return handed


def come_back(session: Session, person: int, actor: Actor) -> None:
    """The account may be used again; what was handed over stays where it is. Raises NotFound."""
    people.enable_person(session, person)
    audit.append(session, actor.ref, "person.enabled", f"person:{person}", {})


def go_on(catalogue: Catalogue, context: JobContext, payload: Mapping[str, Any]) -> None:
    """The rest, one transaction after another."""
    after = int(payload["after"])
    by = payload.get("actor")
    while True:
        with context.unit_of_work() as session:
            actor = Actor.person(by, frozenset(), "") if by is not None else SYSTEM
            handed = handing.hand_over(
                session, catalogue, payload["person"], actor, successor=payload["successor"], after=after
            )
            if handed.last is None:
                context.finish(session)
                return
            after = handed.last


def sweep(databases: Databases, catalogue: Catalogue) -> int:
    """Tasks of people whose account was shut without a word: to their managers, or stuck. How many had some.

    Each run in a transaction of its own: one that cannot be moved keeps no other from it, and comes again next time.
    """
    return sum(
        go_round(all_workspaces(databases), "sweep_leavers", lambda each: _sweep(databases, catalogue, each)),
    )


def _sweep(databases: Databases, catalogue: Catalogue, workspace_id: int) -> int:
    with unit_of_work(databases, workspace_id) as session:
        left = _left(session)
    for person, run in left:
        try:
            with unit_of_work(databases, workspace_id) as session:
                handing.hand_over(session, catalogue, person, SYSTEM, after=run - 1, most=1)
        except Exception as error:
            _log.warning("tasks_not_moved", workspace=workspace_id, run=run, error=type(error).__name__)
    return len({person for person, _ in left})


def _left(session: Session) -> list[tuple[int, int]]:
    """People who are gone, each with the runs that still ask them."""
    here = workspace_of(session)
    gone = select(Person.id).where(Person.workspace_id == here, Person.disabled_at.is_not(None))
    statement = (
        select(Task.person_id, Task.run_id).distinct().where(Task.workspace_id == here, Task.person_id.in_(gone))
    )
    rows = session.execute(
        statement.where(Task.status == "open", Task.kind != "cc").order_by(Task.person_id, Task.run_id)
    )
    return [(person, run) for person, run in rows if person is not None]

"""Who is asked, seen from outside of a task: absence, leaving, urging, what is stuck. `Flows.seating` is one."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from formloom import audit, timers
from formloom.clock import app_now
from formloom.db.engine import Databases
from formloom.db.uow import workspace_of
from formloom.errors import InvalidInput, Issue
from formloom.models import Absence
from formloom.outbox import Handler
from formloom.people import absences
from formloom.timers import Handler as TimerHandler
from sqlalchemy.orm import Session

from flow_engine.models import Run
from flow_engine.service import handing, leaving, stuck, urging
from flow_engine.service.catalogue import Catalogue
from flow_engine.service.handing import Handed
from flow_engine.service.leaving import Holding
from flow_engine.service.stuck import StuckPage
from form_engine.records.actor import SYSTEM, Actor

STAND_IN = "flow.stand_in"
MOST_MOVED = 1_000
"""So many open tasks go to a proxy when an absence begins; whoever has more leaves them to whoever looks."""


class Seating:
    """Services take a session and never commit; the sweep works in units of its own."""

    def __init__(self, databases: Databases, catalogue: Catalogue) -> None:
        self._databases, self._catalogue = databases, catalogue

    # Away

    def declare(
        self,
        session: Session,
        person: int,
        proxy: int,
        starts_at: datetime,
        ends_at: datetime,
        actor: Actor,
        *,
        flows: Collection[str] | None = None,
        as_well: bool = False,
        note: str = "",
        move: bool = False,
    ) -> Absence:
        """Somebody is away. `flows`: for these alone; `move`: what waits for them already goes to the proxy, too, when
        the absence begins. Raises InvalidInput, Conflict `proxy_cycle`."""
        known = set(self._catalogue.flows.keys(session))
        unknown = [at for at, key in enumerate(flows or ()) if key not in known]
        if unknown or (flows is not None and not flows):
            issues = [Issue(f"/flows/{at}", "unknown_flow") for at in unknown] or [Issue("/flows", "required")]
            raise InvalidInput("invalid_input", issues=tuple(issues))
        made = absences.declare(session, person, proxy, starts_at, ends_at, scopes=flows, as_well=as_well, note=note)
        told = {"person": person, "proxy": proxy, "from": starts_at.isoformat(), "to": ends_at.isoformat()}
        audit.append(session, actor.ref, "absence.declared", f"absence:{made.id}", told)
        if move and starts_at <= app_now(session):
            self._move(session, made, actor)
        elif move:
            timers.set(session, f"absence:{made.id}", STAND_IN, {"absence": made.id}, starts_at)
        return made

    def call_off(self, session: Session, absence: int, actor: Actor, person: int | None = None) -> None:
        """Back again. Raises NotFound for an absence of somebody else than `person`, if that is given."""
        absences.call_off(session, absence, person)
        timers.cancel(session, f"absence:{absence}")
        audit.append(session, actor.ref, "absence.called_off", f"absence:{absence}", {})

    def absences(self, session: Session, person: int | None = None) -> Sequence[Absence]:
        """Those that are not over: of somebody and for them, or all."""
        return absences.absences(session, person)

    def begin(self, session: Session, payload: Mapping[str, Any]) -> None:
        """The handler of timers `flow.stand_in`."""
        found = session.get(Absence, (workspace_of(session), payload["absence"]))
        if found is not None and found.ended_at is None:
            self._move(session, found, SYSTEM)

    def _move(self, session: Session, absence: Absence, actor: Actor) -> Handed:
        return handing.stand_in(
            session,
            self._catalogue,
            absence.person_id,
            absence.proxy_id,
            actor,
            only=absence.scopes,
            most=MOST_MOVED,
        )

    # Gone

    def holding(self, session: Session, person: int) -> Holding:
        """What somebody would leave behind. Raises NotFound."""
        return leaving.holding(session, person)

    def waiting(self, session: Session, people: Sequence[int]) -> dict[int, int]:
        """How many open tasks each of these has; who has none is absent."""
        return handing.waiting(session, people)

    def leave(self, session: Session, person: int, actor: Actor, successor: int | None = None) -> Handed:
        """Shut an account and hand over its open tasks. Raises NotFound, Conflict, InvalidInput."""
        return leaving.leave(session, self._catalogue, person, actor, successor)

    def come_back(self, session: Session, person: int, actor: Actor) -> None:
        """Open the account again. Raises NotFound."""
        leaving.come_back(session, person, actor)

    def sweep(self) -> int:
        """Nobody's tasks stay with an account that is shut."""
        return leaving.sweep(self._databases, self._catalogue)

    # Waiting

    def may_urge(self, session: Session, run: int, actor: Actor) -> bool:
        """Whether this person may ask for a decision."""
        found = session.get(Run, (workspace_of(session), run))
        return found is not None and urging.may_urge(session, found, actor)

    def urge(self, session: Session, run: int, actor: Actor) -> int:
        """Ask for a decision; how many were reminded. Raises NotFound, Conflict."""
        return urging.urge(session, run, actor)

    def stuck(self, session: Session, after: int = 0, limit: int = 50) -> StuckPage:
        """What waits for an administrator, the oldest first."""
        return stuck.stuck(session, self._catalogue, after, limit)

    def step_in(
        self,
        session: Session,
        run: int,
        visit: int,
        actor: Actor,
        act: str,
        people: Sequence[int] = (),
        comment: str | None = None,
    ) -> None:
        """Take a visit over, or give it to somebody. Raises NotFound, InvalidInput, and what the machine raises."""
        stuck.step_in(session, self._catalogue, run, visit, actor, act, people, comment)

    def handlers(self) -> dict[str, Handler]:
        """For the outbox, by kind."""
        return {leaving.KIND: lambda context, payload: leaving.go_on(self._catalogue, context, payload)}

    def timer_handlers(self) -> dict[str, TimerHandler]:
        """For the clock, by kind."""
        return {STAND_IN: self.begin}

"""What is stuck: listed for administrators, taken over, given to somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from formloom.db.uow import workspace_of
from formloom.errors import InvalidInput, Issue, NotFound
from formloom.models import Person
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flow_engine.elements.outcome import Text
from flow_engine.machine import RunState
from flow_engine.machine.events import StepIn, SteppedIn
from flow_engine.models import Run, Task
from flow_engine.service import start
from flow_engine.service.catalogue import Catalogue
from form_engine.records.actor import Actor

LARGEST_PAGE = 100
LONGEST_COMMENT = 1_000


@dataclass(frozen=True, slots=True)
class StuckVisit:
    """A visit that waits for an administrator. `because`: `nobody`, `left`, or an error; `people_may`: whether somebody
    can be asked in place of nobody."""

    run: int
    visit: int
    flow: str
    flow_title: Text
    step: str
    step_title: Text
    record: int
    form: str
    kind: str
    because: str
    since: datetime
    asked: tuple[int, ...]
    people_may: bool


@dataclass(frozen=True, slots=True)
class StuckPage:
    """A page; `next` is the run after which the following one begins, None at the end."""

    items: tuple[StuckVisit, ...]
    next: int | None


def stuck(session: Session, catalogue: Catalogue, after: int = 0, limit: int = 50) -> StuckPage:
    """The runs that cannot help themselves, the oldest first."""
    limit = max(1, min(limit, LARGEST_PAGE))
    here = workspace_of(session)
    statement = select(Run).where(Run.workspace_id == here, Run.status == "stuck", Run.id > after).order_by(Run.id)
    runs = session.scalars(statement.limit(limit + 1).execution_options(populate_existing=True)).all()
    page, more = runs[:limit], len(runs) > limit
    opened = _opened(session, [run.id for run in page])
    items = [item for run in page for item in _visits(session, catalogue, run, opened)]
    return StuckPage(tuple(items), page[-1].id if more else None)


def step_in(
    session: Session,
    catalogue: Catalogue,
    run_id: int,
    visit: int,
    actor: Actor,
    act: str,
    people: Sequence[int],
    comment: str | None = None,
) -> None:
    """Take a visit over, or give it to somebody; the caller has checked that the actor administers.

    Raises NotFound, InvalidInput, and what the machine raises (`took_part`, `task_closed`, `decision_not_offered`).
    """
    run = start.locked(session, run_id)
    if run is None:
        raise NotFound("unknown_run", {"run": run_id})
    issues = [Issue("/act", "not_an_option")] if act not in ("take_over", "reassign") else []
    wanted = [actor.person_id] if act == "take_over" and actor.person_id is not None else list(dict.fromkeys(people))
    there = set(session.scalars(select(Person.id).where(Person.id.in_(wanted), Person.disabled_at.is_(None))))
    issues += [Issue(f"/people/{at}", "unknown_person") for at, who in enumerate(wanted) if who not in there]
    if not wanted:
        issues.append(Issue("/people", "wrong_number"))
    if comment is not None and len(comment) > LONGEST_COMMENT:
        issues.append(Issue("/comment", "too_long", {"max": LONGEST_COMMENT}))
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))
    refs = tuple(f"person:{who}" for who in wanted)
    event = SteppedIn(visit, actor.ref, cast("StepIn", act), refs, comment=comment)
    start.happen(session, catalogue, run, actor, event, f"task.{act}", visit=visit, people=wanted)


def _opened(session: Session, runs: Sequence[int]) -> dict[tuple[int, int], datetime]:
    statement = select(Task.run_id, Task.visit, func.min(Task.opened_at)).where(
        Task.workspace_id == workspace_of(session), Task.run_id.in_(runs)
    )
    rows = session.execute(statement.group_by(Task.run_id, Task.visit))
    return {(run, visit): at for run, visit, at in rows}


def _visits(
    session: Session, catalogue: Catalogue, run: Run, opened: dict[tuple[int, int], datetime]
) -> list[StuckVisit]:
    flow = catalogue.definition(session, run.flow, run.flow_version)
    state = RunState.from_json(run.state)
    found: list[StuckVisit] = []
    for visit in state.open:
        if visit.kind not in ("stuck", "incident"):
            continue
        step: Any = flow.step(visit.step)
        found.append(
            StuckVisit(
                run=run.id,
                visit=visit.id,
                flow=run.flow,
                flow_title=flow.title,
                step=visit.step,
                step_title=step.title,
                record=run.record_id,
                form=run.form,
                kind=visit.kind,
                because=visit.because,
                since=opened.get((run.id, visit.id), run.started_at),
                asked=tuple(int(ref.partition(":")[2]) for ref in visit.asked if ref.startswith("person:")),
                people_may=visit.kind == "stuck" and bool(step.decisions),
            )
        )
    return found

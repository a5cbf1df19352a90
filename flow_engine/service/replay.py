"""The proof of the journal: its events, replayed with the answers recorded in them, give the stored state and tasks."""

from dataclasses import dataclass

from formloom.db.uow import workspace_of
from formloom.errors import FormloomError, NotFound
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.machine import MACHINE_VERSION, RunState, Transition, advance, event_from_json
from flow_engine.models import Run, RunJournal, Task
from flow_engine.service.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of it; `differences` in words for operators."""

    ok: bool
    differences: tuple[str, ...] = ()


def replay(session: Session, catalogue: Catalogue, run_id: int) -> Replay:
    """Replay a run's journal and compare with what is stored. Raises NotFound.

    Run, journal and tasks are read one after the other: where they differ, the run may have gone on in between, so it
    is held and looked at again.
    """
    found = _compared(session, catalogue, run_id)
    if found.ok:
        return found
    mine = (Run.workspace_id == workspace_of(session), Run.id == run_id)
    session.execute(select(Run.id).where(*mine).with_for_update(read=True))
    return _compared(session, catalogue, run_id)


def _compared(session: Session, catalogue: Catalogue, run_id: int) -> Replay:
    run = session.get(Run, (workspace_of(session), run_id), populate_existing=True)
    if run is None:
        raise NotFound("unknown_run", {"run": run_id})
    flow = catalogue.definition(session, run.flow, run.flow_version)
    if flow.lost:
        return Replay(False, (f"version {run.flow_version} of the flow cannot be read by this release",))
    entries = _journal(session, run_id)
    wrong: list[str] = []
    if [entry.seq for entry in entries] != list(range(1, run.version + 1)):
        wrong.append(f"journal has entries {[entry.seq for entry in entries]}, the run is at {run.version}")
    state: RunState | None = None
    for entry in entries:
        if entry.machine != MACHINE_VERSION:
            return Replay(False, (f"entry {entry.seq} was made by machine {entry.machine}, this is {MACHINE_VERSION}",))
        try:
            for told in entry.event["told"]:
                step: Transition = advance(flow, state, event_from_json(told))
                state = step.state
        except (FormloomError, KeyError) as error:
            return Replay(False, (*wrong, f"entry {entry.seq} is refused: {error}"))
    if state is None or state != RunState.from_json(run.state):
        wrong.append(f"replayed {state and state.to_json()}, stored {run.state}")
    elif state.status != run.status:
        wrong.append(f"status is {run.status}, the state says {state.status}")
    else:
        wrong += _tasks(session, run_id, state)
    return Replay(not wrong, tuple(wrong))


def _journal(session: Session, run_id: int) -> list[RunJournal]:
    statement = select(RunJournal).where(RunJournal.workspace_id == workspace_of(session), RunJournal.run_id == run_id)
    return list(session.scalars(statement.order_by(RunJournal.seq)))


def _tasks(session: Session, run_id: int, state: RunState) -> list[str]:
    """Open tasks are exactly those whom an open visit still asks."""
    statement = select(Task.visit, Task.person_id, Task.guest_link_id).where(
        Task.workspace_id == workspace_of(session), Task.run_id == run_id, Task.status == "open", Task.kind != "cc"
    )
    stored = {
        (visit, f"guest:{guest}" if person is None else f"person:{person}")
        for visit, person, guest in session.execute(statement)
    }
    asked = {(visit.id, ref) for visit in state.open for ref in visit.asked}
    return [] if stored == asked else [f"open tasks {sorted(stored)}, open visits ask {sorted(asked)}"]

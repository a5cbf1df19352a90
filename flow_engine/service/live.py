"""Steps that write beside their own record write at once, in the transaction that will store the step.

What they write has ids, numbers and totals as soon as it is written, so that the rest of the step, and the formulas of
what follows, see the world as it is (docs/decisions/073). A decision is played without such a transaction at first; it
meets `NeedsSession`, and begins again in one (`decide.py`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

import orjson
import psycopg
from formloom.db.fast import Connection, Line, PlainLine
from formloom.db.uow import workspace_of
from formloom.errors import Conflict
from sqlalchemy import text, update
from sqlalchemy.orm import Session, SessionTransaction

from flow_engine.machine import MACHINE_VERSION
from flow_engine.models import Run
from form_engine.definitions_store import FormStore
from form_engine.models import Record
from form_engine.records import apply, refusal, trail
from form_engine.records.actor import Actor
from form_engine.records.apply import Applied, apply_writes
from form_engine.records.facts import Fact, Facts
from form_engine.records.facts_sql import loader
from form_engine.records.write import RecordWrite

if TYPE_CHECKING:
    from flow_engine.service.stage import Stage

ATTEMPTS: Final = 5
_APPLY = text("SELECT apply_record_writes(CAST(:batch AS jsonb))")


class NeedsSession(psycopg.Error):
    """The step must be played in a transaction of its own. No failure of the step, so it passes by incidents, as what
    the database says does.
    """


class Overtaken(psycopg.errors.SerializationFailure):
    """Others keep changing what is to be written: the whole step is to be tried again (LOST_RACES has its state)."""


@dataclass(slots=True)
class Live:
    """The transaction that will store the step. `savepoint`: since when the step has written in it; None: not yet.

    `written` are the records that it wrote.
    """

    session: Session
    store: FormStore
    savepoint: SessionTransaction | None = None
    written: list[int] = field(default_factory=list)


def line_of(session: Session) -> Line:
    """The hot path's way of asking, on the connection of a unit of work."""
    return PlainLine(cast("Connection", session.connection().connection.driver_connection))


def writing(stage: "Stage") -> Live:
    """From here on the stage writes at once. Raises NeedsSession where it has no transaction to write in."""
    live = stage.live
    if live is None:
        raise NeedsSession
    if live.savepoint is not None:
        return live
    live.savepoint = live.session.begin_nested()
    if "id" not in stage.script.run:
        _begin(stage, live)
    waiting, stage.script.writes = stage.script.writes, []
    for batch in waiting:
        live.session.execute(_APPLY, {"batch": orjson.dumps({**batch, "via": via(stage)}).decode()})
    stage.writers = []
    refresh(stage)
    return live


def via(stage: "Stage") -> str:
    """How history names the run."""
    return f"run:{stage.script.run['id']}"


def keep(stage: "Stage") -> None:
    """The step was played to its end: what it has written stays, with the rest of the transaction."""
    if stage.live is not None and stage.live.savepoint is not None:
        stage.live.savepoint.commit()


def undo(stage: "Stage") -> None:
    """The step is thrown away, with what it has written."""
    if stage.live is not None and stage.live.savepoint is not None:
        stage.live.savepoint.rollback()
        stage.live.session.expire_all()


def topics(stage: "Stage") -> list[str]:
    """The records whose open pages have changed, and the relay."""
    written = dict.fromkeys(stage.live.written if stage.live is not None else ())
    return [*(f"record:{record}" for record in written), *(("outbox",) if written else ())]


def write(stage: "Stage", plan: Callable[[], Iterable[RecordWrite]]) -> list[Applied]:
    """Write what `plan` says, in one batch; plan again, holding what was looked at, where somebody was faster.

    New records come first, in their order; changes in the order of ids, so that two batches never wait in a ring.
    """
    live = writing(stage)
    for _ in range(ATTEMPTS):
        planned = tuple(plan())
        writes = sorted((each for each in planned if _says(each)), key=lambda each: each.id or 0)
        if not writes:
            return []
        looked_at = _looked_at(writes)
        stage.looked_at |= looked_at
        try:
            done = apply_writes(live.session, stage.forms, writes, actor(stage), stage.now, via(stage))
        except apply.Refused as refused:
            if refused.state not in (apply.VERSION, apply.TOTAL):
                raise _told(refused) from None
            trail.hold(live.session, looked_at)
            refresh(stage)
            continue
        except Conflict as error:  # a form was published meanwhile
            raise Overtaken(error.code) from error
        refresh(stage)
        live.written += [each.id for each in done]
        return done
    raise Overtaken


def refresh(stage: "Stage") -> None:
    """Formulas see what has been written."""
    stage.facts = facts_for(stage)
    stage.record = loaded(stage, stage.record.id, stage.facts)


def facts_for(stage: "Stage", without: Sequence[int] = ()) -> Facts:
    """The world as it is now; `without` what these records add to totals, for rules about them."""
    live = cast("Live", stage.live)
    forms = {**stage.forms, stage.form.key: stage.form}
    return Facts(forms, stage.facts.context, loader(live.session, without))


def loaded(stage: "Stage", record_id: int, facts: Facts) -> Fact:
    """A record, whether it counts or not."""
    found = next(iter(facts.load([record_id])))
    facts.add([found])
    return found


def actor(stage: "Stage") -> Actor:
    """Who writes."""
    return Actor.flow(stage.flow.key)


def _begin(stage: "Stage", live: Live) -> None:
    """A new run gets its id now, because history is to name it; its first step is stored over this row."""
    told, record = stage.script.run, stage.script.record
    given = {key: told.get(key) for key in ("flow", "flow_version", "form", "form_version", "started_by", "holds")}
    run = Run(
        **given,
        workspace_id=workspace_of(live.session),
        record_id=record,
        status="running",
        state={},
        version=0,
        machine=MACHINE_VERSION,
        initiator_id=told["initiator"],
        depth=told["depth"],
        parent_run=told["parent_run"],
        parent_visit=told["parent_visit"],
        started_at=stage.now,
    )
    live.session.add(run)
    live.session.flush()
    if told["holds"]:
        free = (Record.workspace_id == run.workspace_id, Record.id == record, Record.run_id.is_(None))
        held = live.session.execute(
            update(Record).where(*free).values(run_id=run.id).returning(Record.id),
            execution_options={"synchronize_session": False},
        )
        if held.first() is None:
            raise Conflict("record_in_run", {"record": record})
    stage.script.run |= {"id": run.id, "expected": 0}


def _says(each: RecordWrite) -> bool:
    return each.id is None or bool(each.changes) or each.action != "updated"


def _looked_at(writes: Iterable[RecordWrite]) -> set[int]:
    found: set[int] = set()
    for each in writes:
        parts = each.parts if isinstance(each.parts, tuple) else ()
        found |= {*each.seen, *(part.parent_id for part in parts), *((each.id,) if each.id else ())}
    return found


def _told(refused: apply.Refused) -> Exception:
    """As an incident says it: administrators read it."""
    error = refusal.of_a_step(refused.state, refused.detail)
    if error is None:
        return Conflict("version_conflict", refused.detail)
    return Conflict(error.code, {**error.params, **refused.detail})

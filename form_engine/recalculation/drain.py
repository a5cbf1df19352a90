"""Working off what writes have marked: at once after the commit where it is little, as a job where it is much.

A write leaves one mark a cause, whatever hangs on it. Whoever takes marks away (in the transaction that does their
work) turns them into the records concerned, by way of the link table, and brings those up to date. So a mark that is
there is work to be done, one that is gone was done, and nobody who writes ever waits for anybody here.
"""

import random
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from formloom import jobs
from formloom.db.engine import Databases
from formloom.db.retry import RETRIED, retrying, sqlstate, unavailable
from formloom.db.uow import after_commit, databases_of, unit_of_work, workspace_of
from formloom.errors import Unavailable
from formloom.jobs import JobRun
from formloom.workspaces import go_round
from sqlalchemy import text
from sqlalchemy.orm import Session

from form_engine.recalculation.current import BATCH, bring_up_to_date, mark
from form_engine.recalculation.routes import SELF, Way
from form_engine.recalculation.ways import dependants, put_off
from form_engine.records.forms import Forms

AT_ONCE: Final = 1_000
"""So many records are worked out before whoever changed something gets their answer; more are a job."""

FEW: Final = 50
"""Writes of one transaction whose marks are worked off at once; more are an import or a bulk change."""

KIND: Final = "recalculate"
TOPIC: Final = "recalculation"
"""Announced by those who left marks and do not work them off themselves."""
_AFTER_THIS: Final = "form_engine.recalculation"
ATTEMPTS: Final = 6

FormsOf = Callable[[Session], Forms | None]
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction did: marks taken, records brought up to date; and marks that are left, up to a limit."""

    marks: int
    records: int
    left: int
    busy: bool = False
    """Somebody else held what it needed, all the time."""


NOTHING: Final = Step(0, 0, 0)


class Stuck(Exception):  # noqa: N818
    """The work of one of these marks (record, cause) fails, and will again: its cause is not that others are busy."""

    def __init__(self, marks: Collection[tuple[int, str]]) -> None:
        super().__init__(f"{len(marks)} marks")
        self.marks = marks


def soon(session: Session, forms: Forms, by: str, writes: int = 1) -> None:
    """After this transaction's commit, work off what its writes marked; where that is much, a job of `by` does."""
    databases, workspace = databases_of(session), workspace_of(session)
    asked_in, count = session.info.get(_AFTER_THIS, (None, 0))
    here = session.get_transaction()
    session.info[_AFTER_THIS] = here, (count if asked_in is here else 0) + writes
    if asked_in is not here:
        after_commit(session, lambda: _after(databases, workspace, forms, by, session.info[_AFTER_THIS][1]))


def _after(databases: Databases, workspace_id: int, forms: Forms, by: str, writes: int) -> None:
    if writes <= FEW:
        drain(databases, workspace_id, same_world(forms), by)
        return
    with unit_of_work(databases, workspace_id) as session:  # an import: its marks fall together, batch after batch
        jobs.start(session, KIND, {}, by=by, key=KIND)


def same_world(forms: Forms) -> FormsOf:
    """These forms, unless one was published since: then whoever comes next has the new ones."""

    def known(session: Session) -> Forms | None:
        live = session.scalar(_WORLD, {"ws": workspace_of(session)})
        return forms if live == forms.mark else None

    return known


def drain(databases: Databases, workspace_id: int, forms_of: FormsOf, by: str, most: int = AT_ONCE) -> int:
    """Work off the workspace's marks, at most some `most` records; the rest becomes a job. Returns how many records.

    Where others hold what it needs for too long it leaves the rest to `sweep`.
    """
    records = 0
    while True:
        try:
            step = retrying(lambda: _in_one(databases, workspace_id, forms_of, most))
        except Stuck as stuck:
            one_by_one(databases, workspace_id, forms_of, stuck.marks)
            continue
        except Unavailable:
            _log.info("recalculation_waits", workspace=workspace_id)  # until the next sweep
            return records
        records += step.records
        if step.busy or not step.left or not step.marks:
            return records
        if records + step.left > most:
            with unit_of_work(databases, workspace_id) as session:
                jobs.start(session, KIND, {}, by=by, total=step.left, key=KIND)
            return records


def sweep(databases: Databases, forms_of: FormsOf) -> None:
    """Work off marks that nobody took: their process died, or lost too many races. For the clock process."""
    with databases.router.connect() as connection:
        waiting = [row[0] for row in connection.execute(_WAITING, {"age": timedelta(seconds=3)})]
    go_round(waiting, "recalculation", lambda workspace_id: drain(databases, workspace_id, forms_of, "system"))


def job(forms_of: FormsOf) -> jobs.JobWork:
    """The function of the job: until no mark is left."""

    def work(run: JobRun) -> dict[str, Any]:
        while True:
            try:
                with run.batch() as session:
                    forms = current_forms(session, forms_of)
                    step = NOTHING if forms is None else take(session, forms, limit=100_000)
                    done = run.done + step.records
                    run.advance(session, done=done, total=done + step.left, cursor=done)
            except Stuck as stuck:
                one_by_one(run.databases, run.workspace_id, forms_of, stuck.marks)
                continue
            if step.busy:
                raise Unavailable("database_busy", {"retry_after": 5})  # the outbox comes back to it
            if not step.marks:
                return {"records": done}

    return work


def _in_one(databases: Databases, workspace_id: int, forms_of: FormsOf, most: int) -> Step:
    with unit_of_work(databases, workspace_id) as session:
        forms = current_forms(session, forms_of)
        return NOTHING if forms is None else take(session, forms, limit=most)


def current_forms(session: Session, forms_of: FormsOf) -> Forms | None:
    """The live forms, which stay that until this transaction ends: whoever publishes waits for it."""
    session.execute(_WITH_WRITERS, {"ws": workspace_of(session)})
    return forms_of(session)


def take(session: Session, forms: Forms, *, limit: int) -> Step:
    """Take some marks away and do their work, then what that work marks, and so on, as long as it is little.

    What somebody else holds is tried again a few times and put off then. Nobody is ever waited for while something is
    held, so no writer finds itself in a ring with us.
    """
    marks, records, busy = 0, 0, False
    while records < BATCH:
        taken = session.execute(_TAKE, {"most": BATCH}).all()
        if not taken:
            return Step(marks, records, 0)
        marks += len(taken)
        try:
            concerned = _concerned(session, forms, taken)
            free = not concerned or patiently(session, forms, concerned, ATTEMPTS if records == 0 else 1)
        except Exception as error:
            if _passes(error):
                raise
            raise Stuck([(record, cause) for record, cause in taken]) from error
        if not free:
            mark(session, [(record, SELF) for record in sorted(concerned)])
            busy = records == 0
            break
        records += len(concerned)
    left = session.scalar(_LEFT, {"ws": workspace_of(session), "limit": limit + 1}) or 0
    return Step(marks, records, left, busy)


def one_by_one(databases: Databases, workspace_id: int, forms_of: FormsOf, marks: Collection[tuple[int, str]]) -> None:
    """Marks of which one fails, each in a transaction of its own: only that one is put aside, and the log tells of it.

    A cause becomes a mark for each record that it concerns first, so that only the record that fails stays behind.
    """
    for record, cause in sorted(marks):
        try:
            retrying(lambda: _alone(databases, workspace_id, forms_of, record, cause))  # noqa: B023  called at once
        except Exception as error:
            if _passes(error):
                raise
            with unit_of_work(databases, workspace_id) as session:
                session.execute(_PUT_ASIDE, {"ws": workspace_id, "record": record, "cause": cause})
            told = {"workspace": workspace_id, "record": record, "cause": cause, "error": type(error).__name__}
            _log.error("recalculation_put_aside", **told)


def _alone(databases: Databases, workspace_id: int, forms_of: FormsOf, record: int, cause: str) -> None:
    with unit_of_work(databases, workspace_id) as session:
        forms = current_forms(session, forms_of)
        taken = {"ws": workspace_id, "record": record, "cause": cause}
        if forms is None or session.execute(_TAKE_ONE, taken).first() is None:
            return
        if cause != SELF:
            mark(session, [(each, SELF) for each in sorted(_concerned(session, forms, [(record, cause)]))])
        elif not patiently(session, forms, [record], ATTEMPTS):
            mark(session, [(record, SELF)])


def _passes(error: Exception) -> bool:
    """Whether it is a matter of the moment: a lost race, a database that is away or busy."""
    return isinstance(error, Unavailable) or sqlstate(error) in RETRIED or unavailable(error) is not None


def patiently(session: Session, forms: Forms, ids: Collection[int], attempts: int = 20) -> bool:
    """`bring_up_to_date`, again when somebody else holds one of the records; False when they do so all the time."""
    for attempt in range(attempts):
        if bring_up_to_date(session, forms, ids, wait=False):
            return True
        if attempt + 1 < attempts:
            time.sleep(random.uniform(0, 0.01) * 2 ** min(attempt, 5))  # noqa: S311  spreading racers, no secret
    return False


def _concerned(session: Session, forms: Forms, marks: Iterable[Any]) -> set[int]:
    """The records that these marks concern. Where that is many, one mark for each is put in place of theirs."""
    concerned: set[int] = set()
    ways: dict[Way, set[int]] = {}
    for record, cause in marks:
        if cause == SELF:
            concerned.add(record)
        for way in forms.routes.causes.get(cause, ()):
            ways.setdefault(way, set()).add(record)
    for way, ids in sorted(ways.items()):
        met = set(dependants(session, way, ids, BATCH + 1)) if way else ids
        if len(concerned | met) <= BATCH:
            concerned |= met
        else:
            put_off(session, way, ids)
    return concerned


_TAKE = text("SELECT record_id, cause FROM take_marks(:most)")
_WITH_WRITERS = text("SELECT pg_advisory_xact_lock_shared(7031, CAST(:ws % 2147483647 AS integer))")
"""The writers' side of the lock that a publisher holds alone (`apply_record_writes`)."""
_TAKE_ONE = text(
    "DELETE FROM recalculation WHERE workspace_id = :ws AND record_id = :record AND cause = :cause RETURNING id"
)
_PUT_ASIDE = text("""
    UPDATE recalculation SET attempts = attempts + 1,
        available_at = now() + least(interval '1 minute' * 2 ^ least(attempts, 11), interval '1 day')
    WHERE workspace_id = :ws AND record_id = :record AND cause = :cause
""")
_LEFT = text(
    "SELECT count(*) FROM (SELECT FROM recalculation WHERE workspace_id = :ws AND available_at <= now() LIMIT :limit) m"
)
_WORLD = text("SELECT coalesce(sum(live_version), 0) FROM definition WHERE workspace_id = :ws AND kind = 'form'")
_WAITING = text(
    "SELECT DISTINCT workspace_id FROM recalculation WHERE marked_at < now() - :age AND available_at <= now()"
)

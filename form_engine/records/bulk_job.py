"""Bulk actions and their undoing as jobs: walked by id, resumed where they stood; who stayed is told at the end."""

from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

from formloom import jobs
from formloom.jobs import JobRun, JobWork
from sqlalchemy.orm import Session

from form_engine.definitions_store import FormStore
from form_engine.fields.base import Json
from form_engine.permission import Access
from form_engine.records import bulk
from form_engine.records.actor import Actor
from form_engine.records.bulk import Choice, Deed, Kept
from form_engine.records.starter import starter

if TYPE_CHECKING:
    from form_engine.records.service import Records

KIND: Final = "records.bulk"
UNDO_KIND: Final = "records.bulk_undo"
STEP: Final = 50
"""Records of one transaction: their rows are held no longer than some hundred milliseconds."""

MOST_TOLD: Final = 1_000
"""Records that stay as they are and are named in the result; all are counted."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done at once, or the job that does it. `batch` undoes it."""

    batch: str
    done: int = 0
    refused: tuple[Kept, ...] = ()
    job: int | None = None

    def to_json(self) -> dict[str, Json]:
        return {**_result(self.batch, self.done, len(self.refused), list(self.refused)), "job": self.job}


def act(records: "Records", session: Session, forms: FormStore, access: Access, choice: Choice, deed: Deed) -> Outcome:
    """Do it now, or above `bulk.AT_ONCE` records start a job that does."""
    batch, meant = token_hex(8), bulk.count(session, access, choice)
    if meant <= bulk.AT_ONCE:
        ids = bulk.next_ids(session, access, choice)
        done, kept = bulk.run(records, session, forms, access, ids, deed, batch)
        return Outcome(batch, len(done), tuple(kept))
    changes = dict(deed.changes) if deed.changes is not None else None
    payload = {
        "form": access.form.key,
        "choice": choice.to_json(),
        "deed": {"changes": changes, "force": deed.force},
        "batch": batch,
        "up_to": bulk.highest(session, access, choice),
    }
    job = jobs.start(session, KIND, payload, by=access.actor.ref, title=access.form.key, total=meant)
    return Outcome(batch, job=job)


def take_back(records: "Records", session: Session, forms: FormStore, batch: str, actor: Actor) -> Outcome:
    """Undo a batch now, or with many records as a job. Raises NotFound `unknown_batch`."""
    ids = bulk.written(session, batch, actor)
    if len(ids) <= bulk.AT_ONCE:
        done, kept = bulk.undo(records, session, forms, batch, ids, actor)
        return Outcome(batch, len(done), tuple(kept))
    job = jobs.start(session, UNDO_KIND, {"batch": batch}, by=actor.ref, total=len(ids), key=batch)
    return Outcome(batch, job=job)


class BulkJob:
    """The function of jobs `records.bulk`."""

    def __init__(self, records: "Records", forms: FormStore) -> None:
        self._records, self._forms = records, forms

    def __call__(self, run: JobRun) -> Json:
        asked = run.payload
        choice, deed = Choice.read(asked["choice"]), Deed(**asked["deed"])
        at = _Place.of(run)
        more = True
        while more:
            with run.batch() as session:
                actor = starter(session, run.by)
                access = self._records.access(session, self._forms, asked["form"], actor)
                ids = bulk.next_ids(session, access, choice, above=at.after, up_to=asked["up_to"], limit=STEP)
                done, kept = bulk.run(self._records, session, self._forms, access, ids, deed, asked["batch"])
                more = bool(ids)
                at = at.further(ids[-1] if ids else at.after, done, kept)
                run.advance(session, done=at.done + at.kept, cursor=at.to_json())
        return _result(asked["batch"], at.done, at.kept, at.told)


class BulkUndoJob:
    """The function of jobs `records.bulk_undo`. Its cursor counts the records of the batch that it has passed."""

    def __init__(self, records: "Records", forms: FormStore) -> None:
        self._records, self._forms = records, forms

    def __call__(self, run: JobRun) -> Json:
        batch, at, more = run.payload["batch"], _Place.of(run), True
        while more:
            with run.batch() as session:
                actor = starter(session, run.by)
                ids = bulk.written(session, batch, actor)[at.after : at.after + STEP]
                done, kept = bulk.undo(self._records, session, self._forms, batch, ids, actor)
                more = bool(ids)
                at = at.further(at.after + len(ids), done, kept)
                run.advance(session, done=at.done + at.kept, cursor=at.to_json())
        return _result(batch, at.done, at.kept, at.told)


def bulk_works(records: "Records", forms: FormStore) -> dict[str, JobWork]:
    """By kind of job."""
    return {KIND: BulkJob(records, forms), UNDO_KIND: BulkUndoJob(records, forms)}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a job stands: behind which id (or after how many), what it did, and what it told of."""

    after: int
    done: int
    kept: int
    told: list[Any]

    @classmethod
    def of(cls, run: JobRun) -> "_Place":
        cursor: Mapping[str, Any] = run.cursor or {}
        return cls(cursor.get("after", 0), cursor.get("done", 0), cursor.get("kept", 0), cursor.get("told", []))

    def further(self, after: int, done: list[int], kept: list[Kept]) -> "_Place":
        told = [*self.told, *(each.to_json() for each in kept)][:MOST_TOLD]
        return _Place(after, self.done + len(done), self.kept + len(kept), told)

    def to_json(self) -> dict[str, Json]:
        return {"after": self.after, "done": self.done, "kept": self.kept, "told": self.told}


def _result(batch: str, done: int, kept: int, told: list[Any]) -> dict[str, Json]:
    listed: list[Json] = [each.to_json() if isinstance(each, Kept) else each for each in told[:MOST_TOLD]]
    return {"batch": batch, "done": done, "kept": kept, "refused": listed}

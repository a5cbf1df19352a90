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
from form_engine.records.bulk import Choice, Deed, Kept, Share
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
    """Do it now, or above `bulk.AT_ONCE` records start a job that does; where many others go along, the job goes on
    behind the first ones.
    """
    batch, meant = token_hex(8), bulk.count(session, access, choice)
    now = bulk.Share([], [], [])
    if meant <= bulk.AT_ONCE:
        ids = bulk.next_ids(session, access, choice)
        now = bulk.run(records, session, forms, access, ids, deed, batch)
        if not now.left:
            return Outcome(batch, len(now.done), tuple(now.kept))
        choice, meant = Choice(ids=tuple(now.left)), len(now.left)
    changes = dict(deed.changes) if deed.changes is not None else None
    payload = {
        "form": access.form.key,
        "choice": choice.to_json(),
        "deed": {"changes": changes, "force": deed.force},
        "batch": batch,
        "up_to": bulk.highest(session, access, choice),
    }
    job = jobs.start(session, KIND, payload, by=access.actor.ref, title=access.form.key, total=meant)
    return Outcome(batch, len(now.done), tuple(now.kept), job=job)


def take_back(records: "Records", session: Session, forms: FormStore, batch: str, actor: Actor) -> Outcome:
    """Undo a batch now, or with many records as a job. Raises NotFound `unknown_batch`."""
    count = bulk.size(session, batch, actor)
    if count <= bulk.AT_ONCE:
        removed, place = bulk.written(session, batch, actor)
        others, _ = bulk.written(session, batch, actor, place) if place and not place[0] else ([], place)
        now = bulk.undo(records, session, forms, batch, [*removed, *others], actor)
        return Outcome(batch, len(now.done), tuple(now.kept))
    job = jobs.start(session, UNDO_KIND, {"batch": batch}, by=actor.ref, total=count, key=batch)
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
                share = bulk.run(self._records, session, self._forms, access, ids, deed, asked["batch"])
                more = bool(ids)
                at = at.further(_last(ids, share, at.after), share)
                run.advance(session, done=at.done + at.kept, cursor=at.to_json())
        return _result(asked["batch"], at.done, at.kept, at.told)


class BulkUndoJob:
    """The function of jobs `records.bulk_undo`. It walks by the entries of history, which its own do not join."""

    def __init__(self, records: "Records", forms: FormStore) -> None:
        self._records, self._forms = records, forms

    def __call__(self, run: JobRun) -> Json:
        batch, at, more = run.payload["batch"], _Place.of(run), True
        while more:
            with run.batch() as session:
                actor = starter(session, run.by)
                ids, place = bulk.written(session, batch, actor, at.after or (), STEP)
                share = bulk.undo(self._records, session, self._forms, batch, ids, actor)
                more = bool(ids)
                at = at.further(place, share)
                run.advance(session, done=at.done + at.kept, cursor=at.to_json())
        return _result(batch, at.done, at.kept, at.told)


def bulk_works(records: "Records", forms: FormStore) -> dict[str, JobWork]:
    """By kind of job."""
    return {KIND: BulkJob(records, forms), UNDO_KIND: BulkUndoJob(records, forms)}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a job stands: behind which id (or place in a batch), what it did, and what it told of."""

    after: Any
    done: int
    kept: int
    told: list[Any]

    @classmethod
    def of(cls, run: JobRun) -> "_Place":
        cursor: Mapping[str, Any] = run.cursor or {}
        return cls(cursor.get("after", 0), cursor.get("done", 0), cursor.get("kept", 0), cursor.get("told", []))

    def further(self, after: Any, share: Share) -> "_Place":
        told = [*self.told, *(each.to_json() for each in share.kept)][:MOST_TOLD]
        return _Place(after, self.done + len(share.done), self.kept + len(share.kept), told)

    def to_json(self) -> dict[str, Json]:
        return {"after": self.after, "done": self.done, "kept": self.kept, "told": self.told}


def _last(ids: list[int], share: Share, before: int) -> int:
    """The last of these that was tried."""
    tried = ids[: len(ids) - len(share.left)]
    return tried[-1] if tried else before


def _result(batch: str, done: int, kept: int, told: list[Any]) -> dict[str, Json]:
    listed: list[Json] = [each.to_json() if isinstance(each, Kept) else each for each in told[:MOST_TOLD]]
    return {"batch": batch, "done": done, "kept": kept, "refused": listed}

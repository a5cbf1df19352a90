"""One change of many records, or their removal: looked at beforehand, done record by record, undone together.

Each record is its own attempt: what may not be changed is told beside the others and holds nobody up. All that one
action wrote stands in history under its batch (`bulk:…`), so that it can be undone as a whole (docs/decisions/058).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from formloom.errors import FormloomError, InvalidInput, Issue, NotFound
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from form_engine.definitions_store import FormStore
from form_engine.fields.base import Json
from form_engine.models import RecordHistory
from form_engine.permission.access import Access
from form_engine.query.listing import matching_ids
from form_engine.records import removal, trail
from form_engine.records.actor import Actor
from form_engine.records.context import context_for
from form_engine.records.diff import FieldDiff, diff
from form_engine.records.facts_sql import facts_of
from form_engine.records.view import readable_values

if TYPE_CHECKING:
    from form_engine.records.service import Records

AT_ONCE: Final = 200
"""More records than these are a job."""

MOST_IDS: Final = 10_000
SHOWN: Final = 20
"""Records whose changes a preview shows."""

BATCH: Final = "bulk:"
UNDO: Final = "undo:"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which records: these ids, or those of a list. A list without filter and words is none at all unless `all`."""

    ids: tuple[int, ...] | None = None
    filter: object = None
    q: str = ""
    all: bool = False

    @property
    def empty(self) -> bool:
        return self.ids == () or (self.ids is None and not self.filter and not self.q.strip() and not self.all)

    def to_json(self) -> dict[str, Json]:
        ids = list(self.ids) if self.ids is not None else None
        return {"ids": ids, "filter": self.filter, "q": self.q, "all": self.all}  # type: ignore[dict-item]

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> "Choice":
        ids = raw.get("ids")
        return cls(tuple(ids) if ids is not None else None, raw.get("filter"), raw.get("q") or "", bool(raw.get("all")))


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done to each: these fields change, or (None) it goes into the bin; `force` clears links that ask."""

    changes: Mapping[str, Any] | None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that stays as it is, and why."""

    id: int
    code: str
    params: Mapping[str, object]
    issues: tuple[Issue, ...] = ()

    @classmethod
    def of(cls, record_id: int, error: FormloomError) -> "Kept":
        return cls(record_id, error.code, error.params, error.issues)

    def to_json(self) -> dict[str, Json]:
        issues: list[Json] = [{"pointer": issue.pointer, "code": issue.code} for issue in self.issues]
        return {"id": self.id, "code": self.code, "issues": issues}


@dataclass(frozen=True, slots=True)
class Sample:
    """What would change in one record."""

    id: int
    title: str
    changes: tuple[FieldDiff, ...]


@dataclass(frozen=True, slots=True)
class BulkPreview:
    """`count` records are meant, of which the first `checked` were tried: `refused` of these would stay as they are."""

    count: int
    checked: int
    sample: tuple[Sample, ...]
    refused: tuple[Kept, ...]


def count(session: Session, access: Access, choice: Choice) -> int:
    """How many records are meant."""
    if choice.empty:
        return 0
    if choice.ids is not None:
        return len(set(choice.ids))
    return session.scalar(select(func.count()).select_from(_chosen(session, access, choice).subquery())) or 0


def next_ids(
    session: Session, access: Access, choice: Choice, *, above: int = 0, up_to: int | None = None, limit: int = AT_ONCE
) -> list[int]:
    """The ids after `above`, lowest first: a walk meets each once, whatever its own changes do to a filter."""
    if choice.empty:
        return []
    if choice.ids is not None:
        return sorted({each for each in choice.ids if each > above and (up_to is None or each <= up_to)})[:limit]
    found = _chosen(session, access, choice).subquery()
    statement = select(found.c.id).where(found.c.id > above)
    if up_to is not None:
        statement = statement.where(found.c.id <= up_to)
    return list(session.scalars(statement.order_by(found.c.id).limit(limit)))


def highest(session: Session, access: Access, choice: Choice) -> int:
    """The highest id that is meant now: what is made later is not."""
    if choice.empty:
        return 0
    if choice.ids is not None:
        return max(choice.ids)
    found = _chosen(session, access, choice).subquery()
    return session.scalar(select(func.max(found.c.id))) or 0


def _chosen(session: Session, access: Access, choice: Choice) -> Any:
    return matching_ids(session, access, filter=choice.filter, q=choice.q)


def preview(
    records: "Records", session: Session, forms: FormStore, access: Access, choice: Choice, deed: Deed
) -> BulkPreview:
    """Try it, and leave nothing of it: everything that would be asked is asked, subscribers hear nothing."""
    if choice.ids is not None and len(choice.ids) > MOST_IDS:
        raise InvalidInput("invalid_input", issues=(Issue("/ids", "too_many", {"max": MOST_IDS}),))
    ids = next_ids(session, access, choice)
    actor = access.actor
    refused: list[Kept] = []
    sample: list[Sample] = []
    quiet = type(records)()
    for record_id in ids:
        trial = session.begin_nested()
        try:
            seen = quiet.view(session, forms, record_id, actor)
            _do(quiet, session, forms, access, record_id, deed, actor, None)
            if len(sample) < SHOWN:
                sample.append(Sample(record_id, seen.title, _shown(session, access, seen, deed)))
        except FormloomError as error:
            refused.append(Kept.of(record_id, error))
        finally:
            trial.rollback()
    return BulkPreview(count(session, access, choice), len(ids), tuple(sample), tuple(refused))


def _shown(session: Session, access: Access, seen: Any, deed: Deed) -> tuple[FieldDiff, ...]:
    """What the reader sees change."""
    if deed.changes is None:
        return ()
    facts = facts_of(session, access.forms, access.context)
    now = next(iter(facts.load([seen.id])))
    return diff(access.form, seen.values, readable_values(access.form, now.data, seen.fields))


def run(
    records: "Records",
    session: Session,
    forms: FormStore,
    access: Access,
    ids: Sequence[int],
    deed: Deed,
    batch: str,
) -> tuple[list[int], list[Kept]]:
    """Do it to these records; returns those that changed and those that did not. History has it under `batch`."""

    def attempt(record_id: int) -> None:
        _do(records, session, forms, access, record_id, deed, access.actor, BATCH + batch)

    return _each(session, ids, attempt)


def _do(
    records: "Records",
    session: Session,
    forms: FormStore,
    access: Access,
    record_id: int,
    deed: Deed,
    actor: Actor,
    via: str | None,
) -> None:
    record, form, _ = records.readable(session, forms, record_id, actor)
    if form.key != access.form.key or record.draft:
        raise NotFound("unknown_record", {"id": record_id})
    if deed.changes is None:
        removal.remove(records, session, forms, record_id, actor, force=deed.force, via=via)
    else:
        records.update(session, forms, record_id, deed.changes, actor, via=via)


def _each(session: Session, ids: Sequence[int], attempt: Callable[[int], None]) -> tuple[list[int], list[Kept]]:
    done: list[int] = []
    kept: list[Kept] = []
    for record_id in ids:
        try:
            with session.begin_nested():
                attempt(record_id)
            done.append(record_id)
        except FormloomError as error:
            kept.append(Kept.of(record_id, error))
    return done, kept


def written(session: Session, batch: str, actor: Actor) -> list[int]:
    """The ids of what a batch of this actor wrote, in the order in which an undo takes them: what was removed first.

    Raises NotFound `unknown_batch` for a batch that is not there, or somebody else's.
    """
    rows = trail.written_as(session, BATCH + batch)
    mine = [row for row in rows if actor.trusted or row.actor == actor.ref]
    if not mine:
        raise NotFound("unknown_batch", {"batch": batch})
    removed = {row.record_id for row in mine if row.action == "deleted"}
    ids = dict.fromkeys(row.record_id for row in mine)
    return [*(each for each in ids if each in removed), *(each for each in ids if each not in removed)]


def undo(
    records: "Records", session: Session, forms: FormStore, batch: str, ids: Sequence[int], actor: Actor
) -> tuple[list[int], list[Kept]]:
    """Undo what a batch did to these records, where nobody has changed them since, by the same rights as any change."""
    rows: dict[int, list[RecordHistory]] = {}
    wanted = set(ids)
    for row in trail.written_as(session, BATCH + batch):
        if row.record_id in wanted:
            rows.setdefault(row.record_id, []).append(row)
    facts = facts_of(session, forms.forms(session), context_for(session, actor))
    stand = {fact.id: fact for fact in facts.load(sorted(rows))}

    def attempt(record_id: int) -> None:
        latest, oldest_first = rows[record_id][0], rows[record_id][::-1]
        fact = stand.get(record_id)
        if fact is None or fact.version != latest.version:
            raise NotFound("changed_since", {"id": record_id})
        if latest.action == "deleted":
            records.restore(session, forms, record_id, actor, via=UNDO + batch)
            return
        changes: dict[str, Any] = {}
        for row in oldest_first:
            for key, (old, _) in row.changes.items():
                changes.setdefault(key, old)
        expected = fact.version
        records.update(
            session, forms, record_id, changes, actor, expected_version=expected, via=UNDO + batch, returning=True
        )

    return _each(session, [each for each in ids if each in rows], attempt)

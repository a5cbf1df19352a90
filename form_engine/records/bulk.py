"""One change of many records, or their removal: looked at beforehand, done record by record, undone together.

Each record is its own attempt: what may not be changed is told beside the others and holds nobody up. All that one
action wrote stands in history under its batch (`bulk:…`), so that it can be undone as a whole (docs/decisions/058).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, Final

from formloom.errors import Forbidden, FormloomError, InvalidInput, Issue, NotFound
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from form_engine.definitions_store import FormStore
from form_engine.fields.base import Json
from form_engine.formula import check, parse
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

MOST_TOUCHED: Final = 2_000
"""Records that one request, or one transaction of a job, looks at or writes: a single removal takes many along."""

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
    where: str | None = None
    """A formula over the form's own names, from a definition (a view's)."""

    @property
    def empty(self) -> bool:
        return self.ids == () or (self.ids is None and not self._narrows and not self.all)

    @property
    def _narrows(self) -> bool:
        return bool(self.filter or self.q.strip() or self.where)

    def to_json(self) -> dict[str, Json]:
        ids = list(self.ids) if self.ids is not None else None
        narrowed = {"filter": self.filter, "q": self.q, "where": self.where}
        return {"ids": ids, "all": self.all, **narrowed}  # type: ignore[dict-item]

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> "Choice":
        ids = raw.get("ids")
        return cls(
            tuple(ids) if ids is not None else None,
            raw.get("filter"),
            raw.get("q") or "",
            bool(raw.get("all")),
            raw.get("where"),
        )


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
class Share:
    """What came of an action so far: records done, records kept, and those that are `left` for the next transaction."""

    done: list[int]
    kept: list[Kept]
    left: list[int]


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
    where = None if choice.where is None else check(parse(choice.where), access.form.scope).node
    return matching_ids(session, access, filter=choice.filter, where=where, q=choice.q)


def preview(
    records: "Records", session: Session, forms: FormStore, access: Access, choice: Choice, deed: Deed
) -> BulkPreview:
    """Try it, and leave nothing of it: everything that would be asked is asked, subscribers hear nothing. It ends early
    where so much goes along that whoever asks would wait for long.

    Raises Forbidden `action_denied` to whom no record of the form is open for this.
    """
    action = "delete" if deed.changes is None else "update"
    if not access.may(action) and not access.granted:
        raise Forbidden("action_denied", {"action": action, "form": access.form.key})
    if choice.ids is not None and len(choice.ids) > MOST_IDS:
        raise InvalidInput("invalid_input", issues=(Issue("/ids", "too_many", {"max": MOST_IDS}),))
    ids = next_ids(session, access, choice)
    actor = access.actor
    refused: list[Kept] = []
    sample: list[Sample] = []
    quiet = type(records)()
    checked = touched = 0
    for record_id in ids:
        if touched >= MOST_TOUCHED:
            break
        checked += 1
        trial = session.begin_nested()
        try:
            seen = quiet.view(session, forms, record_id, actor)
            touched += _do(quiet, session, forms, access, record_id, deed, actor, None)
            if len(sample) < SHOWN:
                sample.append(Sample(record_id, seen.title, _shown(session, access, seen, deed)))
        except FormloomError as error:
            refused.append(Kept.of(record_id, error))
            touched += _looked_at(error)
        finally:
            trial.rollback()
    return BulkPreview(count(session, access, choice), checked, tuple(sample), tuple(refused))


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
) -> Share:
    """Do it to these records, or to the first of them where many others go along. History has it under `batch`."""

    def attempt(record_id: int) -> int:
        return _do(records, session, forms, access, record_id, deed, access.actor, BATCH + batch)

    return _each(session, ids, attempt, MOST_TOUCHED)


def _do(
    records: "Records",
    session: Session,
    forms: FormStore,
    access: Access,
    record_id: int,
    deed: Deed,
    actor: Actor,
    via: str | None,
) -> int:
    """Returns how many records it touched."""
    record, form, _ = records.readable(session, forms, record_id, actor)
    if form.key != access.form.key or record.draft:
        raise NotFound("unknown_record", {"id": record_id})
    if deed.changes is not None:
        records.update(session, forms, record_id, deed.changes, actor, via=via)
        return 1
    gone = removal.remove(records, session, forms, record_id, actor, force=deed.force, via=via)
    return 1 + len(gone.along) + len(gone.cleared)


def _each(session: Session, ids: Sequence[int], attempt: Callable[[int], int], most: float = inf) -> Share:
    done: list[int] = []
    kept: list[Kept] = []
    touched = 0
    for at, record_id in enumerate(ids):
        if touched >= most:
            return Share(done, kept, list(ids[at:]))
        try:
            with session.begin_nested():
                touched += attempt(record_id)
            done.append(record_id)
        except FormloomError as error:
            kept.append(Kept.of(record_id, error))
            touched += _looked_at(error)
    return Share(done, kept, [])


def _looked_at(error: FormloomError) -> int:
    """How many records an attempt looked at before it was refused."""
    count = error.params.get("most" if error.code == "removal_too_large" else "count")
    return count if isinstance(count, int) else 1


def size(session: Session, batch: str, actor: Actor) -> int:
    """How many records a batch of this actor wrote.

    Raises NotFound `unknown_batch` for a batch that is not there, or somebody else's.
    """
    found = trail.batch_size(session, BATCH + batch, _whose(actor))
    if not found:
        raise NotFound("unknown_batch", {"batch": batch})
    return found


def written(
    session: Session, batch: str, actor: Actor, after: Sequence[int] = (), limit: int = AT_ONCE
) -> tuple[list[int], list[int]]:
    """The ids of what a batch of this actor wrote, in the order in which an undo takes them (what was removed first),
    and the place (`after`, as the call for the next ones takes it) behind the last of them; [] and a place at the end.
    """
    phase, before = (after[0], after[1]) if after else (0, None)
    for removed in (True, False)[phase:]:
        page = trail.batch_page(session, BATCH + batch, _whose(actor), removed=removed, before=before, limit=limit)
        if page:
            return [record for _, record in page], [int(not removed), page[-1][0]]
        before = None
    return [], list(after)


def _whose(actor: Actor) -> str | None:
    return None if actor.trusted else actor.ref


def undo(records: "Records", session: Session, forms: FormStore, batch: str, ids: Sequence[int], actor: Actor) -> Share:
    """Undo what a batch did to these records, where nobody has changed them since, by the same rights as any change."""
    rows: dict[int, list[RecordHistory]] = {}
    for row in trail.written_as(session, BATCH + batch, ids):
        rows.setdefault(row.record_id, []).append(row)
    facts = facts_of(session, forms.forms(session), context_for(session, actor))
    stand = {fact.id: fact for fact in facts.load(sorted(rows))}

    def attempt(record_id: int) -> int:
        latest, oldest_first = rows[record_id][0], rows[record_id][::-1]
        fact = stand.get(record_id)
        if fact is None or fact.version != latest.version:
            raise NotFound("changed_since", {"id": record_id})
        if latest.action == "deleted":
            records.restore(session, forms, record_id, actor, via=UNDO + batch)
            return 1  # those that went along are of the batch themselves
        changes: dict[str, Any] = {}
        for row in oldest_first:
            for key, (old, _) in row.changes.items():
                changes.setdefault(key, old)
        expected = fact.version
        records.update(
            session, forms, record_id, changes, actor, expected_version=expected, via=UNDO + batch, returning=True
        )
        return 1

    return _each(session, [each for each in ids if each in rows], attempt)

"""Into the bin and out of it, with what goes along: each link says what becomes of those who link to what goes.

`cascade` takes the record along (of a table's column: the row; of a list of links: once none is left), `clear` blanks
the link, `refuse` forbids it, `ask` forbids it until `force` says to clear (docs/decisions/057).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from formloom.db.retry import sqlstate
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, Forbidden, InvalidInput
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from form_engine.definition import CompiledField, CompiledForm
from form_engine.definitions_store import FormStore
from form_engine.fields.base import Json, OnDelete
from form_engine.models import RecordLink
from form_engine.records import apply, trail
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.context import context_for
from form_engine.records.facts import Fact, Facts
from form_engine.records.facts_sql import facts_of
from form_engine.records.forms import Forms
from form_engine.records.plan import plan_removal, plan_update
from form_engine.records.write import RecordWrite
from form_engine.records.writer import Change, Raw

if TYPE_CHECKING:
    from form_engine.records.writer import Writer

MOST: Final = 1_000
"""Records that one removal may touch."""

NAMED: Final = 20
"""Records that an error or an outlook names."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A field of `record` (in one row, if `row` is not empty) links to what goes."""

    record: int
    form: str
    path: str
    row: str
    to: int


@dataclass(frozen=True, slots=True)
class Removed:
    """What a removal or a restoration did: `record` itself, those who went or came along, and those whose links were
    cleared or put back. `left` changed meanwhile and were not touched.
    """

    record: Fact
    along: tuple[int, ...] = ()
    cleared: tuple[int, ...] = ()
    left: tuple[int, ...] = ()


@dataclass(slots=True)
class Outlook:
    """What would become of whom. `going` begins with the record that was asked for."""

    going: dict[int, Fact] = field(default_factory=dict)
    cuts: dict[int, list[Hold]] = field(default_factory=dict)
    asking: list[Hold] = field(default_factory=list)
    refusing: list[Hold] = field(default_factory=list)

    @property
    def stopping(self) -> Iterator[Hold]:
        """Links that hold the removal back, or wait for an answer."""
        yield from self.refusing
        yield from self.asking


def outlook(writer: "Writer", session: Session, forms: FormStore, record_id: int, actor: Actor) -> Outlook:
    """What deleting the record would do, without doing it. Raises as `remove` does where the actor may not."""
    record, _ = _removable(writer, session, forms, record_id, actor)
    return _look(session, forms.forms(session), record, actor, force=False, alone=False)


def remove(
    writer: "Writer",
    session: Session,
    forms: FormStore,
    record_id: int,
    actor: Actor,
    *,
    force: bool = False,
    via: str | None = None,
) -> Removed:
    """Put a record into the bin with what goes along, in one batch."""

    def attempt() -> Removed:
        record, form = _removable(writer, session, forms, record_id, actor)
        world = forms.forms(session)
        found = _look(session, world, record, actor, force=force, alone=True)
        for code, holds in (("linked_from", found.refusing), ("linked_from_ask", found.asking)):
            if holds:
                raise Conflict(code, {"form": form.key, **told(writer, session, forms, holds, actor)})
        held = [fact for fact in found.going.values() if fact.run_id is not None]
        if held:
            raise Conflict("record_in_run", {"id": held[0].id, "run": held[0].run_id})
        changes = [_goes(world, fact) for fact in found.going.values()]
        changes += _cut(session, world, found, actor)
        alone = len(changes) == 1
        batch = via or (None if alone else f"removal:{record.id}.{record.version}")
        try:
            written = writer.write(session, forms, changes, actor, batch)
        except InvalidInput as error:
            raise Conflict("clearing_refused", {"form": form.key}, error.issues) from error
        return Removed(written[0], tuple(found.going)[1:], tuple(found.cuts))

    return _alone(writer, session, attempt, record_id)


def restore(
    writer: "Writer", session: Session, forms: FormStore, record_id: int, actor: Actor, *, via: str | None = None
) -> Removed:
    """Take a record out of the bin, and what went along with it and was not touched since."""

    def attempt() -> Removed:
        record, form, rights = writer.readable(session, forms, record_id, actor, in_bin=True)
        if not record.deleted:
            raise Conflict("not_deleted", {"id": record_id})
        _may_remove(record, rights.may, form, actor)
        world = forms.forms(session)
        last = trail.last_change(session, record.id)
        batch = last.via if last is not None and (last.via or "").startswith(f"removal:{record.id}.") else None
        others = [row for row in trail.written_as(session, batch) if row.record_id != record.id] if batch else []
        facts = {fact.id: fact for fact in _load(session, world, [row.record_id for row in others])}
        same = [row for row in others if row.record_id in facts and facts[row.record_id].version == row.version]
        back = [facts[row.record_id] for row in same if row.action == "deleted"]
        comes = [record, *back]
        told_as = via or batch
        written = writer.write(session, forms, [_goes(world, fact, restore=True) for fact in comes], actor, told_as)
        linked = [(facts[row.record_id], row.changes) for row in same if row.action == "updated"]
        again = [_put_back(world, fact, changes) for fact, changes in linked]
        if again:
            writer.write(session, forms, again, actor, told_as)
        touched = {fact.id for fact in back} | {fact.id for fact, _ in linked}
        return Removed(
            written[0],
            tuple(fact.id for fact in back),
            tuple(fact.id for fact, _ in linked),
            tuple(row.record_id for row in others if row.record_id not in touched),
        )

    return _alone(writer, session, attempt, record_id)


def _alone(writer: "Writer", session: Session, attempt: Callable[[], Removed], record_id: int) -> Removed:
    """What is held while links are followed is held level by level, so two removals may wait for each other: the one
    that the database gives up lets go of everything and begins again.
    """

    def guarded() -> Removed:
        try:
            with session.begin_nested():
                return attempt()
        except DBAPIError as error:
            if sqlstate(error) not in ("40P01", "40001"):
                raise
            raise apply.Refused(apply.VERSION, {}) from error

    return writer.again_when_overtaken(guarded, record_id)


def told(
    writer: "Writer", session: Session, forms: FormStore, holds: Collection[Hold], actor: Actor
) -> dict[str, Json]:
    """Who holds on, as an error tells it: by title where the actor may read it, else only how many."""
    ids = list(dict.fromkeys(hold.record for hold in holds))
    titles = writer.titles(session, forms, ids, actor)
    seen = [(key, titles[key][0], titles[key][1]) for key in ids if titles.get(key, ("", None))[1] is not None]
    named: list[Json] = [{"id": key, "form": form, "title": title} for key, form, title in seen[:NAMED]]
    return {"count": len(ids), "hidden": len(ids) - len(seen), "records": named}


def _removable(
    writer: "Writer", session: Session, forms: FormStore, record_id: int, actor: Actor
) -> tuple[Fact, CompiledForm]:
    record, form, rights = writer.readable(session, forms, record_id, actor, in_bin=True)
    if record.deleted:
        raise Conflict("is_deleted", {"id": record_id})
    _may_remove(record, rights.may, form, actor)
    return record, form


def _may_remove(record: Fact, may: frozenset[str], form: CompiledForm, actor: Actor) -> None:
    if "delete" not in may and not (record.draft and record.created_by == actor.person_id):
        raise Forbidden("action_denied", {"action": "delete", "form": form.key})
    if record.run_id is not None:
        raise Conflict("record_in_run", {"id": record.id, "run": record.run_id})


def _look(session: Session, world: Forms, record: Fact, actor: Actor, *, force: bool, alone: bool) -> Outlook:
    """Follow the links that lead to what goes, level by level. `alone`: nobody links to it meanwhile."""
    found = Outlook({record.id: record})
    frontier = [record.id]
    while frontier:
        if alone:
            trail.hold_alone(session, frontier)
        along: dict[int, list[Hold]] = {}
        last = 0
        for hold in _holds(session, frontier):
            if hold.record != last:
                last = hold.record
                if _enough(found, along):
                    break
            place = world[hold.form].field(hold.path) if hold.form in world else None
            if place is None or hold.record in found.going:
                continue
            match policy_of(place):
                case "refuse":
                    found.refusing.append(hold)
                case "ask" if not force:
                    found.asking.append(hold)
                case "cascade" if not hold.row:
                    along.setdefault(hold.record, []).append(hold)
                case _:
                    found.cuts.setdefault(hold.record, []).append(hold)
        frontier = []
        for fact in _load(session, world, along):
            if _emptied(world[fact.form], fact, along[fact.id], {*found.going, *along}):
                found.going[fact.id] = fact
                frontier.append(fact.id)
            else:
                found.cuts.setdefault(fact.id, []).extend(along[fact.id])
        if _enough(found, {}):
            break
    _forget_who_goes(found)
    return found


def _enough(found: Outlook, along: Mapping[int, object]) -> bool:
    """Whether nobody else need be looked at: of more than MOST who hold on, not all can go along themselves, so that
    it is refused in any case. Raises Conflict `removal_too_large`.
    """
    if len(found.going) + len(found.cuts.keys() | along.keys()) > MOST:
        raise Conflict("removal_too_large", {"most": MOST})
    return len({each.record for each in found.stopping}) > MOST


def policy_of(place: CompiledField) -> OnDelete:
    """What deleting a linked record does to the one that links to it by this field or column."""
    definition = place.definition
    return definition.type.on_delete(definition.config, required=definition.required is True)


def _forget_who_goes(found: Outlook) -> None:
    """Who goes as well holds nobody back, and has no link to clear."""
    found.cuts = {key: holds for key, holds in found.cuts.items() if key not in found.going}
    found.asking = [hold for hold in found.asking if hold.record not in found.going]
    found.refusing = [hold for hold in found.refusing if hold.record not in found.going]


def _emptied(form: CompiledForm, fact: Fact, holds: Iterable[Hold], going: set[int]) -> bool:
    """Whether a link that takes the record along has nothing left to link to."""
    for hold in holds:
        place = form.field(hold.path)
        stored = fact.data.get(hold.path)
        linked = place.definition.type.ids(stored) if place is not None and stored is not None else ()
        if linked and going.issuperset(linked):
            return True
    return False


def _holds(session: Session, ids: Collection[int]) -> Iterator[Hold]:
    """Every link that leads to these, record by record of those who hold on; read page by page, as far as is asked."""
    here = RecordLink.workspace_id == workspace_of(session), RecordLink.to_id.in_(sorted(ids))
    links = (
        select(RecordLink.from_id, RecordLink.from_form, RecordLink.path, RecordLink.row_id, RecordLink.to_id)
        .where(*here)
        .order_by(RecordLink.from_id, RecordLink.path, RecordLink.row_id)
    )
    holders, after = select(RecordLink.from_id).distinct().where(*here).order_by(RecordLink.from_id), 0
    while page := session.scalars(holders.where(RecordLink.from_id > after).limit(MOST)).all():
        for row in session.execute(links.where(RecordLink.from_id > after, RecordLink.from_id <= page[-1])):
            yield Hold(*row)
        after = page[-1]


def _load(session: Session, world: Forms, ids: Collection[int]) -> list[Fact]:
    if not ids:
        return []
    return sorted(facts_of(session, world, context_for(session, SYSTEM)).load(ids), key=lambda fact: fact.id)


def _goes(world: Forms, record: Fact, *, restore: bool = False) -> Change:
    form = world[record.form]

    def plan(facts: Facts, raw: Raw) -> RecordWrite:
        return plan_removal(world, form, record, facts, restore=restore)

    return Change(form, record, plan)


def _cut(session: Session, world: Forms, found: Outlook, actor: Actor) -> list[Change]:
    facts = _load(session, world, found.cuts)
    held = next((fact for fact in facts if fact.run_id is not None), None)
    if held is not None:
        raise Conflict("record_in_run", {"id": held.id, "run": held.run_id})
    gone = set(found.going)
    return [_changed(world, fact, _without(world[fact.form], fact.data, found.cuts[fact.id], gone)) for fact in facts]


def _changed(world: Forms, record: Fact, changes: Raw, *, returning: bool = False) -> Change:
    """A change that the definition wants, whoever deletes: nobody's rights on this record are asked."""
    form = world[record.form]

    def plan(facts: Facts, raw: Raw) -> RecordWrite:
        return plan_update(world, form, record, changes, facts, writable=None, partial=True, returning=returning)

    return Change(form, record, plan)


def _put_back(world: Forms, record: Fact, changes: Mapping[str, Any]) -> Change:
    return _changed(world, record, {key: old for key, (old, _) in changes.items()}, returning=True)


def _without(form: CompiledForm, data: Mapping[str, Json], holds: Iterable[Hold], gone: set[int]) -> dict[str, Json]:
    """The fields that name what goes, without it."""
    changes: dict[str, Json] = {}
    for hold in holds:
        key, _, column = hold.path.partition(".")
        place = form.field(hold.path)
        if place is None:
            continue
        if not column:
            changes[key] = _left(data.get(key), gone)
            continue
        rows = changes.get(key, data.get(key))
        kept: list[Json] = []
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and row.get("id") == hold.row:
                left = _left(row.get(column), gone)
                if left is None and policy_of(place) == "cascade":
                    continue
                row = {**row, column: left}
            kept.append(row)
        changes[key] = kept
    return changes


def _left(stored: Json, gone: set[int]) -> Json:
    if isinstance(stored, list):
        return [each for each in stored if each not in gone] or None
    return None if stored in gone else stored

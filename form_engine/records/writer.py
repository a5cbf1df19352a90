"""How records are written: planned purely, applied whole, told to subscribers; again when somebody was faster."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from formloom.errors import Conflict, Forbidden
from formloom.frozen import replace
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm, FieldAccess
from form_engine.definitions_store import FormStore
from form_engine.fields.base import Json
from form_engine.permission import access_for
from form_engine.permission.access import Rights
from form_engine.records import apply, trail
from form_engine.records.actor import Actor
from form_engine.records.apply import apply_writes
from form_engine.records.changed import RecordChanged, Subscriber
from form_engine.records.context import context_for
from form_engine.records.facts import Fact, Facts
from form_engine.records.facts_sql import facts_of
from form_engine.records.forms import Forms
from form_engine.records.merge import Clash, merge, undone
from form_engine.records.reader import Reader, StepRights
from form_engine.records.references import check_references, telling_nothing_hidden
from form_engine.records.refusal import refusal
from form_engine.records.titles import titles
from form_engine.records.write import RecordWrite

ATTEMPTS: Final = 5
Raw = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Change:
    """One record that is to be written: `plan` makes the write, of the input `raw`."""

    form: CompiledForm
    record: Fact | None
    plan: Callable[[Facts, Raw], RecordWrite]
    raw: Raw = field(default_factory=dict)


class Writer(Reader):
    """The writing half of `Records`. Subscribers hear of every change inside its transaction."""

    def __init__(self, subscribers: Sequence[Subscriber] = ()) -> None:
        self._subscribers = tuple(subscribers)

    def write(
        self,
        session: Session,
        forms: FormStore,
        changes: Sequence[Change],
        actor: Actor,
        via: str | None = None,
        said: Raw | None = None,
    ) -> list[Fact]:
        """Plan and apply together; plan again, holding the parents, when a total that a rule read has moved meanwhile.

        Raises what planning raises, `apply.Refused` with VERSION, and the errors of `refusal`.
        """
        world, context = forms.forms(session), context_for(session, actor)
        own = [change.record.id for change in changes if change.record is not None]
        held: set[int] = set()
        for _ in range(ATTEMPTS):
            facts = facts_of(session, world, context, without=own)
            writes = [self._planned(session, forms, world, change, facts, actor) for change in changes]
            try:
                done = apply_writes(session, world, writes, actor, context.now, via)
            except apply.Refused as refused:
                if refused.state == apply.VERSION:
                    raise
                if refused.state != apply.TOTAL:
                    raise self.refused(session, world, refused, writes, actor) from None
                held |= {*own, *(parent for write in writes for parent in write.seen)}
                trail.hold(session, held)
                continue
            return [
                self._tell(session, change.record, write, applied, actor, context.now, said)
                for change, write, applied in zip(changes, writes, done, strict=True)
            ]
        raise Conflict("totals_keep_moving", {"form": changes[0].form.key})

    def again_when_overtaken(self, attempt: Callable[[], T], record_id: int) -> T:
        """Somebody else's version came between reading and writing: read and decide again."""
        for _ in range(ATTEMPTS):
            try:
                return attempt()
            except apply.Refused:
                continue
        raise Conflict("version_conflict", {"id": record_id})

    def editable(
        self,
        session: Session,
        forms: FormStore,
        record_id: int,
        actor: Actor,
        action: str,
        step: StepRights | None = None,
    ) -> tuple[Fact, CompiledForm, Rights]:
        """The record, the form that it is edited by and the rights on it. Raises NotFound, Forbidden, Conflict."""
        record, form, rights = self.readable(session, forms, record_id, actor)
        if record.run_id is not None:
            if step is None or step.run_id != record.run_id:
                raise Conflict("record_in_run", {"id": record_id, "run": record.run_id})
            return record, forms.version(session, record.form, record.form_version), Rights(rights.may, step.fields)
        if record.draft and record.created_by == actor.person_id:
            new = access_for(session, forms.forms(session), form, actor)
            return record, form, Rights(rights.may, new.fields_for_new())
        if action not in rights.may:
            raise Forbidden("action_denied", {"action": action, "form": form.key})
        return record, form, rights

    def merged(
        self, session: Session, form: CompiledForm, record: Fact, changes: Raw, expected: int, fields: FieldAccess
    ) -> Raw:
        """Changes that were made on an older version, brought upon this one.

        Raises Conflict `version_conflict` with what both changed, as far as it may be read.
        """
        if expected == record.version:
            return changes
        since = trail.changes_since(session, record.id, expected)
        by = {key: actor for actor, changed in since for key in changed}
        found = merge(form, changes, undone(record.data, [changed for _, changed in since]), record.data, by)
        if found.clashes or expected > record.version:
            told = [clash.to_json() for each in found.clashes if (clash := _readable(form, each, fields)) is not None]
            raise Conflict("version_conflict", {"id": record.id, "version": record.version, "fields": told})
        return found.changes

    def _planned(
        self, session: Session, forms: FormStore, world: Forms, change: Change, facts: Facts, actor: Actor
    ) -> RecordWrite:
        def plan(raw: Raw) -> RecordWrite:
            return change.plan(facts, raw)

        before: Mapping[str, Json] = change.record.data if change.record is not None else {}
        write = telling_nothing_hidden(session, world, change.form, plan, change.raw, before, actor)
        if write.action not in ("deleted", "restored"):

            def may_read(file_id: str) -> bool:
                return self.may_read_file(session, forms, actor, file_id)

            check_references(session, world, change.form, write, before, actor, may_read)
        return write

    def refused(
        self, session: Session, world: Forms, refused: apply.Refused, writes: Sequence[RecordWrite], actor: Actor
    ) -> Exception:
        """The error for a batch that the database refused."""

        def title_of(other: int) -> str | None:
            return titles(session, world, [other], actor).get(other, ("", None))[1]

        return refusal(refused, world, writes, title_of)

    def _tell(
        self,
        session: Session,
        record: Fact | None,
        write: RecordWrite,
        done: apply.Applied,
        actor: Actor,
        now: datetime,
        said: Raw | None = None,
    ) -> Fact:
        after = _after(record, write, done, actor, now)
        for subscriber in self._subscribers:
            subscriber(session, RecordChanged(record, after, write.action, actor, said=said))
        return after


def _readable(form: CompiledForm, clash: Clash, fields: FieldAccess) -> Clash | None:
    """The clash without columns that may not be read."""
    if not fields.may_read(clash.field):
        return None
    table = form.field(clash.field)
    if table is None or not table.columns:
        return clash
    seen = {"id", *(column.key for column in table.columns if fields.may_read(column.path))}
    return replace(clash, yours=_only(clash.yours, seen), theirs=_only(clash.theirs, seen))


def _only(value: Json, seen: set[str]) -> Json:
    """A row, or a list of rows, without other columns."""
    if isinstance(value, dict):
        return {key: each for key, each in value.items() if key in seen}
    return [_only(each, seen) for each in value] if isinstance(value, list) else value


def _after(record: Fact | None, write: RecordWrite, done: apply.Applied, actor: Actor, now: datetime) -> Fact:
    data = {key: _numbered(value, write, done) for key, value in write.data.items()}
    base = record or Fact(0, write.form, write.form_version, 0, 0, {}, created_at=now, created_by=actor.person_id)
    return replace(
        base,
        id=done.id,
        form_version=write.form_version,
        version=done.version,
        data=data,
        number=done.number or base.number,
        title=_numbered(write.title, write, done),
        draft=write.draft,
        deleted=write.deleted,
        updated_at=now,
        updated_by=actor.ref,
    )


def _numbered(value: Any, write: RecordWrite, done: apply.Applied) -> Any:
    """What was written, with the number where its token stood."""
    own = next((mark for mark in write.numbers if mark.own), None)
    return value.replace(own.token, done.number) if own and isinstance(value, str) and done.number else value

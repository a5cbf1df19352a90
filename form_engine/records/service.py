"""Records as the rest of the house uses them: every write is planned purely, applied whole, and told to subscribers.

Services take a session and never commit. What an actor may not read does not exist for them (`NotFound`); what they
may read and not do is `Forbidden`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from formloom.clock import app_now
from formloom.errors import Conflict, Forbidden, InvalidInput, Issue
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm, FieldAccess
from form_engine.definitions_store import FormStore
from form_engine.permission import access_for
from form_engine.permission.access import Rights
from form_engine.records import apply, trail
from form_engine.records.actor import Actor
from form_engine.records.apply import apply_writes
from form_engine.records.changed import RecordChanged, Subscriber
from form_engine.records.context import context_for
from form_engine.records.errors import CODES
from form_engine.records.facts import Fact, Facts, linked_ids
from form_engine.records.facts_sql import facts_of
from form_engine.records.forms import Forms
from form_engine.records.merge import clashes
from form_engine.records.plan import plan_create, plan_removal, plan_update
from form_engine.records.reader import Reader, StepRights
from form_engine.records.references import check_references, rules_tell_nothing_hidden
from form_engine.records.write import RecordWrite

ATTEMPTS: Final = 5
BATCH: Final = 500
Raw = Mapping[str, Any]


class Records(Reader):
    """The service. Subscribers hear of every change inside its transaction."""

    def __init__(self, subscribers: Sequence[Subscriber] = ()) -> None:
        self._subscribers = tuple(subscribers)

    # -- writing -----------------------------------------------------------------------------------------------------

    def create(
        self,
        session: Session,
        forms: FormStore,
        form_key: str,
        values: Raw,
        actor: Actor,
        *,
        draft: bool = False,
        via: str | None = None,
    ) -> Fact:
        """A new record (or a draft of one). Raises InvalidInput with every issue, Forbidden `action_denied`."""
        form = forms.live(session, form_key)
        world = forms.forms(session)
        access = access_for(session, world, form, actor)
        if not access.may("create"):
            raise Forbidden("action_denied", {"action": "create", "form": form_key})
        writable = None if actor.trusted else access.fields_for_new()

        def plan(facts: Facts) -> RecordWrite:
            return plan_create(world, form, values, facts, writable=writable, created_by=actor.person_id, draft=draft)

        return self._write(session, world, form, None, plan, actor, via, values)

    def update(
        self,
        session: Session,
        forms: FormStore,
        record_id: int,
        changes: Raw,
        actor: Actor,
        *,
        expected_version: int | None = None,
        as_step: StepRights | None = None,
        submit: bool = False,
        via: str | None = None,
    ) -> Fact:
        """Change a record; `submit` makes a draft count.

        With `expected_version` older than the record, changes of other fields are merged; Conflict `version_conflict`
        tells where both changed the same. Conflict `record_in_run` unless an open step (`as_step`) edits it.
        """

        def attempt() -> Fact:
            record, form, rights = self._editable(session, forms, record_id, actor, "update", as_step)
            if submit and not record.draft:
                raise Conflict("not_a_draft", {"id": record_id})
            if expected_version is not None and expected_version != record.version:
                self._merge(session, form, record, changes, expected_version, rights.fields)
            world = forms.forms(session)
            writable = None if actor.trusted else rights.fields

            def plan(facts: Facts) -> RecordWrite:
                return plan_update(
                    world, form, record, changes, facts, writable=writable, submit=submit, partial=actor.trusted
                )

            return self._write(session, world, form, record, plan, actor, via, changes)

        return self._again_when_overtaken(attempt, record_id)

    def submit(
        self, session: Session, forms: FormStore, record_id: int, changes: Raw, actor: Actor, **rest: Any
    ) -> Fact:
        """Turn a draft into a record: it gets its number, and counts from now on."""
        return self.update(session, forms, record_id, changes, actor, submit=True, **rest)

    def delete(self, session: Session, forms: FormStore, record_id: int, actor: Actor) -> Fact:
        """Into the bin: it counts nowhere, and can be restored."""
        return self._remove(session, forms, record_id, actor, restore=False)

    def restore(self, session: Session, forms: FormStore, record_id: int, actor: Actor) -> Fact:
        """Out of the bin. Raises Conflict `not_unique` when somebody has taken its values meanwhile."""
        return self._remove(session, forms, record_id, actor, restore=True)

    def import_rows(
        self,
        session: Session,
        forms: FormStore,
        form_key: str,
        rows: Sequence[Raw],
        actor: Actor,
        via: str | None = None,
    ) -> list[int]:
        """Many new records of one form, by the same validation, in batches. Returns their ids in order.

        The actor must be trusted: no row filter is asked. Pointers of issues begin with the row (`/17/amount`).
        """
        if not actor.trusted:
            raise Forbidden("action_denied", {"action": "import", "form": form_key})
        form, world = forms.live(session, form_key), forms.forms(session)
        ids: list[int] = []
        for start in range(0, len(rows), BATCH):
            facts = facts_of(session, world, context_for(session, actor))
            for row in rows[start : start + BATCH]:
                for target, linked in linked_ids(form, row).items():
                    facts.want(target, linked)
            writes = []
            for at, row in enumerate(rows[start : start + BATCH], start):
                try:
                    write = plan_create(world, form, row, facts, writable=None, created_by=actor.person_id)
                except InvalidInput as error:
                    issues = tuple(Issue(f"/{at}{issue.pointer}", issue.code, issue.params) for issue in error.issues)
                    raise InvalidInput(error.code, error.params, issues) from None
                writes.append(write)
            try:
                ids += [done.id for done in apply_writes(session, world, writes, actor, app_now(session), via)]
            except apply.Refused as refused:
                raise _refusal(refused) from None
        return ids

    # -- how -----------------------------------------------------------------------------------------------------------

    def _editable(
        self, session: Session, forms: FormStore, record_id: int, actor: Actor, action: str, step: StepRights | None
    ) -> tuple[Fact, CompiledForm, Rights]:
        record, form, rights = self.readable(session, forms, record_id, actor)
        if record.run_id is not None:
            if step is None or step.run_id != record.run_id:
                raise Conflict("record_in_run", {"id": record_id, "run": record.run_id})
            return record, forms.version(session, record.form, record.form_version), Rights(rights.may, step.fields)
        own_draft = record.draft and record.created_by == actor.person_id
        if own_draft:
            new = access_for(session, forms.forms(session), form, actor)
            return record, form, Rights(rights.may, new.fields_for_new())
        if action not in rights.may:
            raise Forbidden("action_denied", {"action": action, "form": form.key})
        return record, form, rights

    def _remove(self, session: Session, forms: FormStore, record_id: int, actor: Actor, *, restore: bool) -> Fact:
        def attempt() -> Fact:
            record, form, rights = self.readable(session, forms, record_id, actor, in_bin=True)
            if record.deleted != restore:
                raise Conflict("not_deleted" if restore else "is_deleted", {"id": record_id})
            own_draft = record.draft and record.created_by == actor.person_id
            if "delete" not in rights.may and not own_draft:
                raise Forbidden("action_denied", {"action": "delete", "form": form.key})
            if record.run_id is not None:
                raise Conflict("record_in_run", {"id": record_id, "run": record.run_id})
            world = forms.forms(session)

            def plan(facts: Facts) -> RecordWrite:
                return plan_removal(world, form, record, facts, restore=restore)

            return self._write(session, world, form, record, plan, actor, None)

        return self._again_when_overtaken(attempt, record_id)

    def _again_when_overtaken(self, attempt: Callable[[], Fact], record_id: int) -> Fact:
        """Somebody else's version came between reading and writing: read and decide again."""
        for _ in range(ATTEMPTS):
            try:
                return attempt()
            except apply.Refused as refused:
                if refused.state != apply.VERSION:
                    raise _refusal(refused) from None
        raise Conflict("version_conflict", {"id": record_id})

    def _write(
        self,
        session: Session,
        forms: Forms,
        form: CompiledForm,
        record: Fact | None,
        plan: Callable[[Facts], RecordWrite],
        actor: Actor,
        via: str | None,
        raw: Raw = MappingProxyType({}),
    ) -> Fact:
        """Plan and apply; plan again, holding the parents, when a total that a rule read has moved meanwhile."""
        context = context_for(session, actor)
        own = [record.id] if record is not None else []
        held: set[int] = set()
        for _ in range(ATTEMPTS):
            facts = facts_of(session, forms, context, without=own)
            before = record.data if record else {}
            with rules_tell_nothing_hidden(session, forms, form, raw, before, actor):
                write = plan(facts)
            if write.action not in ("deleted", "restored"):
                check_references(session, forms, form, write, before, actor)
            try:
                (done,) = apply_writes(session, forms, [write], actor, context.now, via)
            except apply.Refused as refused:
                if refused.state == apply.UNIQUE:
                    raise _not_unique(refused) from None
                if refused.state != apply.TOTAL:
                    raise
                held |= {*own, *write.seen}
                trail.hold(session, held)
                continue
            after = _after(record, write, done, actor, context.now)
            for subscriber in self._subscribers:
                subscriber(session, RecordChanged(record, after, write.action, actor))
            return after
        raise Conflict("totals_keep_moving", {"form": form.key})

    def _merge(
        self, session: Session, form: CompiledForm, record: Fact, changes: Raw, expected: int, fields: FieldAccess
    ) -> None:
        since = trail.changes_since(session, record.id, expected)
        clash = clashes(changes, since)
        if clash or expected > record.version:
            told = [
                {"field": each.field, "yours": each.yours, "theirs": each.theirs, "by": each.by}
                for each in clash
                if fields.may_read(each.field)
            ]
            raise Conflict("version_conflict", {"id": record.id, "version": record.version, "fields": told})


def _after(record: Fact | None, write: RecordWrite, done: apply.Applied, actor: Actor, now: Any) -> Fact:
    data = {key: _numbered(value, write, done) for key, value in write.data.items()}
    base = record or Fact(0, write.form, write.form_version, 0, 0, {}, created_at=now, created_by=actor.person_id)
    number = done.number or base.number
    return replace(
        base,
        id=done.id,
        form_version=write.form_version,
        version=done.version,
        data=data,
        number=number,
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


def _not_unique(refused: apply.Refused) -> InvalidInput:
    keys = str(refused.detail.get("rule", "")).split(",")
    issues = tuple(Issue(f"/{key}", "not_unique", {"fields": keys}) for key in keys)
    return InvalidInput("not_unique", {"fields": keys}, issues)


def _refusal(refused: apply.Refused) -> Exception:
    if refused.state == apply.UNIQUE:
        return _not_unique(refused)
    return Conflict("totals_keep_moving" if refused.state == apply.TOTAL else "version_conflict", refused.detail)


__all__ = ["CODES", "Records", "StepRights"]

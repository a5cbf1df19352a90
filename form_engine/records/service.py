"""Records as the rest of the house uses them: every write is planned purely, applied whole, and told to subscribers.

Services take a session and never commit. What an actor may not read does not exist for them (`NotFound`); what they
may read and not do is `Forbidden`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, Forbidden, InvalidInput, Issue, NotFound
from sqlalchemy import select
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm, FieldAccess
from form_engine.definitions_store import FormStore
from form_engine.models import Record
from form_engine.permission import Access, access_for
from form_engine.permission.access import Rights
from form_engine.query.listing import Page, list_records
from form_engine.query.lookup import lookup
from form_engine.records import apply, trail
from form_engine.records.actor import Actor
from form_engine.records.apply import apply_writes
from form_engine.records.changed import RecordChanged, Subscriber
from form_engine.records.context import context_for
from form_engine.records.errors import CODES
from form_engine.records.facts import Fact, Facts
from form_engine.records.facts_sql import facts_of
from form_engine.records.forms import Forms
from form_engine.records.links import new_links
from form_engine.records.merge import clashes
from form_engine.records.plan import plan_create, plan_removal, plan_update
from form_engine.records.references import unknown_references
from form_engine.records.view import RecordView, view_of
from form_engine.records.write import RecordWrite

ATTEMPTS: Final = 5
BATCH: Final = 500
Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepRights:
    """An open step of the run that holds a record lets these fields be written."""

    run_id: int
    fields: FieldAccess


class Records:
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

        return self._write(session, world, form, None, plan, actor, via)

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

            return self._write(session, world, form, record, plan, actor, via)

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
            writes = []
            for at, row in enumerate(rows[start : start + BATCH], start):
                try:
                    write = plan_create(world, form, row, facts, writable=None, created_by=actor.person_id)
                except InvalidInput as error:
                    issues = tuple(Issue(f"/{at}{issue.pointer}", issue.code, issue.params) for issue in error.issues)
                    raise InvalidInput(error.code, error.params, issues) from None
                writes.append(write)
            try:
                ids += [done.id for done in apply_writes(session, writes, actor, app_now(session), via)]
            except apply.Refused as refused:
                raise _refusal(refused) from None
        return ids

    # -- reading -----------------------------------------------------------------------------------------------------

    def get(self, session: Session, forms: FormStore, record_id: int, actor: Actor) -> Fact:
        """The whole stored record, for code that acts on it. Raises NotFound unless the actor may read it."""
        return self._readable(session, forms, record_id, actor)[0]

    def view(
        self, session: Session, forms: FormStore, record_id: int, actor: Actor, as_step: StepRights | None = None
    ) -> RecordView:
        """The record as this actor may see it."""
        record, form, rights = self._readable(session, forms, record_id, actor)
        fields = rights.fields
        if as_step is not None:
            fields = fields | as_step.fields
        elif record.run_id is not None and not actor.trusted:
            rights = replace(rights, may=rights.may - {"update", "delete"})
        facts = facts_of(session, forms.forms(session), context_for(session, actor))
        return view_of(form, record, facts, fields, rights.may)

    def list_page(self, session: Session, forms: FormStore, form_key: str, actor: Actor, **asked: Any) -> Page:
        """A page of records; `asked` as `list_records` takes it."""
        return list_records(session, self.access(session, forms, form_key, actor), **asked)

    def lookup(self, session: Session, forms: FormStore, form_key: str, path: str, actor: Actor, **asked: Any) -> Page:
        """Candidates for a link; `asked` as `query.lookup` takes it."""
        return lookup(session, self.access(session, forms, form_key, actor), path, **asked)

    def access(self, session: Session, forms: FormStore, form_key: str, actor: Actor) -> Access:
        """What the actor may see and do on a form."""
        return access_for(session, forms.forms(session), forms.live(session, form_key), actor)

    def history(self, session: Session, forms: FormStore, record_id: int, actor: Actor) -> list[trail.Change]:
        """Who changed what and when, oldest first, without the fields that the actor may not read."""
        record, form, rights = self._readable(session, forms, record_id, actor)
        return trail.history(session, form, record.id, rights.fields)

    def titles(self, session: Session, ids: Collection[int]) -> dict[int, tuple[str, str]]:
        """By id: the form and the title. For the cells of those who may see the link itself."""
        statement = select(Record.id, Record.form, Record.title).where(
            Record.workspace_id == workspace_of(session), Record.id.in_(sorted(set(ids)))
        )
        return {record_id: (form, title) for record_id, form, title in session.execute(statement)}

    def children(
        self, session: Session, forms: FormStore, record_id: int, actor: Actor, limit: int = 20
    ) -> list[tuple[str, str, Page]]:
        """The records that link here and that the actor may list, by form and link field."""
        record = self.get(session, forms, record_id, actor)
        found = []
        for key, path in trail.linking_fields(session, record.id):
            if key not in forms.forms(session):
                continue
            access = self.access(session, forms, key, actor)
            if access.may("read") and access.readable(key, path):
                asked = {"field": path, "op": "eq", "value": record_id}
                found.append((key, path, list_records(session, access, filter=asked, limit=limit)))
        return [each for each in found if each[2].items]

    def may_read_file(self, session: Session, forms: FormStore, actor: Actor, file_id: str) -> bool:
        """Whether the actor uploaded the file, or may read a field that holds it in a record that they may read."""
        return trail.uploaded_by(session, file_id, actor) or any(
            self._shows_file(session, forms, holder, actor, file_id) for holder in trail.holding_file(session, file_id)
        )

    # -- how -----------------------------------------------------------------------------------------------------------

    def _shows_file(self, session: Session, forms: FormStore, record_id: int, actor: Actor, file_id: str) -> bool:
        try:
            view = self.view(session, forms, record_id, actor)
        except NotFound:
            return False
        return trail.mentions(view.values, file_id)

    def _readable(
        self, session: Session, forms: FormStore, record_id: int, actor: Actor, *, in_bin: bool = False
    ) -> tuple[Fact, CompiledForm, Rights]:
        world = forms.forms(session)
        loaded = list(facts_of(session, world, context_for(session, actor)).load([record_id]))
        fact = loaded[0] if loaded else None
        form = world.get(fact.form) if fact is not None else None
        if fact is None or form is None or (fact.deleted and not in_bin):
            raise NotFound("unknown_record", {"id": record_id})
        if fact.draft and not actor.trusted and fact.created_by != actor.person_id:
            raise NotFound("unknown_record", {"id": record_id})
        rights = access_for(session, world, form, actor).rights(session, [record_id]).get(record_id)
        if rights is None:
            raise NotFound("unknown_record", {"id": record_id})
        return fact, form, rights

    def _editable(
        self, session: Session, forms: FormStore, record_id: int, actor: Actor, action: str, step: StepRights | None
    ) -> tuple[Fact, CompiledForm, Rights]:
        record, form, rights = self._readable(session, forms, record_id, actor)
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
            record, form, rights = self._readable(session, forms, record_id, actor, in_bin=True)
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
    ) -> Fact:
        """Plan and apply; plan again, holding the parents, when a total that a rule read has moved meanwhile."""
        context = context_for(session, actor)
        own = [record.id] if record is not None else []
        held: set[int] = set()
        for _ in range(ATTEMPTS):
            facts = facts_of(session, forms, context, without=own)
            write = plan(facts)
            self._check_references(session, forms, form, write, record, actor)
            try:
                (done,) = apply_writes(session, [write], actor, context.now, via)
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

    def _check_references(
        self, session: Session, forms: Forms, form: CompiledForm, write: RecordWrite, record: Fact | None, actor: Actor
    ) -> None:
        """People and files exist; a person links only to what they may read."""
        if write.action in ("deleted", "restored"):
            return
        before = record.data if record is not None else {}
        issues = list(unknown_references(session, form, write.data, before))
        links = () if actor.trusted else new_links(form, write.data, before)
        for target in {link.form for link in links}:
            wanted = [link.to_id for link in links if link.form == target]
            readable = access_for(session, forms, forms[target], actor).rights(session, wanted)
            hidden = (link for link in links if link.form == target and link.to_id not in readable)
            issues += [Issue(link.pointer, "unknown_record", {"form": target}) for link in hidden]
        if issues:
            raise InvalidInput("invalid_input", {"form": form.key}, tuple(issues))

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

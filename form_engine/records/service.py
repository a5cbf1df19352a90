"""Records as the rest of the house uses them: every write is planned purely, applied whole, and told to subscribers.

Services take a session and never commit. What an actor may not read does not exist for them (`NotFound`); what they
may read and not do is `Forbidden`.
"""

from collections.abc import Sequence
from typing import Any, Final

from formloom.clock import app_now
from formloom.errors import Conflict, Forbidden, FormloomError, InvalidInput, Issue
from sqlalchemy.orm import Session

from form_engine.definitions_store import FormStore
from form_engine.permission import access_for
from form_engine.records import apply, removal
from form_engine.records.actor import Actor
from form_engine.records.apply import apply_writes
from form_engine.records.context import context_for
from form_engine.records.errors import CODES
from form_engine.records.facts import Fact, Facts, linked_ids
from form_engine.records.facts_sql import facts_of
from form_engine.records.plan import plan_create, plan_update
from form_engine.records.reader import StepRights
from form_engine.records.write import RecordWrite
from form_engine.records.writer import Change, Raw, Writer

BATCH: Final = 500


class Records(Writer):
    """The service."""

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
        said: Raw | None = None,
    ) -> Fact:
        """A new record (or a draft of one). Raises InvalidInput with every issue, Forbidden `action_denied`."""
        presumed = forms.presume(session)
        try:
            return self._create(session, forms, form_key, values, actor, draft, via, said)
        except FormloomError:
            if not presumed:
                raise
            before = forms.forms(session)
            forms.forget(session)
            if forms.forms(session).mark == before.mark:
                raise
        return self._create(session, forms, form_key, values, actor, draft, via, said)

    def _create(
        self,
        session: Session,
        forms: FormStore,
        form_key: str,
        values: Raw,
        actor: Actor,
        draft: bool,
        via: str | None,
        said: Raw | None,
    ) -> Fact:
        form = forms.live(session, form_key)
        world = forms.forms(session)
        access = access_for(session, world, form, actor)
        if not access.may("create"):
            raise Forbidden("action_denied", {"action": "create", "form": form_key})
        writable = None if actor.trusted else access.fields_for_new()

        def plan(facts: Facts, raw: Raw) -> RecordWrite:
            return plan_create(world, form, raw, facts, writable=writable, created_by=actor.person_id, draft=draft)

        return self.write(session, forms, [Change(form, None, plan, values)], actor, via, said)[0]

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
        returning: bool = False,
        said: Raw | None = None,
    ) -> Fact:
        """Change a record; `submit` makes a draft count.

        With `expected_version` older than the record, changes of other fields, rows and cells are merged; Conflict
        `version_conflict` tells where both changed the same. Conflict `record_in_run` unless an open step (`as_step`)
        edits it. `returning`: rows of tables may come back with the ids that they had.
        """

        def attempt() -> Fact:
            record, form, rights = self.editable(session, forms, record_id, actor, "update", as_step)
            if submit and not record.draft:
                raise Conflict("not_a_draft", {"id": record_id})
            raw = changes
            if expected_version is not None:
                raw = self.merged(session, form, record, changes, expected_version, rights.fields)
            world = forms.forms(session)
            writable = None if actor.trusted else rights.fields

            def plan(facts: Facts, raw: Raw) -> RecordWrite:
                return plan_update(
                    world,
                    form,
                    record,
                    raw,
                    facts,
                    writable=writable,
                    submit=submit,
                    partial=actor.trusted,
                    returning=returning,
                )

            return self.write(session, forms, [Change(form, record, plan, raw)], actor, via, said)[0]

        return self.again_when_overtaken(attempt, record_id)

    def submit(
        self, session: Session, forms: FormStore, record_id: int, changes: Raw, actor: Actor, **rest: Any
    ) -> Fact:
        """Turn a draft into a record: it gets its number, and counts from now on."""
        return self.update(session, forms, record_id, changes, actor, submit=True, **rest)

    def delete(
        self, session: Session, forms: FormStore, record_id: int, actor: Actor, *, force: bool = False
    ) -> removal.Removed:
        """Into the bin, where it counts nowhere, with what goes along as the links to it say (ADR 057).

        Raises Conflict `linked_from` where a link refuses that, or asks and is not answered by `force`.
        """
        return removal.remove(self, session, forms, record_id, actor, force=force)

    def restore(
        self, session: Session, forms: FormStore, record_id: int, actor: Actor, *, via: str | None = None
    ) -> removal.Removed:
        """Out of the bin, with what went along with it.

        Raises InvalidInput `not_unique` or `overlaps` when somebody has taken its values meanwhile.
        """
        return removal.restore(self, session, forms, record_id, actor, via=via)

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
                raise self.refused(session, world, refused, writes, actor) from None
        return ids


__all__ = ["CODES", "Records", "StepRights"]

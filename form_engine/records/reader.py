"""Reading records: what an actor may see of them. What they may not read does not exist for them (`NotFound`)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from formloom.errors import NotFound
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm, FieldAccess
from form_engine.definitions_store import FormStore
from form_engine.permission import Access, access_for, accesses
from form_engine.permission.access import Rights
from form_engine.query.aggregate import Aggregate, aggregate
from form_engine.query.listing import FEW, Page, list_records
from form_engine.query.lookup import lookup
from form_engine.records import trail
from form_engine.records.actor import Actor
from form_engine.records.backlinks import backlinks
from form_engine.records.context import context_for
from form_engine.records.facts import Fact
from form_engine.records.facts_sql import facts_of
from form_engine.records.titles import titles
from form_engine.records.view import RecordView, view_of

COMMENT: Final = "comment:"
"""How the path of a comment's file begins."""


@dataclass(frozen=True, slots=True)
class StepRights:
    """An open step of the run that holds a record lets these fields be written."""

    run_id: int
    fields: FieldAccess


class Reader:
    """The reading half of `Records`."""

    def get(self, session: Session, forms: FormStore, record_id: int, actor: Actor) -> Fact:
        """The whole stored record, for code that acts on it. Raises NotFound unless the actor may read it."""
        return self.readable(session, forms, record_id, actor)[0]

    def view(
        self, session: Session, forms: FormStore, record_id: int, actor: Actor, as_step: StepRights | None = None
    ) -> RecordView:
        """The record as this actor may see it."""
        record, form, rights = self.readable(session, forms, record_id, actor)
        fields = rights.fields
        if as_step is not None:
            fields = self.access(session, forms, form.key, actor).closed(fields | as_step.fields)
        elif record.run_id is not None and not actor.trusted:
            rights = replace(rights, may=rights.may - {"update", "delete"})
        known = forms.forms(session)
        facts = facts_of(session, known, context_for(session, actor))
        seen = view_of(form, record, facts, fields, rights.may)
        leading_here = backlinks(session, known, form, record.id, fields, actor)
        return replace(seen, computed={**seen.computed, **leading_here}) if leading_here else seen

    def list_page(self, session: Session, forms: FormStore, form_key: str, actor: Actor, **asked: Any) -> Page:
        """A page of records; `asked` as `list_records` takes it."""
        return list_records(session, self.access(session, forms, form_key, actor), **asked)

    def aggregate(
        self, session: Session, forms: FormStore, form_key: str, actor: Actor, query: Mapping[str, Any]
    ) -> Aggregate:
        """Figures over the records of a form; `query` as `query.aggregate` describes it."""
        return aggregate(session, self.access(session, forms, form_key, actor), query)

    def lookup(self, session: Session, forms: FormStore, form_key: str, path: str, actor: Actor, **asked: Any) -> Page:
        """Candidates for a link; `asked` as `query.lookup` takes it."""
        return lookup(session, self.access(session, forms, form_key, actor), path, **asked)

    def access(self, session: Session, forms: FormStore, form_key: str, actor: Actor) -> Access:
        """What the actor may see and do on a form."""
        return access_for(session, forms.forms(session), forms.live(session, form_key), actor)

    def history(self, session: Session, seen: RecordView, limit: int = 1_000) -> list[trail.Change]:
        """Who changed what and when (the latest, oldest first), as far as the reader of this view may read it."""
        return trail.history(session, seen.form, seen.id, seen.fields, limit)

    def titles(
        self,
        session: Session,
        forms: FormStore,
        ids: Collection[int],
        actor: Actor,
        allowed: Mapping[str, Access] | None = None,
    ) -> dict[int, tuple[str, str | None]]:
        """By id: the form and the title as the actor may see it; None for a record that they may not open."""
        return titles(session, forms.forms(session), ids, actor, allowed)

    def children(
        self, session: Session, forms: FormStore, seen: RecordView, actor: Actor, limit: int = 20
    ) -> list[tuple[str, str, Page]]:
        """The records that link to the one in this view and that the actor may list, by form and link field."""
        found = []
        allowed = accesses(session, forms.forms(session), actor)
        for key, path in trail.linking_fields(session, seen.id):
            access = allowed.get(key)
            if access is not None and access.may("read") and access.readable(key, path):
                asked = {"field": path, "op": "eq", "value": seen.id}
                found.append((key, path, list_records(session, access, filter=asked, limit=limit, count_to=FEW)))
        return [each for each in found if each[2].items]

    def may_read_file(self, session: Session, forms: FormStore, actor: Actor, file_id: str) -> bool:
        """Whether the actor uploaded the file, or may read a field that holds it in a record that they may read."""
        return trail.uploaded_by(session, file_id, actor) or any(
            self._shows(session, forms, holder, path, actor) for holder, path in trail.holding_file(session, file_id)
        )

    def _shows(self, session: Session, forms: FormStore, record_id: int, path: str, actor: Actor) -> bool:
        """Whether the actor may read what stands at `path` (a field, or a comment), or stood there."""
        try:
            _, form, rights = self.readable(session, forms, record_id, actor)
        except NotFound:
            return False
        return path.startswith(COMMENT) or (form.field(path) is not None and rights.fields.may_read(path))

    def readable(
        self, session: Session, forms: FormStore, record_id: int, actor: Actor, *, in_bin: bool = False
    ) -> tuple[Fact, CompiledForm, Rights]:
        """The record, its live form and the actor's rights on it. A draft is its author's alone. Raises NotFound."""
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

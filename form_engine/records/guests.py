"""Records that people without an account report by a public link (ADR 102).

A guest has no roles: what may be written is what the form's `guest` part names, what the link is about, and what that
fixes. Links of the record come from the definition and the signed link alone, so a guest needs no right to read them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from formloom.errors import InvalidInput, Issue, NotFound
from sqlalchemy.orm import Session

from form_engine.definition import CompiledField, CompiledFormula, FieldAccess, Level
from form_engine.definitions_store import FormStore
from form_engine.fields.base import Json
from form_engine.formula import Env, ErrorValue, RecordValue, Value
from form_engine.permission import access_for
from form_engine.query.listing import Page
from form_engine.query.lookup import lookup, unsaved
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.apply import Refused
from form_engine.records.context import context_for
from form_engine.records.facts import Fact, Facts
from form_engine.records.facts_sql import facts_of
from form_engine.records.forms import Forms
from form_engine.records.named import new_ids
from form_engine.records.openings import Opening, Subject
from form_engine.records.plan import plan_create
from form_engine.records.references import TELLING, nothing_else, unknown_references
from form_engine.records.refusal import refusal
from form_engine.records.write import RecordWrite
from form_engine.records.writer import Change, Writer

_NOT_TO_CHOOSE: Final = frozenset({"filtered_out", "unknown_record"})
MOST_SAID: Final = 20


class GuestRecords(Writer):
    """Takes reports in. Composed with the same subscribers as `Records`: a report starts flows as any record does."""

    def opening(self, session: Session, forms: FormStore, subject: Subject) -> Opening:
        """The form behind a link. Raises NotFound when it is not open to guests (any more), or its record is gone."""
        world = forms.forms(session)
        form = world.get(subject.form)
        guest = form.guest if form is not None else None
        if form is None or guest is None:
            raise NotFound("link_gone")
        if subject.about is None:
            if not guest.definition.open:
                raise NotFound("link_gone")
            return Opening(world, form, guest, subject)
        column = form.field(subject.about)
        if subject.about not in guest.definition.about or column is None or subject.record is None:
            raise NotFound("link_gone")
        fact = next(iter(facts_of(session, world, context_for(session, SYSTEM)).load([subject.record])), None)
        if fact is None or fact.deleted or fact.draft or fact.form != column.points_to:
            raise NotFound("link_gone")
        return Opening(world, form, guest, subject)

    def begun(self, session: Session, opening: Opening, values: Mapping[str, Any]) -> dict[str, Json]:
        """What a guest has entered, what the link brings, and the defaults that the definition shows to guests."""
        known = self._with_fixed(session, opening, {**values, **opening.bound})
        for key in opening.fields:
            column = opening.form.field(key)
            if key in opening.guest.definition.prefill and column is not None and key not in values:
                begins = column.default
                if isinstance(begins, CompiledFormula):
                    begins = self._made(session, opening, known, key, begins)
                known[key] = begins
        return {key: value for key, value in known.items() if value is not None}

    def shown(self, session: Session, opening: Opening) -> dict[str, Any]:
        """What the page says of the record that the link is about: the fields that the definition shows."""
        about = opening.guest.definition.about.get(opening.subject.about or "")
        if about is None:
            return {}
        known = self._with_fixed(session, opening, opening.bound)
        own = self._unsaved(session, opening, known)
        found: dict[str, Any] = {}
        for key in about.show:
            column = opening.form.by_path[key]
            found[key] = _json(column, own.values.get(key)) if column.computed else known.get(key)
        return found

    def choices(
        self, session: Session, opening: Opening, path: str, values: Mapping[str, Any], *, q: str, limit: int
    ) -> Page:
        """What a link field may be set to: what the field's own filter lets through, beside what the link brings, found
        by title and number alone: other words would tell what stands in records of which a guest sees the titles.
        Raises NotFound for a field that is not the guest's to fill.
        """
        column = opening.form.field(path)
        if path not in opening.fields or column is None or column.points_to is None:
            raise NotFound("link_gone")
        own = {key: value for key, value in values.items() if key in opening.fields}
        access = access_for(session, opening.forms, opening.form, SYSTEM)
        begun = self.begun(session, opening, own)
        return lookup(session, access, path, values=begun, q=q, limit=limit, by_title=True)

    def report(
        self, session: Session, forms: FormStore, opening: Opening, values: Mapping[str, Any], actor: Actor
    ) -> Fact:
        """The new record. Raises InvalidInput with all that is wrong; a field that is not the guest's is unknown."""
        form, most = opening.form, opening.guest.definition.limits.files
        strange = [key for key in values if key not in opening.fields]
        if strange:
            issues = tuple(Issue(f"/{key[:64]}", "unknown_key") for key in strange[:MOST_SAID])
            raise InvalidInput("invalid_input", {"form": form.key}, issues)
        whole = self._with_fixed(session, opening, {**values, **opening.bound})
        writable = FieldAccess(dict.fromkeys(whole, Level.WRITE))

        def plan(facts: Facts, raw: Mapping[str, Any]) -> RecordWrite:
            try:
                write = plan_create(opening.forms, form, raw, facts, writable=writable)
            except InvalidInput as error:
                raise _telling_nothing(error) from None
            if len({each.id for each in new_ids(form, write.data, {}, "file")}) > most:
                raise InvalidInput("invalid_input", {"form": form.key}, (Issue("", "too_many_files", {"most": most}),))
            return write

        return self.write(session, forms, [Change(form, None, plan, whole)], actor)[0]

    def _planned(
        self, session: Session, forms: FormStore, world: Forms, change: Change, facts: Facts, actor: Actor
    ) -> RecordWrite:
        """Files must be the guest's own; links were brought by the link or passed the field's filter."""
        write = change.plan(facts, change.raw)
        issues = unknown_references(session, change.form, write.data, {}, actor, nothing_else)
        if issues:
            raise InvalidInput("invalid_input", {"form": change.form.key}, issues)
        return write

    def refused(
        self, session: Session, world: Forms, refused: Refused, writes: Sequence[RecordWrite], actor: Actor
    ) -> Exception:
        """Which other record has the same value already is not a guest's to learn."""
        return refusal(refused, world, writes, lambda _: None)

    def _with_fixed(self, session: Session, opening: Opening, values: Mapping[str, Any]) -> dict[str, Json]:
        """The same with what the link fixes: by formula where the definition says so, over what is known by then."""
        known = dict(values)
        for key, value in opening.guest.fixed(opening.subject.about).items():
            made = self._made(session, opening, known, key, value) if isinstance(value, CompiledFormula) else value
            if made is not None:
                known[key] = made
        return known

    def _made(
        self, session: Session, opening: Opening, known: Mapping[str, Any], key: str, made: CompiledFormula
    ) -> Json:
        """The formula's value as input of the field; None where it is an error: the field is then left blank."""
        column = opening.form.by_path[key]
        found = made.run(Env(own=self._unsaved(session, opening, known), context=context_for(session, SYSTEM)))
        return None if isinstance(found, ErrorValue) else cast("Json", _json(column, found))

    def _unsaved(self, session: Session, opening: Opening, known: Mapping[str, Any]) -> RecordValue:
        """The record that is to be, as formulas read it; what makes no sense counts as blank."""
        facts = facts_of(session, opening.forms, context_for(session, SYSTEM))
        access = access_for(session, opening.forms, opening.form, SYSTEM)
        return unsaved(opening.form, "", known, None, facts, access)[0]


def _json(column: CompiledField, value: Value) -> object:
    return None if value is None else column.definition.type.to_json(value, column.definition.config)


def _telling_nothing(error: InvalidInput) -> InvalidInput:
    """The refusal without what it tells of records that a guest may not choose."""
    wrong = {issue.pointer for issue in error.issues if issue.code in _NOT_TO_CHOOSE}
    if not wrong:
        return error
    hidden = (Issue(pointer, "unknown_record") for pointer in sorted(wrong))
    others = (issue for issue in error.issues if issue.code not in TELLING and issue.pointer not in wrong)
    return InvalidInput(error.code, error.params, (*hidden, *others))


__all__ = ["GuestRecords", "Opening", "Subject"]

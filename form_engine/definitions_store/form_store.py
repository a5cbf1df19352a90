"""The store of forms: a world whose members speak of each other, checked, compiled and indexed together."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from formloom.db.uow import workspace_of
from formloom.errors import InvalidDefinition, Issue, NotFound
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm, FormDef
from form_engine.definition.check import check_form
from form_engine.definition.compile import compile_form
from form_engine.definition.parse import parse_form
from form_engine.definition.scope import FormTypes
from form_engine.definitions_store import upkeep
from form_engine.definitions_store.backfill import KIND as FILL
from form_engine.definitions_store.backfill import (
    changed_feeds,
    changed_slots,
    fill,
    forget_parts,
    gone_feeds,
    many,
    used_slots,
)
from form_engine.definitions_store.evolve import AT_ONCE, free_slots, steps_to
from form_engine.definitions_store.fit import outside_reach
from form_engine.definitions_store.live import forget_live, prefixed, published_here
from form_engine.definitions_store.slots import assign_slots
from form_engine.definitions_store.store import DefinitionStore
from form_engine.evolution.records import convert_records
from form_engine.evolution.refresh import WORDS, refresh, stale
from form_engine.formula import Type
from form_engine.models import FormSlot, Record
from form_engine.records.actor import Actor
from form_engine.records.forms import Forms

REFRESH: Final = "refresh"
"""The kind of job that makes titles and searched words anew where there are many records."""

_HERE: Final = "form_engine.forms"
_MOST_WORKSPACES: Final = 200
_ALONE: Final = text("SELECT pg_advisory_xact_lock(7031, CAST(:workspace % 2147483647 AS integer))")
"""The other side of the shared lock in `apply_record_writes`."""


def stand_alone(session: Session) -> None:
    """Until this transaction ends no record of the workspace is written by anybody else."""
    session.execute(_ALONE, {"workspace": workspace_of(session)})


class FormStore(DefinitionStore[FormDef]):
    """Forms, live and past. One object serves all threads and workspaces of a process."""

    def __init__(self) -> None:
        super().__init__("form", parse_form)
        self._worlds: OrderedDict[int, Forms] = OrderedDict()
        self._compiled: dict[tuple[int, str, int, int], CompiledForm] = {}
        self.dependents: tuple[DefinitionStore[Any], ...] = ()
        """The kinds whose definitions speak of forms; the composition names them."""

    def forms(self, session: Session) -> Forms:
        """The live forms as they are in this transaction; asking again costs nothing."""
        asked_in, known = session.info.get(_HERE, (None, None))
        if known is None or asked_in is not session.get_transaction():
            known = self._current(session)
            session.info[_HERE] = (session.get_transaction(), known)
        forms: Forms = known
        return forms

    def known(self, workspace_id: int) -> Forms | None:
        """The forms that this process saw last: for a hot path that compares `versions` with what the database says."""
        return self._worlds.get(workspace_id)

    def presume(self, session: Session) -> bool:
        """Take the forms that this process saw last for those of this transaction, without asking. Writing finds out
        (Conflict `definition_changed`); whoever is refused anything must ask whether they were right (`forget`).

        False where nothing is presumed: they are known already, or must be asked for.
        """
        asked_in, known = session.info.get(_HERE, (None, None))
        if known is not None and asked_in is session.get_transaction():
            return False
        last = self._worlds.get(workspace_of(session))
        if last is None or last.filling or published_here(session):
            return False
        session.info[_HERE] = (session.get_transaction(), last)
        return True

    def forget(self, session: Session) -> None:
        """What was presumed or asked: the next question goes to the database."""
        session.info.pop(_HERE, None)
        forget_live(session)

    def live(self, session: Session, key: str) -> CompiledForm:
        """The live version, compiled. Raises NotFound `unknown_form`."""
        form = self.forms(session).get(key)
        if form is None:
            raise NotFound("unknown_form", {"form": key})
        return form

    def version(self, session: Session, key: str, version: int) -> CompiledForm:
        """A published version, compiled among the forms that are live now: a run keeps the one that it began with."""
        forms = self.forms(session)
        live = forms.get(key)
        if live is not None and live.version == version:
            return live
        place = (workspace_of(session), key, version, id(forms))
        known = self._compiled.get(place)
        if known is None:
            definition = self.parsed(session, key, version)
            world = {other: form.definition for other, form in forms.items()}
            known = compile_form(definition, world, version)
            if len(self._compiled) > 1_000:
                self._compiled.clear()
            self._compiled[place] = known
        return known

    def publish_together(self, session: Session, *args: Any, **rest: Any) -> dict[str, int]:
        """As every store does, while no record is written: what is brought up to date must stay so."""
        stand_alone(session)
        session.info.pop(_HERE, None)  # whoever held the lock may have published what this is checked against
        forget_live(session)
        return super().publish_together(session, *args, **rest)

    def check(self, session: Session, parsed: Mapping[str, FormDef]) -> None:
        """Every live form among the new ones: what they speak of may have gone."""
        world = {key: form.definition for key, form in self.forms(session).items()} | dict(parsed)
        issues = [prefixed(issue, key) for key, form in world.items() for issue in check_form(form, world)]
        if not issues:
            compiled = Forms({key: compile_form(form, world) for key, form in world.items()}, {})
            issues = [prefixed(issue, key) for key in parsed for issue in outside_reach(compiled, key)]
            issues += [
                prefixed(issue, key)
                for key, form in parsed.items()
                for issue in assign_slots(form, self._slots(session).get(key, {}), self.types(session, form, parsed))[1]
            ]
        if issues:
            raise InvalidDefinition("invalid_definition", {"kind": self.kind}, tuple(issues))

    def types(
        self, session: Session, form: FormDef, besides: Mapping[str, FormDef] | None = None
    ) -> Mapping[str, Type]:
        """The types of a form's fields among the live forms (and those `besides`)."""
        live = {key: each.definition for key, each in self.forms(session).items()}
        return FormTypes({**live, **(besides or {}), form.key: form})[form.key]

    def check_dependents(self, session: Session, parsed: Mapping[str, FormDef]) -> None:
        """Live flows and views must go on fitting. Those that did not fit before are nobody's fault now."""
        before = self.forms(session)
        world = {key: form.definition for key, form in before.items()} | dict(parsed)
        after = self.broken(session, {key: compile_form(form, world) for key, form in world.items()})
        if fallen := after.keys() - (self.broken(session, before).keys() if after else set()):
            issues = tuple(
                Issue(f"/{next(iter(parsed))}", f"breaks_{kind}", {"key": key, "at": issue.pointer, "why": issue.code})
                for (kind, key), issue in after.items()
                if (kind, key) in fallen
            )
            raise InvalidDefinition("invalid_definition", {"kind": self.kind}, issues)

    def broken(self, session: Session, forms: Mapping[str, CompiledForm]) -> dict[tuple[str, str], Issue]:
        """By kind and key: the live definitions that do not fit these forms, with the first thing wrong."""
        found: dict[tuple[str, str], Issue] = {}
        for store in self.dependents:
            for key, issue in store.broken_by(session, forms):
                found.setdefault((store.kind, key), issue)
        return found

    def published(
        self, session: Session, parsed: Mapping[str, FormDef], versions: Mapping[str, int], actor: Actor
    ) -> None:
        """Convert what older records hold, give new fields their slots and bring what is derived up to date, in this
        transaction.
        """
        before = self.forms(session)
        steps = {
            key: steps_to(self, session, before[key].definition, form) for key, form in parsed.items() if key in before
        }
        session.info.pop(_HERE, None)
        free_slots(session, steps)
        existing = self._slots(session)
        types = FormTypes({**{key: form.definition for key, form in before.items()}, **parsed})
        added: dict[str, dict[str, str]] = {}
        for key, form in parsed.items():
            given, _ = assign_slots(form, existing.get(key, {}), types[key])
            if given:
                added[key] = given
                ready = key not in before or not many(session, key)
                rows = [
                    {"workspace_id": workspace_of(session), "form": key, "field": field, "slot": slot, "ready": ready}
                    for field, slot in given.items()
                ]
                statement = insert(FormSlot).values(rows)
                changed = {"slot": statement.excluded.slot, "ready": statement.excluded.ready}
                session.execute(
                    statement.on_conflict_do_update(index_elements=["workspace_id", "form", "field"], set_=changed)
                )
        forms = self.forms(session)
        for key, found in steps.items():
            convert_records(session, forms, forms[key], found, actor)
            self._refresh(session, forms, before[key], forms[key], actor)
        self._keep_up(session, before, forms, added, parsed, actor)

    def _keep_up(
        self,
        session: Session,
        before: Forms,
        forms: Forms,
        added: Mapping[str, Mapping[str, str]],
        again: Collection[str],
        actor: Actor,
    ) -> None:
        """Bring the records of all forms up to date that by the new definitions have other slots or contributions.

        A form that is new has no records yet. What an earlier publish began and somebody stopped is begun anew for the
        forms that are published `again`.
        """
        stopped = upkeep.stopped(session, FILL, again)
        for name in gone_feeds(before, forms):
            forget_parts(session, forms, name)
        feeding = {feed.config.form for feed in changed_feeds(before, forms)}
        for key in before:
            if key not in forms:
                continue
            changed = changed_slots(before, forms, key)
            slots = {**added.get(key, {}), **{path: forms.slots[key][path] for path in changed}}
            if slots or key in feeding or key in stopped:
                fill(session, forms, key, slots, actor.ref)
        session.info.pop(_HERE, None)  # which slots are ready may have changed

    def _refresh(self, session: Session, forms: Forms, before: CompiledForm, after: CompiledForm, actor: Actor) -> None:
        what, left = stale(before, after), upkeep.asked_before(session, REFRESH, after.key).get("what", ())
        if what & WORDS or upkeep.stopped(session, REFRESH, [after.key]):
            what |= frozenset(left)
        mine = Record.workspace_id == workspace_of(session), Record.form == after.key
        few = select(func.count()).select_from(select(Record.id).where(*mine).limit(AT_ONCE + 1).subquery())
        if what & WORDS and (session.scalar(few) or 0) > AT_ONCE:
            upkeep.begin(session, REFRESH, after.key, {"what": sorted(what & WORDS)}, actor.ref)
            what -= WORDS
        elif what & WORDS:
            upkeep.through(session, REFRESH, after.key)
        if what:
            refresh(session, forms, after, what)

    def _current(self, session: Session) -> Forms:
        workspace = workspace_of(session)
        versions = self.live_versions(session)
        known = self._worlds.get(workspace)
        if (
            known is not None
            and known.versions == versions
            and not any(self._published_here(session, key) for key in versions)
        ):
            self._worlds.move_to_end(workspace)
            if known.filling and (filling := self._filling(session)) != known.filling:
                known = self._worlds[workspace] = replace(known, filling=filling)
            return known
        world = {key: self.parsed(session, key, version) for key, version in versions.items()}
        compiled = {key: compile_form(form, world, versions[key]) for key, form in world.items()}
        held = self._slots(session)
        slots = {key: used_slots(form, held[key]) for key, form in compiled.items() if key in held}
        forms = Forms(compiled, slots, self._filling(session))
        if not any(self._published_here(session, key) for key in versions):
            self._worlds[workspace] = forms
            while len(self._worlds) > _MOST_WORKSPACES:
                self._worlds.popitem(last=False)
        return forms

    def _filling(self, session: Session) -> frozenset[tuple[str, str]]:
        """The fields whose slot older records have yet to get."""
        waiting = (FormSlot.workspace_id == workspace_of(session), FormSlot.ready.is_(False))
        return frozenset(
            (form, path) for form, path in session.execute(select(FormSlot.form, FormSlot.field).where(*waiting))
        )

    def _slots(self, session: Session) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        statement = select(FormSlot.form, FormSlot.field, FormSlot.slot)
        for form, field, slot in session.execute(statement.where(FormSlot.workspace_id == workspace_of(session))):
            found.setdefault(form, {})[field] = slot
        return found

"""Chunks of lines → rows with values, issues and a state: cleaned, matched, and asked what the form itself asks.

One path for preview, for a corrected cell and for what is written later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

import orjson
from formloom.db.uow import workspace_of
from formloom.errors import InvalidInput, Issue
from sqlalchemy import any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import Text

from form_engine.definition import CompiledForm, FieldAccess
from form_engine.formula import Context
from form_engine.imports.cells import Cell
from form_engine.imports.clean import WHOLE_ROW, CleanRow, Finding, RowCleaner
from form_engine.imports.duplicates import key_of, print_of
from form_engine.imports.lookups import Lookups, Memory
from form_engine.imports.profile.compile import ReadyProfile
from form_engine.imports.profile.model import Level
from form_engine.models import RecordUnique
from form_engine.permission import access_for
from form_engine.permission.access import Rights
from form_engine.records.actor import Actor
from form_engine.records.context import context_for
from form_engine.records.facts import Fact, Facts, linked_ids
from form_engine.records.facts_sql import facts_of
from form_engine.records.forms import Forms
from form_engine.records.links import check_links
from form_engine.validate import validate

_RULES = frozenset({"rule_failed", "rule_failed_to_compute", "formula_failed"})


@dataclass(slots=True)
class JudgedRow:
    """What a line says: stored `values` by column, `issues` as JSON in the order in which they are told."""

    state: str
    values: dict[str, Any] | None
    issues: list[dict[str, Any]]
    key: str | None = None
    print: str | None = None
    target_id: int | None = None


@dataclass(slots=True)
class Judge:
    """Made once a transaction, for one actor and one profile."""

    session: Session
    forms: Forms
    profile: ReadyProfile
    actor: Actor
    memory: Memory | None = None
    context: Context = attribute(init=False)
    cleaner: RowCleaner = attribute(init=False)
    lookups: Lookups = attribute(init=False)
    writable: FieldAccess | None = attribute(init=False)
    blank: Fact = attribute(init=False)
    """A record of the form before anything was said of it."""
    keyed_by: tuple[str, ...] = attribute(init=False)

    def __post_init__(self) -> None:
        self.context = context_for(self.session, self.actor)
        self.cleaner = RowCleaner(self.profile, self.context)
        self.lookups = Lookups(self.session, self.forms, self.profile, self.actor, self.memory)
        self.writable, self.keyed_by = None, key_columns(self.profile)
        form, me, now = self.profile.form, self.actor.person_id, self.context.now
        self.blank = Fact(0, form.key, form.version, 0, 0, {}, created_at=now, created_by=me)
        if not self.actor.trusted:
            self.writable = access_for(self.session, self.forms, self.profile.form, self.actor).fields_for_new()

    def judge(self, lines: Sequence[Mapping[str, Cell]]) -> list[JudgedRow]:
        """Each line by its cells by column."""
        rows = [self.cleaner.clean(cells) for cells in lines]
        self.lookups.resolve(rows)
        targets = self._targets(rows)
        rights = self._rights(rows, targets)
        facts = facts_of(self.session, self.forms, self.context)
        values = [self._writable_values(row) for row in rows]
        for each in values:
            for form, ids in linked_ids(self.profile.form, each).items():
                facts.want(form, ids)
        facts.want(self.profile.form.key, [target for target in targets if target is not None])
        documents = [
            self._ask_form(row, each, target, facts, rights[target].fields if target in rights else self.writable)
            for row, each, target in zip(rows, values, targets, strict=True)
        ]
        self._ask_unique(rows, documents, targets)
        return [self._judged(row, target) for row, target in zip(rows, targets, strict=True)]

    def _targets(self, rows: Sequence[CleanRow]) -> list[int | None]:
        """The records that are there already, and what is said about them."""
        upsert = self.profile.definition.upsert
        if upsert is None:
            return [None] * len(rows)
        found = self.lookups.existing(rows, upsert.key)
        if upsert.found == "update":
            return found
        for row, target in zip(rows, found, strict=True):
            if target is not None:
                level: Level = "skip" if upsert.found == "skip" else "error"
                row.findings.append(Finding(-1, WHOLE_ROW, "already_there", level, {"id": target}))
        return [None] * len(rows)

    def _rights(self, rows: Sequence[CleanRow], targets: Sequence[int | None]) -> dict[int | None, Rights]:
        """What the actor may do with the records that are to change; rows for those that they may not change say so."""
        wanted = {target for target in targets if target is not None}
        if not wanted or self.actor.trusted:
            return {}
        form, access = self.profile.form, access_for(self.session, self.forms, self.profile.form, self.actor)
        rights = access.rights(self.session, wanted)
        found: dict[int | None, Rights] = {key: each for key, each in rights.items() if "update" in each.may}
        for row, target in zip(rows, targets, strict=True):
            if target is not None and target not in found:
                params = {"action": "update", "form": form.key}
                row.findings.append(Finding(-1, WHOLE_ROW, "action_denied", "error", params))
        return found

    def _writable_values(self, row: CleanRow) -> dict[str, Any]:
        """What goes into the record: what has an error is left out, and so is what a new record fills in itself."""
        values = self.profile.values(row.values)
        for key in row.broken() if row.findings else ():
            column = self.profile.by_key.get(key)
            values.pop(column.to if column is not None and column.to else "", None)
        return values

    def _ask_form(
        self,
        row: CleanRow,
        values: Mapping[str, Any],
        target: int | None,
        facts: Facts,
        writable: FieldAccess | None,
    ) -> Mapping[str, Any]:
        """The form's own rules; returns the document that would be stored, as far as it goes."""
        form = self.profile.form
        record = facts.fact(form.key, target) if target is not None else None
        before = record.data if record is not None else None
        try:
            clean = validate(
                form,
                values,
                before=before,
                context=self.context,
                fetch=facts.fetch,
                system=(record or self.blank).system,
                writable=writable,
            )
            check_links(form, clean.values, before or {}, facts, record or self.blank)
        except InvalidInput as error:
            self._note(row, error.issues)
            return values
        return clean.values

    def _note(self, row: CleanRow, issues: Sequence[Issue]) -> None:
        """What the form says, at the column that it is about; what follows from an error said already is left out."""
        broken = row.broken()
        for issue in issues:
            column = self.profile.by_field.get(issue.pointer.split("/", 2)[1] if issue.pointer else "")
            key = column.key if column is not None else WHOLE_ROW
            if key in broken or (broken and issue.code in _RULES):
                continue
            params = dict(issue.params)
            if column is None and issue.pointer:
                params["at"] = issue.pointer
            row.findings.append(
                Finding(column.order if column else len(self.profile.columns), key, issue.code, "error", params)
            )

    def _ask_unique(
        self, rows: Sequence[CleanRow], documents: Sequence[Mapping[str, Any]], targets: Sequence[int | None]
    ) -> None:
        """Values that another record has already; the database says it again when rows are written."""
        form = self.profile.form
        for group in form.definition.unique:
            rule, asked = ",".join(group), {}
            for at, document in enumerate(documents):
                value = unique_value(form, group, document)
                if value is not None:
                    asked[at] = value
            taken = self._taken(form, rule, set(asked.values()))
            for at, value in asked.items():
                if value in taken and taken[value] != targets[at]:
                    self._note(rows[at], [Issue(f"/{group[0]}", "not_unique", {"fields": list(group)})])

    def _taken(self, form: CompiledForm, rule: str, values: set[str]) -> dict[str, int]:
        if not values:
            return {}
        statement = select(RecordUnique.value, RecordUnique.record_id).where(
            RecordUnique.workspace_id == workspace_of(self.session),
            RecordUnique.form == form.key,
            RecordUnique.rule == rule,
            RecordUnique.value == any_(literal(sorted(values), ARRAY(Text))),
        )
        return {row.value: row.record_id for row in self.session.execute(statement)}

    def _judged(self, row: CleanRow, target: int | None) -> JudgedRow:
        key = key_of(row.values, self.keyed_by)
        issues = [each.to_json() for each in sorted(row.findings, key=lambda each: each.order)]
        return JudgedRow(
            state=state_of(issues),
            values=row.values,
            issues=issues,
            key=key,
            print=print_of(row.values) if key is not None else None,
            target_id=target,
        )


def unique_value(form: CompiledForm, group: Sequence[str], document: Mapping[str, Any]) -> str | None:
    """As `record_unique` holds it; None where a part is blank."""
    values = [document.get(key) for key in group]
    return None if any(value is None for value in values) else orjson.dumps(values).decode()


def key_columns(profile: ReadyProfile) -> tuple[str, ...]:
    """What makes a row one of its kind: as the profile says, else the first unique group that its columns fill."""
    if profile.definition.duplicates is not None:
        return profile.definition.duplicates.key
    for group in profile.form.definition.unique:
        if all(field in profile.by_field for field in group):
            return tuple(profile.by_field[field].key for field in group)
    return ()


def state_of(issues: Sequence[Mapping[str, Any]]) -> str:
    """`skip` before `error`: a row that says nothing new need not be put right."""
    levels = {issue["level"] for issue in issues}
    if "skip" in levels:
        return "skip"
    return "error" if "error" in levels else "warn" if "warning" in levels else "ok"


__all__ = ["Judge", "JudgedRow", "key_columns", "state_of", "unique_value"]

"""The one answer to "what may this actor see and do on this form": roles, row filters, field access, single grants.

List, detail, rows of tables, lookups, search, charts and export all ask here (docs/decisions/016). Which records:
`predicate()`, always in SQL. Which fields of a record: `rights()`, in SQL as well, because row filters decide it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, reduce
from operator import and_ as shared
from operator import or_ as joined
from typing import Any

from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.models import AccessGrant
from sqlalchemy import BigInteger, ColumnElement, any_, case, exists, false, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from form_engine.definition import NOTHING, WRITE_ALL, CompiledAccess, CompiledForm, FieldAccess, Level
from form_engine.formula import Context
from form_engine.models import Record
from form_engine.permission.readable import closed_over
from form_engine.query.columns import FormColumns
from form_engine.query.evaluate import evaluator
from form_engine.query.formula_sql import Translator
from form_engine.records.actor import Actor
from form_engine.records.context import context_for
from form_engine.records.forms import Forms

Granted = dict[str, tuple[Mapping[str, str], ...]]
"""By form: the different rights on fields that a person was granted on single records."""

SEES_ALL = frozenset({"create", "read", "update", "delete", "import", "export"})


@dataclass(frozen=True)
class Rights:
    """What may be done with one record, and with which of its fields."""

    may: frozenset[str] = frozenset()
    fields: FieldAccess = NOTHING


@dataclass(frozen=True)
class Access:
    """One actor's access to one form. Made by `access_for`; lives as long as the transaction."""

    forms: Forms
    form: CompiledForm
    actor: Actor
    context: Context
    rules: tuple[CompiledAccess, ...]
    granted: tuple[Mapping[str, str], ...]
    now: datetime
    elsewhere: Mapping[str, FieldAccess]
    """By form: what may be read in every record of it that the actor's roles let them meet."""

    def may(self, action: str) -> bool:
        """Whether there can be any record on which the action is allowed (for `create`: whether it is)."""
        return (
            self.actor.trusted
            or any(action in rule.may for rule in self.rules)
            or (action == "read" and bool(self.granted))
        )

    def predicate(self, action: str = "read", columns: FormColumns | None = None) -> ColumnElement[bool]:
        """The records of this form with which the actor may do this, over `record` (or the record of `columns`)."""
        columns = columns or self.columns()
        if self.actor.trusted:
            return true()
        lines = [self._where(rule, columns) for rule in self.rules if action in rule.may]
        if self.granted:
            lines.append(self._is_granted(action, columns.record))
        return or_(false(), *lines)

    def columns(self) -> FormColumns:
        """The form's columns as access rules read them: a blank never equals anything."""
        return FormColumns(self.forms, self.form, evaluator(self.context), blank_equals=False)

    def readable(self, form: str, path: str) -> bool:
        """Whether a filter or an order may speak of this field: it must be readable in every record that can be met.

        A field that is hidden in some of them would be told by what a filter leaves out.
        """
        if self.actor.trusted:
            return True
        if form != self.form.key:
            access = self.elsewhere.get(form)
            return access is not None and access.may_read(path)
        return bool(self._reading) and all(fields.may_read(path) for fields in self._reading)

    @cached_property
    def _reading(self) -> tuple[FieldAccess, ...]:
        """What may be read of the records that are met by each rule and each grant alone.

        A rule without a filter meets every record, so what it shows is added to all the others.
        """
        always = _always(self.rules)
        reading = [rule.fields for rule in self.rules if "read" in rule.may]
        reading += [FieldAccess.of_grant(grant) for grant in self.granted]
        return tuple(self.closed(each | always) for each in reading)

    def sometimes(self) -> FieldAccess:
        """What may be read in some record or other."""
        return WRITE_ALL if self.actor.trusted else _union(self._reading)

    def fields_to_write(self) -> FieldAccess:
        """What may be written in some record or other, a new one or not."""
        if self.actor.trusted:
            return WRITE_ALL
        writing = [rule.fields for rule in self.rules if rule.may & {"create", "update"}]
        return self.closed(_union([*writing, *(FieldAccess.of_grant(grant) for grant in self.granted)]))

    def fields_for_new(self) -> FieldAccess:
        """What may be filled in when a record is created."""
        if self.actor.trusted:
            return WRITE_ALL
        fields = self.closed(_union(rule.fields for rule in self.rules if "create" in rule.may))
        starts = frozenset(
            (field.key, option)
            for field in self.form.fields
            for option, roles in (field.definition.type.starts(field.definition.config) or {}).items()
            if roles & self.actor.roles and fields.may_write(field.path)
        )
        return replace(fields, starts=starts) if starts else fields

    def rights(self, session: Session, ids: Iterable[int]) -> dict[int, Rights]:
        """By id: the rights on those of these records (of this form) that the actor may read. Others are absent."""
        return rights_over(session, [(self, ids)])

    def rights_where(self, met: tuple[bool, ...], grants: Sequence[AccessGrant]) -> Rights | None:
        """The rights on a record which these rules let through; None where they do not include reading it."""
        # Most records are met by the same rules: what that gives is worked out once.
        plain: dict[tuple[bool, ...], Rights] = self.forms.remembered.setdefault(
            ("rights", self.form.key, self.actor.roles), {}
        )
        rights = plain.get(met) if not grants else None
        if rights is None:
            rights = self.together([rule for rule, holds in zip(self.rules, met, strict=True) if holds], list(grants))
            if not grants:
                plain[met] = rights
        return rights if "read" in rights.may else None

    def lines(self) -> list[ColumnElement[bool]]:
        """The row filters of the rules, over `record`; true where there is none. Empty: no rule has one."""
        if not any(rule.where for rule in self.rules):
            return []
        columns = self.columns()
        return [func.coalesce(self._where(rule, columns), false()) for rule in self.rules]

    def together(self, rules: list[CompiledAccess], grants: list[AccessGrant]) -> Rights:
        """What these rules and grants give when all of them are met."""
        may = frozenset(action for rule in rules for action in rule.may)
        may |= frozenset(action for grant in grants for action in grant.actions)
        seen = _union(rule.fields for rule in rules if "read" in rule.may)
        written = _union(rule.fields for rule in rules if "update" in rule.may)
        # What a role may only create or only read it may not change later.
        fields = seen.at_most(Level.READ) | written
        fields = fields | _union(FieldAccess.of_grant(grant.fields) for grant in grants)
        return Rights(may, self.closed(fields if "update" in may else fields.at_most(Level.READ)))

    def closed(self, fields: FieldAccess) -> FieldAccess:
        """The same without computed fields (and the title) that tell what may not be read, here or in another form."""
        return closed_over(self.form, fields, self.elsewhere, self.forms.sources)

    def _where(self, rule: CompiledAccess, columns: FormColumns) -> ColumnElement[bool]:
        if rule.where is None:
            return true()
        return Translator(columns, columns.evaluate, blank_equals=False).condition(rule.where.checked.node)

    def _is_granted(self, action: str, record: Any) -> ColumnElement[bool]:
        return exists().where(
            AccessGrant.workspace_id == record.workspace_id,
            AccessGrant.record_id == record.id,
            AccessGrant.person_id == self.actor.person_id,
            literal(action) == any_(AccessGrant.actions),
            or_(AccessGrant.expires_at.is_(None), AccessGrant.expires_at > self.now),
        )

    def holding(self, session: Session, rules: Sequence[CompiledAccess], record_id: int) -> tuple[bool, ...]:
        """Which of these rules (of whatever roles) let a record of this form through."""
        columns = self.columns()
        lines = [func.coalesce(self._where(rule, columns), false()) for rule in rules]
        statement = select(literal(1), *lines).where(
            Record.workspace_id == workspace_of(session), Record.id == record_id, Record.form == self.form.key
        )
        row = session.execute(statement).one_or_none()
        return tuple(bool(each) for each in row[1:]) if row is not None else (False,) * len(rules)


def rights_over(session: Session, asked: Iterable[tuple[Access, Iterable[int]]]) -> dict[int, Rights]:
    """By id: one actor's rights on those of these records (each asked of the access to its own form) that they may
    read. Two statements at most, whatever the number of forms; none where no rule has a filter and nothing was granted.
    """
    wanted = [(access, sorted(set(ids))) for access, ids in asked]
    found = {record: Rights(SEES_ALL, WRITE_ALL) for access, ids in wanted if access.actor.trusted for record in ids}
    wanted = [(access, ids) for access, ids in wanted if ids and not access.actor.trusted]
    if not wanted:
        return found
    met, grants = _met(session, wanted), _grants_on(session, wanted)
    for access, ids in wanted:
        for record_id in ids:
            rights = access.rights_where(met[record_id], grants.get(record_id, ())) if record_id in met else None
            if rights is not None:
                found[record_id] = rights
    return found


def _met(session: Session, wanted: Sequence[tuple[Access, list[int]]]) -> dict[int, tuple[bool, ...]]:
    """Which rules of its form's access each record is met by. Where none has a filter there is nothing to ask."""
    found: dict[int, tuple[bool, ...]] = {}
    filtered: list[tuple[Access, list[int], list[ColumnElement[bool]]]] = []
    for access, ids in wanted:
        lines = access.lines()
        if lines:
            filtered.append((access, ids, lines))
        else:
            found |= dict.fromkeys(ids, (True,) * len(access.rules))
    if not filtered:
        return found
    # A filter is asked only of records of its form: on others its casts might fail.
    cases = [
        case((Record.form == access.form.key, line), else_=false()) if len(filtered) > 1 else line
        for access, _, lines in filtered
        for line in lines
    ]
    ids = [record_id for _, ids, _ in filtered for record_id in ids]
    # The form is compared here: as a condition it would tempt the planner into walking through all of the form.
    statement = select(Record.id, Record.form, *cases).where(
        Record.workspace_id == workspace_of(session), Record.id == any_(literal(ids, ARRAY(BigInteger)))
    )
    start, places = 0, {}
    for access, own, lines in filtered:
        places[access.form.key] = (frozenset(own), start, start + len(lines))
        start += len(lines)
    for record_id, form, *holds in session.execute(statement):
        mine, first, end = places.get(form, (frozenset(), 0, 0))
        if record_id in mine:
            found[record_id] = tuple(holds[first:end])
    return found


def _grants_on(session: Session, wanted: Sequence[tuple[Access, list[int]]]) -> dict[int, list[AccessGrant]]:
    """By record: what was granted there and still holds."""
    ids = [record_id for access, ids in wanted if access.granted for record_id in ids]
    if not ids:
        return {}
    first = wanted[0][0]
    found: dict[int, list[AccessGrant]] = {}
    live = _is_live(first.actor, None, first.now)
    for grant in session.scalars(select(AccessGrant).where(*live, AccessGrant.record_id.in_(ids))):
        found.setdefault(grant.record_id, []).append(grant)
    return found


def access_for(session: Session, forms: Forms, form: CompiledForm, actor: Actor) -> Access:
    """The actor's access to a form, from the roles they hold and the grants they have now."""
    return _accesses(session, forms, (form,), actor, _granted(session, actor, form.key))[form.key]


def accesses(session: Session, forms: Forms, actor: Actor) -> dict[str, Access]:
    """The actor's access to every live form, by key: what they were granted is asked for once."""
    return _accesses(session, forms, forms.values(), actor, _granted(session, actor))


def _accesses(
    session: Session, forms: Forms, asked: Iterable[CompiledForm], actor: Actor, granted: Granted
) -> dict[str, Access]:
    now, context = app_now(session), context_for(session, actor)
    elsewhere = forms.remembered.get(("elsewhere", actor.roles))
    if elsewhere is None:
        mine = {key: [rule for rule in other.access if rule.role in actor.roles] for key, other in forms.items()}
        elsewhere = {key: _everywhere(rules) for key, rules in mine.items()}
        forms.remembered["elsewhere", actor.roles] = elsewhere

    def access(form: CompiledForm) -> Access:
        rules = tuple(rule for rule in form.access if rule.role in actor.roles)
        return Access(forms, form, actor, context, rules, granted.get(form.key, ()), now, elsewhere)

    return {form.key: access(form) for form in asked}


def _granted(session: Session, actor: Actor, form: str | None = None) -> Granted:
    """For every form, or one."""
    found: Granted = {}
    if actor.kind != "person":
        return found
    live = _is_live(actor, form, app_now(session))
    for key, fields in session.execute(select(AccessGrant.form, AccessGrant.fields).distinct().where(*live)):
        found[key] = (*found.get(key, ()), fields)
    return found


def _is_live(actor: Actor, form: str | None, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        AccessGrant.person_id == actor.person_id,
        AccessGrant.form == form if form is not None else true(),
        or_(AccessGrant.expires_at.is_(None), AccessGrant.expires_at > now),
    )


def _always(rules: Iterable[CompiledAccess]) -> FieldAccess:
    """What may be read in every record, because no filter stands before it."""
    return _union(rule.fields for rule in rules if "read" in rule.may and rule.where is None)


def _everywhere(rules: Sequence[CompiledAccess]) -> FieldAccess:
    """What may be read in each of the records that some of these rules let one read."""
    always = _always(rules)
    met = [rule.fields | always for rule in rules if "read" in rule.may]
    return reduce(shared, met) if met else NOTHING


def _union(fields: Iterable[FieldAccess]) -> FieldAccess:
    return reduce(joined, fields, NOTHING)

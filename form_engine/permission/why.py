"""Why somebody may, or may not: the same lines, filters and grants that `Access` goes by, told one by one (ADR 061)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from formloom.db.uow import workspace_of
from formloom.models import AccessGrant
from sqlalchemy import select
from sqlalchemy.orm import Session

from form_engine.definition import CompiledAccess, CompiledField, CompiledForm, FieldAccess, Level
from form_engine.definition.paths import Place
from form_engine.permission.access import Access, Rights, access_for
from form_engine.records.actor import Actor
from form_engine.records.facts import Fact
from form_engine.records.forms import Forms

ACTIONS: Final = ("create", "read", "update", "delete", "import", "export")
Besides = Literal["deleted", "draft_of_another", "own_draft", "in_run"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the form's access. `held`: the person has the role; `holds`: its filter lets the record through
    (None: there is no record to ask, or no filter).
    """

    at: int
    rule: CompiledAccess
    held: bool
    holds: bool | None

    @property
    def counts(self) -> bool:
        """Whether it gives its rights: on this record, or on some record."""
        return self.held and self.holds is not False


@dataclass(frozen=True, slots=True)
class Grant:
    """A right on this one record, given by a run or a share."""

    source: str
    actions: tuple[str, ...]
    fields: Mapping[str, str]
    expires_at: datetime | None
    live: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an action is allowed, and which lines and grants would give it; those that count are `by`."""

    allowed: bool
    by: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """What a person may do with a field; `by` are lines and grants with the level that each gives; `hidden_by` what a
    computed field reads that the person may not.
    """

    field: CompiledField
    level: Level
    by: tuple[tuple[str, Level], ...]
    hidden_by: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """The whole answer. Sources are `line:3` (the form's access, counted from 0) or `grant:run:7:2`."""

    form: CompiledForm
    actor: Actor
    record: Fact | None
    lines: tuple[Line, ...]
    grants: tuple[Grant, ...]
    actions: Mapping[str, Verdict]
    fields: tuple[FieldVerdict, ...]
    besides: tuple[Besides, ...]


def why(session: Session, forms: Forms, form: CompiledForm, actor: Actor, record: Fact | None = None) -> Why:
    """What this actor may do with a record, or with the form's records in general, and where each right comes from."""
    access = access_for(session, forms, form, actor)
    lines = tuple(_lines(session, access, record))
    grants = tuple(_grants(session, access, record))
    besides = tuple(_besides(actor, record))
    rights = _rights(session, access, record)
    actions = {action: _verdict(action, lines, grants, rights, besides) for action in ACTIONS}
    fields = tuple(_field(access, path, field, lines, grants, rights.fields) for path, field in form.walk())
    return Why(form, actor, record, lines, grants, actions, fields, besides)


def _lines(session: Session, access: Access, record: Fact | None) -> Iterator[Line]:
    rules = access.form.access
    met = access.holding(session, rules, record.id) if record is not None else ()
    for at, rule in enumerate(rules):
        holds = met[at] if record is not None and rule.where is not None else None
        yield Line(at, rule, rule.role in access.actor.roles, holds)


def _grants(session: Session, access: Access, record: Fact | None) -> Iterator[Grant]:
    if record is None or access.actor.person_id is None:
        return
    statement = select(AccessGrant).where(
        AccessGrant.workspace_id == workspace_of(session),
        AccessGrant.person_id == access.actor.person_id,
        AccessGrant.record_id == record.id,
    )
    for each in session.scalars(statement.order_by(AccessGrant.source)):
        live = each.expires_at is None or each.expires_at > access.now
        yield Grant(each.source, tuple(each.actions), each.fields, each.expires_at, live)


def _besides(actor: Actor, record: Fact | None) -> Iterator[Besides]:
    if record is None:
        return
    if record.deleted:
        yield "deleted"
    if record.draft:
        yield "own_draft" if record.created_by == actor.person_id else "draft_of_another"
    if record.run_id is not None:
        yield "in_run"


def _rights(session: Session, access: Access, record: Fact | None) -> Rights:
    """On the record; or on some record or other, as far as any line goes."""
    if record is not None:
        return access.rights(session, [record.id]).get(record.id, Rights())
    return access.together(list(access.rules), [])


def _verdict(
    action: str, lines: tuple[Line, ...], grants: tuple[Grant, ...], rights: Rights, besides: tuple[Besides, ...]
) -> Verdict:
    giving = [(f"line:{line.at}", line.counts) for line in lines if action in line.rule.may]
    giving += [(f"grant:{grant.source}", grant.live) for grant in grants if action in grant.actions]
    closed = "deleted" in besides or "draft_of_another" in besides
    if "in_run" in besides and action in ("update", "delete"):
        closed = True  # only the open step of its run edits it
    own = "own_draft" in besides and action in ("update", "delete")
    # What may not be read is not there for any other action either.
    readable = action == "create" or "read" in rights.may
    allowed = not closed and readable and (action in rights.may or own)
    return Verdict(
        allowed, tuple(name for name, counts in giving if counts), tuple(name for name, counts in giving if not counts)
    )


def _field(
    access: Access,
    path: str,
    field: CompiledField,
    lines: tuple[Line, ...],
    grants: tuple[Grant, ...],
    fields: FieldAccess,
) -> FieldVerdict:
    given = [(f"line:{line.at}", line.rule.fields.of(path)) for line in lines if line.counts and _shows(line.rule)]
    given += [(f"grant:{grant.source}", FieldAccess.of_grant(grant.fields).of(path)) for grant in grants if grant.live]
    level = fields.of(path)
    shown = any(each is not Level.HIDDEN for _, each in given)
    hidden_by = tuple(_unread(access, path, fields)) if field.computed and shown and level is Level.HIDDEN else ()
    return FieldVerdict(field, level, tuple(given), hidden_by)


def _shows(rule: CompiledAccess) -> bool:
    return bool(rule.may & {"read", "update"})


def _unread(access: Access, path: str, fields: FieldAccess) -> Iterable[Place]:
    for place in access.forms.sources.of(Place(access.form.key, path)):
        known = fields if place.form == access.form.key else access.elsewhere.get(place.form)
        if known is None or not known.may_read(place.path):
            yield place

"""Runs that begin because another system told of something. Whoever takes the request in checks its signature, and that
its id is new, in the same transaction."""

from typing import Any, Final

from formloom.clock import app_now, time_zone
from formloom.errors import Conflict, InvalidInput, Issue, NotFound
from sqlalchemy.orm import Session

from flow_engine.service import start as starting
from flow_engine.service.catalogue import Catalogue, Pinned
from flow_engine.service.origin import Origin
from flow_engine.service.triggering.making import coerced, holds, make, values_of
from flow_engine.service.triggering.schedules import each
from flow_engine.triggers import Webhook
from flow_engine.triggers.sources import NOTHING, Mapped, Pointer
from form_engine.fields.answers import CoerceHints, Refused
from form_engine.permission import access_for
from form_engine.query.listing import matching_ids
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.context import context_for
from form_engine.records.facts import record_value
from form_engine.records.facts_sql import facts_of
from form_engine.records.service import Records

CODES: Final = ("hook_finds_none", "hook_finds_several")


def hooked(
    session: Session, catalogue: Catalogue, records: Records, flow: str, delivery: str, payload: Any
) -> list[int]:
    """The runs that begin. Raises NotFound `unknown_flow`, InvalidInput with what does not map, Conflict."""
    pinned = catalogue.live_trigger(session, flow, Webhook)
    if pinned is None or not isinstance(pinned[0].definition.trigger, Webhook):
        raise NotFound("unknown_flow", {"flow": flow})
    trigger = pinned[0].definition.trigger
    if trigger.where is not None:
        each(
            session, catalogue, pinned, trigger.where, by=trigger.name, at=f"{app_now(session).isoformat()}:{delivery}"
        )
        return []
    record = None
    if trigger.find is not None:
        record = _found(session, catalogue, pinned, trigger.find, payload)
        if record is None and trigger.create is None:
            raise InvalidInput("hook_finds_none")
        if record is not None:
            _change(session, catalogue, records, pinned, record, trigger.change, payload)
            if not _holds(session, catalogue, pinned, record):
                return []
    if record is None:
        record = make(session, catalogue, records, pinned, trigger.create or (), payload)
    if record is None:
        return []
    return [starting.start(session, catalogue, pinned, record, SYSTEM, origin=Origin(trigger.name))]


def _found(session: Session, catalogue: Catalogue, pinned: Pinned, by: tuple[Mapped, ...], payload: Any) -> int | None:
    """The one record that has these values."""
    form = pinned[1]
    hints = CoerceHints(zone=time_zone(session))
    wanted: dict[str, Any] = {}
    issues: list[Issue] = []
    for one in by:
        given = one.value.of(payload) if isinstance(one.value, Pointer) else NOTHING
        value = None if given is NOTHING else coerced(form, one.field, given, hints)
        if isinstance(value, Refused):
            issues += [Issue(f"/{one.field}{issue.pointer}", issue.code, issue.params) for issue in value.issues]
        elif value in (None, ""):
            issues.append(Issue(f"/{one.field}", "required"))
        else:
            wanted[one.field] = value
    if issues:
        raise InvalidInput("invalid_input", issues=tuple(issues))
    access = access_for(session, catalogue.forms.forms(session), form, SYSTEM)
    asked = [{"field": name, "op": "eq", "value": value} for name, value in wanted.items()]
    found = list(session.scalars(matching_ids(session, access, filter={"and": asked}).limit(2)))
    if len(found) > 1:
        raise Conflict("hook_finds_several", {"fields": list(wanted)})
    return found[0] if found else None


def _change(
    session: Session,
    catalogue: Catalogue,
    records: Records,
    pinned: Pinned,
    record: int,
    mapping: tuple[Mapped, ...],
    payload: Any,
) -> None:
    if not mapping:
        return
    facts = facts_of(session, catalogue.forms.forms(session), context_for(session, SYSTEM))
    own = next(record_value(facts, fact) for fact in facts.load([record]))
    values = values_of(session, pinned, mapping, payload, own)
    records.update(session, catalogue.forms, record, values, Actor.flow(pinned[0].key))


def _holds(session: Session, catalogue: Catalogue, pinned: Pinned, record: int) -> bool:
    facts = facts_of(session, catalogue.forms.forms(session), context_for(session, SYSTEM))
    return all(holds(session, catalogue, pinned, fact) for fact in facts.load([record]))

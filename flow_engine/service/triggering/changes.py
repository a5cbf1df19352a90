"""Runs that begin because a record was made, changed or deleted."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from sqlalchemy.orm import Session

from flow_engine.service.catalogue import Catalogue, Pinned
from flow_engine.service.triggering.begin import begin
from flow_engine.triggers import Change, Created, Deleted, Trigger, Updated
from flow_engine.triggers.changes import OLD
from form_engine.formula import Env
from form_engine.records.actor import SYSTEM
from form_engine.records.changed import BatchChanged, RecordChanged
from form_engine.records.context import context_for
from form_engine.records.facts import Fact, record_value
from form_engine.records.facts_sql import facts_of
from form_engine.records.write import Action

_ACTIONS: dict[type[Change], tuple[Action, ...]] = {
    Created: ("created", "submitted"),
    Updated: ("updated",),
    Deleted: ("deleted",),
}


def changed(session: Session, catalogue: Catalogue, change: RecordChanged) -> None:
    """Start every flow whose trigger fits the change."""
    for pinned in _listening(session, catalogue, change.after.form, quiet=change.quiet):
        trigger = pinned[0].definition.trigger
        if not change.after.draft and _fits(trigger, change) and _holds(session, catalogue, pinned, change):
            actor = change.actor if change.actor.kind in ("person", "guest") else SYSTEM
            cause = _cause(change)
            begin(session, catalogue, pinned, change.after.id, by=trigger.name, actor=actor, cause=cause)


def starting(session: Session, catalogue: Catalogue, batch: BatchChanged) -> Collection[int]:
    """The records of which the write may start a flow."""
    triggers = [
        pinned[0].definition.trigger for pinned in _listening(session, catalogue, batch.form, quiet=batch.quiet)
    ]
    if not triggers:
        return ()
    return {change.after.id for change in batch.load() if any(_fits(trigger, change) for trigger in triggers)}


def _listening(session: Session, catalogue: Catalogue, form: str, *, quiet: bool) -> Iterator[Pinned]:
    """The flows that hear of changes; of those that were written quietly, where they say so."""
    for pinned in catalogue.triggered(session, form, Change):
        trigger = pinned[0].definition.trigger
        if isinstance(trigger, Change) and (trigger.imports or not quiet):
            yield pinned


def _fits(trigger: Trigger, change: RecordChanged) -> bool:
    if not isinstance(trigger, Change) or change.action not in _ACTIONS[type(trigger)]:
        return False
    if isinstance(trigger, Updated) and trigger.fields:
        before = change.before.data if change.before is not None else {}
        return any(before.get(name) != change.after.data.get(name) for name in trigger.fields)
    return True


def _holds(session: Session, catalogue: Catalogue, pinned: Pinned, change: RecordChanged) -> bool:
    """Whether the condition holds for the record as it was made then; an error is no."""
    when = pinned[0].definition.trigger.when
    if when is None:
        return True
    facts = facts_of(session, catalogue.forms.forms(session), context_for(session, change.actor))
    new, old = change.after, change.before or _nothing(change.after)
    env = Env(own=record_value(facts, new), context=facts.context, old=record_value(facts, old))
    return pinned[0].evaluate(when.text, env, OLD) is True


def _nothing(record: Fact) -> Fact:
    """What was there before a record was made."""
    return replace(record, data={}, totals={}, number=None)


def _cause(change: RecordChanged) -> int | None:
    """The run whose flow wrote it; what a person writes at a step of a run begins a chain anew."""
    kind, _, run = (change.via or "").partition(":")
    return int(run) if change.actor.kind == "flow" and kind == "run" and run.isdecimal() else None

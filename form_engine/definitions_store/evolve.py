"""What publishing a form does to the records that are there: asked of the store, which knows earlier versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from formloom.clock import time_zone
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, Issue
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from form_engine.definition import FormDef, parse_form
from form_engine.definition.model import FieldDef
from form_engine.definitions_store.slots import assign_slots
from form_engine.evolution.convert import Conversion, conversions
from form_engine.evolution.records import Report, concerned, survey
from form_engine.evolution.table import Setting
from form_engine.fields.base import CoerceHints
from form_engine.models import DefinitionVersion, FormSlot, Record
from form_engine.slots import SLOTS

if TYPE_CHECKING:
    from form_engine.definitions_store.form_store import FormStore

AT_ONCE: Final = 2_000
"""So many records are looked at, and converted, while somebody waits; more are a job."""


@dataclass(frozen=True)
class Effects:
    """What publishing a body would do. `concerned` records have a value that must change, `report` tells of the first
    AT_ONCE of them; `removed` are fields that go, with how many records have a value there (which stays, unseen);
    `slots` are fields that are indexed from now on; `running` records are under way and stay on their version.
    """

    problems: tuple[Issue, ...]
    steps: tuple[Conversion, ...] = ()
    report: Report | None = None
    concerned: int = 0
    removed: Mapping[str, int] | None = None
    slots: tuple[str, ...] = ()
    records: int = 0
    running: int = 0

    @property
    def as_job(self) -> bool:
        return self.concerned > AT_ONCE


def effects_of(store: FormStore, session: Session, key: str, body: Any) -> Effects:
    """What would happen if this body were published now; with problems, nothing would."""
    problems = store.problems(session, key, body)
    live = store.forms(session).get(key)
    if problems or live is None:
        return Effects(problems)
    new = parse_form(body)
    steps = steps_to(store, session, live.definition, new)
    report = Report.of(steps)
    if steps:
        survey(session, key, steps, report, 0, AT_ONCE)
    taken = {step.source for step in steps}
    gone = [each for each in live.definition.by_key if each not in new.by_key and each not in taken]
    mine = Record.workspace_id == workspace_of(session), Record.form == key
    return Effects(
        problems=(),
        steps=steps,
        report=report,
        concerned=concerned(session, key, steps),
        removed={each: _count(session, *mine, Record.data.has_key(each)) for each in gone},
        slots=tuple(assign_slots(new, store.forms(session).slots.get(key, {}), store.types(session, new))[0]),
        records=_count(session, *mine),
        running=_count(session, *mine, Record.run_id.is_not(None)),
    )


def check_loss(report: Report, *, accept: bool) -> None:
    """Raises Conflict `runs_hold_values` when a field would change under the hands of a run, and `would_lose_values`
    when values have no place in their new field, unless that was accepted.
    """
    if report.held:
        raise Conflict("runs_hold_values", {"count": len(report.held), "records": report.held[:20]})
    if report.lost and not accept:
        fields = {key: each.lost for key, each in report.fields.items() if each.lost}
        raise Conflict("would_lose_values", {"count": report.lost, "fields": fields})


def _count(session: Session, *where: Any) -> int:
    return session.scalar(select(func.count()).select_from(Record).where(*where)) or 0


def steps_to(store: FormStore, session: Session, live: FormDef, new: FormDef) -> tuple[Conversion, ...]:
    """What becomes of the values when `new` follows `live`."""
    setting = Setting(hints=replace(CoerceHints(), zone=time_zone(session)))
    returning = [key for key in new.by_key if key not in live.by_key]
    return conversions(live.fields, new.fields, known_fields(store, session, live.key, returning), setting)


def known_fields(store: FormStore, session: Session, form: str, keys: Iterable[str]) -> dict[str, FieldDef]:
    """By key: the fields that earlier versions of a form had, as the last of them had it."""
    found: dict[str, FieldDef] = {}
    for key in keys:
        latest = select(func.max(DefinitionVersion.version)).where(
            DefinitionVersion.workspace_id == workspace_of(session),
            DefinitionVersion.kind == store.kind,
            DefinitionVersion.key == form,
            DefinitionVersion.body.contains({"fields": [{"key": key}]}),
        )
        version = session.scalar(latest)
        if version is not None:
            found[key] = store.parsed(session, form, version).by_key[key]
    return found


def free_slots(session: Session, steps: Mapping[str, Sequence[Conversion]]) -> None:
    """A field that is of another kind now gives its slot back: what stands there is not what would be looked for."""
    for form, found in steps.items():
        gone = [step.target for step in found if step.source == step.target and not _same_slot(step)]
        if gone:
            mine = FormSlot.workspace_id == workspace_of(session), FormSlot.form == form, FormSlot.field.in_(gone)
            session.execute(delete(FormSlot).where(*mine), execution_options={"synchronize_session": False})


def _same_slot(step: Conversion) -> bool:
    kinds = {each.type.slot_of(each.config) for each in (step.old, step.new)}
    return len(kinds) == 1 and kinds <= set(SLOTS)

"""Records when their form changes: what would become of them, and doing it. The documents' part is `convert`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from formloom.db.uow import workspace_of
from sqlalchemy import ARRAY, ColumnElement, Text, bindparam, func, select
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm
from form_engine.evolution.convert import Conversion, Document, Lost, converted
from form_engine.models import Record
from form_engine.records.actor import Actor
from form_engine.records.apply import apply_writes
from form_engine.records.context import context_for
from form_engine.records.derive import changes_between, files_of, links_of, search_text, slots_of, title_of, unique_of
from form_engine.records.facts import Fact, Facts, record_value
from form_engine.records.facts_sql import facts_of
from form_engine.records.forms import Forms
from form_engine.records.spans import spans_of
from form_engine.records.write import RecordWrite
from form_engine.rollups.parts import parts_of

BATCH: Final = 500
SAMPLES: Final = 10


@dataclass(slots=True)
class FieldReport:
    """What became, or would become, of one field's values. `samples` are the first that are lost."""

    conversion: Conversion
    records: int = 0
    lost: int = 0
    samples: list[tuple[int, Lost]] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """By field. `seen` records were looked at, those with a value in such a field; `held` by a run, of a field that
    would change under its hands.
    """

    fields: dict[str, FieldReport]
    seen: int = 0
    held: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, steps: Sequence[Conversion]) -> "Report":
        return cls({step.target: FieldReport(step) for step in steps})

    @property
    def lost(self) -> int:
        return sum(each.lost for each in self.fields.values())

    def note(self, record_id: int, document: Document, lost: Sequence[Lost], *, held: bool) -> None:
        """One record more."""
        self.seen += 1
        in_place = [step for each in self.fields.values() if (step := each.conversion).source == step.target]
        if held and any(document.get(step.source) is not None for step in in_place):
            self.held.append(record_id)
        for key, each in self.fields.items():
            if document.get(each.conversion.source) is not None:
                each.records += 1
            gone = [one for one in lost if one.path == key or one.path.startswith(f"{key}.")]
            each.lost += len(gone)
            each.samples += [(record_id, one) for one in gone[: SAMPLES - len(each.samples)]]


def survey(session: Session, form: str, steps: Sequence[Conversion], report: Report, after: int, most: int) -> int:
    """Look at up to `most` more records, from the id `after` on. Returns where to go on from; 0 at the end."""
    statement = (
        select(Record.id, Record.data, Record.run_id)
        .where(Record.id > after, *_concerned(session, form, steps))
        .order_by(Record.id)
        .limit(most)
    )
    last = 0
    for last, document, run in session.execute(statement):
        _, lost = converted(steps, document)
        report.note(last, document, lost, held=run is not None)
    return last


def concerned(session: Session, form: str, steps: Sequence[Conversion]) -> int:
    """How many records have a value in one of these fields."""
    if not steps:
        return 0
    return session.scalar(select(func.count()).select_from(Record).where(*_concerned(session, form, steps))) or 0


def convert_records(
    session: Session, forms: Forms, form: CompiledForm, steps: Sequence[Conversion], actor: Actor
) -> int:
    """Bring every record of the form, those in the bin and drafts too, to what `form` says. `forms` is the world after
    the publish that asks for it. Returns how many changed.
    """
    context = context_for(session, actor)
    ids = session.scalars(select(Record.id).where(*_concerned(session, form.key, steps)).order_by(Record.id)).all()
    retyped, changed = any(step.old.type is not step.new.type for step in steps), 0
    for batch in (ids[start : start + BATCH] for start in range(0, len(ids), BATCH)):
        facts = facts_of(session, forms, context)
        facts.want(form.key, batch)
        loaded = [fact for number in batch if (fact := facts.fact(form.key, number)) is not None]
        made = ((fact, converted(steps, fact.data)[0]) for fact in loaded)
        # A value that reads the same may still stand otherwise in its slot.
        writes = [_write(forms, form, fact, data, facts) for fact, data in made if retyped or data != fact.data]
        if writes:
            apply_writes(session, forms, writes, actor, context.now, f"publish:{form.version}")
        changed += len(writes)
    return changed


def _concerned(session: Session, form: str, steps: Sequence[Conversion]) -> Iterator[ColumnElement[bool]]:
    keys = sorted({key for step in steps for key in (step.source, step.before)})
    yield Record.workspace_id == workspace_of(session)
    yield Record.form == form
    yield Record.data.has_any(bindparam("keys", keys, ARRAY(Text)))


def _write(forms: Forms, form: CompiledForm, record: Fact, data: Mapping[str, Any], facts: Facts) -> RecordWrite:
    """Everything beside the document is made anew: what stood there was made by the old form.

    A record under way keeps the version that its run pinned.
    """
    after = replace(record, data=data)
    noted = dict(facts.totals_read)
    value = record_value(facts, after)
    title = title_of(form, value, facts.context)
    facts.totals_read = noted
    counts = not record.draft and not record.deleted
    return RecordWrite(
        form=form.key,
        form_version=form.version if record.run_id is None else record.form_version,
        action="converted",
        data=data,
        title=title,
        search=search_text(form, data, record.number),
        id=record.id,
        expected=record.version,
        draft=record.draft,
        deleted=record.deleted,
        slots=slots_of(form, forms.slots.get(form.key, {}), data, value) if counts else None,
        links=links_of(form, data) if counts else (),
        unique=unique_of(form, data) if counts else (),
        parts=parts_of(value, forms.feeds.get(form.key, ()), facts.context) if counts else (),
        spans=spans_of(form, data, value, facts.context) if counts else (),
        files=tuple(sorted(files_of(form, data))),
        stirs=forms.routes.stirs(form.key, data, new=False, there=counts, moved=False),
        stirs_up=forms.routes.stirs_up(form.key),
        changes={key: pair for key, pair in changes_between(record.data, data).items() if "@" not in key},
    )

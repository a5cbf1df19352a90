"""What a batch wrote is taken back, chunk by chunk from its end, as far as nobody has changed it since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, InvalidInput
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm
from form_engine.definitions_store import FormStore
from form_engine.imports.models import ImportRow
from form_engine.imports.staging import of_batch
from form_engine.imports.writing import CHUNK, via
from form_engine.models import Record, RecordHistory, RecordLink
from form_engine.records import apply
from form_engine.records.actor import Actor
from form_engine.records.apply import apply_writes
from form_engine.records.context import context_for
from form_engine.records.facts import Fact, Facts
from form_engine.records.facts_sql import facts_of
from form_engine.records.forms import Forms
from form_engine.records.plan import plan_removal, plan_update
from form_engine.records.write import RecordWrite


@dataclass(frozen=True, slots=True)
class Undoing:
    """Takes back for one actor. It needs the form only: a profile may have stopped fitting it."""

    forms: FormStore
    form: str
    batch_id: int
    actor: Actor

    def take_back(self, session: Session, before: int) -> tuple[int | None, int, int]:
        """The last chunk of rows before this position: (its first position or None, undone, kept).

        New records go to the bin; changed ones get their old values back, by all rows of the batch that changed them
        together. A record that somebody has changed since, a run holds, another record links to, or whose old values
        its form refuses by now, is kept as it is, and its rows keep their `record_id`.
        """
        chunk = (
            select(ImportRow)
            .where(*of_batch(session, self.batch_id), ImportRow.position < before, ImportRow.record_id.is_not(None))
            .order_by(ImportRow.position.desc())
            .limit(CHUNK)
        )
        rows = session.scalars(chunk.execution_options(populate_existing=True)).all()
        if not rows:
            return None, 0, 0
        work = _Chunk(session, self.forms.forms(session), self, self._by_record(session, rows))
        gone = work.undo()
        return (
            rows[-1].position,
            sum(1 for row in rows if row.position in gone),
            len(rows) - len(gone & {row.position for row in rows}),
        )

    def _by_record(self, session: Session, rows: Sequence[ImportRow]) -> dict[int, list[ImportRow]]:
        """All rows of the batch that wrote these records, wherever in the file they stand; the records are held."""
        ids = sorted({row.record_id for row in rows if row.record_id is not None})
        held = select(Record.id).where(Record.workspace_id == workspace_of(session), Record.id.in_(ids))
        session.execute(held.order_by(Record.id).with_for_update()).all()
        changed = [row.record_id for row in rows if row.target_id is not None]
        found = {row.position: row for row in rows}
        if changed:
            same = select(ImportRow).where(*of_batch(session, self.batch_id), ImportRow.record_id.in_(changed))
            found |= {row.position: row for row in session.scalars(same)}
        by: dict[int, list[ImportRow]] = {}
        for row in found.values():
            by.setdefault(row.record_id or 0, []).append(row)
        return by


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Records of one transaction with the rows that wrote them."""

    session: Session
    world: Forms
    undoing: Undoing
    rows: Mapping[int, Sequence[ImportRow]]

    def undo(self) -> set[int]:
        """The positions of the rows that are taken back: all at once, else record by record."""
        facts = self._facts()
        known = {fact.id: fact for fact in facts.load(list(self.rows))}
        linked = self._linked_from_elsewhere(list(known))
        mine = [fact for fact in known.values() if self._is_ours(fact, linked)]
        done = self._apply(mine, facts)
        if done is None:
            done = []
            for fact in mine:
                done += self._apply([fact], self._facts()) or []
        gone = {row.position for fact in done for row in self.rows[fact.id]}
        if gone:
            change = update(ImportRow).where(*of_batch(self.session, self.undoing.batch_id))
            blank = change.where(ImportRow.position.in_(gone)).values(record_id=None, record_version=None)
            self.session.execute(blank, execution_options={"synchronize_session": False})
        return gone

    def _facts(self) -> Facts:
        return facts_of(self.session, self.world, context_for(self.session, self.undoing.actor))

    def _is_ours(self, fact: Fact, linked: set[int]) -> bool:
        """Nobody else has had a hand in it since the first row that wrote it."""
        versions = {row.record_version for row in self.rows[fact.id] if row.record_version is not None}
        unbroken = versions == set(range(fact.version - len(versions) + 1, fact.version + 1))
        made_here = self._made_here(fact)
        return unbroken and not fact.deleted and fact.run_id is None and not (made_here and fact.id in linked)

    def _made_here(self, fact: Fact) -> bool:
        return any(row.target_id is None for row in self.rows[fact.id])

    def _apply(self, facts_of_records: Sequence[Fact], facts: Facts) -> list[Fact] | None:
        """None where one of them is refused: then nothing is done."""
        if not facts_of_records:
            return []
        form = self.world[self.undoing.form]
        try:
            with self.session.begin_nested():
                writes = [self._write(form, fact, facts) for fact in facts_of_records]
                at, by = app_now(self.session), f"undo:{via(self.undoing.batch_id)}"
                apply_writes(self.session, self.world, writes, self.undoing.actor, at, by)
        except (InvalidInput, Conflict, apply.Refused):
            return None
        return list(facts_of_records)

    def _write(self, form: CompiledForm, fact: Fact, facts: Facts) -> RecordWrite:
        if self._made_here(fact):
            return plan_removal(self.world, form, fact, facts)
        old = self._old_values(fact)
        return plan_update(self.world, form, fact, old, facts, writable=None, partial=True, returning=True)

    def _old_values(self, fact: Fact) -> dict[str, Any]:
        """What stood there before the batch: of several changes of a field the first tells."""
        statement = select(RecordHistory.changes).where(
            RecordHistory.workspace_id == workspace_of(self.session),
            RecordHistory.record_id == fact.id,
            RecordHistory.version.in_([row.record_version for row in self.rows[fact.id]]),
            RecordHistory.via == via(self.undoing.batch_id),
        )
        old: dict[str, Any] = {}
        for changes in self.session.scalars(statement.order_by(RecordHistory.version.desc())):
            old |= {key: pair[0] for key, pair in changes.items()}
        return old

    def _linked_from_elsewhere(self, ids: Sequence[int]) -> set[int]:
        """Those to which a record links that is no part of this batch and not in the bin."""
        of_this_batch = select(ImportRow.record_id).where(
            *of_batch(self.session, self.undoing.batch_id), ImportRow.record_id == RecordLink.from_id
        )
        statement = (
            select(RecordLink.to_id)
            .join(Record, (Record.workspace_id == RecordLink.workspace_id) & (Record.id == RecordLink.from_id))
            .where(
                RecordLink.workspace_id == workspace_of(self.session),
                RecordLink.to_id.in_(ids),
                Record.deleted_at.is_(None),
                ~of_this_batch.exists(),
            )
        )
        return set(self.session.scalars(statement))

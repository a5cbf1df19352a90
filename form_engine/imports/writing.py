"""Rows of a batch become records, chunk by chunk, each chunk with how far the work is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, Forbidden, FormloomError, InvalidInput, Issue, NotFound
from formloom.models import Department, Person
from sqlalchemy import CursorResult, bindparam, cast, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger

from form_engine.definition import CompiledForm
from form_engine.definitions_store import FormStore
from form_engine.fields.base import Refers
from form_engine.imports.models import ImportBatch, ImportRow
from form_engine.imports.profile.compile import ReadyProfile
from form_engine.imports.staging import of_batch
from form_engine.permission import access_for
from form_engine.records import apply
from form_engine.records.actor import Actor
from form_engine.records.context import context_for
from form_engine.records.facts import linked_ids
from form_engine.records.facts_sql import facts_of
from form_engine.records.forms import Forms
from form_engine.records.named import named, referring
from form_engine.records.plan import plan_create
from form_engine.records.service import Records
from form_engine.records.write import RecordWrite

CHUNK: Final = 500
WRITTEN: Final = ("ok", "warn")
_REFUSALS: Final = (InvalidInput, Conflict, NotFound, Forbidden)
"""What is said of one row; whatever else happens ends the run."""

# No join: rows that were just put in have no statistics yet, and a chunk would be compared with the whole batch.
_NOTE = text("""
    UPDATE import_row SET
        record_id = (CAST(:records AS bigint[]))[array_position(CAST(:positions AS bigint[]), position)],
        record_version = (CAST(:versions AS bigint[]))[array_position(CAST(:positions AS bigint[]), position)]
    WHERE workspace_id = :workspace AND batch_id = :batch AND position BETWEEN :first AND :last
        AND position = ANY (CAST(:positions AS bigint[])) AND record_id IS NULL
""").bindparams(*(bindparam(name, type_=ARRAY(BigInteger)) for name in ("positions", "records", "versions")))


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes for one actor, by one profile."""

    forms: FormStore
    records: Records
    profile: ReadyProfile
    batch_id: int
    actor: Actor

    @property
    def via(self) -> str:
        return via(self.batch_id)

    def write(self, session: Session, after: int, *, all_or_none: bool) -> int | None:
        """The next chunk, planned and put in within one transaction: its last row's position, None at the end."""
        chunk = self.plan(session, after)
        return None if chunk is None else self.put(session, chunk, all_or_none=all_or_none)

    def plan(self, session: Session, after: int) -> "Chunk | None":
        """What the next rows that are good enough amount to; None at the end. Reads only.

        It may be planned while the chunk before is being put in: what has moved meanwhile is found out by `put`.
        """
        found = session.execute(
            select(ImportRow.position, ImportRow.clean, ImportRow.target_id)
            .where(
                *of_batch(session, self.batch_id),
                ImportRow.position > after,
                ImportRow.state.in_(WRITTEN),
                ImportRow.record_id.is_(None),
            )
            .order_by(ImportRow.position)
            .limit(CHUNK)
        )
        rows = [_Ready(row.position, self.profile.values(row.clean or {}), row.target_id) for row in found]
        if not rows:
            return None
        world = self.forms.forms(session)
        try:
            writes = self._planned(session, world, rows)
        except (InvalidInput, _Overtaken):
            return Chunk(rows, world, None)
        return Chunk(rows, world, apply.pack(world, writes, self.actor, app_now(session), self.via))

    def put(self, session: Session, chunk: "Chunk", *, all_or_none: bool) -> int:
        """Put a planned chunk in; returns the position of its last row.

        A row that its form refuses after all (somebody was quicker) becomes an error; with `all_or_none` it is raised.
        """
        if not self._together(session, chunk):
            self._one_by_one(session, chunk.rows, all_or_none=all_or_none)
        return chunk.rows[-1].position

    def _together(self, session: Session, chunk: "Chunk") -> bool:
        if chunk.packed is None:
            return False
        try:
            with session.begin_nested():
                done = apply.apply_packed(session, chunk.world, chunk.packed, self.actor)
        except (Conflict, apply.Refused):
            return False
        self._note(session, [(row, each.id, each.version) for row, each in zip(chunk.rows, done, strict=True)])
        return True

    def _planned(self, session: Session, world: Forms, rows: Sequence["_Ready"]) -> list[RecordWrite]:
        form = world[self.profile.form.key]
        facts = facts_of(session, world, context_for(session, self.actor))
        for row in rows:
            if row.target_id is not None:
                raise _Overtaken  # what is there already is changed by the service, which asks for rights on it
            for target, ids in linked_ids(form, row.values).items():
                facts.want(target, ids)
        writable = None
        if not self.actor.trusted:
            writable = access_for(session, world, form, self.actor).fields_for_new()
        writes = [
            plan_create(world, form, row.values, facts, writable=writable, created_by=self.actor.person_id)
            for row in rows
        ]
        self._may_name(session, world, form, writes)
        return writes

    def _may_name(self, session: Session, world: Forms, form: CompiledForm, writes: Sequence[RecordWrite]) -> None:
        """Whatever is linked to, the actor may read, and whoever is named is there; asked once for all.

        Names were found among what they may read, but a profile can hold ids. Which row it is, the service tells. No
        profile fills a field of files; where the form has become one meanwhile, the service asks whose each file is.
        """
        if any(each for write in writes for each in named(form, write.data, "file")):
            raise _Overtaken
        if not self.actor.trusted and referring(form, "record"):
            linked = [each for write in writes for each in named(form, write.data, "record")]
            for target in dict.fromkeys(each.form for each in linked):
                ids = {each.id for each in linked if each.form == target}
                if len(access_for(session, world, world[target], self.actor).rights(session, ids)) < len(ids):
                    raise _Overtaken
        people: tuple[tuple[Refers, Any], ...] = (("person", Person), ("department", Department))
        for kind, table in people:
            if not referring(form, kind):
                continue
            ids = {each.id for write in writes for each in named(form, write.data, kind)}
            there = select(func.count()).where(table.workspace_id == workspace_of(session), table.id.in_(ids))
            if ids and session.scalar(there) != len(ids):
                raise _Overtaken

    def _one_by_one(self, session: Session, rows: Sequence["_Ready"], *, all_or_none: bool) -> None:
        for row in rows:
            try:
                with session.begin_nested():
                    fact = self._one(session, row)
                    self._note(session, [(row, fact.id, fact.version)])
            except WrittenTwice:
                raise
            except _REFUSALS as error:
                if all_or_none:
                    raise
                self._refused(session, row, error)

    def _one(self, session: Session, row: "_Ready") -> Any:
        if row.target_id is not None:
            return self.records.update(session, self.forms, row.target_id, row.values, self.actor, via=self.via)
        form = self.profile.form.key
        return self.records.create(session, self.forms, form, row.values, self.actor, via=self.via)

    def _refused(self, session: Session, row: "_Ready", error: FormloomError) -> None:
        issues = error.issues or (Issue("", error.code, error.params),)
        said = [
            {
                "column": column.key if (column := self._column(issue)) else "",
                "code": issue.code,
                "level": "error",
                "params": _plain(issue.params),
            }
            for issue in issues
        ]
        change = update(ImportRow).where(*of_batch(session, self.batch_id), ImportRow.position == row.position)
        said_too = ImportRow.issues.op("||")(cast(said, JSONB))
        session.execute(change.values(state="error", issues=said_too), execution_options={"synchronize_session": False})

    def _column(self, issue: Issue) -> Any:
        return self.profile.by_field.get(issue.pointer.split("/", 2)[1] if issue.pointer else "")

    def _note(self, session: Session, done: Sequence[tuple["_Ready", int, int]]) -> None:
        noted = session.execute(
            _NOTE,
            {
                "workspace": workspace_of(session),
                "batch": self.batch_id,
                "first": done[0][0].position,
                "last": done[-1][0].position,
                "positions": [row.position for row, _, _ in done],
                "records": [record_id for _, record_id, _ in done],
                "versions": [version for _, _, version in done],
            },
        )
        if not isinstance(noted, CursorResult) or noted.rowcount != len(done):
            raise WrittenTwice("import_wrong_state", {"state": "running"})


@dataclass(frozen=True, slots=True)
class _Ready:
    """A row to be written: its values by field, and the record that it changes."""

    position: int
    values: dict[str, Any]
    target_id: int | None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows, and the batch of writes that they amount to under these forms; None: each needs the service."""

    rows: Sequence[_Ready]
    world: Forms
    packed: apply.Packed | None


class WrittenTwice(Conflict):
    """A row had become a record already, by somebody else's hands: nothing of this transaction may stand."""


class _Overtaken(Exception):  # noqa: N818 - a way out of the set-based path, never seen outside
    """Something in this chunk needs the service, one record at a time."""


def via(batch_id: int) -> str:
    """What stands in the history of every record that comes from this batch."""
    return f"import:{batch_id}"


def written(session: Session, batch: ImportBatch) -> int:
    """How many records stand there because of this batch."""
    statement = select(func.count()).where(*of_batch(session, batch.id), ImportRow.record_id.is_not(None))
    return session.scalar(statement) or 0


def _plain(params: Mapping[str, object]) -> dict[str, Any]:
    return {key: value if isinstance(value, str | int | list) else str(value) for key, value in params.items()}

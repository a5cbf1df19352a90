"""Imports as the rest of the house uses them: upload, look, set right, run, undo. Services take a session.

A batch belongs to whoever uploaded it; besides them only admins see it. What is long is a job (`form_engine.imports.
works`); small files are read in the caller's own transaction, by the same code.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from formloom.clock import app_now
from formloom.db.uow import workspace_of
from formloom.errors import Conflict, Forbidden, InvalidInput, Issue, NotFound
from formloom.files import FileStore
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm, FieldAccess
from form_engine.definitions_store import DefinitionStore, FormStore
from form_engine.imports.batches import BUSY, READ, RUN, UNDO, begin_job, ended, one_batch, settle
from form_engine.imports.cells import from_json, to_json
from form_engine.imports.judge import Judge
from form_engine.imports.lookups import Memory
from form_engine.imports.mapping import importable
from form_engine.imports.models import ImportBatch, ImportMemory, ImportRow
from form_engine.imports.profile import ImportProfile, ReadyProfile, compile_profile, parse_profile
from form_engine.imports.reading import Sheets, Unit, cells_by_column, copied, look, stage, suggest_profile
from form_engine.imports.sheets.limits import LIMITS, Limits
from form_engine.imports.staging import cells_at, count_rows, forget_rows, of_batch, read_rows, settle_doubles
from form_engine.imports.undoing import Undoing
from form_engine.imports.writing import Writer, written
from form_engine.permission import access_for
from form_engine.records.actor import Actor
from form_engine.records.service import Records

ADMIN: Final = "admin"


@dataclass(frozen=True, slots=True)
class Imports:
    """Composed once."""

    forms: FormStore
    records: Records
    files: FileStore
    profiles: DefinitionStore[ImportProfile]
    limits: Limits = field(default_factory=lambda: LIMITS)

    # -- uploading and looking -----------------------------------------------------------------------------------------

    def upload(
        self,
        session: Session,
        form_key: str,
        stream: BinaryIO,
        name: str,
        actor: Actor,
        *,
        profile: str | None = None,
        sheets: Sheets | None = None,
        wait: bool = False,
    ) -> ImportBatch:
        """A new batch from a file; read at once from `sheets` (see `look`), or with `wait`, else by a job.

        Raises UnreadableFile, Forbidden `action_denied`, NotFound for a profile that is not there.
        """
        form = self.importable(session, form_key, actor)
        if profile is not None:
            self._declared(session, form, profile)
        stored = self.files.store(session, stream, name, actor.ref)
        batch = ImportBatch(
            workspace_id=workspace_of(session),
            form=form.key,
            state="reading",
            file_id=stored.id,
            file_name=stored.name,
            profile_key=profile,
            profile={},
            found={},
            counts={},
            result={},
            created_by=actor.ref,
            created_at=app_now(session),
        )
        session.add(batch)
        session.flush()
        self._read_again(session, batch, actor, small=wait or sheets is not None, sheets=sheets)
        return batch

    def look(self, stream: BinaryIO) -> Sheets | None:
        """What is in a file, if that is little; None where reading it is work for a job. For before the transaction:
        another process opens the file, which may take seconds. Raises UnreadableFile.
        """
        return look(stream, self.limits)

    def find(self, session: Session, batch_id: int, actor: Actor, *, lock: bool = False) -> ImportBatch:
        """A batch of this actor. Raises NotFound, also for one that somebody else uploaded."""
        batch = self.held(session, batch_id) if lock else session.scalars(one_batch(session, batch_id)).one_or_none()
        if batch is None or not (batch.created_by == actor.ref or actor.trusted or ADMIN in actor.roles):
            raise NotFound("unknown_import", {"id": batch_id})
        if batch.job_id is not None and batch.state in BUSY:
            settle(session, batch)
        return batch

    def held(self, session: Session, batch_id: int) -> ImportBatch | None:
        """A batch that nobody else works on until this transaction ends."""
        return session.scalars(one_batch(session, batch_id).with_for_update()).one_or_none()

    def listing(self, session: Session, form_key: str, actor: Actor, limit: int = 50) -> Sequence[ImportBatch]:
        """The latest batches of a form: the actor's own, an admin's everybody's."""
        wanted = [ImportBatch.workspace_id == workspace_of(session), ImportBatch.form == form_key]
        if not actor.trusted and ADMIN not in actor.roles:
            wanted.append(ImportBatch.created_by == actor.ref)
        return session.scalars(select(ImportBatch).where(*wanted).order_by(ImportBatch.id.desc()).limit(limit)).all()

    def rows(
        self,
        session: Session,
        batch_id: int,
        actor: Actor,
        *,
        states: Sequence[str] = (),
        after: int = -1,
        limit: int = 100,
    ) -> Sequence[ImportRow]:
        """A page of a batch's rows."""
        self.find(session, batch_id, actor)
        return read_rows(session, batch_id, states=states, after=after, limit=limit)

    # -- setting right -------------------------------------------------------------------------------------------------

    def map(self, session: Session, batch_id: int, profile: Mapping[str, Any], actor: Actor) -> ImportBatch:
        """Read the file again by this profile, and remember it for files with the same header.

        Raises InvalidDefinition with what does not fit; corrections of cells are lost.
        """
        batch = self._idle(session, batch_id, actor)
        self._nothing_written(session, batch)
        ready = self._compiled(session, profile)
        if ready.form.key != batch.form:
            raise InvalidInput(
                "invalid_input", issues=(Issue("/profile/form", "not_an_option", {"options": [batch.form]}),)
            )
        batch.profile, batch.profile_key = dict(profile), None
        signature = batch.found.get("signature")
        if signature:
            self._remember(session, batch.form, signature, profile, actor)
        self._read_again(session, batch, actor, small=batch.found.get("rows", 0) <= 1_000)
        return batch

    def correct(
        self, session: Session, batch_id: int, position: int, cells: Mapping[int, Any], actor: Actor
    ) -> ImportRow:
        """Put cells of a row right, by the number of their column in the sheet; the row is judged anew.

        `cells` are JSON scalars. Raises InvalidInput `import_column_unknown`, NotFound `import_row_unknown`.
        """
        batch = self._idle(session, batch_id, actor)
        if batch.state == "unread":
            raise Conflict("import_wrong_state", {"state": batch.state})
        row = session.scalars(
            select(ImportRow).where(*of_batch(session, batch.id), ImportRow.position == position)
        ).one_or_none()
        if row is None or row.state == "header":
            raise NotFound("import_row_unknown", {"row": position})
        if row.record_id is not None:
            raise Conflict("import_wrong_state", {"state": "done"})
        sheet = batch.found["sheets"][row.sheet]
        unknown = [at for at in cells if not 0 <= at < len(sheet["columns"])]
        if unknown:
            raise InvalidInput("invalid_input", issues=(Issue(f"/cells/{unknown[0]}", "import_column_unknown"),))
        fixed = {**(row.fixed or {}), **{str(at): to_json(cell) for at, cell in cells.items()}}
        profile = self.ready(session, batch)
        line = tuple(from_json(cell) for cell in cells_at(row.raw, fixed))
        (judged,) = self._judge(session, profile, actor).judge([cells_by_column(line, sheet["mapped"])])
        keys = [key for key in (row.key, judged.key) if key is not None]
        row.fixed, row.state, row.clean, row.issues = fixed, judged.state, judged.values, judged.issues
        row.key, row.print, row.target_id = judged.key, judged.print, judged.target_id
        session.flush()
        settle_doubles(session, batch.id, profile, keys)
        count_rows(session, batch)
        session.flush()
        session.refresh(row)
        return row

    # -- running and undoing -------------------------------------------------------------------------------------------

    def run(self, session: Session, batch_id: int, actor: Actor, *, valid_only: bool = False) -> ImportBatch:
        """Have the batch written by a job: all of it, or with `valid_only` what is without errors.

        Raises Conflict `import_has_errors` when it should be all of it and cannot, `import_nothing_valid`.
        """
        batch = self._idle(session, batch_id, actor)
        if batch.state not in ("ready", "stopped", "failed"):
            raise Conflict("import_wrong_state", {"state": batch.state})
        counts = batch.counts
        if counts.get("error") and not valid_only:
            raise Conflict("import_has_errors", {"count": counts["error"]})
        ready = counts.get("ok", 0) + counts.get("warn", 0)
        if not ready:
            raise Conflict("import_nothing_valid")
        payload = {"batch": batch.id, "all": not valid_only}
        begin_job(session, batch, actor.ref, "running", RUN, payload, ready)
        return batch

    def undo(self, session: Session, batch_id: int, actor: Actor) -> ImportBatch:
        """Have everything that the batch wrote taken back by a job; what was changed since stays, and is counted."""
        batch = self._idle(session, batch_id, actor)
        count = written(session, batch)
        if not count:
            raise Conflict("import_wrong_state", {"state": batch.state})
        begin_job(session, batch, actor.ref, "undoing", UNDO, {"batch": batch.id}, count)
        return batch

    def discard(self, session: Session, batch_id: int, actor: Actor) -> None:
        """Forget a batch that wrote nothing. Its file goes with the next sweep."""
        batch = self._idle(session, batch_id, actor)
        self._nothing_written(session, batch)
        forget_rows(session, batch.id)
        session.delete(batch)

    # -- how -----------------------------------------------------------------------------------------------------------

    def read(
        self,
        unit: Unit,
        batch_id: int,
        actor: Actor,
        tell: Callable[[Session, int], None],
        *,
        looking: Unit | None = None,
        sheets: Sheets | None = None,
    ) -> dict[str, int]:
        """Read the batch's file from its beginning. Used by the job and, within one transaction, by `upload`.

        With `looking`, rows are judged in units of work of their own, while those before them are put in.
        """
        with unit() as session:
            batch = self.find(session, batch_id, actor)
            forget_rows(session, batch.id)
            batch.counts = {}
            form = self.forms.live(session, batch.form)
            writable = self._writable(session, form, actor)
            stream = self.files.open(session, batch.file_id)[1] if sheets is None else None
            profile_raw, profile_key = batch.profile, batch.profile_key
            remembered = None
        with ExitStack() as open_files:
            path: Path | Sheets = sheets or ()
            if stream is not None:
                path = Path(open_files.enter_context(copied(open_files.enter_context(stream))).name)
            signature: str | None = None
            suggested: list[dict[str, Any]] = []
            if profile_key is None:
                made, pairs, signature = suggest_profile(path, form, writable, self.limits)
                suggested = [{"column": each.header, "field": each.field, "score": str(each.score)} for each in pairs]
                with unit() as session:
                    if not profile_raw:
                        remembered = self._remembered(session, form, signature, writable)
                        profile_raw = {**made, "columns": remembered["columns"]} if remembered else made
            with unit() as session:
                ready = self._compiled_or(session, form, profile_key, profile_raw)
            memory: Memory = {}
            found = stage(
                unit,
                path,
                ready,
                batch_id,
                lambda session: self._judge(session, ready, actor, memory),
                tell,
                self.limits,
                looking,
            )
        with unit() as session:
            settle_doubles(session, batch_id, ready)
            batch = self.find(session, batch_id, actor)
            batch.profile = profile_raw if profile_key is None else self.profiles.body(session, profile_key)
            batch.found = {**found, "signature": signature, "suggested": suggested}
            if remembered:
                batch.found |= {"remembered": {"by": remembered["by"]}}
            ended(session, batch, "ready", {})
            return dict(batch.counts)

    def writer(self, session: Session, batch: ImportBatch, actor: Actor) -> Writer:
        return Writer(self.forms, self.records, self.ready(session, batch), batch.id, actor)

    def undoing(self, batch: ImportBatch, actor: Actor) -> Undoing:
        return Undoing(self.forms, batch.form, batch.id, actor)

    def ready(self, session: Session, batch: ImportBatch) -> ReadyProfile:
        """The profile that the batch was read by, over the form as it is now."""
        return self._compiled(session, batch.profile)

    def _read_again(
        self, session: Session, batch: ImportBatch, actor: Actor, *, small: bool, sheets: Sheets | None = None
    ) -> None:
        if small:
            batch.state, batch.job_id = "reading", None
            self.read(lambda: nullcontext(session), batch.id, actor, lambda session, done: None, sheets=sheets)
            session.flush()
        else:
            begin_job(session, batch, actor.ref, "reading", READ, {"batch": batch.id}, None)

    def _judge(self, session: Session, profile: ReadyProfile, actor: Actor, memory: Memory | None = None) -> Judge:
        return Judge(session, self.forms.forms(session), profile, actor, memory)

    def importable(self, session: Session, form_key: str, actor: Actor) -> CompiledForm:
        """The form, if this actor may import into it. Raises NotFound, Forbidden `action_denied`."""
        form = self.forms.live(session, form_key)
        access = access_for(session, self.forms.forms(session), form, actor)
        if not access.may("read") and not access.may("create"):
            raise NotFound("unknown_definition", {"kind": "form", "key": form_key})
        for action in ("import", "create"):
            if not access.may(action):
                raise Forbidden("action_denied", {"action": action, "form": form_key})
        return form

    def _writable(self, session: Session, form: CompiledForm, actor: Actor) -> FieldAccess | None:
        if actor.trusted:
            return None
        return access_for(session, self.forms.forms(session), form, actor).fields_for_new()

    def _idle(self, session: Session, batch_id: int, actor: Actor) -> ImportBatch:
        batch = self.find(session, batch_id, actor, lock=True)
        self.importable(session, batch.form, actor)
        if batch.state in BUSY:
            settle(session, batch)
        if batch.state in BUSY:
            raise Conflict("import_wrong_state", {"state": batch.state})
        return batch

    def _nothing_written(self, session: Session, batch: ImportBatch) -> None:
        if written(session, batch):
            raise Conflict("import_wrong_state", {"state": batch.state})

    def _compiled(self, session: Session, raw: Mapping[str, Any]) -> ReadyProfile:
        return compile_profile(parse_profile(dict(raw)), self.forms.forms(session))

    def _compiled_or(
        self, session: Session, form: CompiledForm, key: str | None, raw: Mapping[str, Any]
    ) -> ReadyProfile:
        return self._declared(session, form, key) if key is not None else self._compiled(session, raw)

    def _declared(self, session: Session, form: CompiledForm, key: str) -> ReadyProfile:
        profile = self.profiles.live(session, key)
        if profile.form != form.key:
            raise NotFound("unknown_definition", {"kind": "import", "key": key})
        return compile_profile(profile, self.forms.forms(session))

    def _remembered(
        self, session: Session, form: CompiledForm, signature: str, writable: FieldAccess | None
    ) -> dict[str, Any] | None:
        """Which columns of such a header filled which fields last time, and by whose word; None where nobody said.

        Others read it, so it holds names only: no values, formulas or records of whoever made the mapping.
        """
        statement = select(ImportMemory.profile).where(
            ImportMemory.workspace_id == workspace_of(session),
            ImportMemory.form == form.key,
            ImportMemory.signature == signature,
        )
        known: dict[str, Any] | None = session.scalar(statement)
        if known is None or "by" not in known:
            return None
        columns = [
            {"key": field, "to": field, "headers": headers}
            for field, headers in known["fields"].items()
            # A field that has gone since, or that this reader may not fill, is left out.
            if (found := form.by_path.get(field)) is not None and importable(found, writable)
        ]
        return {"columns": columns, "by": known["by"]} if columns else None

    def _remember(
        self, session: Session, form_key: str, signature: str, profile: Mapping[str, Any], actor: Actor
    ) -> None:
        pairs = {each["to"]: each["headers"] for each in profile["columns"] if each.get("to") and each.get("headers")}
        if not pairs:
            return
        values = {"profile": {"fields": pairs, "by": actor.ref}, "used_at": app_now(session)}
        new = insert(ImportMemory).values(
            workspace_id=workspace_of(session), form=form_key, signature=signature, **values
        )
        session.execute(new.on_conflict_do_update(index_elements=["workspace_id", "form", "signature"], set_=values))

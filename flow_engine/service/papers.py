"""Makes the documents of runs: outside of the step, once, and attached by the flow when the run goes on."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, cast

from formloom.db.uow import workspace_of
from formloom.errors import ExternalFailure, FormloomError, Issue, Unavailable
from formloom.files import FileStore, clean_name
from formloom.models import Workspace
from formloom.outbox import Handler, JobContext
from formloom.outbox.runner import GivenUp, LeaseLost
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from flow_engine.definition import FlowDef
from flow_engine.models import Run
from flow_engine.service.plays.papers import DOCUMENT
from flow_engine.steps.document import Document
from form_engine.definition import CompiledForm
from form_engine.documents.service import Documents, Prepared
from form_engine.documents.store import DocumentStore
from form_engine.models import Record, RecordFile
from form_engine.records.actor import Actor

if TYPE_CHECKING:
    from flow_engine.service.flows import Flows

CODES: Final = ("unknown_document", "document_of_other_form", "not_a_file_field")
PASSING: Final = (ExternalFailure, Unavailable)
"""What may go by itself; everything else would be the same the next time."""


class Papers:
    """The handler of the outbox. Composed with the flows whose runs wait."""

    def __init__(self, flows: "Flows", documents: Documents, files: FileStore) -> None:
        self._flows, self._documents, self._files = flows, documents, files

    def handlers(self) -> dict[str, Handler]:
        """By kind of outbox item."""
        return {DOCUMENT: self._make}

    def given_up(self) -> dict[str, GivenUp]:
        """What becomes of a run whose document could not be made."""
        return {DOCUMENT: self._gave_up}

    def _make(self, context: JobContext, payload: Mapping[str, Any]) -> None:
        """Read, make without a transaction, then store, attach and finish in one: a repeated job finds nobody waiting,
        or does all of it again.
        """
        try:
            with context.unit_of_work() as session:
                prepared = self._prepared(session, payload)
            kind = "docx" if "docx" in prepared.formats else "pdf"
            made = prepared.made(kind)
        except PASSING:
            raise
        except FormloomError as error:
            with context.unit_of_work() as session:
                self._flows.failed(session, payload["run"], payload["visit"], error.code, error.params)
                self._finish(context, session)
            return
        with context.unit_of_work() as session:
            run = session.get_one(Run, (workspace_of(session), payload["run"]), with_for_update=True)
            name = clean_name(f"{payload['name'] or prepared.name}.{kind}")
            stored = self._files.store(session, cast("Any", BytesIO(made)), name, Actor.flow(run.flow).ref)
            self._keep(session, run, payload["step"], str(stored.id))
            files = [*_held(session, run.record_id, payload["attach_to"]), str(stored.id)]
            told = {"step": payload["step"], "file": str(stored.id), "files": files}
            self._flows.resume(session, run.id, payload["visit"], told)
            self._finish(context, session)

    def _prepared(self, session: Session, payload: Mapping[str, Any]) -> Prepared:
        run = session.get_one(Run, (workspace_of(session), payload["run"]))
        locale = payload["locale"] or session.get_one(Workspace, workspace_of(session)).locale
        return self._documents.prepare(session, run.record_id, payload["template"], Actor.flow(run.flow), locale)

    def _keep(self, session: Session, run: Run, step: str, file: str) -> None:
        """A document that stands in no field is kept with its record all the same: letters may take it along."""
        row = insert(RecordFile).values(
            workspace_id=workspace_of(session), file_id=file, record_id=run.record_id, path=f"document:{run.id}:{step}"
        )
        session.execute(row.on_conflict_do_nothing())

    def _gave_up(self, session: Session, payload: Mapping[str, Any], error: str) -> None:
        self._flows.failed(session, payload["run"], payload["visit"], "document_failed", {"error": error[:300]})

    def _finish(self, context: JobContext, session: Session) -> None:
        if not context.finish(session):
            raise LeaseLost(context.key)


def document_issues(session: Session, flow: FlowDef, form: CompiledForm, documents: DocumentStore) -> Iterator[Issue]:
    """Templates that are not there, or are about another form; fields that hold no files."""
    live = documents.live_versions(session)
    for step in flow.walk():
        if not isinstance(step, Document):
            continue
        at = f"{step.pointer}/template"
        if step.template not in live:
            yield Issue(at, "unknown_document", {"document": step.template})
        elif (about := documents.live(session, step.template).form) != form.key:
            yield Issue(at, "document_of_other_form", {"document": step.template, "form": about})
        field = form.field(step.attach_to) if step.attach_to is not None else None
        if field is not None and (field.definition.type.refers != "file" or field.definition.type.picture):
            yield Issue(f"{step.pointer}/attach_to", "not_a_file_field", {"field": step.attach_to})


def _held(session: Session, record: int, field: str | None) -> list[str]:
    """The files that stand in a field now; the run holds the record, so nobody takes one away meanwhile."""
    if field is None:
        return []
    mine = Record.workspace_id == workspace_of(session), Record.id == record
    found = session.scalar(select(Record.data[field]).where(*mine).with_for_update())
    return list(found) if isinstance(found, list) else []

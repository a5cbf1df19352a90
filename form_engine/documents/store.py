"""The definitions of documents: published among the forms, with the stored files that they hold."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from formloom.db.uow import workspace_of
from formloom.errors import InvalidDefinition, Issue
from formloom.files import describe
from formloom.models import StoredFile
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm
from form_engine.definitions_store import DefinitionStore, FormStore
from form_engine.documents.blocks.rows import Rows
from form_engine.documents.compile import CompiledDocument, check_document, compile_document
from form_engine.documents.model import DocumentDef
from form_engine.documents.models import DocumentFile
from form_engine.documents.parse import parse_document
from form_engine.formula import NO_CONTEXT
from form_engine.query.columns import FormColumns
from form_engine.query.errors import NotInSql
from form_engine.query.evaluate import evaluator
from form_engine.query.formula_sql import Translator
from form_engine.records.actor import Actor
from form_engine.records.forms import Forms

WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
CODES: Final = ("unknown_document_file", "not_a_word_file", "not_a_picture")
_UUID: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class DocumentStore(DefinitionStore[DocumentDef]):
    """Documents, live and past."""

    def __init__(self, forms: FormStore) -> None:
        super().__init__("document", parse_document)
        self._forms = forms

    def check(self, session: Session, parsed: Mapping[str, DocumentDef]) -> None:
        """Raises InvalidDefinition with every issue, below the document's key."""
        forms = self._forms.forms(session)
        world = {key: form.definition for key, form in forms.items()}
        issues = [
            Issue(f"/{key}{issue.pointer}", issue.code, issue.params)
            for key, document in parsed.items()
            for issue in (*check_document(document, world), *_not_in_sql(document, forms))
        ]
        issues += [issue for key, document in parsed.items() for issue in self._strange_files(session, key, document)]
        if issues:
            raise InvalidDefinition("invalid_definition", {"kind": self.kind}, tuple(issues))

    def broken_by(self, session: Session, forms: Mapping[str, CompiledForm]) -> Iterator[tuple[str, Issue]]:
        """What a live document shows that these forms do not have (any more)."""
        world = {key: form.definition for key, form in forms.items()}
        for key in self.keys(session):
            yield from ((key, issue) for issue in check_document(self.live(session, key), world))

    def save_draft(
        self, session: Session, key: str, definition: dict[str, Any], actor: Actor, *, revision: int | None = None
    ) -> int:
        """As every store does; files that the actor has uploaded and the draft names are the document's from now on."""
        saved = super().save_draft(session, key, definition, actor, revision=revision)
        named = set(_UUID.findall(" ".join(_texts(definition))))
        mine = select(StoredFile.id).where(
            StoredFile.workspace_id == workspace_of(session),
            StoredFile.id.in_([UUID(each) for each in named]),
            StoredFile.created_by == actor.ref,
        )
        self.hold_files(session, key, frozenset(session.scalars(mine)) if named else frozenset())
        return saved

    def hold_files(self, session: Session, key: str, files: frozenset[UUID]) -> None:
        """These belong to the document: they stay as long as it."""
        rows = [{"workspace_id": workspace_of(session), "document": key, "file_id": each} for each in sorted(files)]
        if rows:
            session.execute(insert(DocumentFile).values(rows).on_conflict_do_nothing())

    def files_of(self, session: Session, key: str) -> frozenset[str]:
        """The ids of the files that belong to a document."""
        mine = DocumentFile.workspace_id == workspace_of(session), DocumentFile.document == key
        return frozenset(str(each) for each in session.scalars(select(DocumentFile.file_id).where(*mine)))

    def of_form(self, session: Session, form: str) -> dict[str, DocumentDef]:
        """The live documents about records of this form, by key."""
        live: dict[str, DocumentDef] = {key: self.live(session, key) for key in self.keys(session)}
        return {key: document for key, document in live.items() if document.form == form}

    def compiled(self, session: Session, key: str) -> CompiledDocument:
        """The live version, ready to be drawn. Raises NotFound."""
        forms, version = self._forms.forms(session), self._live_version(session, key)
        place = ("document", key, version)
        known: CompiledDocument | None = forms.remembered.get(place)
        if known is None:
            world = {form: each.definition for form, each in forms.items()}
            known = compile_document(self.parsed(session, key, version), world, version)
            if not self._published_here(session, key):
                forms.remembered[place] = known
        return known

    def _strange_files(self, session: Session, key: str, document: DocumentDef) -> Iterator[Issue]:
        """Files that are not the document's: whoever could name any file could read any file."""
        named = document.files()
        if not named:
            return
        own = self.files_of(session, key)
        known = describe(session, [file for _, file in named if file in own])
        for at, file in named:
            if file not in known:
                yield Issue(f"/{key}{at}", "unknown_document_file", {"file": file})
            elif at == "/docx" and known[file].media_type != WORD:
                yield Issue(f"/{key}{at}", "not_a_word_file", {"type": known[file].media_type})
            elif at != "/docx" and known[file].media_type not in PICTURES:
                yield Issue(f"/{key}{at}", "not_a_picture", {"type": known[file].media_type})


def _not_in_sql(document: DocumentDef, forms: Forms) -> Iterator[Issue]:
    """Records of another form are found by SQL, so what narrows them must be SQL."""
    if document.form not in forms or check_document(document, {key: each.definition for key, each in forms.items()}):
        return
    compiled = compile_document(document, {key: each.definition for key, each in forms.items()})
    for block in document.walk():
        if not isinstance(block, Rows) or block.via is None or block.where is None:
            continue
        columns = FormColumns(forms, forms[block.source], evaluator(NO_CONTEXT), root="target")
        try:
            node = compiled.readings[f">{block.scope}", block.where.text].node
            Translator(columns, columns.evaluate).condition(node)
        except NotInSql as error:
            yield Issue(block.where.at, "filter_not_in_sql", {"reason": error.code, **error.params})


def _texts(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)

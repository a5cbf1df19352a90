"""Documents as the rest of the house uses them: what a reader may have of a record, and its pages as files.

`prepare` reads, in the caller's transaction; `Prepared` makes the file, without one: setting pages takes time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from formloom import people
from formloom.clock import time_zone
from formloom.errors import InvalidInput, NotFound
from formloom.files import FileStore, clean_name, describe
from formloom.i18n import localized
from formloom.models import StoredFile
from sqlalchemy.orm import Session

from form_engine.definitions_store import FormStore
from form_engine.documents.blocks import Node
from form_engine.documents.blocks.qr import Code
from form_engine.documents.context import word_context
from form_engine.documents.linked import linked_rows
from form_engine.documents.model import DocumentDef
from form_engine.documents.pen import Pen, Wanted
from form_engine.documents.press.outside import LARGEST
from form_engine.documents.press.pdf import pdf_of
from form_engine.documents.press.word import word_of
from form_engine.documents.reading import readable_by
from form_engine.documents.store import PICTURES, WORD, DocumentStore
from form_engine.fields.answers import Glossary
from form_engine.permission import access_for
from form_engine.records.actor import Actor
from form_engine.records.context import context_for
from form_engine.records.facts_sql import facts_of
from form_engine.records.reader import Reader
from form_engine.records.titles import titles

MOST_PAGES: Final = 200
MOST_NODES: Final = 20_000
MEDIA: Final[Mapping[str, str]] = {"html": "text/html; charset=utf-8", "pdf": "application/pdf", "docx": WORD}
CODES: Final = ("unknown_document", "document_not_for_record", "no_such_format")

Links = Callable[[Session, int], Mapping[str, str]]
"""The addresses of a record by name: `record`, and `guest` while somebody outside is asked."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A document that somebody may have of a record."""

    key: str
    title: str
    formats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that the file is made of. `name` has no ending; `files` are bytes by the id of the stored file."""

    name: str
    formats: tuple[str, ...]
    sheet: Mapping[str, Any]
    files: Mapping[str, bytes]
    docx: bytes = b""
    context: Mapping[str, Any] | None = None

    def pdf(self) -> bytes:
        """Raises InvalidInput where it is past a limit, or `no_such_format`."""
        self.must("pdf")
        return pdf_of(self.sheet, self.files)

    def word(self) -> bytes:
        """The same as a Word file."""
        self.must("docx")
        return word_of(self.docx, self.context or {})

    def made(self, form: str) -> bytes:
        """The file in a format other than HTML."""
        return self.word() if form == "docx" else self.pdf()

    def must(self, form: str) -> None:
        """Raises NotFound `no_such_format` for what cannot be made of it."""
        if form not in self.formats:
            raise NotFound("no_such_format", {"format": form, "formats": ", ".join(self.formats)})


class Documents:
    """Composed once. `links` gives the addresses that QR codes show."""

    def __init__(self, forms: FormStore, files: FileStore, definitions: DocumentStore, links: Links) -> None:
        self._forms, self._files, self.definitions, self._links = forms, files, definitions, links
        self._reader = Reader()

    def offered(self, session: Session, record_id: int, actor: Actor, locale: str) -> tuple[Offer, ...]:
        """The documents that this person may have of this record now. Raises NotFound for a record that they may not
        read.
        """
        record, form, _ = self._reader.readable(session, self._forms, record_id, actor)
        documents = self.definitions.of_form(session, form.key)
        if not documents:
            return ()
        return tuple(
            Offer(key, localized(document.title, locale), document.formats)
            for key, document in documents.items()
            if _is_for(document, actor)
            and (document.when is None or self._fits(self._pen(session, key, record.id, actor, locale, whole=False)))
        )

    def prepare(
        self, session: Session, record_id: int, key: str, actor: Actor, locale: str, *, files: bool = True
    ) -> Prepared:
        """A document of a record as this reader may see it. Without `files`, pictures are only named.

        Raises NotFound for a record or a document that is not there for them, InvalidInput `document_not_for_record`.
        """
        pen = self._pen(session, key, record_id, actor, locale)
        document = pen.document.definition
        if not _is_for(document, actor):
            raise NotFound("unknown_document", {"document": key})
        if not self._fits(pen):
            raise InvalidInput("document_not_for_record", {"document": key})
        if document.docx is not None:
            return self._word(session, pen, document, actor)
        sheet = _sheet(pen, document)
        if pen.wanted:
            self._name(session, pen, actor)
            sheet = _sheet(pen, document)
        shown = tuple(_files_in(sheet["body"])) if files else ()
        return Prepared(_name_of(pen, document), document.formats, sheet, self._bytes(session, shown))

    def _word(self, session: Session, pen: Pen, document: DocumentDef, actor: Actor) -> Prepared:
        form = self._forms.live(session, document.form)
        context = word_context(pen, form)
        if pen.wanted:
            self._name(session, pen, actor)
            context = word_context(pen, form)
        template = self._bytes(session, (document.docx or "",))[document.docx or ""]
        return Prepared(_name_of(pen, document), document.formats, {}, {}, template, context)

    def _pen(self, session: Session, key: str, record_id: int, actor: Actor, locale: str, *, whole: bool = True) -> Pen:
        """Everything loaded for drawing, but the names; not `whole`: only what conditions need."""
        record, form, rights = self._reader.readable(session, self._forms, record_id, actor)
        world = self._forms.forms(session)
        if key not in self.definitions.live_versions(session):
            raise NotFound("unknown_document", {"document": key})
        compiled = self.definitions.compiled(session, key)
        if compiled.definition.form != form.key:
            raise NotFound("unknown_document", {"document": key})
        context = context_for(session, actor)
        facts = facts_of(session, world, context)
        facts.add([record])
        value = facts.value(record)
        access = access_for(session, world, form, actor)
        readable = readable_by(access, rights.fields)
        asked = whole and any(isinstance(block, Code) and block.link for block in compiled.definition.walk())
        links = self._links(session, record.id) if asked else {}
        pen = Pen(compiled, value, context, locale, readable, links=links)
        if whole:
            pen.linked = linked_rows(session, pen, world, actor, facts)
        return pen

    def _fits(self, pen: Pen) -> bool:
        when = pen.document.definition.when
        return when is None or pen.value(when) is True

    def _name(self, session: Session, pen: Pen, actor: Actor) -> None:
        """Find the names of everything that the first drawing met."""
        wanted, world = pen.wanted, self._forms.forms(session)
        found = titles(session, world, wanted.record, actor) if wanted.record else {}
        stored = describe(session, wanted.file) if wanted.file else {}
        pen.names = Glossary(
            {each: (found[each][1] or "") if each in found else "" for each in wanted.record},
            people.names(session, [each for each in wanted.person if isinstance(each, int)]),
            people.department_names(session, wanted.department, pen.locale) if wanted.department else {},
            {ident: row.name for ident, row in stored.items()},
            time_zone(session),
        )
        pen.pictures = frozenset(ident for ident, row in stored.items() if row.media_type in PICTURES)
        pen.wanted = Wanted()

    def _bytes(self, session: Session, idents: Iterable[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        size = 0
        for ident in dict.fromkeys(idents):
            row: StoredFile
            row, stream = self._files.open(session, ident)
            with stream:
                size += row.size
                if size > LARGEST:
                    raise InvalidInput("document_too_large")
                found[ident] = stream.read()
        return found


def _is_for(document: DocumentDef, actor: Actor) -> bool:
    return actor.trusted or not document.roles or bool(document.roles & actor.roles)


def _sheet(pen: Pen, document: DocumentDef) -> dict[str, Any]:
    """The render tree: JSON, and nothing in it is markup."""
    page = document.page
    language, _, region = pen.locale.partition("-")
    body = pen.draw(document.blocks)
    if sum(1 for _ in _all(body)) > MOST_NODES:
        raise InvalidInput("document_too_large")
    return {
        "title": localized(document.title, pen.locale),
        "locale": pen.locale,
        "language": language,
        "region": region.lower(),
        "page": {
            "width": page.width,
            "height": page.height,
            "margins": list(page.margins),
            "header": pen.say(page.header),
            "footer": pen.say(page.footer),
            "numbered": page.numbered,
            "most": MOST_PAGES,
        },
        "body": body,
    }


def _name_of(pen: Pen, document: DocumentDef) -> str:
    """What its files are called, without the ending."""
    if document.name is not None:
        said = pen.say(document.name).strip()
    else:
        number = pen.record.values.get("number")
        said = " ".join(each for each in (localized(document.title, pen.locale), str(number or "")) if each)
    return clean_name(f"{said or document.key}.pdf").removesuffix(".pdf")


def _all(nodes: Iterable[Node]) -> Iterator[Any]:
    """Every node and every cell of a table."""
    for node in nodes:
        yield node
        yield from _all(node.get("nodes", ()))
        for column in node["columns"] if node["is"] == "columns" else ():
            yield from _all(column)
        yield from (cell for row in node.get("rows", ()) for cell in row)


def _files_in(nodes: Iterable[Node]) -> Iterator[str]:
    for node in _all(nodes):
        if isinstance(node, dict):
            yield from node.get("files", ()) if node["is"] == "images" else ()
            if node["is"] == "signature" and node["file"]:
                yield node["file"]

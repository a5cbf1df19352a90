"""An export: what a list shows to this reader, as a file; at once when it is short, as a job when it is long."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Literal, cast

from formloom import jobs
from formloom.db.uow import unit_of_work
from formloom.errors import Conflict, Forbidden, InvalidInput, Issue
from formloom.files import FileStore
from formloom.i18n import localized
from formloom.jobs import JobRun, JobWork
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from form_engine.definitions_store import FormStore
from form_engine.exports.cells import CellMaker, Cells, columns_of
from form_engine.exports.delimited import ENCODINGS, Encoding, delimited
from form_engine.exports.workbook import MOST_ROWS, WorkbookWriter
from form_engine.formula import Node, check, parse
from form_engine.permission import Access, access_for
from form_engine.query.listing import matching_ids, stream
from form_engine.records.actor import Actor
from form_engine.records.starter import starter

Format = Literal["xlsx", "csv"]
FORMATS: Final[tuple[Format, ...]] = ("xlsx", "csv")
MEDIA: Final[Mapping[str, str]] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
AT_ONCE: Final = 5_000
"""Records. A longer list is a job, so that nobody's browser waits."""

BATCH: Final = 500
JOB: Final = "export"
CODES: Final = ("export_is_long", "too_many_for_sheet", "unknown_format")


@dataclass(frozen=True, slots=True)
class Export:
    """What is exported, in JSON's own types: a job carries it. `sort` and `filter` as a list takes them."""

    form: str
    format: Format = "xlsx"
    filter: Any = None
    where: str | None = None
    """A formula over the form's own names, from a definition (a view's)."""
    sort: tuple[str, ...] = ()
    q: str = ""
    columns: tuple[str, ...] = ()
    encoding: Encoding = "utf-8-bom"
    locale: str = "zh-CN"

    def to_json(self) -> dict[str, Any]:
        return {
            "form": self.form,
            "format": self.format,
            "filter": self.filter,
            "where": self.where,
            "sort": list(self.sort),
            "q": self.q,
            "columns": list(self.columns),
            "encoding": self.encoding,
            "locale": self.locale,
        }

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> "Export":
        return cls(**{**raw, "sort": tuple(raw["sort"]), "columns": tuple(raw["columns"])})


@dataclass(frozen=True, slots=True)
class Exports:
    """Composed once."""

    forms: FormStore
    files: FileStore

    def count(self, session: Session, export: Export, actor: Actor) -> int:
        """How many records it would hold. Raises Forbidden, NotFound, and InvalidInput for what cannot be asked."""
        access = self._access(session, export, actor)
        found = matching_ids(
            session, access, filter=export.filter, where=_where(access, export), q=export.q, action="export"
        ).subquery()
        count = session.scalar(select(func.count()).select_from(found)) or 0
        if export.format == "xlsx" and count > MOST_ROWS:
            raise InvalidInput("invalid_query", issues=(Issue("/format", "too_many_for_sheet", {"most": MOST_ROWS}),))
        return count

    def at_once(self, session: Session, export: Export, actor: Actor) -> int:
        """The count, if it is small enough to wait for. Raises Conflict `export_is_long`."""
        count = self.count(session, export, actor)
        if count > AT_ONCE:
            raise Conflict("export_is_long", {"count": count, "most": AT_ONCE})
        return count

    def name(self, session: Session, export: Export) -> str:
        """What the file is called."""
        return f"{localized(self.forms.live(session, export.form).definition.title, export.locale)}.{export.format}"

    def write(self, session: Session, export: Export, actor: Actor, file: BinaryIO) -> Iterator[int]:
        """Write the file, yielding how many records are in it now and then. Memory is that of one batch."""
        if export.format == "csv":
            yield from self._csv(session, export, actor, file)
        else:
            yield from self._xlsx(session, export, actor, file)

    def start(self, session: Session, export: Export, actor: Actor, total: int) -> int:
        """The same as a job; its result names the file."""
        title = self.name(session, export)
        return jobs.start(session, JOB, export.to_json(), by=actor.ref, title=title, total=total)

    def work(self, run: JobRun) -> Any:
        """The job. Read in one transaction, so that the file is of one moment; a crash begins it anew."""
        export = Export.read(run.payload)
        with tempfile.TemporaryFile(prefix="formloom-export-") as file:
            with unit_of_work(run.databases, run.workspace_id) as session:
                actor = starter(session, run.by)
                name = self.name(session, export)
                for done in self.write(session, export, actor, cast("BinaryIO", file)):
                    with run.batch() as progress:
                        run.advance(progress, done=done)
            file.seek(0)
            with run.batch() as session:
                stored = self.files.store(session, cast("BinaryIO", file), name, run.by)
                return {"file": str(stored.id), "name": stored.name, "link": f"/files/{stored.id}"}

    def works(self) -> Mapping[str, JobWork]:
        """By kind of job."""
        return {JOB: self.work}

    def _csv(self, session: Session, export: Export, actor: Actor, file: BinaryIO) -> Iterator[int]:
        access = self._access(session, export, actor)
        columns = columns_of(access, export.locale, export.columns)
        done = 0

        def counted() -> Iterator[list[Cells]]:
            nonlocal done
            for rows in self._rows(session, export, access, columns):
                batch = list(rows)
                done += len(batch)
                yield batch

        for piece in delimited([column.head.title for column in columns], counted(), export.encoding):
            file.write(piece)
            yield done

    def _xlsx(self, session: Session, export: Export, actor: Actor, file: BinaryIO) -> Iterator[int]:
        access = self._access(session, export, actor)
        columns = columns_of(access, export.locale, export.columns)
        title = localized(access.form.definition.title, export.locale)
        book = WorkbookWriter(file, title, [column.head for column in columns])
        done = 0
        for rows in self._rows(session, export, access, columns):
            batch = list(rows)
            book.write(batch)
            done += len(batch)
            yield done
        book.close()

    def _rows(self, session: Session, export: Export, access: Access, columns: Any) -> Iterator[Iterator[Cells]]:
        maker = CellMaker(session, access, columns, export.locale)
        keys = [column.key for column in columns if column.field is not None]
        for views in stream(
            session,
            access,
            filter=export.filter,
            where=_where(access, export),
            sort=export.sort,
            q=export.q,
            columns=keys,
            batch=BATCH,
        ):
            yield maker.rows([view for view in views if "export" in view.may])

    def _access(self, session: Session, export: Export, actor: Actor) -> Access:
        if export.format not in FORMATS or export.encoding not in ENCODINGS:
            raise InvalidInput("invalid_query", issues=(Issue("/format", "unknown_format"),))
        form = self.forms.live(session, export.form)
        access = access_for(session, self.forms.forms(session), form, actor)
        if not access.may("export"):
            raise Forbidden("action_denied", {"action": "export", "form": export.form})
        return access


def _where(access: Access, export: Export) -> Node | None:
    """The definition's formula over the form as it is now."""
    return None if export.where is None else check(parse(export.where), access.form.scope).node

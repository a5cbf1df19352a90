"""The rows that were not good enough, as a workbook: the cells as they came, and beside them what is wrong."""

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final

from formloom.i18n import localized
from sqlalchemy.orm import Session

from form_engine.exports.workbook import Column, WorkbookWriter
from form_engine.fields.base import ExportCell
from form_engine.imports.cells import from_json
from form_engine.imports.models import ImportBatch
from form_engine.imports.profile.model import ImportProfile
from form_engine.imports.staging import cells_at, read_rows

CHUNK: Final = 500
Say = Callable[[str, Mapping[str, Any]], str]
"""A code of the house in the reader's words."""

_HEADS: Final = {
    "sheet": {"en": "Sheet", "zh-CN": "工作表"},
    "line": {"en": "Row", "zh-CN": "行号"},
    "why": {"en": "What is wrong", "zh-CN": "问题"},
}


def write_errors(
    session: Session, batch: ImportBatch, profile: ImportProfile, file: BinaryIO, locale: str, say: Say
) -> int:
    """Write the rows with errors; returns how many. The last column tells the reasons, a line each."""
    sheets = batch.found.get("sheets", [])
    names = max((sheet.get("columns") or [] for sheet in sheets), key=len, default=[])
    heads = [localized(_HEADS["sheet"], locale), localized(_HEADS["line"], locale), *names]
    width = len(heads)
    book = WorkbookWriter(
        file, batch.file_name.rsplit(".", 1)[0], [Column(head) for head in (*heads, localized(_HEADS["why"], locale))]
    )
    count, after = 0, -1
    while rows := read_rows(session, batch.id, states=("error",), after=after, limit=CHUNK):
        for row in rows:
            cells = [_cell(from_json(cell)) for cell in cells_at(row.raw, row.fixed)][: width - 2]
            cells += [None] * (width - 2 - len(cells))
            told = "\n".join(dict.fromkeys(words(profile, issue, locale, say) for issue in row.issues))
            where = [ExportCell(sheets[row.sheet]["name"] or None), ExportCell(row.line)]
            book.write([[*where, *cells, ExportCell(told)]])
        count += len(rows)
        after = rows[-1].position
        session.expunge_all()
    book.close()
    return count


def words(profile: ImportProfile, issue: Mapping[str, Any], locale: str, say: Say) -> str:
    """What is said of a row: the profile's own words for its codes, the house's for its own."""
    own = profile.codes.get(issue["code"])
    return localized(own.text, locale) if own is not None else say(issue["code"], issue.get("params", {}))


def _cell(value: Any) -> ExportCell | None:
    return (
        None
        if value is None
        else ExportCell(
            str(value)
            if isinstance(value, float) and not value.is_integer()
            else int(value)
            if isinstance(value, float)
            else value
        )
    )

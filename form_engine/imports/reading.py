"""A file becomes the rows of a batch: headers found, columns mapped, every line judged, chunk by chunk."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from hashlib import blake2b
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm, FieldAccess
from form_engine.imports.ahead import one_ahead
from form_engine.imports.cells import Row, row_line
from form_engine.imports.errors import UnreadableFile
from form_engine.imports.header import Header, find_header
from form_engine.imports.judge import Judge, JudgedRow
from form_engine.imports.lines import Line, LineReader
from form_engine.imports.mapping import Suggestion, likeness_to, places, profile_of, suggest
from form_engine.imports.profile.compile import ReadyProfile
from form_engine.imports.profile.model import ImportProfile
from form_engine.imports.sheets import Limits, SheetInfo, read_sheets
from form_engine.imports.similarity import plain
from form_engine.imports.staging import put_rows

CHUNK: Final = 1_000
HEAD: Final = 120
"""Lines of a sheet that are looked at to find its header and to guess what its columns hold."""

Unit = Callable[[], AbstractContextManager[Session]]
"""Opens one unit of work; a job's commits with its progress."""

Sheets = Sequence[SheetInfo | Row]
"""All that a file holds, read already."""

LITTLE: Final = Limits(inflated=20_000_000, seconds=10, rows=2_000)
LITTLE_TEXT: Final = 500_000
"""Characters. What is within these is read while its sender waits, all else by a job: a small file may hold much."""
_TOO_MUCH: Final = ("sheet_inflates", "sheet_takes_too_long", "sheet_too_large", "too_many_rows")


def look(stream: BinaryIO, limits: Limits) -> Sheets | None:
    """What is in a file, if that is little; None where it is much, or may be. Raises UnreadableFile."""
    small = replace(
        limits,
        inflated=min(limits.inflated, LITTLE.inflated),
        seconds=min(limits.seconds, LITTLE.seconds),
        rows=min(limits.rows, LITTLE.rows),
    )
    found: list[SheetInfo | Row] = []
    size = 0
    with copied(stream) as file:
        stream.seek(0)
        try:
            for each in read_sheets(Path(file.name), small):
                found.append(each)
                size += sum(len(str(cell)) for cell in each) if isinstance(each, tuple) else 0
                if size > LITTLE_TEXT:
                    return None
        except UnreadableFile as error:
            if error.code in _TOO_MUCH:
                return None
            raise
    return found


@dataclass(frozen=True, slots=True)
class SheetHead:
    """A sheet's name, where its header stands, and the lines that follow (the first of them in a list, for looking)."""

    info: SheetInfo
    header: Header | None
    head: Sequence[Row]
    rest: Iterator[Row] = field(repr=False)

    def lines(self) -> Iterator[tuple[int, Row]]:
        """The lines below the header, numbered as the sheet numbers them. Can be read once."""
        skip = self.header.last if self.header is not None else 0
        return islice(enumerate(chain(self.head, self.rest), 1), skip, None)


def sheets_of(
    path: Path | Sheets, known: Callable[[str], bool], profile: ImportProfile | None, limits: Limits
) -> Iterator[SheetHead]:
    """Each sheet that is to be read, one after the other: the lines of one end where the next is asked for."""
    stream = iter(read_sheets(path, limits) if isinstance(path, Path) else path)
    pending: list[SheetInfo] = [each for each in islice(stream, 1) if isinstance(each, SheetInfo)]

    def rows() -> Iterator[Row]:
        for each in stream:
            if isinstance(each, SheetInfo):
                pending.append(each)
                return
            yield each

    while pending:
        info, lines = pending.pop(), rows()
        wanted = profile is None or any(fnmatchcase(info.name, name) for name in profile.sheets) or not info.name
        if wanted:
            head = list(islice(lines, HEAD))
            row, count = (profile.header_row, profile.header_rows) if profile is not None else (None, None)
            yield SheetHead(info, find_header(head, info.merged, known, row, count), head, lines)
        for _ in lines:  # what nobody wanted to read
            pass


def copied(stream: BinaryIO) -> Any:
    """The upload as a file that another process can open."""
    file = tempfile.NamedTemporaryFile(prefix="formloom-sheet-")  # noqa: SIM115 - the caller's with closes it
    shutil.copyfileobj(stream, file, 1 << 20)
    file.flush()
    return file


def suggest_profile(
    path: Path | Sheets, form: CompiledForm, writable: FieldAccess | None, limits: Limits
) -> tuple[dict[str, Any], tuple[Suggestion, ...], str]:
    """A mapping by similarity over all sheets, the pairs behind it, and the headers' signature."""
    known = expected_by(form)
    found: list[Suggestion] = []
    headers: list[Header] = []
    for sheet in sheets_of(path, known, None, replace(limits, head=HEAD)):
        if sheet.header is not None:
            rows = [line.cells for line in _plain_lines(sheet)]
            headers.append(sheet.header)
            found += suggest(form, sheet.header, rows, writable)
    return profile_of(form, found), tuple(found), signature_of(headers)


def _plain_lines(sheet: SheetHead) -> list[Line]:
    skip = sheet.header.last if sheet.header is not None else 0
    reader = LineReader(sheet.header.names if sheet.header else (), ImportProfile("", "", "", ()).skip)
    return [line for line in reader.read(list(enumerate(sheet.head, 1))[skip:]) if line.kind == "row"]


def expected_by(form: CompiledForm) -> Callable[[str], bool]:
    """Names that look like one of the form's fields."""
    return lambda name: len(name) < 100 and any(likeness_to(name, each) >= 0.75 for each in form.fields)


def expected_of(profile: ReadyProfile) -> Callable[[str], bool]:
    """Names that a profile knows."""
    names = {plain(name) for column in profile.columns for name in column.definition.headers}
    return lambda name: plain(name) in names


def signature_of(headers: Sequence[Header]) -> str:
    """The same for files with the same columns, whatever else is in them."""
    told = "\n".join("\t".join(plain(name) for name in header.names) for header in headers)
    return blake2b(told.encode(), digest_size=16).hexdigest()


def stage(
    unit: Unit,
    path: Path | Sheets,
    profile: ReadyProfile,
    batch_id: int,
    judge: Callable[[Session], Judge],
    tell: Callable[[Session, int], None],
    limits: Limits,
    looking: Unit | None = None,
) -> dict[str, Any]:
    """Read the file and put its rows in; returns what was found of sheets and headers.

    With `looking` a chunk is judged, in a unit of work of its own, while the database puts in the one before.

    Raises UnreadableFile, also `no_header_found` where no sheet has one.
    """
    found: list[dict[str, Any]] = []
    position = 0
    chunks = _judged_chunks(looking or unit, path, profile, judge, limits, found)
    for number, chunk in one_ahead(chunks) if looking is not None else chunks:
        with unit() as session:
            rows = enumerate(chunk, position)
            put_rows(
                session, batch_id, ((at, number, line.number, row_line(line.cells), row) for at, (line, row) in rows)
            )
            position += len(chunk)
            tell(session, position)
    if not any(each["header"] for each in found):
        raise UnreadableFile("no_header_found")
    return {"sheets": found, "rows": position}


def _judged_chunks(
    unit: Unit,
    path: Path | Sheets,
    profile: ReadyProfile,
    judge: Callable[[Session], Judge],
    limits: Limits,
    found: list[dict[str, Any]],
) -> Iterator[tuple[int, list[tuple[Line, JudgedRow]]]]:
    """Lines with what is said of them, by the number of their sheet; `found` hears of each sheet."""
    names = {column.key: column.definition.headers for column in profile.columns}
    for number, sheet in enumerate(sheets_of(path, expected_of(profile), profile.definition, limits)):
        if sheet.header is None:
            found.append({"name": sheet.info.name, "header": None})
            continue
        where = places(sheet.header, names)
        found.append(_told(sheet, where))
        lines = LineReader(sheet.header.names, profile.definition.skip).read(sheet.lines())
        head = Line(sheet.header.last, _line(sheet, sheet.header.last), "header")
        for chunk in _chunks(chain([head], lines)):
            with unit() as session:
                judged = _judged(judge(session), profile, where, chunk)
            yield number, list(zip(chunk, judged, strict=True))


def _line(sheet: SheetHead, number: int) -> Row:
    return sheet.head[number - 1]


def _told(sheet: SheetHead, where: Mapping[str, int]) -> dict[str, Any]:
    assert sheet.header is not None  # noqa: S101 - asked by the caller
    return {
        "name": sheet.info.name,
        "header": {"first": sheet.header.first, "last": sheet.header.last},
        "columns": list(sheet.header.names),
        "groups": list(sheet.header.groups),
        "mapped": dict(where),
    }


def _judged(judge: Judge, profile: ReadyProfile, where: Mapping[str, int], chunk: Sequence[Line]) -> list[JudgedRow]:
    rows = [line for line in chunk if line.kind == "row"]
    judged = iter(judge.judge([cells_by_column(line.cells, where) for line in rows]))
    return [next(judged) if line.kind == "row" else skipped(profile, line.kind) for line in chunk]


def cells_by_column(cells: Row, where: Mapping[str, int]) -> dict[str, Any]:
    """A line's cells by the key of their column; blank ones are left out."""
    return {key: cells[at] for key, at in where.items() if at < len(cells) and cells[at] is not None}


def skipped(profile: ReadyProfile, kind: str) -> JudgedRow:
    """A line that is no record."""
    if kind == "header":
        return JudgedRow("header", None, [])
    code = profile.definition.skip.code("footnote" if kind == "alone" else kind)
    return JudgedRow("skip", None, [{"column": "", "code": code, "level": "skip"}])


def _chunks(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while chunk := list(islice(lines, CHUNK)):
        yield chunk

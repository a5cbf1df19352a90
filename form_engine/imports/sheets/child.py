"""The process that opens a file: it limits itself first, reads then, and writes rows to its standard output as lines.

    python -m form_engine.imports.sheets.child FILE MEMORY SECONDS INFLATED ROWS COLUMNS SHEETS CHARACTERS HEAD

Lines of JSON: `{"sheet": {"name", "merged"}}` begins a sheet, a list is a row, `{"refused": {"code", "params"}}` and
`{"end": true}` are the last ones. Nothing else runs here, so what a hostile file breaks is only this.
"""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import fields
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from form_engine.imports.cells import row_line
from form_engine.imports.errors import UnreadableFile
from form_engine.imports.sheets.archive import check_archive
from form_engine.imports.sheets.delimited import delimited_rows
from form_engine.imports.sheets.limits import Limits

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHER = (b"%PDF-", b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"\x7fELF", b"MZ")
_FLUSH = 256


def main() -> int:
    """Exit status 0 also when the file is refused: then a line says so."""
    path, *numbers = sys.argv[1:]
    limits = Limits(**dict(zip((each.name for each in fields(Limits)), _sorted(numbers), strict=True)))
    _limit(limits)
    out = sys.stdout.buffer
    try:
        with Path(path).open("rb") as file:
            for at, line in enumerate(_lines(file, path, limits)):
                out.write(line + b"\n")
                if at % _FLUSH == 0:
                    out.flush()
        out.write(b'{"end":true}\n')
    except UnreadableFile as error:
        out.write(orjson.dumps({"refused": {"code": error.code, "params": dict(error.params)}}) + b"\n")
    except MemoryError:
        out.write(b'{"refused":{"code":"sheet_too_large","params":{}}}\n')
    return 0


def _sorted(numbers: list[str]) -> list[int]:
    return [int(number) for number in numbers]


def _limit(limits: Limits) -> None:
    """What the operating system enforces, where it can (Windows has no `resource`; the parent's clock is left)."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
        resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _lines(file: BinaryIO, path: str, limits: Limits) -> Iterator[bytes]:
    head = file.read(8)
    if head.startswith(_ZIP):
        check_archive(file, limits)
        yield from _workbook(path, limits)
    elif head == _OLE:
        yield from _workbook(path, limits)
    elif head.startswith(_OTHER):
        raise UnreadableFile("sheet_wrong_type")
    else:
        yield orjson.dumps({"sheet": {"name": "", "merged": []}})
        yield from _bounded(delimited_rows(file, limits), limits, 0)


def _workbook(path: str, limits: Limits) -> Iterator[bytes]:
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

    try:
        book = CalamineWorkbook.from_path(path)
        sheets = [
            each.name
            for each in book.sheets_metadata
            if each.typ is SheetTypeEnum.WorkSheet and each.visible is SheetVisibleEnum.Visible
        ]
    except PasswordError as error:
        raise UnreadableFile("sheet_encrypted") from error
    except Exception as error:  # the reader's own errors have no root in common
        raise UnreadableFile("sheet_unreadable") from error
    if len(sheets) > limits.sheets:
        raise UnreadableFile("too_many_sheets", most=limits.sheets)
    count = 0
    for name in sheets:
        try:
            sheet = book.get_sheet_by_name(name)
        except Exception as error:
            raise UnreadableFile("sheet_unreadable", sheet=name[:100]) from error
        yield orjson.dumps({"sheet": {"name": name, "merged": sheet.merged_cell_ranges or []}})
        for line in _bounded(_cells(sheet), limits, count):
            count += 1
            yield line


def _cells(sheet: Any) -> Iterator[list[Any]]:
    """Rows from the sheet's first line and column on; the reader leaves out the empty margin."""
    if sheet.start is None:
        return
    above, left = sheet.start
    for _ in range(above):
        yield []
    margin = [None] * left
    for row in sheet.iter_rows():
        yield margin + [None if cell == "" else cell for cell in row]


def _bounded(rows: Iterator[list[Any]], limits: Limits, before: int) -> Iterator[bytes]:
    for number, row in enumerate(islice(rows, limits.head or None), before + 1):
        if number > limits.rows:
            raise UnreadableFile("too_many_rows", most=limits.rows)
        while row and (row[-1] is None or row[-1] == ""):
            row.pop()
        if len(row) > limits.columns:
            raise UnreadableFile("too_many_columns", most=limits.columns)
        yield row_line([_short(cell, limits) for cell in row])


def _short(cell: Any, limits: Limits) -> Any:
    """Text that JSON and PostgreSQL can hold, not longer than a spreadsheet's own limit."""
    if type(cell) is not str:
        return cell
    if "\x00" in cell:
        raise UnreadableFile("sheet_nul")
    return (
        cell.encode("utf-8", "replace").decode()[: limits.cell_characters]
        if not cell.isascii()
        else cell[: limits.cell_characters]
    )


if __name__ == "__main__":
    sys.exit(main())

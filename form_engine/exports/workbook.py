"""A workbook written row by row: its rows go to a temporary file at once, so memory stays flat."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO, Final

import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.utility import xl_range  # type: ignore[import-untyped]

from form_engine.exports.guard import begins_formula
from form_engine.fields.base import ExportCell

MOST_ROWS: Final = 1_048_575
LONGEST: Final = 32_767
_WIDEST, _NARROWEST, _LOOKED_AT = 50, 8, 200


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head."""

    title: str


class WorkbookWriter:
    """One sheet. `close` finishes the file; leaving a `with` by an exception leaves it unfinished."""

    def __init__(self, file: BinaryIO, name: str, columns: Sequence[Column]) -> None:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "remove_timezone": True,
            "default_date_format": "yyyy-mm-dd",
        }
        self._book = xlsxwriter.Workbook(file, options)
        self._sheet = self._book.add_worksheet(_sheet_name(name))
        self._formats: dict[tuple[str | None, bool], Any] = {(None, False): None}
        self._columns = columns
        self._widths = [_width(column.title) + 2 for column in columns]
        self._row = 0
        head = self._book.add_format(
            {"bold": True, "bg_color": "#EEF1F5", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        for at, column in enumerate(columns):
            self._sheet.write_string(0, at, column.title[:LONGEST], head)
        self._sheet.freeze_panes(1, 0)

    def write(self, rows: Iterable[Sequence[ExportCell | None]]) -> None:
        """More rows. Those past what a sheet holds are an error of the caller's, who counts first."""
        write = self._write
        for cells in rows:
            self._row += 1
            row = self._row
            for at, cell in enumerate(cells):
                if cell is not None and cell.value is not None:
                    write(row, at, cell)

    def close(self) -> None:
        """Set widths and a filter over the head, and finish the file."""
        for at, width in enumerate(self._widths):
            self._sheet.set_column(at, at, min(max(width, _NARROWEST), _WIDEST))
        if self._columns:
            self._sheet.autofilter(xl_range(0, 0, max(self._row, 1), len(self._columns) - 1))
        self._book.close()

    def _write(self, row: int, at: int, cell: ExportCell) -> None:
        value = cell.value
        kind = type(value)
        if kind is str:
            text: str = value[:LONGEST]  # type: ignore[index]
            if row <= _LOOKED_AT:
                self._widths[at] = max(self._widths[at], _width(text) + 1)
            self._sheet.write_string(row, at, text, self._format(cell.format, begins_formula(text)))
        elif kind is Decimal or kind is int:
            if row <= _LOOKED_AT:
                self._widths[at] = max(self._widths[at], len(f"{value:,}") + 3)
            self._sheet.write_number(row, at, value, self._format(cell.format, False))
        elif kind is bool:
            self._sheet.write_boolean(row, at, value, self._format(cell.format, False))
        elif isinstance(value, datetime | date | time | timedelta):
            if row <= _LOOKED_AT:
                self._widths[at] = max(self._widths[at], len(cell.format or "yyyy-mm-dd") + 2)
            self._sheet.write_datetime(row, at, value, self._format(cell.format or "yyyy-mm-dd", False))

    def _format(self, number_format: str | None, quote: bool) -> Any:
        """`quote`: the sheet itself says that this text is no formula, whoever edits the cell later."""
        key = (number_format, quote)
        if key not in self._formats:
            properties: dict[str, Any] = {"num_format": number_format} if number_format else {}
            if quote:
                properties["quote_prefix"] = True
            self._formats[key] = self._book.add_format(properties)
        return self._formats[key]


def _width(text: str) -> int:
    """How wide a text stands, in narrow characters."""
    line = text.split("\n", 1)[0][:_WIDEST]
    return len(line) if line.isascii() else sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in line)


def _sheet_name(name: str) -> str:
    """What a sheet may be called: no `[]:*?/\\`, at most 31 characters, no apostrophe at its ends."""
    kept = "".join("_" if each in "[]:*?/\\" else each for each in name if each.isprintable()).strip("' ")
    return kept[:31] or "Sheet1"

"""Comma-separated text, a piece at a time."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final, Literal

from form_engine.exports.guard import quoted
from form_engine.fields.base import ExportCell

Encoding = Literal["utf-8", "utf-8-bom", "gb18030"]
ENCODINGS: Final[tuple[Encoding, ...]] = ("utf-8", "utf-8-bom", "gb18030")
_CODECS: Final = {"utf-8": "utf-8", "utf-8-bom": "utf-8", "gb18030": "gb18030"}


def delimited(
    titles: Sequence[str], batches: Iterable[Iterable[Sequence[ExportCell | None]]], encoding: Encoding
) -> Iterator[bytes]:
    """The file in pieces: its mark, the head, then a piece for each batch of rows. Lines end as RFC 4180 says."""
    if encoding == "utf-8-bom":
        yield b"\xef\xbb\xbf"
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([quoted(title) for title in titles])
    yield _taken(buffer, encoding)
    for rows in batches:
        writer.writerows([_text(cell) for cell in cells] for cells in rows)
        yield _taken(buffer, encoding)


def _taken(buffer: io.StringIO, encoding: Encoding) -> bytes:
    told = buffer.getvalue().encode(_CODECS[encoding], "replace")
    buffer.seek(0)
    buffer.truncate()
    return told


def _text(cell: ExportCell | None) -> str:
    """Plain figures and ISO dates, which every program reads; text is made harmless."""
    value = cell.value if cell is not None else None
    if value is None:
        return ""
    if type(value) is str:
        return quoted(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return _clock(value) if isinstance(value, timedelta) else str(value)


def _clock(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"

"""Delimited text: its encoding and its delimiter found out, then read row by row."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO, Final

from form_engine.imports.errors import UnreadableFile
from form_engine.imports.sheets.limits import Limits

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS: Final = ",\t;|"
_CHUNK: Final = 1 << 20
_SAMPLE_LINES: Final = 60


def delimited_rows(file: BinaryIO, limits: Limits) -> Iterator[list[str]]:
    """Rows of text. Raises UnreadableFile for what is no text in UTF-8, UTF-16 with its mark, or GB 18030 (GBK too)."""
    encoding = encoding_of(file)
    csv.field_size_limit(limits.cell_characters * 4)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    head = "".join(text.readline(100_000) for _ in range(_SAMPLE_LINES))
    text.seek(0)
    try:
        yield from csv.reader(text, delimiter=delimiter_of(head))
    except (csv.Error, UnicodeError) as error:
        raise UnreadableFile("sheet_unreadable") from error


def encoding_of(file: BinaryIO) -> str:
    """By its mark; else UTF-8 where all of it is that, else GB 18030, of which GBK and GB 2312 are parts."""
    file.seek(0)
    head = file.read(4)
    marked = next((name for mark, name in _BOMS if head.startswith(mark)), None)
    for encoding in (marked,) if marked else ("utf-8", "gb18030"):
        if _decodes(file, encoding, nul=marked == "utf-16"):
            return encoding
    raise UnreadableFile("sheet_encoding")


def _decodes(file: BinaryIO, encoding: str, *, nul: bool) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(_CHUNK):
            if not nul and b"\x00" in chunk:
                raise UnreadableFile("sheet_nul")
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def delimiter_of(head: str) -> str:
    """The one that cuts most lines into equally many parts; preambles and notes may stand around them."""
    best, most = ",", (0, 0)
    for mark in _DELIMITERS:
        widths = Counter(len(row) for row in csv.reader(io.StringIO(head, newline=""), delimiter=mark) if len(row) > 1)
        if widths:
            width, lines = widths.most_common(1)[0]
            if (lines, width) > most:
                best, most = mark, (lines, width)
    return best

"""The near side of the reading process: starts it, hears its lines, and ends it when it takes too long."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import orjson

from form_engine.imports.cells import Row, read_row
from form_engine.imports.errors import UnreadableFile
from form_engine.imports.sheets.limits import LIMITS, Limits


@dataclass(frozen=True, slots=True)
class SheetInfo:
    """A sheet begins. `merged` are ranges ((first row, first column), (last row, last column)), counted from 0."""

    name: str
    merged: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()


def read_sheets(path: Path, limits: Limits = LIMITS) -> Iterator[SheetInfo | Row]:
    """Sheet by sheet, its rows in order; blank rows are empty tuples. Memory stays flat however long the sheet is.

    Raises UnreadableFile for whatever is no sheet, or past the limits: a file that would take too much is given up
    without harm to this process. The path may be anything; it is never shown to a shell.
    """
    command = [sys.executable, "-m", "form_engine.imports.sheets.child", str(path), *map(str, astuple(limits))]
    process = subprocess.Popen(  # noqa: S603 - our own module, our own numbers, one path
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    late = threading.Event()

    def give_up() -> None:
        late.set()
        process.kill()

    clock = threading.Timer(limits.seconds * 1.5, give_up)
    clock.daemon = True
    clock.start()
    try:
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        for line in process.stdout:
            read = _read(line)
            if read is None:
                return
            yield read
        # Without a last word: the operating system has ended it, at one limit or the other.
        process.wait()
        raise UnreadableFile(
            "sheet_takes_too_long" if late.is_set() or process.returncode == -24 else "sheet_too_large"
        )
    finally:
        clock.cancel()
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _read(line: bytes) -> SheetInfo | Row | None:
    told: Any = orjson.loads(line)
    if isinstance(told, list):
        return read_row(told)
    if "sheet" in told:
        merged = tuple((tuple(first), tuple(last)) for first, last in told["sheet"]["merged"])
        return SheetInfo(told["sheet"]["name"], merged)
    if "refused" in told:
        raise UnreadableFile(told["refused"]["code"], **told["refused"]["params"])
    return None

"""Which lines of a sheet are no records: blank ones, the header once more, subtotals, headings of groups, footnotes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from form_engine.fields.coercion import folded
from form_engine.imports.cells import Cell, Row, is_empty
from form_engine.imports.profile.model import SkipRules
from form_engine.imports.similarity import plain

SUBTOTAL_WORDS: Final = ("小计", "合计", "总计", "共计", "累计", "本页合计", "subtotal", "grand total", "total", "sum")
FOOTNOTE_WORDS: Final = ("备注", "注", "说明", "附注", "制表", "审核", "填表", "note", "notes", "remark", "prepared by")
_NUMBER: Final = re.compile(r"[-+]?[\d,. ]+%?")


@dataclass(frozen=True, slots=True)
class Line:
    """A line after the header. `kind` is "row", or why it is none. `number` counts from 1 as the sheet does."""

    number: int
    cells: Row
    kind: str = "row"


class LineReader:
    """Sorts the lines below a header; made once a sheet."""

    def __init__(self, headers: Sequence[str], rules: SkipRules) -> None:
        self._headers = [plain(each) for each in headers]
        self._subtotals = _words(rules.subtotal_words or SUBTOTAL_WORDS)
        self._footnotes = _words(rules.footnote_words or FOOTNOTE_WORDS)

    def read(self, lines: Iterable[tuple[int, Row]]) -> Iterator[Line]:
        """A line with one cell is a group's heading if rows follow it, else a footnote, so those wait for the next."""
        waiting: list[Line] = []
        for number, cells in lines:
            kind = self.kind_of(cells)
            line = Line(number, cells, kind)
            if kind == "alone" or (waiting and kind == "blank"):
                waiting.append(line)
                continue
            if waiting:
                yield from _settled(waiting, "group" if kind == "row" else "footnote")
                waiting = []
            yield line
        yield from _settled(waiting, "footnote")

    def kind_of(self, cells: Row) -> str:
        """`row`, `blank`, `repeated_header`, `subtotal`, `footnote`, or `alone`: one cell, which may be either."""
        filled = [(at, cell) for at, cell in enumerate(cells) if not is_empty(cell)]
        if not filled:
            return "blank"
        if self._repeats_header(filled):
            return "repeated_header"
        if self._is_subtotal(filled):
            return "subtotal"
        if len(filled) == 1 and len([each for each in self._headers if each]) > 2:
            cell = filled[0][1]
            if type(cell) is str and self._begins(folded(cell).casefold(), self._footnotes, ended=":：. 、"):
                return "footnote"
            return "alone" if type(cell) is str else "row"
        return "row"

    def _repeats_header(self, filled: Sequence[tuple[int, Cell]]) -> bool:
        most = len(filled) // 5
        other = 0
        for at, cell in filled:
            name = self._headers[at] if at < len(self._headers) else ""
            if type(cell) is not str or not name or plain(cell) != name:
                other += 1
                if other > most:
                    return False
        return len(filled) - other >= 2

    def _is_subtotal(self, filled: Sequence[tuple[int, Cell]]) -> bool:
        """A word that says so, hardly anything besides, and that is numbers."""
        width = len([each for each in self._headers if each])
        if len(filled) * 2 > max(width, 4) + 1:
            return False
        words = [cell for _, cell in filled if type(cell) is str and not _NUMBER.fullmatch(folded(cell))]
        return len(words) == 1 and self._begins(folded(words[0]).casefold(), self._subtotals, ended=":：(（ 0123456789")

    @staticmethod
    def _begins(text: str, words: tuple[str, ...], ended: str) -> bool:
        """A word of the list stands at the end of the text too, or is set off from the rest."""
        return (
            any(
                text == word
                or text.endswith(word)
                or (text.startswith(word) and text[len(word) : len(word) + 1] in ended)
                for word in words
            )
            and len(text) < 200
        )


def _settled(waiting: Iterable[Line], kind: str) -> Iterator[Line]:
    for line in waiting:
        yield Line(line.number, line.cells, kind) if line.kind == "alone" else line


def _words(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(folded(word).casefold() for word in words)

"""Where a sheet's header stands, and what its columns are called when names span two lines or several columns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from form_engine.imports.cells import Cell, Row, is_empty, shown
from form_engine.imports.similarity import plain

LOOKED_AT: Final = 40
Merged = tuple[tuple[tuple[int, int], tuple[int, int]], ...]
Known = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Header:
    """`first` and `last` line of it, counted from 1. `names` by column; "" for a column without one. `groups` are the
    headings above them, where there are two lines.
    """

    first: int
    last: int
    names: tuple[str, ...]
    groups: tuple[str, ...] = ()

    def called(self, at: int) -> tuple[str, ...]:
        """All that a column may be called: its own name, and that with its group's before it."""
        name = self.names[at]
        group = self.groups[at] if at < len(self.groups) else ""
        return (name, f"{group} {name}") if group and group != name else (name,)


def find_header(
    lines: Sequence[Row],
    merged: Merged = (),
    known: Known = lambda name: False,
    row: int | None = None,
    rows: int | None = None,
) -> Header | None:
    """The header among the first lines of a sheet; None where nothing looks like one.

    `known` tells names that are expected; `row` and `rows` are given where a profile says where the header ends.
    """
    if row is not None:
        last = row + (rows or 1) - 1
        return _header(lines, merged, row, last) if last <= len(lines) else None
    best, most = None, (0.0, 0)
    for at in range(min(len(lines), LOOKED_AT)):
        score = _score(lines, at, known)
        if score[0] > 0 and score > most:
            best, most = at, score
        if score[0] >= 3.0 * max(2, len(lines[at]) // 2):
            break  # half of its names are expected ones: what stands below are records
    if best is None:
        return None
    first = best - (rows - 1) if rows else best - _group_lines(lines, merged, best)
    return _header(lines, merged, max(first, 0) + 1, best + 1)


def _score(lines: Sequence[Row], at: int, known: Known) -> tuple[float, int]:
    """More for names that are expected, else for a line of different words above lines that are as wide."""
    cells = [cell for cell in lines[at] if not is_empty(cell)]
    texts = [plain(shown(cell)) for cell in cells if type(cell) is str]
    if len(texts) < max(1, len(cells) - 1) or not texts or len(set(texts)) < len(texts) * 0.7:
        return (0.0, 0)
    expected = sum(1 for cell in cells if type(cell) is str and known(cell))
    below = [row for row in lines[at + 1 : at + 11] if any(not is_empty(cell) for cell in row)]
    width = sum(1 for row in below if sum(not is_empty(cell) for cell in row) * 2 >= len(cells))
    looks = len(cells) if len(cells) > 1 and (not below or width * 2 >= len(below)) else 0
    if expected == 0 and not looks:
        return (0.5, -at) if len(cells) == 1 and len(lines[at]) == 1 and at == 0 else (0.0, 0)
    # Two known names are a header whatever surrounds them; one may be chance.
    return (expected * 3.0 + looks if expected > 1 else float(looks) + expected, -at)


def _group_lines(lines: Sequence[Row], merged: Merged, at: int) -> int:
    """1 when the line above names groups of these columns: several names, over several columns each."""
    if at == 0:
        return 0
    above = lines[at - 1]
    filled = [n for n, cell in enumerate(above) if not is_empty(cell)]
    if any(top == at - 1 and bottom == at for ((top, _), (bottom, _)) in merged):
        return 1
    spans = [first for first, last in merged if first[0] == last[0] == at - 1 and last[1] > first[1]]
    return 1 if len(filled) > 1 and len(filled) < len(lines[at]) and (spans or not merged) else 0


def _header(lines: Sequence[Row], merged: Merged, first: int, last: int) -> Header:
    own = [_text(cell) for cell in lines[last - 1]]
    if first == last:
        return Header(first, last, tuple(own))
    above = _spread([_text(cell) for cell in lines[first - 1]], merged, first - 1, len(own))
    width = max(len(own), len(above))
    own += [""] * (width - len(own))
    above += [""] * (width - len(above))
    return Header(first, last, tuple(name or group for name, group in zip(own, above, strict=True)), tuple(above))


def _spread(names: list[str], merged: Merged, line: int, width: int) -> list[str]:
    """Names of merged cells stand over all the columns that they cover; without ranges, up to the next name."""
    names = names + [""] * (width - len(names))
    if merged:
        for (top, left), (_, right) in merged:
            if top == line and left < width:
                names[left : right + 1] = [names[left]] * (min(right + 1, width) - left)
        return names
    for at in range(1, width):
        names[at] = names[at] or names[at - 1]
    return names


def _text(cell: Cell) -> str:
    return " ".join(shown(cell).split())

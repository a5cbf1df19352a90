"""Cells as they came out of a sheet, and their spelling as JSON.

A cell is text, a number (float; whole ones of delimited files stay text), a boolean, a date, a moment, a time of day,
or None. JSON has no dates, so those travel as `{"d": "2025-01-31"}`, `{"t": "2025-01-31T08:00:00"}` and
`{"h": "08:00:00"}`.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias

import orjson

Cell: TypeAlias = str | int | float | bool | date | datetime | time | None
Row: TypeAlias = tuple[Cell, ...]


def to_json(cell: object) -> Any:
    """A cell as JSON."""
    match cell:
        case None | "":
            return None
        case str() | bool() | int() | float():
            return cell
        case datetime():
            return {"t": cell.replace(tzinfo=None).isoformat()}
        case date():
            return {"d": cell.isoformat()}
        case time():
            return {"h": cell.isoformat()}
        case timedelta():
            return {"h": _clock(cell)}
    return str(cell)


def from_json(raw: Any) -> Cell:
    """What `to_json` wrote."""
    if not isinstance(raw, dict):
        return raw  # type: ignore[no-any-return]
    kind, text = next(iter(raw.items()))
    if kind == "d":
        return date.fromisoformat(text)
    return datetime.fromisoformat(text) if kind == "t" else time.fromisoformat(text)


def row_line(cells: Sequence[object]) -> bytes:
    """A row as one line of JSON. Dates are passed to `to_json` by the encoder; what is a plain cell is not."""
    return orjson.dumps(list(cells), default=to_json, option=_LEAVE_DATES)


_LEAVE_DATES = orjson.OPT_PASSTHROUGH_DATETIME


def read_row(raw: Sequence[Any]) -> Row:
    """A row from its JSON."""
    return tuple(from_json(cell) if type(cell) is dict else cell for cell in raw)


def shown(cell: Cell) -> str:
    """A cell as people see it in the sheet."""
    match cell:
        case None:
            return ""
        case bool():
            return "TRUE" if cell else "FALSE"
        case float():
            return f"{int(cell)}" if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case datetime():
            return cell.isoformat(" ")
        case date() | time():
            return cell.isoformat()
    return str(cell)


def is_empty(cell: Cell) -> bool:
    """Nothing there, or only white space."""
    return cell is None or (type(cell) is str and not cell.strip())


def _clock(length: timedelta) -> str:
    """A length as a time of day, as spreadsheets keep it; longer ones lose their days."""
    return (datetime(1900, 1, 1) + (length % timedelta(days=1))).time().isoformat()  # noqa: DTZ001 - only its time is used

"""A viewed record as one document: computed values among the stored ones, columns in their rows."""

from collections.abc import Mapping
from typing import Any


def document(values: Mapping[str, Any], computed: Mapping[str, Any]) -> dict[str, Any]:
    """``computed`` gives a table's column as a list (``lines.open``); here each value stands in its row."""
    whole: dict[str, Any] = dict(values)
    for path, value in computed.items():
        table, dot, column = path.partition(".")
        if not dot:
            whole[path] = value
            continue
        rows = whole.get(table) or []
        whole[table] = [{**row, column: one} for row, one in zip(rows, value or (), strict=False)]
    return whole

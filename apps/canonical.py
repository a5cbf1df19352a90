"""One spelling for every definition on disk: two exports of the same thing are the same bytes, a diff shows the change.

What a thing is comes first (`kind`, `key`, `type`, `title`, `label`), the other keys follow sorted; an object or list
that fits a line stays on it, everything else gets a line an entry (docs/decisions/030).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Final

WIDTH: Final = 140
_STEP: Final = "  "
_FIRST: Final[Mapping[str, int]] = {key: place for place, key in enumerate(("kind", "key", "type", "title", "label"))}


def canonical_text(value: object) -> str:
    """The JSON text of a value made of dicts, lists and plain values, ending with a newline."""
    return "".join(_pieces(value, "", 0)) + "\n"


def _pieces(value: object, indent: str, used: int) -> Iterator[str]:
    """`used` is what already stands on the line before the value."""
    flat = json.dumps(_ordered(value), ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or used + len(flat) <= WIDTH:
        yield flat
        return
    inner = indent + _STEP
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield opening
    for place, (label, entry) in enumerate(_entries(value)):
        yield f"{',' if place else ''}\n{inner}{label}"
        yield from _pieces(entry, inner, len(inner) + len(label) + 1)
    yield f"\n{indent}{closing}"


def _entries(value: dict[str, object] | list[object]) -> Iterator[tuple[str, object]]:
    if isinstance(value, list):
        yield from (("", entry) for entry in value)
        return
    for key in sorted(value, key=_rank):
        yield f"{json.dumps(key, ensure_ascii=False)}: ", value[key]


def _ordered(value: object) -> object:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=_rank)}
    return [_ordered(entry) for entry in value] if isinstance(value, list) else value


def _rank(key: str) -> tuple[int, str]:
    return _FIRST.get(key, len(_FIRST)), key

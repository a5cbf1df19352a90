"""Rows of one file that are about the same thing: those that say the same, and those that contradict each other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson


def key_of(values: Mapping[str, Any], columns: Sequence[str]) -> str | None:
    """What makes a row one of its kind; None where a part is blank."""
    parts = [values.get(key) for key in columns]
    if any(part is None for part in parts):
        return None
    return orjson.dumps(parts).decode()


def print_of(values: Mapping[str, Any]) -> str:
    """A fingerprint of all that a row says."""
    return blake2b(orjson.dumps(dict(values), option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Doubles:
    """Positions of rows that repeat an earlier one, and of those that contradict each other (all of them)."""

    identical: frozenset[int] = field(default_factory=frozenset)
    conflict: frozenset[int] = field(default_factory=frozenset)


def find_doubles(rows: Iterable[tuple[int, str | None, str]]) -> Doubles:
    """From (position, key, print) in the order of the file."""
    seen: dict[str, dict[str, list[int]]] = {}
    for position, key, print_ in rows:
        if key is not None:
            seen.setdefault(key, {}).setdefault(print_, []).append(position)
    identical: set[int] = set()
    conflict: set[int] = set()
    for prints in seen.values():
        for positions in prints.values():
            identical.update(positions[1:])
        if len(prints) > 1:
            conflict.update(positions[0] for positions in prints.values())
    return Doubles(frozenset(identical), frozenset(conflict))

"""Two people changed one definition: what each changed against what both began with, put together. Pure.

Lists whose elements have a `key` (fields, columns, options, steps) are merged element by element, lists of plain words
(a section's items, a list's columns) as sets with an order, other lists place by place as long as nobody made them
longer or shorter; else a list is one value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_GONE: Final = object()


@dataclass(frozen=True, slots=True)
class MergeConflict:
    """Both changed the same place, differently. None for what one of them took away."""

    at: str
    base: Any
    mine: Any
    theirs: Any


@dataclass(slots=True)
class Merged:
    """`body` holds both changes; where they clash, theirs."""

    body: Any
    conflicts: list[MergeConflict] = field(default_factory=list)


def merge(base: Any, mine: Any, theirs: Any) -> Merged:
    """Three-way: whoever changed a place alone gets their way. Conflicts point by keys where there are some."""
    merged = Merged(None)
    merged.body = _merge(base, mine, theirs, "", merged.conflicts)
    return merged


def _merge(base: Any, mine: Any, theirs: Any, at: str, conflicts: list[MergeConflict]) -> Any:
    if mine in (theirs, base):
        return theirs
    if theirs == base:
        return mine
    if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
        return _objects(base if isinstance(base, Mapping) else {}, mine, theirs, at, conflicts)
    if _keyed(mine) and _keyed(theirs) and (base is _GONE or _keyed(base)):
        return _lists(base if _keyed(base) else [], mine, theirs, at, conflicts)
    if _words(mine) and _words(theirs) and _words(base):
        return _sets(base, mine, theirs)
    if all(isinstance(side, list) and len(side) == len(mine) for side in (base, mine, theirs)):
        places = enumerate(zip(base, mine, theirs, strict=True))
        return [_merge(*sides, f"{at}/{place}", conflicts) for place, sides in places]
    conflicts.append(MergeConflict(at, *(None if each is _GONE else each for each in (base, mine, theirs))))
    return theirs


def _objects(
    base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any], at: str, conflicts: list[MergeConflict]
) -> dict[str, Any]:
    found = {}
    for key in dict.fromkeys((*theirs, *mine, *base)):
        sides = (base.get(key, _GONE), mine.get(key, _GONE), theirs.get(key, _GONE))
        value = _merge(*sides, f"{at}/{key.replace('~', '~0').replace('/', '~1')}", conflicts)
        if value is not _GONE:
            found[key] = value
    return found


def _lists(base: list[Any], mine: list[Any], theirs: list[Any], at: str, conflicts: list[MergeConflict]) -> list[Any]:
    """Elements by key. The order is theirs, unless only I changed it; what I added follows what it stood behind."""
    old, one, two = ({each["key"]: each for each in side} for side in (base, mine, theirs))
    order, following = (list(one), list(two)) if _order(two, old) == _order(old, two) else (list(two), list(one))
    for at_, key in enumerate(following):
        if key not in order:
            before = next((each for each in reversed(following[:at_]) if each in order), None)
            order.insert(order.index(before) + 1 if before is not None else 0, key)
    values = {
        key: _merge(old.get(key, _GONE), one.get(key, _GONE), two.get(key, _GONE), f"{at}/{key}", conflicts)
        for key in order
    }
    return [value for value in values.values() if value is not _GONE]


def _sets(base: list[str], mine: list[str], theirs: list[str]) -> list[str]:
    """Theirs, without what I took away and with what I added, behind what it stood behind."""
    order = [each for each in theirs if each in mine or each not in base]
    for at, each in enumerate(mine):
        if each not in base and each not in order:
            before = next((one for one in reversed(mine[:at]) if one in order), None)
            order.insert(order.index(before) + 1 if before is not None else 0, each)
    return order


def _words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value) and len({*value}) == len(value)


def _order(side: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return [key for key in side if key in other]


def _keyed(value: Any) -> bool:
    """Whether it is a list of elements that are known by their keys, each once."""
    if not isinstance(value, list) or not all(
        isinstance(each, Mapping) and isinstance(each.get("key"), str) for each in value
    ):
        return False
    return len({each["key"] for each in value}) == len(value)

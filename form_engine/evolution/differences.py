"""What differs between two definitions of any kind, place by place. Pure. For forms, `diff` says it in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Difference:
    """`at` is a pointer in which elements of lists stand by their `key`, where they have one."""

    at: str
    kind: Literal["added", "removed", "changed", "moved"]
    old: Any = None
    new: Any = None


def differences(old: Any, new: Any, at: str = "") -> Iterator[Difference]:
    """From the outside in; what is new or gone as a whole is told as a whole."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _of_members(old, new, at)
    elif _keyed(old) and _keyed(new):
        before, after = {each["key"]: each for each in old}, {each["key"]: each for each in new}
        yield from _of_members(before, after, at)
        if [key for key in before if key in after] != [key for key in after if key in before]:
            yield Difference(at, "moved", list(before), list(after))
    elif old != new:
        yield Difference(at, "changed", old, new)


def _of_members(old: Mapping[str, Any], new: Mapping[str, Any], at: str) -> Iterator[Difference]:
    for key in {**old, **new}:
        place = f"{at}/{str(key).replace('~', '~0').replace('/', '~1')}"
        if key not in new:
            yield Difference(place, "removed", old=old[key])
        elif key not in old:
            yield Difference(place, "added", new=new[key])
        else:
            yield from differences(old[key], new[key], place)


def _keyed(value: Any) -> bool:
    if not (isinstance(value, list) and value and all(isinstance(each, dict) and "key" in each for each in value)):
        return False
    return len({str(each["key"]) for each in value}) == len(value)

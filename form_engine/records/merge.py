"""Two people changed one record. Different fields: both changes stand. The same one: the second is told both values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from form_engine.fields.base import Json


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that both changed, and to what."""

    field: str
    yours: Json
    theirs: Json
    by: str


def clashes(mine: Mapping[str, Any], since: Iterable[tuple[str, Mapping[str, list[Json]]]]) -> tuple[Clash, ...]:
    """What I want to change and others have changed to something else since; `since` has the oldest first."""
    theirs: dict[str, Clash] = {}
    for actor, changes in since:
        for key, (_, new) in changes.items():
            if key in mine:
                theirs[key] = Clash(key, mine[key], new, actor)
    return tuple(clash for clash in theirs.values() if clash.yours != clash.theirs)
